"""Paths: RFC 9535, one canonical form, no way to hurt."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.errors import Unusable
from rules.paths import TooMuch, find, gap, name_of, parse_path, path_from
from tests.shared_data import shared

ORDER = {"id": 7, "line_items": [{"sku": "A", "n": 1}, {"sku": "B", "n": 2}], "a'b": {"\n": 1}}


def test_rfc_9535_suite():
    """Everything but functions and the rarer filters agrees; what is refused is refused whole."""
    tests = json.loads(shared("rules-data/rfc9535_cts/cts.json").read_text())["tests"]
    agreed = refused = 0
    for test in tests:
        try:
            path = parse_path(test["selector"])
        except Unusable:
            assert test.get("invalid_selector") or "?" in test["selector"], test["name"]
            refused += not test.get("invalid_selector")
            continue
        if test.get("invalid_selector"):
            assert "leading 0" in test["name"] or "invalid 00" in test["name"], test["name"]
            continue
        found = path.locate(test["document"])
        results = test.get("results") or [test["result"]]
        places = test.get("results_paths") or [test["result_paths"]]
        assert [value for _, value in found] in results, test["name"]
        assert [where for where, _ in found] in places, test["name"]
        assert path.values(test["document"]) in results, test["name"]
        agreed += 1
    assert agreed >= 330
    assert refused <= 124


@pytest.mark.parametrize(
    "written",
    ["$.a.b", "$['a']['b']", '$["a"].b', "$ ['a'] .b", "$['\\u0061']['b']", "$[ 'a' ][\n'b']"],
)
def test_equal_paths_are_one(written):
    assert parse_path(written) == parse_path("$.a.b")
    assert parse_path(written).text == "$['a']['b']"


def test_values_come_with_their_places():
    assert find("$.line_items[*].sku", ORDER) == [
        ("$['line_items'][0]['sku']", "A"),
        ("$['line_items'][1]['sku']", "B"),
    ]
    assert find("$.line_items[-1].n", ORDER) == [("$['line_items'][1]['n']", 2)]
    assert find("$['a\\'b']['\\n']", ORDER) == [("$['a\\'b']['\\n']", 1)]
    assert find("$..n", ORDER) == [("$['line_items'][0]['n']", 1), ("$['line_items'][1]['n']", 2)]
    assert find("$.line_items[?@.sku == 'B'].n", ORDER) == [("$['line_items'][1]['n']", 2)]
    assert find("$.line_items[?@.n == $.line_items[0].n].sku", ORDER)[0][1] == "A"


@pytest.mark.parametrize(
    "path",
    [
        "$.s * 50000000", "$.a + $.b", "$..*|$..*", "$.a where b", "$.a.`parent`", "$.a.`len`",
        "$.a.`sub(/a/, b)`", "$[?@.a =~ 'x']", "$[?@.a.`len` > 1]", "$[?@.a * 2 == 4]", "$..a..b",
        "$[?length(@.a) == 1]", "$[?@..a]", "$[?@.* == 1]", "$[?@.a == b]", "$[?@.a = 1]",
        "$[?@[?@.a]]", "$[?1 == 1]", "$[?a == 1]", "$[?@.a & @.b]", "$[?'\\'' == 1]", "$[?]",
        "a.b", "", "$.", "$[", "$['a'", "$[01]", "$.a-b", "$[1", "$.x" * 300, "$" + ".x" * 31,
        "$[9007199254740992]", "@.a", "$.a b",
    ],
)  # fmt: skip
def test_what_is_refused_says_what_to_do(path):
    with pytest.raises(Unusable) as refused:
        parse_path(path)
    assert refused.value.message


def test_a_hyphen_gets_its_own_advice():
    with pytest.raises(Unusable) as refused:
        parse_path("$.order-id")
    assert "brackets and quotes" in refused.value.fix


keys = st.one_of(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), st.integers(0, 3))


@given(st.lists(keys, max_size=5))
def test_a_click_makes_a_path_that_finds_what_was_clicked(clicked):
    value: object = "here"
    for key in reversed(clicked):
        value = [None] * key + [value] if isinstance(key, int) else {key: value}
    path = path_from(clicked)
    assert [found for _, found in find(path, value)] == ["here"]
    assert parse_path(parse_path(path).text) == parse_path(path)
    assert find(path, value)[0][0] == parse_path(path).text


def test_clicks_write_short_paths():
    assert path_from(["data", "line_items", None, "order-id", 0]) == (
        "$.data.line_items[*]['order-id'][0]"
    )
    assert path_from(["sku"], root="@") == "@.sku"


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("$.data.object.amount", "amount"), ("$.line_items[*]", "line items"), ("$", "the event"),
        ("@", "the item"), ("$.items[0]", "first of items"), ("$.items[-1].sku", "sku"),
        ("$.items[4]", "item 5 of items"), ("$.items[?@.sku == 'A']", "items"),
    ],
)  # fmt: skip
def test_names_for_people(path, name):
    assert name_of(path) == name


def test_how_far_a_path_gets():
    hole = gap(parse_path("$.data.amount"), {"data": {"amout": 5}})
    assert (hole.exists, hole.absent, hole.near) == ("data", "amount", "amout")
    assert gap(parse_path("$.x[*].y"), {"x": []}).empty_list
    assert not gap(parse_path("$.x[*].y"), {"x": [{}]}).empty_list


def test_too_much_is_too_much():
    with pytest.raises(TooMuch):
        find("$..*", [[0] * 200] * 60)


def test_reading_changes_nothing():
    before = json.dumps(ORDER)
    for path in ("$..*", "$.line_items[?@.n > 1]", "$.line_items[::-1]", "$.new.field"):
        find(path, ORDER)
    assert json.dumps(ORDER) == before


def test_a_deep_event_is_walked_without_falling_over():
    deep: object = 1
    for _ in range(5_000):
        deep = [deep]
    assert find("$..x", deep) == []
