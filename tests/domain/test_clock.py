"""The clock is set, or the machine slept: living workers keep what they hold, dead ones do not."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, update

from rulebook.cli.setups import times as times_found
from rulebook.domain.act import start
from rulebook.domain.clock import LONGEST_LEASE, Clock
from rulebook.domain.sweep import sweep
from rulebook.storage import alerts, clocks, db, event_claims, run_claims, runs, targets, utcnow
from rulebook.storage.runs import Run
from tests.fakes import Sink
from tests.people import Person
from tests.stories import call, events_of, new_hook, planned, run_of, send

ABOUT = timedelta(seconds=2)  # clocks are compared by whole seconds


class Time:
    """The time that only goes forward, and what the clock shows; both are moved by hand."""

    def __init__(self) -> None:
        self.passed, self.shown = 1000.0, utcnow()
        self.clock = Clock(lambda: self.passed)

    def passes(self, seconds: float) -> None:
        self.passed += seconds
        self.shown += timedelta(seconds=seconds)

    def is_set(self, by: timedelta) -> datetime:
        self.shown += by
        return self.shown

    def sweep(self) -> int:
        return sweep(self.shown, clock=self.clock).rescued


@pytest.fixture
def times(app: Flask) -> Time:
    found = Time()
    with app.app_context():
        found.sweep()
    return found


@pytest.fixture
def held(app: Flask, ada: Person) -> tuple[str, str]:
    """A run that is being called and an event that is being judged, by somebody."""
    with Sink() as sink:
        [run_id] = planned(app, ada, call(sink))
        _, path = new_hook(app, ada)
        send(app, path)
    event_id = events_of(app, ada)[0].id
    with app.app_context():
        assert len(start(run_claims.wanted([run_id]))) == 1
        event_claims.claim_events([event_id], "lease_somebody", utcnow())
        db.session.commit()
    return run_id, event_id


def states(app: Flask, ada: Person, held: tuple[str, str]) -> tuple[str, str]:
    [event] = [each for each in events_of(app, ada) if each.id == held[1]]
    return run_of(app, held[0]).state, event.state


@pytest.mark.parametrize("jump", [timedelta(hours=1), timedelta(days=1)])
def test_ahead_nothing_is_taken_from_who_lives(
    app: Flask, ada: Person, times: Time, held: tuple[str, str], jump: timedelta
) -> None:
    with app.app_context():
        times.passes(2)
        times.is_set(jump)
        for _ in range(int(LONGEST_LEASE) // 2):
            assert times.sweep() == 0
            times.passes(2)
        assert states(app, ada, held) == ("sending", "processing")
        assert times.sweep() == 2  # whoever held them is dead
    assert states(app, ada, held) == ("unknown", "received")


@pytest.mark.parametrize("jump", [timedelta(hours=1), timedelta(days=1)])
def test_back_nothing_is_held_for_longer_than_a_lease(
    app: Flask, ada: Person, times: Time, held: tuple[str, str], jump: timedelta
) -> None:
    with app.app_context():
        times.passes(2)
        times.is_set(-jump)
        for _ in range(int(LONGEST_LEASE) // 2):
            assert times.sweep() == 0
            times.passes(2)
        assert times.sweep() == 2
    assert states(app, ada, held) == ("unknown", "received")


def test_a_clock_set_back_while_nobody_looked(
    app: Flask, ada: Person, held: tuple[str, str]
) -> None:
    times = Time()
    times.is_set(timedelta(days=-1))
    with app.app_context():
        assert times.sweep() == 0
        times.passes(20)
        assert times.sweep() == 0
        times.passes(LONGEST_LEASE)
        assert times.sweep() == 2


def test_seconds_are_no_jump(app: Flask, ada: Person, times: Time, held: tuple[str, str]) -> None:
    with app.app_context():
        for seconds in (20, -20, 29):
            times.is_set(timedelta(seconds=seconds))
            times.passes(2)
            assert times.sweep() == 0
        times.passes(60)
        times.passes(LONGEST_LEASE)
        assert times.sweep() == 2  # at the end of their leases, as ever


def test_a_lease_by_a_clock_that_is_a_little_ahead_is_kept(
    app: Flask, ada: Person, times: Time, held: tuple[str, str]
) -> None:
    times.passed += LONGEST_LEASE
    with app.app_context():
        clock = Clock(lambda: times.passed)
        times.passed += LONGEST_LEASE
        here = utcnow() - timedelta(seconds=50)  # who holds them is on another machine
        assert sweep(here, clock=clock).rescued == 0
        assert clock.sure
    assert states(app, ada, held) == ("sending", "processing")


HOURS = timedelta(hours=2)


@pytest.fixture
def one_machine(app: Flask, times: Time, monkeypatch: pytest.MonkeyPatch) -> Time:
    """The database is on the machine whose clock is set."""
    monkeypatch.setattr(clocks, "database_clock", lambda: times.shown)
    return times


def waiting(app: Flask, ada: Person, **values: Any) -> str:
    """A run that waits, with these values."""
    with Sink() as sink:
        [run_id] = planned(app, ada, call(sink))
    with app.app_context():
        if values:
            runs.move(run_id, ["queued"], values)
            db.session.commit()
    return run_id


def test_back_what_is_planned_goes_with_the_clock(
    app: Flask, ada: Person, one_machine: Time
) -> None:
    times = one_machine
    half = timedelta(minutes=30)
    due = waiting(app, ada, next_attempt_at=times.shown, last_rung_at=times.shown)
    later = waiting(app, ada, next_attempt_at=times.shown + half,
                    expires_at=times.shown + 2 * half)  # fmt: skip
    asked = waiting(app, ada, state="unknown", next_check_at=times.shown + half)
    times.passes(2)
    now = times.is_set(-HOURS)
    with app.app_context():
        assert due in sweep(now, clock=times.clock).runs
    assert run_of(app, due).next_attempt_at == now
    wait = half - timedelta(seconds=2)
    assert run_of(app, later).next_attempt_at == pytest.approx(now + wait, abs=ABOUT)
    assert run_of(app, later).expires_at == pytest.approx(now + half + wait, abs=ABOUT)
    assert run_of(app, asked).next_check_at == pytest.approx(now + wait, abs=ABOUT)


def test_back_nothing_else_is_held_up(app: Flask, ada: Person, one_machine: Time) -> None:
    times = one_machine
    key, soon = (ada.workspace_id, "http 127.0.0.1:1"), times.shown + timedelta(seconds=30)
    with app.app_context():
        targets.add_targets([key])
        [target] = targets.lock_targets([key]).values()
        target.opened_until = soon
        alert = {"workspace_id": ada.workspace_id, "action": "email", "to": "a@shop.example"}
        alerts.plan_alerts([{**alert, "subject": "", "text": "", "next_at": times.shown}])
        db.session.commit()
        now = times.is_set(-HOURS)
        assert alerts.due_alerts(now) == []
        times.sweep()
        assert len(alerts.due_alerts(now)) == 1
        [target] = targets.lock_targets([key]).values()
        assert target.opened_until == pytest.approx(soon - HOURS, abs=ABOUT)


def test_back_is_followed_once_by_all_workers(app: Flask, ada: Person, one_machine: Time) -> None:
    times = one_machine
    run_id = waiting(app, ada, next_attempt_at=times.shown + 3 * HOURS)
    other = Clock(lambda: times.passed)
    with app.app_context():
        sweep(times.shown, clock=other)
        times.is_set(-HOURS)
        times.sweep()
        sweep(times.shown, clock=other)
        sweep(times.shown, clock=Clock(lambda: times.passed))  # one that was started since
        times.sweep()
    wait = run_of(app, run_id).next_attempt_at - times.shown  # type: ignore[operator]
    assert wait == pytest.approx(3 * HOURS, abs=ABOUT)


def test_back_while_no_worker_ran_is_seen_by_the_next(
    app: Flask, ada: Person, one_machine: Time
) -> None:
    times = one_machine
    run_id = waiting(app, ada, next_attempt_at=times.shown)
    times.passes(60)
    now = times.is_set(-HOURS)
    with app.app_context():
        assert run_id in sweep(now, everything=True, clock=Clock(lambda: times.passed)).runs


def test_ahead_and_seconds_move_nothing(app: Flask, ada: Person, one_machine: Time) -> None:
    times = one_machine
    planned_for = times.shown + 3 * HOURS
    run_id = waiting(app, ada, next_attempt_at=planned_for)
    with app.app_context():
        times.is_set(HOURS)
        times.sweep()
        times.is_set(timedelta(seconds=-29))
        times.sweep()
    assert run_of(app, run_id).next_attempt_at == planned_for


@pytest.mark.parametrize("app", [pytest.param("postgres", marks=pytest.mark.postgres)],
                         indirect=True)  # fmt: skip
def test_one_machine_of_several_that_goes_back_moves_nothing(
    app: Flask, ada: Person, times: Time
) -> None:
    planned_for = times.shown + HOURS
    run_id = waiting(app, ada, next_attempt_at=planned_for)
    with app.app_context():
        times.is_set(-HOURS)
        times.sweep()
    assert run_of(app, run_id).next_attempt_at == planned_for


@pytest.mark.parametrize("app", [pytest.param("postgres", marks=pytest.mark.postgres)],
                         indirect=True)  # fmt: skip
def test_what_another_worker_plans_in_that_moment_is_left(
    app: Flask, ada: Person, one_machine: Time
) -> None:
    times = one_machine
    run_id = waiting(app, ada, next_attempt_at=times.shown + 3 * HOURS)
    now = times.is_set(-HOURS)
    meant = now + 2 * HOURS
    planned_anew: list[str] = []

    def another(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if statement.startswith("UPDATE run SET next_attempt_at") and not planned_anew:
            planned_anew.append(run_id)
            with db.engine.begin() as other:
                other.execute(update(Run).where(Run.id == run_id).values(next_attempt_at=meant))

    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", another)
        times.sweep()
        event.remove(db.engine, "before_cursor_execute", another)
    assert planned_anew
    assert run_of(app, run_id).next_attempt_at == meant


def test_the_doctor_tells_of_a_clock_that_is_behind(app: Flask, ada: Person) -> None:
    with app.app_context():
        assert times_found().level == "ok"
    waiting(app, ada)
    with app.app_context():
        assert times_found().level == "ok"
        found = times_found(utcnow() - HOURS)
    assert found.level == "warn"
    assert "120 minutes ahead of this machine's clock" in found.sentence
