"""Whatever is written or sent, the engine answers: with a verdict, or with its own errors."""

import json
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules import OPERATORS, RuleError, compile_rules, explain, lint, parse, sentence
from rules.catalog import merge
from rules.errors import Unusable
from rules.paths import TooMuch, parse_path
from rules.payload import read_payload
from tests.rules.make import condition, document, event
from tests.rules.test_operators import TABLE

words = st.sampled_from(
    ["all", "any", "none", "items", "where", "match", "path", "in", "test", "value", "when_missing",
     "match_case", "every_event", "$.x", "@", "@.y", "$..*", "text.is", "number.between", "paid",
     "date.weekday_is", "ip.in_range", "payload", "headers", "event", "at_least", "name", "when",
     "then", "options", "stop", "id", "action", "config", "needs", "1e999", "\ud800", "\0", ""]
)  # fmt: skip
scalars = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | words
    | st.decimals() | st.sampled_from([10**400, -(10**30), 1e300, Decimal("1e-500")])
)  # fmt: skip
anything: st.SearchStrategy = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=5),
    max_leaves=20,
)
ODD = [
    10**4000, -(10**400), Decimal("1e999"), Decimal("-1e99999"), Decimal("1e-99999"), float("nan"),
    float("inf"), 2**53 + 1, -0.0, "9" * 5_000, "1e999999", "1e99999999999999999999", "\0",
    "\ud800", "x" * 100_000, "\u0301" * 5_000, "ﷺ" * 5_000, [[[[]]]], {"": {"": None}},
    [None] * 5_000,
]  # fmt: skip


def answers(rule, happened) -> None:
    met = compile_rules([("r", rule)]).match(happened)
    verdict = explain(rule, happened)
    assert met == (["r"] if verdict.met else [])
    assert verdict.summary.startswith("Met" if verdict.met else "Not met")
    json.dumps(verdict.as_dict(), allow_nan=False)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(anything, st.booleans())
def test_any_document_is_read_or_refused_with_a_reason(made, whole):
    try:
        rule = parse(made if whole else document(made))
    except RuleError as error:
        assert error.message and all(one.message for one in error.others)
        return
    assert sentence(rule) and parse(rule.document) == rule
    lint(rule, [rule], merge([made]), above=[rule], recipients=lambda step: ["x"])
    answers(rule, event(made))


@pytest.mark.parametrize("row", OPERATORS.values(), ids=OPERATORS)
def test_every_operator_answers_to_every_odd_value(row):
    rule = parse(document(condition(row.id, TABLE[row.id][0])))
    field = parse(document(condition(row.id, {"path": "$.y"}))) if row.wants.from_field else rule
    for odd in ODD:
        answers(rule, event({"x": odd}))
        answers(rule, event({"x": [odd, 1, "a"]}))
        answers(field, event({"x": "a", "y": odd}))


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="$@.[]*?:'\"\\,()&|=!<>-0123456789ab \ud800é", max_size=40), anything)
def test_any_path_is_read_or_refused(text, payload):
    try:
        path = parse_path("$" + text)
        assert parse_path(path.text) == path
        assert [value for _, value in path.locate(payload)] == path.values(payload)
    except Unusable as error:
        assert error.message
    except TooMuch:
        pass


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200), st.sampled_from(["application/json", "text/xml", "", None]))
def test_any_body_gives_a_payload_that_rules_can_judge(body, kind):
    payload = read_payload(body, kind).value
    for test in ("text.contains", "number.at_least", "any.has_value", "date.before"):
        value = TABLE[test][0] if OPERATORS[test].wants.name != "nothing" else None
        answers(parse(document(condition(test, value, path="$..*"))), event(payload))


def test_a_part_that_an_event_does_not_have_is_missing():
    for happened in ({}, {"payload": None}, {"event": None}, {"headers": [], "payload": 7}):
        for part in ("payload", "headers", "query", "event"):
            rule = parse(document(condition("text.is", "a", **{"in": part})))
            assert not explain(rule, happened)
            assert compile_rules([("r", rule)]).match(happened) == []
