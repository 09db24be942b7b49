"""Two workers and one alert: whatever becomes of its lease, it goes out once, or it says so."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from rulebook.actions import Outcome
from rulebook.domain import alerts as verbs
from rulebook.domain.alerts import DEADLINE, TRIES_FOR, send_due
from rulebook.storage import alerts, db, utcnow
from rulebook.storage.alerts import LEASE, Alert
from tests.domain.test_races import THREADS, at_once
from tests.fakes import Mail
from tests.people import Person

LATER = LEASE + timedelta(seconds=1)


@pytest.fixture
def settings(mail: Mail) -> dict[str, str]:
    return {"RULEBOOK_MAIL_URL": mail.url}


@pytest.fixture
def now() -> datetime:
    return utcnow()


def write_down(app: Flask, ada: Person, now: datetime, count: int = 1) -> None:
    """Messages that are due."""
    row = {"workspace_id": ada.workspace_id, "action": "email", "to": "ada@shop.example",
           "subject": "A rule is failing", "text": "Look at it.", "created_at": now,
           "next_at": now}  # fmt: skip
    with app.app_context():
        alerts.plan_alerts([row] * count)
        db.session.commit()


def kept(app: Flask, ada: Person) -> list[Alert]:
    with app.app_context():
        return alerts.page_of_alerts(ada.workspace_id, 50)


def in_the_middle(
    monkeypatch: pytest.MonkeyPatch, does: Callable[[], object], outcome: Outcome | None = None
) -> None:
    """Of the first call that is made: something else happens after it and before it is settled.
    outcome: what the call comes to, for one that is never made."""
    carry_out, calls = verbs._carry_out, []

    def first(alert: Alert, at: datetime) -> Outcome:
        calls.append(alert.id)
        if len(calls) > 1:
            return carry_out(alert, at)
        told = outcome or carry_out(alert, at)
        does()
        return told

    monkeypatch.setattr(verbs, "_carry_out", first)


def elsewhere(app: Flask, does: Callable[[], Any]) -> None:
    """What another worker does meanwhile."""

    def inside() -> None:
        with app.app_context():
            does()

    thread = threading.Thread(target=inside)
    thread.start()
    thread.join(30)
    assert not thread.is_alive()


def test_workers_that_look_at_once_send_it_once(
    app: Flask, ada: Person, mail: Mail, now: datetime
) -> None:
    write_down(app, ada, now, 3)
    found = at_once(app, *[lambda: send_due(now)] * THREADS)
    assert all(isinstance(each, int) for each in found), found
    assert len(mail.wait_for(3)) == 3
    assert [(each.state, each.tries) for each in kept(app, ada)] == [("sent", 1)] * 3


def test_a_lease_that_runs_out_in_the_call_lets_nobody_send_again(
    app: Flask, ada: Person, mail: Mail, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_down(app, ada, now)
    seen: list[tuple[str, str]] = []

    def another_looks() -> None:
        elsewhere(app, lambda: send_due(now + LATER))
        elsewhere(app, lambda: send_due(now + TRIES_FOR))
        [alert] = kept(app, ada)
        seen.append((alert.state, alert.sentence))

    in_the_middle(monkeypatch, another_looks)
    with app.app_context():
        send_due(now)
    assert seen == [("unknown", "The program stopped in the middle of the call, so it may have "
                     "been sent.")]  # fmt: skip
    assert len(mail.letters) == 1
    [alert] = kept(app, ada)
    assert (alert.state, alert.tries) == ("sent", 1), "who held it knows what came of it"


def test_a_late_no_plans_it_again_for_one_worker(
    app: Flask, ada: Person, mail: Mail, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_down(app, ada, now)
    away = Outcome("not_sent", "The mail server is away.")
    in_the_middle(monkeypatch, lambda: elsewhere(app, lambda: send_due(now + LATER)), away)
    with app.app_context():
        send_due(now)
    assert (kept(app, ada)[0].state, mail.letters) == ("planned", [])
    at_once(app, *[lambda: send_due(now + TRIES_FOR)] * THREADS)
    assert len(mail.wait_for(1)) == 1
    assert [(each.state, each.tries) for each in kept(app, ada)] == [("sent", 2)]


def test_who_comes_late_changes_nothing_of_a_later_try(
    app: Flask, ada: Person, now: datetime
) -> None:
    write_down(app, ada, now)
    with app.app_context():
        [due] = alerts.due_alerts(now)
        first = alerts.claim_alert(due, now)
        assert first
        alerts.settle_alert(due, 1, {"state": "planned", "next_at": now})
        assert alerts.claim_alert(due, now)
        assert not alerts.settle_alert(due, 1, {"state": "planned", "next_at": now})
        assert alerts.claim_alert(due, now) is None
        assert alerts.settle_alert(due, 2, {"state": "sent"})


def test_the_lease_of_each_begins_with_its_own_call(
    app: Flask, ada: Person, mail: Mail, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_down(app, ada, now, 4)
    shown = [now]
    doubted: list[int] = []
    carry_out = verbs._carry_out

    def slow(alert: Alert, at: datetime) -> Outcome:
        shown[0] += timedelta(seconds=DEADLINE)
        elsewhere(app, lambda: doubted.append(alerts.doubt_lost_alerts(shown[0])))
        return carry_out(alert, at)

    monkeypatch.setattr(verbs, "_carry_out", slow)
    monkeypatch.setattr(verbs, "utcnow", lambda: shown[0])
    with app.app_context():
        send_due()
    assert doubted == [0] * 4, "whoever is within its own deadline is not given up"
    assert [each.state for each in kept(app, ada)] == ["sent"] * 4
