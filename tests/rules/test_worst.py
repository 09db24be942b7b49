"""A message over many events: the cases that its author did not think of."""

from rules.templates import compile_template
from rules.worst import worst

EVENTS = [
    ("plain", {"name": "Ada", "amount": 1999}),
    ("long", {"name": "Ada " * 60, "amount": 1999}),
    ("odd", {"name": "Erdős", "amount": 5}),
    ("gap", {"amount": 5}),
    ("empty", {}),
    ("broken", {"name": "Bo", "amount": "a lot"}),
]
CONTEXTS = [(name, {"payload": payload}) for name, payload in EVENTS]
TEMPLATE = compile_template("Hi {{ payload.name }}: {{ payload.amount | money('usd') }}")


def test_the_worst_cases_are_found():
    found = worst(TEMPLATE, CONTEXTS)
    assert {name: case.id for name, case in found.cases.items()} == {
        "longest": "long", "shortest": "empty", "gaps": "empty", "odd": "odd", "failed": "broken",
    }  # fmt: skip
    assert found.cases["gaps"].gaps == ("payload.name", "payload.amount")
    assert found.cases["longest"].segments.segments == 2
    assert found.cases["odd"].segments.odd == "ő"
    assert found.cases["failed"].problem.startswith("'a lot' is not an amount of money.")


def test_everything_is_counted():
    found = worst(TEMPLATE, CONTEXTS)
    assert (found.of, found.written, found.failed, found.skipped) == (6, 5, 1, 0)
    assert (found.with_gaps, found.segments) == (2, 6)
    skipping = worst(TEMPLATE, CONTEXTS, "skip")
    assert (skipping.written, skipping.skipped) == (3, 2)
    assert worst(TEMPLATE, CONTEXTS, "fail").failed == 3


def test_of_no_events_there_is_no_worst():
    assert worst(TEMPLATE, []).cases == {}
    assert list(worst(TEMPLATE, CONTEXTS[:1]).cases) == ["longest", "shortest"]
