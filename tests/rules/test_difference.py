"""What became different between two versions of a rule, sentence by sentence."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from rules import parse
from rules.difference import difference

PAID = {"path": "$.type", "test": "text.is", "value": "paid"}
BIG = {"path": "$.amount", "test": "number.at_least", "value": 50}
TEXT: dict[str, Any] = {
    "id": "text",
    "action": "sms",
    "config": {"to": "+14155550123", "message": "Paid"},
}
BEFORE: dict[str, Any] = {"name": "Text me", "when": {"all": [PAID, BIG]}, "then": [TEXT]}


def told(**changes: Any) -> list[str]:
    after = {**copy.deepcopy(BEFORE), **changes}
    return difference(parse(BEFORE), parse(after))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, []),
        ({"name": "Text us"}, ["The name was “Text me”, now it is “Text us”."]),
        ({"when": {"all": [PAID, {**BIG, "value": 100}]}},
         ["“amount is at least 50” became “amount is at least 100”."]),
        ({"when": {"all": [BIG]}}, ["“type is 'paid'” was taken away."]),
        ({"when": {"all": [PAID, BIG, {**BIG, "path": "$.tip"}]}},
         ["“tip is at least 50” was added."]),
        ({"when": {"any": [PAID, BIG]}},
         ["The conditions are grouped in another way: now type is 'paid' or amount is at least "
          "50."]),
        ({"when": {"all": [{"all": [PAID]}, BIG]}}, []),
        ({"when": {"none": [{"none": [PAID]}, BIG]}},
         ["The conditions are grouped in another way: now none of these is so: it is not so that "
          "type is 'paid' or amount is at least 50."]),
        ({"when": {"every_event": True}},
         ["“type is 'paid'” was taken away.", "“amount is at least 50” was taken away.",
          "“on every event” was added."]),
        ({"then": [{**TEXT, "config": {**TEXT["config"], "message": "Money"}}]},
         ["In “run sms”, message was “Paid”, now it is “Money”."]),
        ({"then": [{**TEXT, "if_missing": "skip"}]},
         ["In “run sms”, when a field is missing, the message is skipped."]),
        ({"then": [TEXT, {"id": "mail", "action": "email", "config": {}}]},
         ["The step “run email” was added."]),
        ({"options": {"stop": True}},
         ["Rules below it are not looked at now, when it matches."]),
        ({"options": {"otherwise": True}}, ["It acts only when no other rule matches."]),
    ],
)  # fmt: skip
def test_a_change_is_told_in_a_sentence(changes: dict[str, Any], said: list[str]) -> None:
    assert told(**changes) == said


def test_a_condition_that_moves_within_sibling_groups_is_still_told() -> None:
    first = {"all": [{"any": [PAID, BIG]}, {"any": [{**BIG, "path": "$.tip"}, PAID]}]}
    second = {"all": [{"any": [PAID]}, {"any": [BIG, {**BIG, "path": "$.tip"}, PAID]}]}
    before, after = ({**BEFORE, "when": when} for when in (first, second))
    [said] = difference(parse(before), parse(after))
    assert said.startswith("The conditions are grouped in another way")


def test_names_and_settings_are_told_as_people_know_them() -> None:
    after = copy.deepcopy(BEFORE)
    after["when"]["all"][1]["value"] = 60
    after["then"][0]["config"]["to"] = "+14155550199"
    said = difference(
        parse(BEFORE),
        parse(after),
        tell=lambda kind, words, node: {"amount": "amount paid", "60": "$0.60"}.get(words, words),
        phrases=lambda step: "text Jenny",
        shown=lambda step, key: ("the receiver", "hidden"),
    )
    assert said == [
        "“amount paid is at least 50” became “amount paid is at least $0.60”.",
        "In “text Jenny”, the receiver was changed.",
    ]
