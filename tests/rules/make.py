"""Builders: rules and events with good defaults, naming only what matters."""

from typing import Any

from rules import compile_rules, explain, parse
from rules.explain import Explanation

NOON = "2026-01-14T12:00:00Z"  # a Wednesday


def event(payload: Any = None, headers=None, query=None, received_at: str = NOON, **about) -> dict:
    about = {"type": None, "id": "evt_1", "provider": None, "verified": True, **about}
    about |= {"received_at": received_at, "method": "POST", "content_type": "application/json"}
    return {"payload": payload, "headers": headers or {}, "query": query or {}, "event": about}


def document(when: Any, **more) -> dict:
    steps = [{"id": "note", "action": "outbox", "config": {"text": "hello"}}]
    return {"name": "A rule", "when": when, "then": steps, **more}


def condition(test: str, value: Any = None, path: str = "$.x", **more) -> dict:
    given = {} if value is None else {"value": value}
    return {"path": path, "test": test, **given, **more}


def judged(when: dict, happened: dict, zone: str = "UTC") -> Explanation:
    """The explanation, after checking that the matcher says the same."""
    rule = parse(document(when))
    verdict = explain(rule, happened, zone)
    assert compile_rules([("r", rule)], zone).match(happened) == (["r"] if verdict.met else [])
    return verdict


def met(test: str, value: Any, found: Any, zone: str = "UTC", **more) -> bool:
    """Whether a condition on the field x is met by an event whose x is `found`."""
    return judged(condition(test, value, **more), event({"x": found}), zone).met
