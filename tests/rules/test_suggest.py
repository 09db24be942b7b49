"""What a click probably means, and what sets one event apart from the others."""

import copy
import json
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules import explain, parse
from rules.catalog import fields_of, merge
from rules.suggest import set_apart, suggest
from tests.rules.make import document, event

PAYLOADS = [
    {"id": f"evt_{n}", "status": "paid" if n % 2 else "void", "amount": 1000 + 37 * n, "code": 200,
     "note": f"order number {n} has left", "created": 1775225100 + n, "live": True, "tags": ["new"],
     "lines": [{"sku": f"A{n}"}], "who": {"name": None if n else "Ada"}, "price": f"{n}.50",
     "due": "2026-04-03", "refund": "", "first name": "Ada"}
    for n in range(30)
]  # fmt: skip
FIELDS = merge(PAYLOADS)


@pytest.mark.parametrize(
    ("path", "value", "test", "given"),
    [
        ("$.status", "paid", "text.is", "paid"),
        ("$.id", "evt_3", "any.has_value", None),
        ("$.amount", 1999, "number.at_least", 1999),
        ("$.code", 200, "number.is", 200),
        ("$.note", "order number 7 has left", "text.contains", "number"),
        ("$.created", 1775225100, "date.in_the_last", "7d"),
        ("$.due", "2026-04-03", "date.in_the_last", "7d"),
        ("$.live", True, "yesno.is_true", None),
        ("$.live", False, "yesno.is_false", None),
        ("$.tags", ["new"], "list.includes", "new"),
        ("$.lines", [{"sku": "A1"}], "list.length_at_least", 1),
        ("$.lines[*].sku", "A1", "any.has_value", None),
        ("$.lines[0].sku", "A1", "any.has_value", None),
        ("$.who", {"name": "Ada"}, "any.has_value", None),
        ("$.who.name", None, "any.has_value", None),
        ("$.price", "7.50", "number.at_least", "7.50"),
        ("$.refund", "", "any.has_no_value", None),
        ("$['first name']", "Ada", "text.is", "Ada"),
        ("$.unknown", "x", "text.is", "x"),
        ("$.user.node_id", "MDQ6VXNl", "any.has_value", None),
        ("$.total", 1999, "number.at_least", 1999),
        ("$.user.id", 21031067, "number.is", 21031067),
    ],
)
def test_a_click_means_what_the_catalogue_makes_likely(path, value, test, given):
    found = suggest(path, value, FIELDS)
    assert found.condition == {"path": path, "test": test, **({"value": given} if given else {})}
    assert found.why
    for one in (found.condition, *found.others):
        parse(document(one))


scalars = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20) | st.decimals(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["paid", "2026-04-03", 10**30, "x" * 9_000])
)  # fmt: skip
values: st.SearchStrategy = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=12,
)


@settings(deadline=None, max_examples=60)
@given(st.dictionaries(st.text(max_size=4), values, max_size=5))
def test_every_field_gets_a_condition_that_can_be_saved(payload):
    fields = merge([payload, {}])
    others: list = [payload, 5, None, True, Decimal("0.1"), [1], [[]]]
    for field in fields_of(payload)[:5]:
        for value in (field.example, *others):
            found = suggest(field.path, value, fields)
            for one in (found.condition, *found.others):
                assert parse(document(one)).document["when"] == one


def test_one_event_is_told_from_the_others_by_a_few_fields():
    others = [
        *({"id": f"o{n}", "type": "order.paid", "shop": "north", "sum": n} for n in range(20)),
        *({"id": f"r{n}", "type": "order.refunded", "shop": "north", "why": "broken"}
          for n in range(10)),
        *({"id": f"s{n}", "type": "order.refunded", "shop": "south"} for n in range(5)),
    ]  # fmt: skip
    mine = {"id": "r99", "type": "order.refunded", "shop": "north", "why": "lost"}
    found = set_apart(event(mine), [event(other) for other in others])
    assert [(one.condition, one.met, one.of, one.left) for one in found] == [
        ({"path": "$.why", "test": "text.is", "value": "lost"}, 0, 35, 0)
    ]
    mine["why"] = "broken"
    found = set_apart(event(mine), [event(other) for other in others])
    assert [(one.condition["path"], one.met, one.left) for one in found] == [("$.why", 10, 10)]
    del mine["why"]
    found = set_apart(event(mine), [event(other) for other in others])
    assert [one.condition["path"] for one in found] == ["$.type", "$.shop"]
    assert [(one.met, one.left) for one in found] == [(15, 15), (30, 10)]


def test_ids_tell_nothing_unless_there_is_nothing_else():
    others = [event({"id": f"e{n}", "x": 1}) for n in range(9)]
    (found,) = set_apart(event({"id": "mine", "x": 1}), others)
    assert found.condition == {"path": "$.id", "test": "text.is", "value": "mine"}
    assert set_apart(event({"x": 1}), others) == []
    assert set_apart(event({"x": 1}), []) == []


@settings(deadline=None, max_examples=80)
@given(values, st.lists(values, max_size=6))
def test_what_sets_an_event_apart_is_met_by_it_and_counted_right(payload, others):
    mine, rest = event(payload), [event(other) for other in others]
    before = json.dumps([payload, others], default=str)
    found = set_apart(mine, copy.deepcopy(rest))
    assert json.dumps([payload, others], default=str) == before
    assert len(found) <= 5
    left = rest
    for one in found:
        rule = parse(document(one.condition))
        assert explain(rule, mine)
        assert (one.met, one.of) == (sum(explain(rule, other).met for other in rest), len(rest))
        left = [other for other in left if explain(rule, other)]
        assert one.left == len(left)
