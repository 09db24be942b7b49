"""Explanations: the tree, the reasons, the blame."""

import json
from decimal import Decimal

import pytest

from rules import explain, parse
from tests.rules.make import condition, document, event, judged

PAYMENT = {
    "all": [
        {"path": "$.type", "test": "text.is", "value": "payment_intent.succeeded"},
        {"path": "$.data.object.amount", "test": "number.at_least", "value": 5000},
    ]
}


def reason(test: str, value, payload, **more) -> str:
    return judged(condition(test, value, **more), event(payload)).tree.reason


def test_a_near_miss_is_told_in_full():
    payload = {"type": "payment_intent.succeeded", "data": {"object": {"amount": 18}}}
    told = judged(PAYMENT, event(payload)).as_dict()
    assert told["met"] is False
    assert told["summary"] == "Not met: amount is 18, needs to be at least 5000."
    assert told["blame"] == ["/when/all/1"]
    assert (told["tree"]["pointer"], told["tree"]["kind"]) == ("/when", "all")
    assert told["tree"]["children"][1] == {
        "pointer": "/when/all/1", "kind": "condition", "met": False,
        "path": "$.data.object.amount", "test": "number.at_least", "expected": 5000,
        "found": {"status": "value", "count": 1, "values": [18], "types": ["number"],
                  "at": ["$['data']['object']['amount']"]},
        "notes": [], "reason": "amount is 18, needs to be at least 5000",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("test", "value", "payload", "words"),
    [
        ("number.at_least", 5, {"x": 9}, "x is 9, which is at least 5"),
        ("text.is", "A", {"x": "A"}, "x is 'A'"),
        ("text.is_not", "a", {"x": "A"}, "x is 'A', must not be 'a'"),
        ("text.contains", "b", {"x": "acd"}, "x is 'acd', needs to contain 'b'"),
        ("text.is", "a", {}, "there is no x"),
        ("text.is", "a", {"x": None}, "x is empty"),
        ("text.is", "a", {"x": {"y": 1}}, "x is a group, not text"),
        ("number.is", 1, {"x": "12 EUR"}, "x is '12 EUR', which is not a number"),
        ("yesno.is_true", None, {"x": 1}, "x is 1, which is neither true nor false"),
        ("date.after", "2026-01-01", {"x": "03/04/2026"},
         "x is '03/04/2026', which cannot tell day from month"),
        ("date.in_the_last", "7d", {"x": "2026-01-01"},
         "x is '2026-01-01', needs to be in the last 7 days"),
        ("text.is", "c", {"x": ["a", "b"]},
         "none of the 2 values of x ('a', 'b') is 'c'; at least one has to"),
        ("text.is_not", "b", {"x": ["a", "b"]},
         "1 of the 2 values of x ('a', 'b') is 'b'; none may"),
        ("text.is", "c", {"x": []}, "x is an empty list, it needs a value"),
        ("list.includes", "c", {"x": ["a", "b"]},
         "x is a list of 2 ('a', 'b'), needs to include 'c'"),
        ("any.is_missing", None, {"x": 5}, "x is 5, must be missing"),
        ("number.more_than", {"path": "$.floor"}, {"x": 5, "floor": 7},
         "x is 5, needs to be more than floor (7)"),
        ("number.more_than", {"path": "$.floor"}, {"x": 5}, "there is no floor to compare with"),
        ("text.is_one_of", ["a", "b"], {"x": "c"}, "x is 'c', needs to be 'a' or 'b'"),
    ],
)  # fmt: skip
def test_reasons_in_words(test, value, payload, words):
    assert reason(test, value, payload) == words


def test_a_missing_field_says_how_far_one_gets():
    when = condition("number.is", 5, path="$.data.amount")
    verdict = judged(when, event({"data": {"amout": 5}}))
    words = "there is no amount (there is data, but data has no amount; did you mean amout?)"
    assert verdict.tree.reason == words
    found = verdict.as_dict()["tree"]["found"]
    assert (found["status"], found["exists"], found["nearest"]) == ("missing", "data", "amout")


def test_missing_that_counts_as_met_says_so():
    assert reason("text.is", "a", {}, when_missing="met") == "there is no x, which counts as met"


@pytest.mark.parametrize(
    ("test", "value", "found", "status"),
    [
        ("text.is", "a", "a", "value"), ("text.is", "a", ["a", "b"], "values"),
        ("text.is", "a", None, "null"), ("text.is", "a", [], "empty_list"),
        ("text.is", "a", {}, "wrong_type"), ("date.after", "2026-01-01", "soon", "unreadable"),
    ],
)  # fmt: skip
def test_found_has_a_status(test, value, found, status):
    verdict = judged(condition(test, value), event({"x": found}))
    assert verdict.as_dict()["tree"]["found"]["status"] == status


@pytest.mark.parametrize(
    ("test", "value", "found", "note"),
    [
        ("number.at_least", 5, "18.00", "'18.00' is text, read as the number 18"),
        ("text.is", "10", 10.0, "10 is a number, read as the text '10'"),
        ("date.after", "2026-01-01", 1769860800,
         "1769860800 is a count of seconds, read as 2026-01-31 12:00:00"),
    ],
)  # fmt: skip
def test_surprising_readings_are_noted(test, value, found, note):
    assert judged(condition(test, value), event({"x": found})).as_dict()["tree"]["notes"] == [note]


def test_capitals_that_alone_make_the_difference_are_named():
    words = "x is 'Paid', needs to be 'paid'; it differs only in case"
    assert reason("text.is", "paid", {"x": "Paid"}, match_case=True) == words
    words = "x is 'Paid', must not contain 'Pai'"
    assert reason("text.does_not_contain", "Pai", {"x": "Paid"}, match_case=True) == words
    told = reason("list.includes", "vip", {"x": ["VIP"]}, match_case=True)
    assert told.endswith("needs to include 'vip'; it differs only in case")
    assert "case" not in reason("text.is", "paid", {"x": "void"}, match_case=True)


A, B, C = (condition("text.is", "y", path=f"$.{name}") for name in "abc")


@pytest.mark.parametrize(
    ("when", "payload", "blame"),
    [
        ({"all": [A, B]}, {}, ["/when/all/0", "/when/all/1"]),
        ({"any": [{"all": [A, B]}, C]}, {}, ["/when/any/1"]),
        ({"none": [A, B]}, {"a": "y"}, ["/when/none/0"]),
        ({"all": [A, B]}, {"a": "y", "b": "y"}, ["/when/all/0"]),
        ({"any": [A, B]}, {"a": "y", "b": "y"}, ["/when/any/0", "/when/any/1"]),
        ({"none": [{"every_event": True}]}, {}, []),
        ({"all": [A, {"none": [{"all": [B, C]}]}]}, {"b": "y", "c": "y", "a": "y"},
         ["/when/all/1/none/0/all/0"]),
    ],
)  # fmt: skip
def test_blame_is_the_least_that_would_turn_the_verdict(when, payload, blame):
    assert judged(when, event(payload)).as_dict()["blame"] == blame


def test_near_misses_can_be_ranked():
    rules = [{"all": [A, B, C]}, {"any": [A, {"all": [B, C]}]}, {"none": [{"every_event": True}]}]
    assert [judged(when, event({"b": "y"})).missed for when in rules] == [2, 1, 1000]
    assert judged({"none": [A]}, event({})).missed == 0


def test_items_are_explained_one_by_one():
    where = condition("number.more_than", 5, path="@.n")
    when = {"items": "$.lines[*]", "match": "all", "where": where}
    verdict = judged(when, event({"lines": [{"n": 9}, {"n": 1}, {"n": 2}]}))
    assert verdict.summary == "Not met: 1 of the 3 items of lines fits; every one has to."
    assert verdict.as_dict()["blame"] == ["/when/where"]
    children = verdict.as_dict()["tree"]["children"]
    assert [child["item"] for child in children] == [f"$['lines'][{at}]" for at in range(3)]
    assert [child["met"] for child in children] == [True, False, False]


def test_what_is_ruled_out_says_so():
    summary = judged({"none": [A]}, event({"a": "y"})).summary
    assert summary == "Not met: a is 'y', which is ruled out."


def test_shown_values_are_short_and_valid_json():
    odd = [Decimal("1.10"), float("nan"), 10**400, "x" * 5000, {"k": [[[[1]]]] * 50}, "\ud800"]
    told = explain(parse(document(condition("text.is", "a"))), event({"x": odd * 5})).as_dict()
    assert len(json.dumps(told, allow_nan=False).encode()) < 6_000
    assert told["tree"]["found"]["count"] == 30


def test_an_explanation_is_as_true_as_its_verdict():
    assert not judged(A, event({}))
    assert judged(A, event({"a": "Y"}))


def test_thousands_of_items_are_counted_but_only_the_first_are_told():
    where = {"any": [condition("text.is", str(at), path="@.n") for at in range(60)]}
    when = {"items": "$.lines[*]", "match": {"exactly": 1}, "where": where}
    lines = [{"n": "none"}] * 4_999 + [{"n": "59"}]
    told = judged(when, event({"lines": lines})).as_dict()
    assert told["met"]
    assert told["tree"]["found"] == {"status": "values", "count": 5_000, "fitting": 1}
    assert len(told["tree"]["children"]) == 20


@pytest.mark.parametrize(
    ("match", "numbers", "blame"),
    [
        ("any", [9, 9], ["/when/where/all/0"]),
        ("any", [], ["/when"]),
        ({"at_least": 2}, [9, 9, 1], ["/when/where/all/0"]),
        ({"at_least": 2}, [9], ["/when"]),
        ({"exactly": 1}, [9, 9], ["/when/where/all/0"]),
        ("none", [9], ["/when/where/all/0"]),
        ("all", [9, 1], ["/when/where/all/0", "/when/where/all/1"]),
    ],
)
def test_blame_within_items(match, numbers, blame):
    where = {"all": [condition("number.more_than", 5, path="@"),
                     condition("number.more_than", 3, path="@")]}  # fmt: skip
    when = {"items": "$.n[*]", "match": match, "where": where}
    told = judged(when, event({"n": numbers})).as_dict()
    assert told["blame"] == blame
    assert told["tree"]["match"] == match
