"""Notes on a rule beside the hook's events and other rules."""

import pytest

from rules import lint, parse
from rules.catalog import merge
from rules.note import Note
from tests.rules.make import condition, document, event
from tests.rules.test_lint import notes, x

SEEN = merge(
    [{"status": status, "lines": [{"sku": "A1", "n": 3}], "paid": "yes", "amount": "19.50",
      "tags": ["new", "Vip"], "total": {"amount": 3}}
     for status in ("paid", "void", "draft")]
)  # fmt: skip


def seen(when) -> list[Note]:
    return lint(parse(document(when)), fields=SEEN)


def test_a_text_that_was_never_seen_gets_the_nearest_one():
    (note,) = seen(x("text.is", "payed"))
    assert note.message == "status has been paid, void, draft, never 'payed'."
    assert note.fix == "Did you mean 'paid'?"
    assert note.change == {"pointer": "/when/value", "value": "paid"}
    (note,) = seen(x("text.is_one_of", ["paid", "voit"]))
    assert note.change == {"pointer": "/when/value/1", "value": "void"}
    assert seen(x("text.is", "PAID")) == []
    assert notes(x("text.is", "payed"), fields=[]) == []
    (note,) = seen(condition("text.is", "old", path="$.tags"))
    assert note.kind == "never_seen"
    assert seen(condition("text.is", "VIP", path="$.tags[*]")) == []


def test_values_are_called_never_seen_only_where_all_are_known():
    fields = merge({"status": f"s{number}"} for number in range(50))
    assert notes(x("text.is", "s51"), fields=fields) == []


def test_a_value_that_may_come_is_not_warned_of():
    def found(value: str) -> list[Note]:
        rule = parse(document(x("text.is", value)))
        return lint(rule, fields=SEEN, possible={"$.status": ["refunded"]})

    assert found("refunded") == []
    (note,) = found("refundet")
    assert note.message == "status has been paid, void, draft, never 'refundet'."
    assert note.fix == "Did you mean 'refunded'?"


def test_what_differs_only_in_case_says_so():
    (note,) = seen(x("text.is", "Paid", match_case=True))
    assert (note.kind, note.fix) == ("only_case", "Ignore capitals.")
    assert note.message == "status has been 'paid', never 'Paid': it differs only in case."
    assert note.change == {"pointer": "/when/match_case", "remove": True}


@pytest.mark.parametrize(
    ("path", "meant"),
    [("$.statsu", "$.status"), ("$.lines[0].skuu", "$.lines[*].sku"), ("$.sku", "$.lines[*].sku"),
     ("$.total.amuont", "$.total.amount"), ("$.nothing", None)],
)  # fmt: skip
def test_a_field_that_no_event_has_had(path, meant):
    (note,) = seen(condition("any.has_value", path=path))
    assert note.kind == "unknown_field"
    assert (note.change and note.change["value"]) == meant


def test_a_field_that_no_item_has_had():
    where = condition("text.is", "A1", path="@.sk")
    (note,) = seen({"items": "$.lines[*]", "where": where})
    assert note.pointer == "/when/where"
    assert note.change == {"pointer": "/when/where/path", "value": "@.sku"}
    assert seen({"items": "$.lines", "where": condition("text.is", "a1", path="@.sku")}) == []


def test_a_part_of_the_event_that_there_is_not():
    (note,) = seen(condition("text.is", "POST", path="$.metod", **{"in": "event"}))
    assert note.fix == "Did you mean 'method'?"
    assert seen(condition("text.is", "POST", path="$.method", **{"in": "event"})) == []


@pytest.mark.parametrize(
    ("test", "value", "path", "instead"),
    [
        ("number.at_least", 5, "$.status", None),
        ("list.includes", "pa", "$.status", "text.contains"),
        ("number.is", "5", "$.status", "text.is"),
        ("yesno.is_true", None, "$.paid", None),
        ("date.after", "2026-01-01", "$.status", None),
        ("text.is", "x", "$.total", None),
    ],
)
def test_an_operator_that_can_read_nothing_there(test, value, path, instead):
    (note,) = seen(condition(test, value, path=path))
    assert note.kind == "wrong_kind"
    assert (note.change and note.change["value"]["test"]) == instead


def test_what_can_be_read_is_left_alone():
    assert seen(condition("number.at_least", 5, path="$.amount")) == []
    assert seen(condition("number.at_least", 5, path="$.lines[*].n")) == []
    assert seen(condition("any.is_number", path="$.status")) == []
    assert seen(condition("list.length_is", 2, path="$.tags")) == []


def test_a_rule_for_every_event_and_a_rule_said_twice():
    assert notes({"every_event": True}) == [("/when", "always")]
    same = parse(document({"any": [x("text.is", "a"), x("text.is", "b")]}))
    turned = {"any": [x("text.is", "b"), x("text.is", "a")]}
    assert notes(turned, others=[same]) == [("/when", "same_rule")]


def rule_for(when, to="+1415", **options):
    steps = [{"id": "tell", "action": "outbox", "config": {"to": to}}]
    return parse({"name": "Other", "when": when, "then": steps, "options": options})


def test_a_rule_below_one_that_stops_may_never_be_reached():
    stops = rule_for(x("text.starts_with", "p"), stop=True)
    below = parse(document({"all": [x("text.is", "paid"), x("any.is_text")]}))
    (note,) = lint(below, [stops], above=[stops])
    assert note.kind == "shadowed"
    assert "'Other', above it, is met by the same events and stops there" in note.message
    assert lint(below, [stops], above=[]) == []
    assert lint(parse(document(x("text.is", "void"))), [stops], above=[stops]) == []
    last = parse(document(x("text.is", "paid"), options={"otherwise": True}))
    (note,) = lint(last, [rule_for({"every_event": True})])
    assert note.kind == "shadowed"
    assert note.change == {"pointer": "/options/otherwise", "remove": True}


def to(step):
    return [step.config["to"]]


def test_two_rules_that_write_to_one_person():
    broad, narrow = rule_for(x("text.starts_with", "p")), rule_for(x("text.is", "paid"))
    (note,) = lint(narrow, [broad], recipients=to)
    assert (note.pointer, note.kind) == ("/then/0", "overlap")
    assert note.message == "This rule and 'Other' both write to +1415, and some events meet both."
    assert lint(narrow, [rule_for(x("text.is", "paid "))], recipients=to) == []
    assert lint(narrow, [rule_for(x("text.starts_with", "p"), to="+49")], recipients=to) == []
    assert lint(narrow, [broad]) == []


def test_events_show_which_rules_overlap():
    mine, other = rule_for(x("text.is", "paid")), rule_for(condition("number.is", 3, path="$.n"))
    events = [event({"status": "paid", "n": number}) for number in range(10)]
    (note,) = lint(mine, [other], recipients=to, events=events)
    assert "1 of the last 10 events meet both" in note.message
    assert lint(mine, [other], recipients=to, events=events[:3]) == []
    stops = rule_for(condition("number.is", 3, path="$.n"), stop=True)
    assert lint(mine, [stops], above=[stops], recipients=to, events=events) == []
