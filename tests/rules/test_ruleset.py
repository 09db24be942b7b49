"""Several rules on one hook: order, stop, otherwise, zones."""

import copy
import threading

import pytest

from rules import RuleError, compile_rules, parse
from tests.rules.make import condition, document, event

A = condition("text.is", "y", path="$.a")
B = condition("text.is", "y", path="$.b")


Ruled = tuple[dict, dict]


def matched(payload, *rules, **more) -> list:
    pairs = [
        (at, parse(document(when, options=options))) for at, (when, options) in enumerate(rules)
    ]
    return compile_rules(pairs, **more).match(event(payload))


def test_ids_come_in_the_order_of_the_rules():
    assert matched({"a": "y", "b": "y"}, (B, {}), (A, {}), (B, {})) == [0, 1, 2]
    assert matched({}, (B, {})) == []


def test_rules_below_a_stop_are_not_looked_at():
    assert matched({"a": "y", "b": "y"}, (A, {"stop": True}), (B, {})) == [0]
    assert matched({"b": "y"}, (A, {"stop": True}), (B, {})) == [1]


def test_otherwise_is_judged_only_when_no_other_rule_is_met():
    rules: list[Ruled] = [({"every_event": True}, {"otherwise": True}), (A, {})]
    assert matched({"a": "y"}, *rules) == [1]
    assert matched({}, *rules) == [0]
    assert matched({"b": "y"}, (A, {"otherwise": True}), (B, {"otherwise": True})) == [1]


def test_of_several_otherwise_rules_the_first_met_is_taken():
    late = {"otherwise": True}
    assert matched({"a": "y", "b": "y"}, (B, late), (A, late)) == [0]


def test_days_are_those_of_the_workspaces_zone():
    day: Ruled = (condition("date.is_on", "2026-02-01", path="$.at"), {})
    payload = {"at": "2026-01-31T23:30:00Z"}
    assert matched(payload, day) == []
    assert matched(payload, day, zone="Europe/Berlin") == [0]


@pytest.mark.parametrize("zone", ["Mars/Base", "", "../etc/passwd", "\0"])
def test_an_unknown_zone_is_refused(zone):
    with pytest.raises(RuleError, match="time zone"):
        compile_rules([], zone=zone)


def test_matching_changes_nothing_and_needs_little_of_an_event():
    happened = event({"a": ["y", {"b": None}]})
    before = copy.deepcopy(happened)
    rules = compile_rules([(1, parse(document({"any": [A, B]})))])
    assert rules.match(happened) == [1]
    assert happened == before
    assert rules.match({}) == rules.match({"payload": None, "event": None}) == []


def test_one_rule_set_serves_many_threads():
    rules = compile_rules([(1, parse(document(A)))])
    found: list = []
    threads = [
        threading.Thread(target=lambda: found.append(rules.match(event({"a": "y"}))))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [[1]] * 8
