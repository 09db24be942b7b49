"""A message that names a field which no event has had, and what it probably meant."""

from __future__ import annotations

import pytest

from rules import lint, parse
from rules.catalog import Catalog
from rules.change import changed
from rules.note import Note

ORDER = {"amount": 5, "customer": {"name": "Ada"}, "lines": [{"sku": "A"}]}


def notes(message: str, seen: object = ORDER) -> tuple[list[Note], dict]:
    """The notes on a rule with this message, and its document."""
    document = {
        "name": "Text",
        "when": {"path": "$.amount", "test": "any.has_value"},
        "then": [{"id": "sms", "action": "sms", "config": {"to": "+1", "message": message}}],
    }
    catalog = Catalog()
    catalog.add(seen)
    return lint(parse(document), fields=catalog.fields()), document


@pytest.mark.parametrize(
    ("message", "better"),
    [
        ("{{ payload.amuont }}", "{{ payload.amount }}"),
        ("Hi {{ payload.customer.nmae | upper }}!", "Hi {{ payload.customer.name | upper }}!"),
        ("{{ payload.amuont | default('x') }}", "{{ payload.amount | default('x') }}"),
    ],
)
def test_one_click_makes_it_right(message: str, better: str):
    [note], document = notes(message)
    assert (note.pointer, note.kind) == ("/then/0/config/message", "unknown_in_text")
    assert note.change and changed(document, note.change)["then"][0]["config"]["message"] == better


@pytest.mark.parametrize(
    "message",
    ["{{ payload.amount }} {{ payload.customer }}", "{{ event.type }} {{ headers['x-a'] }}", "Hi",
     "{% for item in payload.lines %}{{ item.sku }}{% endfor %}", "{{ payload.lines[0].sku }}",
     "{{ payload.nothing_like_it | default('-') }}"],
)  # fmt: skip
def test_what_is_known_or_provided_for_is_not_noted(message: str):
    assert notes(message)[0] == []


def test_what_nothing_resembles_and_what_goes_through_a_list_is_told_without_a_change():
    [unlike], _ = notes("{{ payload.nothing_like_it }}")
    assert unlike.change is None and unlike.fix == "Choose a field from an event."
    [item], _ = notes("{% for item in payload.lines %}{{ item.skuu }}{% endfor %}")
    assert item.change is None and item.fix == "Did you mean 'sku'?"
    assert notes("{{ payload.anything }}", {})[0] == [], "before the first event nothing is said"
