"""What several values, other fields, items and groups mean."""

import pytest

from tests.rules.make import condition, event, judged, met


@pytest.mark.parametrize(
    ("match", "good", "bad"),
    [
        ("any", [[5, 1]], [[1], []]),
        ("all", [[5, 6]], [[5, 1], [], [5, "x"]]),
        ("none", [[1, 2], []], [[1, 5]]),
        ({"at_least": 2}, [[5, 6, 1]], [[5, 1]]),
        ({"exactly": 1}, [[5, 1]], [[5, 6], []]),
        ({"exactly": 0}, [[1], []], [[5]]),
    ],
)
def test_match_says_how_many_of_several_values(match, good, bad):
    for path in ("$.x", "$.x[*]"):
        when = condition("number.at_least", 5, path=path, match=match)
        assert [one for one in good if not judged(when, event({"x": one})).met] == []
        assert [one for one in bad if judged(when, event({"x": one})).met] == []
        assert not judged(when, event({})).met


def test_a_list_is_looked_at_one_level_deep():
    assert met("text.is", "a", ["b", "a"])
    assert not met("text.is", "a", [["a"]])


def test_negative_operators_mean_no_element_is_and_need_one():
    assert met("text.is_not", "a", ["b", None, "c"])
    assert not met("text.is_not", "a", ["b", "a"])
    assert not met("text.is_not", "a", [])
    assert not met("text.is_not", "a", [None])


def test_none_groups_are_plain_not():
    void = condition("text.is", "void")
    assert judged({"none": [void]}, event({})).met
    assert judged({"none": [void]}, event({"x": "paid"})).met
    assert not judged({"none": [void, condition("text.is", "paid")]}, event({"x": "paid"})).met


def test_groups_nest():
    when = {"all": [{"any": [condition("text.is", "a"), condition("text.is", "b")]},
                    {"none": [condition("yesno.is_true", path="$.test")]}]}  # fmt: skip
    assert judged(when, event({"x": "b"})).met
    assert not judged(when, event({"x": "b", "test": True})).met
    assert not judged(when, event({"x": "c"})).met


def test_every_event():
    assert judged({"every_event": True}, event(None)).met


def test_a_field_may_be_compared_with_another():
    when = condition("number.more_than", {"path": "$.floor"})
    assert judged(when, event({"x": 5, "floor": "4.5"})).met
    assert not judged(when, event({"x": 5, "floor": 5})).met
    assert not judged(when, event({"x": 5})).met
    assert not judged(when, event({"x": 5, "floor": "low"})).met
    assert not judged(when, event({"x": 5, "floor": [1, 2]})).met
    assert judged({**when, "when_missing": "met"}, event({"x": 5})).met


def test_the_other_field_may_be_a_list_or_in_another_part():
    listed = condition("text.is_one_of", {"path": "$.allowed[*]"})
    assert judged(listed, event({"x": "B", "allowed": ["a", "b"]})).met
    assert judged({**listed, "value": {"path": "$.allowed"}}, event({"x": "5", "allowed": [5]})).met
    header = condition("text.is", {"path": "$['X-Shop']", "in": "headers"})
    assert judged(header, event({"x": "berlin"}, headers={"x-shop": "Berlin"})).met


def test_parts_of_the_event():
    kind = condition("text.is", "push", path="$['X-GitHub-Event']", **{"in": "headers"})
    assert judged(kind, event({}, headers={"x-github-event": "push"})).met
    assert judged(condition("number.is", 2, path="$.page", **{"in": "query"}),
                  event({}, query={"page": "2"})).met  # fmt: skip
    assert judged(condition("yesno.is_true", path="$.verified", **{"in": "event"}), event()).met


LINES = [{"sku": "A", "n": 1}, {"sku": "B", "n": 7}]


@pytest.mark.parametrize(
    ("match", "lines", "is_met"),
    [
        ("any", LINES, True),
        ("any", [{"sku": "A", "n": 7}, {"sku": "B", "n": 1}], False),
        ("all", LINES[1:], True),
        ("all", LINES, False),
        ("all", [], False),
        ("none", [], True),
        ("none", LINES[:1], True),
        ("none", LINES, False),
        ({"at_least": 2}, LINES, False),
        ({"at_least": 2}, LINES * 2, True),
        ({"exactly": 1}, LINES, True),
        ({"exactly": 1}, LINES * 2, False),
    ],
)
def test_items_are_judged_one_by_one(match, lines, is_met):
    fits = {"all": [condition("text.is", "b", path="@.sku"),
                    condition("number.more_than", 5, path="@.n")]}  # fmt: skip
    when = {"items": "$.lines[*]", "match": match, "where": fits}
    assert judged(when, event({"lines": lines})).met is is_met
    assert judged({**when, "items": "$.lines"}, event({"lines": lines})).met is is_met


def test_items_of_a_missing_list_are_never_met():
    when = {"items": "$.lines[*]", "match": "none", "where": condition("text.is", "b", path="@")}
    assert not judged(when, event({})).met


def test_items_within_items_and_a_look_at_the_whole_event():
    deep = condition("number.more_than", {"path": "$.floor"}, path="@.n")
    when = {"items": "$.orders[*]", "where": {"items": "@.lines[*]", "where": deep}}
    orders = [{"lines": [{"n": 1}]}, {"lines": [{"n": 9}]}]
    assert judged(when, event({"orders": orders, "floor": 5})).met
    assert not judged(when, event({"orders": orders, "floor": 10})).met


@pytest.mark.parametrize("payload", [None, [], {}, "text", 5, True, [[[]]], {"x": {"x": {}}}])
def test_odd_events_are_judged_like_any_other(payload):
    assert not judged(condition("text.is", "a"), event(payload)).met


def test_a_path_that_finds_too_much_is_not_met_and_says_so():
    verdict = judged(condition("number.is", 1, path="$[*][*]"), event([[0] * 200] * 60))
    assert not verdict.met
    assert "more than 10,000 values" in verdict.summary


def test_many_items_compared_with_a_wide_path_are_judged_once_over():
    """10,000 items times a walk over the whole event would take minutes."""
    payload = {"lines": [{"n": at} for at in range(9_000)], "deep": [[[{"floor": 8_999}]]]}
    where = condition("number.at_least", {"path": "$..floor"}, path="@.n")
    when = {"items": "$.lines[*]", "match": {"exactly": 1}, "where": where}
    assert judged(when, event(payload)).met
