"""What a click on a field suggests: a test that the clicked value itself meets."""

import pytest

from rules import compile_rules, parse
from rules.operators import likely

CLICKED = [
    ("text", "paid", "text.is", "paid"),
    ("number", 5000, "number.at_least", 5000),
    ("number", 0.5, "number.at_least", 0.5),
    ("yesno", True, "yesno.is_true", None),
    ("yesno", False, "yesno.is_false", None),
    ("date", "2026-11-18", "date.is_on", "2026-11-18"),
    ("list", ["a", "b"], "list.includes", "a"),
    ("group", {"a": 1}, "any.has_value", None),
    ("empty", None, "any.is_present", None),
]


@pytest.mark.parametrize(("kind", "value", "test", "wanted"), CLICKED)
def test_the_suggested_test_is_met_by_the_value_clicked(kind, value, test, wanted):
    row, given = likely(kind, value)
    assert (row.id, given) == (test, wanted)
    condition = {"path": "$.a", "test": row.id} | ({} if given is None else {"value": given})
    step = {"id": "a", "action": "any", "config": {}}
    rule = parse({"name": "clicked", "when": condition, "then": [step]})
    seen = {"payload": {"a": value}, "headers": {}, "query": {}, "event": {}}
    assert compile_rules([("this", rule)], zone="UTC").match(seen) == ["this"]


def test_a_list_without_items_suggests_no_value():
    assert likely("list", [])[1] is None
