"""Documents: what is taken, and what is said about the rest."""

import copy

import pytest

from rules import RuleError, parse
from tests.rules.make import condition, document

IS_TEXT = condition("any.is_text", path="@")
GOOD = document(
    {
        "all": [
            condition("text.is", "a", when_missing="met", match_case=True, match="all"),
            {"any": [{"every_event": True}, {"none": [condition("any.is_null")]}]},
            {"items": "$.l[*]", "match": {"exactly": 2}, "where": IS_TEXT},
            condition("number.more_than", {"path": "$.y", "in": "query"}),
        ]
    },
    options={"stop": True, "otherwise": True},
)  # fmt: skip


def problems(raw) -> list[tuple[str, str, str]]:
    with pytest.raises(RuleError) as caught:
        parse(raw)
    return [(one.pointer, one.message, one.fix) for one in (caught.value, *caught.value.others)]


def pointers(raw) -> list[str]:
    return [pointer for pointer, _, _ in problems(raw)]


def test_a_document_comes_back_as_it_was_given():
    before = copy.deepcopy(GOOD)
    rule = parse(GOOD)
    assert rule.document == before == GOOD
    assert parse(rule.document) == rule
    assert (rule.name, rule.options.stop, rule.options.otherwise) == ("A rule", True, True)


def test_a_rule_cannot_be_changed_through_its_document():
    rule = parse(GOOD)
    rule.document["name"] = "another"
    rule.document["when"].clear()
    assert rule.document == GOOD


def test_steps():
    steps = [
        {"id": "a", "action": "outbox", "connection": "con_1", "config": {"to": "x"}},
        {"id": "b", "action": "outbox", "needs": ["a"], "if_missing": "skip"},
    ]
    first, second = parse(document({"every_event": True}, then=steps)).then
    assert (first.id, first.connection, first.config) == ("a", "con_1", {"to": "x"})
    assert (second.needs, second.if_missing, second.connection) == (("a",), "skip", None)


@pytest.mark.parametrize(
    ("when", "pointer"),
    [
        (None, "/when"), ([], "/when"), ({}, "/when"), ({"all": []}, "/when/all"),
        ({"all": {}}, "/when/all"), ({"all": [], "any": []}, "/when"),
        ({"every_event": False}, "/when/every_event"), ({"every_event": True, "x": 1}, "/when/x"),
        ({"items": "$.l[*]"}, "/when/where"),
        ({"items": 5, "where": {"every_event": True}}, "/when/items"),
        ({"items": "$.l", "where": condition("text.is", "a")}, "/when/where/path"),
        ({"items": "$.l", "match": {"at_least": 0}, "where": {"every_event": True}}, "/when/match"),
        ({"any": [condition("text.is", "a"), condition("text.is")]}, "/when/any/1/value"),
        ({"any": [{"test": "text.is", "value": "a"}]}, "/when/any/0/path"),
        ({"path": "$.x"}, "/when/test"), ({"al": []}, "/when/al"),
        (condition("text.is", "a", path="@.x"), "/when/path"),
        ({"path": 5, "test": "any.is_null"}, "/when/path"),
        (condition("text.is", "a", **{"in": "header"}), "/when/in"),
        (condition("text.is", "a", match="every"), "/when/match"),
        (condition("text.is", "a", match={"exactly": True}), "/when/match"),
        (condition("text.is", "a", when_missing=True), "/when/when_missing"),
        (condition("any.is_missing", when_missing="met"), "/when/when_missing"),
        (condition("any.is_missing", match="all"), "/when/match"),
        (condition("number.is", 5, match_case=True), "/when/match_case"),
        (condition("text.is", "a", match_case="yes"), "/when/match_case"),
        ({"path": "$.x", "test": "any.is_null", "a/b": 1}, "/when/a~1b"),
        (condition("text.is", 42), "/when/value"), (condition("text.is", ["a"]), "/when/value"),
        (condition("text.is_one_of", "a"), "/when/value"),
        (condition("text.is_one_of", []), "/when/value"),
        (condition("text.is_one_of", ["a"] * 1001), "/when/value"),
        (condition("text.is", "a" * 4097), "/when/value"),
        (condition("text.is_one_of", ["a", "b" * 4097]), "/when/value/1"),
        (condition("text.contains", ""), "/when/value"),
        (condition("text.matches_regex", "a(?=b)"), "/when/value"),
        (condition("text.matches_regex", "("), "/when/value"),
        (condition("text.matches_regex", "(a)\\1"), "/when/value"),
        (condition("text.matches_regex", {"path": "$.y"}), "/when/value"),
        (condition("text.length_is", -1), "/when/value"),
        (condition("number.is", "5 EUR"), "/when/value"),
        (condition("number.is", True), "/when/value"),
        (condition("number.between", [2, 1]), "/when/value"),
        (condition("number.between", [1]), "/when/value"),
        (condition("number.is", {"path": "$.y", "of": 1}), "/when/value/of"),
        (condition("number.is", {"path": "y"}), "/when/value/path"),
        (condition("number.is", {}), "/when/value/path"),
        (condition("date.is_on", "03/04/2026"), "/when/value"),
        (condition("date.in_the_last", "7 days"), "/when/value"),
        (condition("date.weekday_is", ["monday"]), "/when/value"),
        (condition("date.time_between", ["9:00", "17:00"]), "/when/value"),
        (condition("yesno.is_true", True), "/when/value"),
        (condition("list.includes", ["a"]), "/when/value"),
        (condition("ip.in_range", "192.0.2.0/99"), "/when/value"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_pointed_at(when, pointer):
    found = problems(document(when))
    assert found[0][0] == pointer
    assert all(message and fix for _, message, fix in found)


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"name": " "}, "/name"), ({"name": "x" * 201}, "/name"), ({"then": []}, "/then"),
        ({"then": [1]}, "/then/0"), ({"then": [{"id": "a b", "action": "x"}]}, "/then/0/id"),
        ({"then": [{"id": "a"}]}, "/then/0/action"),
        ({"then": [{"id": "a", "action": "x"}] * 2}, "/then/1/id"),
        ({"then": [{"id": "a", "action": "x"}] * 11}, "/then"),
        ({"then": [{"id": "a", "action": "x", "needs": ["a"]}]}, "/then/0/needs/0"),
        ({"then": [{"id": "a", "action": "x", "if_missing": "blnk"}]}, "/then/0/if_missing"),
        ({"then": [{"id": "a", "action": "x", "config": []}]}, "/then/0/config"),
        ({"then": [{"id": "a", "action": "x", "connection": 5}]}, "/then/0/connection"),
        ({"options": []}, "/options"), ({"options": {"stop": 1}}, "/options/stop"),
        ({"extra": 1}, "/extra"), ({"name": float("nan")}, "/name"), ({"name": "\ud800"}, "/name"),
        ({"name": {1: 2}}, "/name"), ({"name": object()}, "/name"),
    ],
)  # fmt: skip
def test_the_rest_of_the_document_is_checked_too(change, pointer):
    assert pointers({**document({"every_event": True}), **change})[0] == pointer


@pytest.mark.parametrize("option", ["active", "once_per", "limit", "delay", "digest"])
def test_options_that_are_not_carried_out_yet_are_refused_not_ignored(option):
    raw = document({"every_event": True}, options={option: {}})
    assert problems(raw)[0][:2] == (f"/options/{option}", f"'{option}' is not available yet.")


def test_everything_wrong_is_reported_at_once():
    raw = {
        "nme": "x",
        "when": {"all": [condition("number.over", 1), {"pth": "$.x", "test": "text.is"}]},
        "then": [{"id": "a", "action": "b", "need": []}],
        "options": {"stp": True},
    }
    found = {pointer: fix for pointer, _, fix in problems(raw)}
    assert found["/nme"] == "Did you mean 'name'?"
    assert found["/when/all/0/test"] == "Did you mean 'number.more_than'?"
    assert found["/when/all/1/pth"] == "Did you mean 'path'?"
    assert found["/then/0/need"] == "Did you mean 'needs'?"
    assert found["/options/stp"] == "Did you mean 'stop'?"


@pytest.mark.parametrize(
    ("written", "meant"),
    [("number.more_then", "number.more_than"), ("is", "text.is"), ("number.gt", "number.more_than"),
     ("text.equals", "text.is"), ("date.at_least", "number.at_least")],
)  # fmt: skip
def test_unknown_operators_get_a_suggestion(written, meant):
    assert problems(document(condition(written, 1)))[0][2] == f"Did you mean '{meant}'?"


def nested(levels: int) -> dict:
    when = condition("text.is", "a")
    for _ in range(levels):
        when = {"all": [when]}
    return when


def test_bounds():
    conditions = [condition("text.is", "a")] * 100
    parse(document({"all": conditions}))
    assert pointers(document({"all": [{"any": conditions[:1]}, {"any": conditions}]})) == [
        "/when/all/1/any/99"
    ]
    assert pointers(document({"all": [*conditions, *conditions]})) == ["/when/all"]
    parse(document(nested(6)))
    assert pointers(document(nested(7))) == ["/when" + "/all/0" * 6]


def test_a_document_that_is_a_bomb_is_refused_before_it_is_walked():
    assert pointers(document(nested(100_000))) == [""]
    assert pointers([[]] * 50_000) == [""]
    assert pointers("rule") == [""]


def test_reading_conditions_of_a_broken_group_goes_on():
    raw = document({"all": [{"any": []}, condition("text.is", 1), {"none": [5]}]})
    assert pointers(raw) == ["/when/all/0/any", "/when/all/1/value", "/when/all/2/none/0"]


def test_an_error_reads_as_one_line():
    with pytest.raises(RuleError, match=r"^/when: The rule does not say when\. Add conditions"):
        parse({"name": "x", "then": [{"id": "a", "action": "b"}]})
