"""The clock is set, or the machine slept: living workers keep what they hold, dead ones do not."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from flask import Flask

from rulebook.domain.act import start
from rulebook.domain.clock import LONGEST_LEASE, Clock
from rulebook.domain.sweep import sweep
from rulebook.storage import db, event_claims, run_claims, utcnow
from tests.fakes import Sink
from tests.people import Person
from tests.stories import call, events_of, new_hook, planned, run_of, send


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
