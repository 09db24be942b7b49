"""The database goes away between a claim and its verdicts: that is our trouble, not the event's."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from rulebook.domain.judge import judge
from rulebook.domain.sweep import sweep
from rulebook.storage import event_claims, utcnow
from tests.people import Person
from tests.stories import events_of, new_hook, send

pytestmark = pytest.mark.parametrize("app", ["sqlite"], indirect=True)


def _away(*args: Any) -> bool:
    raise OperationalError("UPDATE", {}, Exception("database or disk is full"))


def _one_event(app: Flask, ada: Person) -> str:
    _, path = new_hook(app, ada)
    assert send(app, path).status_code == 200
    [event] = events_of(app, ada)
    return event.id


def test_it_is_judged_soon_after_and_not_a_lease_later(
    app: Flask, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    event_id, now = _one_event(app, ada), utcnow()
    with app.app_context():
        with monkeypatch.context() as patch:
            patch.setattr(event_claims, "finish_events", _away)
            judge(event_id, now)
        soon = now + timedelta(seconds=7)
        sweep(soon)
        judge(event_id, soon)
    [event] = events_of(app, ada)
    assert event.state == "done"


def test_trouble_of_ours_never_makes_an_event_poison(
    app: Flask, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    event_id, now = _one_event(app, ada), utcnow()
    with app.app_context():
        with monkeypatch.context() as patch:
            patch.setattr(event_claims, "finish_events", _away)
            for minutes in range(0, 20, 2):
                later = now + timedelta(minutes=minutes)
                sweep(later)
                judge(event_id, later)
        sweep(now + timedelta(minutes=30))
        judge(event_id, now + timedelta(minutes=30))
    [event] = events_of(app, ada)
    assert event.state == "done"
