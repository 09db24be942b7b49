"""Rules read back in English."""

import pytest

from rules import parse, sentence
from rules.nodes import Condition
from rules.sentence import condition_words, when_words
from tests.rules.make import condition, document

TYPE = condition("text.is", "payment_intent.succeeded", path="$.type")
AMOUNT = condition("number.at_least", 5000, path="$.data.object.amount")


def said(when, **more) -> str:
    return sentence(parse(document(when, **more)), phrases=lambda step: "text +14155550123")


def test_a_whole_rule_is_one_sentence():
    assert said({"all": [TYPE, AMOUNT]}) == (
        "When type is 'payment_intent.succeeded' and amount is at least 5000, text +14155550123."
    )


@pytest.mark.parametrize(
    ("when", "words"),
    [
        ({"every_event": True}, "On every event, text +14155550123."),
        ({"all": [{"any": [TYPE, AMOUNT]}, {"none": [AMOUNT, TYPE]}]},
         "When either type is 'payment_intent.succeeded' or amount is at least 5000, and (none of "
         "these is so: amount is at least 5000 or type is 'payment_intent.succeeded'), "
         "text +14155550123."),
        ({"any": [{"all": [TYPE, AMOUNT]}, AMOUNT]},
         "When (type is 'payment_intent.succeeded' and amount is at least 5000) or amount is at "
         "least 5000, text +14155550123."),
        ({"none": [AMOUNT]}, "When it is not so that amount is at least 5000, text +14155550123."),
        ({"items": "$.line_items[*]", "match": {"at_least": 2},
          "where": {"all": [condition("text.is", "A", path="@.sku"),
                            condition("number.more_than", 1, path="@.n")]}},
         "When at least 2 of line items fit (sku is 'A' and n is more than 1), text +14155550123."),
    ],
)  # fmt: skip
def test_groups_in_words(when, words):
    assert said(when) == words


def test_fields_and_values_can_be_told_in_other_words():
    def tell(kind, words, node):
        return f"<{words}>" if kind == "field" else f"[{words}]"

    where = condition("number.is", 1, path="@.n")
    node = parse(document({"all": [TYPE, {"items": "$.lines[*]", "where": where}]})).when
    assert when_words(node, tell=tell) == (
        "<type> is ['payment_intent.succeeded'] and at least one of <lines> fits (<n> is [1])"
    )


def test_options_are_said_too():
    words = said(AMOUNT, options={"stop": True, "otherwise": True})
    assert words == ("When amount is at least 5000 and no other rule is met, text +14155550123. "
                     "Rules below are not looked at then.")  # fmt: skip


@pytest.mark.parametrize(
    ("when", "words"),
    [
        (condition("text.is_one_of", ["a", "b", "c"]), "x is 'a', 'b' or 'c'"),
        (condition("number.between", [1, "2.5"]), "x is between 1 and 2.5"),
        (condition("date.in_the_last", "1d"), "x is in the last 1 day"),
        (condition("date.weekday_is", ["sat", "sun"]), "x is on a Saturday or Sunday"),
        (condition("date.time_between", ["09:00", "17:30"]),
         "x has a time between 09:00 and 17:30"),
        (condition("number.less_than", {"path": "$.limit"}), "x is less than limit"),
        (condition("text.is", "a", when_missing="met"), "x is 'a' (or is missing)"),
        (condition("text.is", "a", match_case=True), "x is 'a' (same capitals)"),
        (condition("text.is", "a", path="$.x[*]"), "any value of x is 'a'"),
        (condition("text.is_not", "a", path="$.x[*]"), "no value of x is 'a'"),
        (condition("text.contains", "a", match="all"), "every value of x contains 'a'"),
        (condition("text.contains", "a", match={"at_least": 2}),
         "at least 2 values of x contain 'a'"),
        (condition("text.is", "push", path="$['x-event']", **{"in": "headers"}),
         "header x-event is 'push'"),
        (condition("text.is", "2", path="$.page_no", **{"in": "query"}), "query page_no is '2'"),
        (condition("date.before", "2026-01-01", path="$.received_at", **{"in": "event"}),
         "time of arrival is before 2026-01-01"),
    ],
)  # fmt: skip
def test_single_conditions_in_words(when, words):
    node = parse(document(when)).when
    assert isinstance(node, Condition)
    assert condition_words(node) == words


def test_friendly_names_are_used_where_known():
    names = {"$['data']['object']['amount']": "Amount paid"}.get
    words = sentence(parse(document(AMOUNT)), names=names)
    assert words == "When Amount paid is at least 5000, run outbox."


def test_several_steps_come_in_order():
    steps = [{"id": "a", "action": "one"}, {"id": "b", "action": "two"}]
    rule = parse(document({"every_event": True}, then=steps))
    assert (
        sentence(rule, phrases=lambda step: f"do {step.id}") == "On every event, do a, then do b."
    )
