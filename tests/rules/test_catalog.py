"""The field catalogue: what one payload has, what many have, and a tree to click in."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.catalog import (
    Catalog,
    CatalogField,
    FieldSeen,
    fields_of,
    kind_of,
    merge,
    path_text,
    walk,
)


def test_the_fields_of_a_payload():
    payload = {
        "data": {"object": {"amount": 1999, "first name": "Ada"}},
        "lines": [{"sku": "pen"}, {"sku": None, "paid": True}],
        "none": [],
    }
    assert fields_of(payload) == [
        FieldSeen("$.data", "group", "1 field"),
        FieldSeen("$.data.object", "group", "2 fields"),
        FieldSeen("$.data.object.amount", "number", "1999"),
        FieldSeen("$.data.object['first name']", "text", "Ada"),
        FieldSeen("$.lines", "list", "2 items"),
        FieldSeen("$.lines[*]", "group", "1 field"),
        FieldSeen("$.lines[*].sku", "text", "pen"),
        FieldSeen("$.lines[*].sku", "empty", "null"),
        FieldSeen("$.lines[*].paid", "yesno", "true"),
        FieldSeen("$.none", "list", "0 items"),
    ]


def test_a_payload_that_is_no_group_has_no_named_fields():
    assert fields_of("text") == fields_of(None) == []
    assert fields_of([1, "a"]) == [
        FieldSeen("$[*]", "number", "1"),
        FieldSeen("$[*]", "text", "a"),
    ]


@pytest.mark.parametrize(
    ("value", "name", "kind"),
    [
        ("2026-04-03", "x", "date"),
        ("2026-04-03T14:05:00.123Z", "x", "date"),
        ("2026-04-03 14:05:00+02:00", "x", "date"),
        ("2026-04-03 and on", "x", "text"),
        ("2026-99-03", "x", "text"),
        (1775225100, "created", "date"),
        (1775225100, "paid_at", "date"),
        (1775225100123, "createdAt", "date"),
        (1775225100, "amount", "number"),
        (1775225100, "flat", "number"),
        (12, "created", "number"),
        (Decimal("0.1"), "x", "number"),
        (True, "created_at", "yesno"),
        ("", "x", "text"),
    ],
)
def test_the_kind_of_a_value(value, name, kind):
    assert kind_of(value, name) == kind


@pytest.mark.parametrize(
    ("segments", "path"),
    [
        ([], "$"),
        (["a", 0, "_b2"], "$.a[0]._b2"),
        (["first name"], "$['first name']"),
        (["2a", ""], "$['2a']['']"),
        (["é"], "$['é']"),
        (["it's \\"], "$['it\\'s \\\\']"),
        (["a\nb"], "$['a\\u000ab']"),
    ],
)
def test_paths_are_canonical(segments, path):
    assert path_text(segments) == path


def test_many_payloads_add_up():
    assert merge([{"a": 1}, {"a": "x", "b": [2, 3]}, {}, {"a": 1}]) == [
        CatalogField("$.a", {"number": 2, "text": 1}, 3, 4, ("1", "x")),
        CatalogField("$.b", {"list": 1}, 1, 4, ("2 items",)),
        CatalogField("$.b[*]", {"number": 1}, 1, 4, ("2",)),
    ]


def test_a_field_is_counted_once_for_each_event():
    found = {field.path: field for field in merge([{"l": [{"a": 1}, {"a": "x"}, {"a": 2}]}])}
    assert found["$.l[*].a"].seen == 1
    assert found["$.l[*].a"].kinds == {"number": 1, "text": 1}


def test_examples_are_few_and_short():
    (found,) = merge({"a": "x" * 1000 + str(number)} for number in range(9))
    assert found.examples == ("x" * 77 + "...",)
    (found,) = merge({"a": number} for number in range(9))
    assert found.examples == ("0", "1", "2", "3", "4")
    (found,) = merge([{"a": "two\n\n lines"}])
    assert found.examples == ("two lines",)


payloads = st.lists(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
        max_leaves=10,
    ),
    max_size=6,
)


@given(payloads, payloads)
def test_catalogs_join_to_the_catalog_of_all(first, second):
    joined, other = Catalog(), Catalog()
    for payload in first:
        joined.add(payload)
    for payload in second:
        other.add(payload)
    joined.join(Catalog(other.fields(), other.of))  # as it comes back from the database
    assert joined.fields() == merge(first + second)


def test_everything_is_bounded():
    wide = {f"k{number}": number for number in range(5_000)}
    assert len(fields_of(wide)) == 500
    assert len(list(walk(wide))) == 2_000
    assert len(fields_of({"l": [{f"k{number}": 1} for number in range(1_000)]})) == 52
    catalog = Catalog()
    for start in range(10):
        catalog.add({f"k{start}_{number}": 1 for number in range(500)})
    assert len(catalog.fields()) == 2_000
    deep: object = 1
    for _ in range(10_000):
        deep = [deep]
    assert len(fields_of(deep)) == 64
    assert len(list(walk(deep))) == 65


def test_walking_a_payload_gives_its_tree_in_order():
    assert list(walk({"a": [1, {"b": 2}], "c": "x"})) == [
        ((), None, {"a": [1, {"b": 2}], "c": "x"}, 0),
        (("a",), "a", [1, {"b": 2}], 1),
        (("a", 0), 0, 1, 2),
        (("a", 1), 1, {"b": 2}, 2),
        (("a", 1, "b"), "b", 2, 3),
        (("c",), "c", "x", 1),
    ]
