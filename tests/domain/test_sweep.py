"""The sweeper: what nobody was told of, what a dead worker held, what is old."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from rulebook.domain.sweep import prune, sweep
from rulebook.storage import attempts, db, events, run_claims, runs, utcnow
from rulebook.storage.deliveries import Dedupe
from rulebook.storage.events import Event
from tests.fakes import Sink
from tests.people import Person
from tests.stories import call, events_of, new_hook, planned, run_of, runs_of, send
from tests.work import rewind, work


def test_a_waiting_event_is_rung_once_in_half_a_minute(app: Flask, ada: Person) -> None:
    _, path = new_hook(app, ada)
    send(app, path)
    [event] = events_of(app, ada)
    rung = []
    with app.app_context():
        for seconds in (1, 3, 5, 32, 34, 62, 64):
            due = sweep(event.received_at + timedelta(seconds=seconds))
            rung += [seconds] * due.events.count(event.id)
    assert rung == [3, 34, 64] or rung == [3, 34]
    work(app)
    with app.app_context():
        assert sweep(utcnow() + timedelta(hours=1)).events == []


def test_a_due_run_is_rung_once_in_half_a_minute(app: Flask, ada: Person) -> None:
    with Sink() as sink:
        [run_id] = planned(app, ada, call(sink))
    due_at = run_of(app, run_id).next_attempt_at
    assert due_at is not None
    rung = []
    with app.app_context():
        for seconds in (-1, 0, 3, 10, 32, 34, 60, 65):
            found = sweep(due_at + timedelta(seconds=seconds))
            rung += [seconds] * found.runs.count(run_id)
    assert rung == [3, 34, 65]


def test_a_run_due_again_is_rung_at_once(app: Flask, ada: Person) -> None:
    with Sink() as sink:
        [run_id] = planned(app, ada, call(sink))
    now = utcnow()
    with app.app_context():
        assert sweep(now + timedelta(seconds=4)).runs == [run_id]
        runs.move(run_id, ["queued"], {"next_attempt_at": now + timedelta(seconds=9)})
        db.session.commit()
        assert sweep(now + timedelta(seconds=8)).runs == []
        assert sweep(now + timedelta(seconds=10)).runs == [run_id]


def test_what_a_dead_worker_held(app: Flask, ada: Person) -> None:
    with Sink() as sink:
        post, put, last = planned(
            app, ada, call(sink), call(sink, "put", method="PUT"), call(sink, "last", method="PUT")
        )
        with app.app_context():
            held = run_claims.claim_runs([post, put, last], "lease_dead", utcnow())
            tries = [(run.id, run.attempts) for run in held]
            attempts.start_attempts(tries, "lease_dead", utcnow())
            runs.move(last, ["sending"], {"max_attempts": 1})
            db.session.commit()
            assert sweep(utcnow() + timedelta(seconds=89)).rescued == 0
        for run_id in (post, put, last):
            rewind(app, run_id, seconds=91)
        with app.app_context():
            assert sweep().rescued == 3
            assert sweep().rescued == 0
        states = {run.id: (run.state, run.may_repeat) for run in runs_of(app, ada)}
        assert states[post] == ("unknown", False)
        assert states[put] == ("queued", True)
        assert states[last] == ("unknown", False)  # no try is left: a person decides
        work(app)
        assert [run.state for run in runs_of(app, ada)] == ["unknown", "succeeded", "unknown"]
        assert [request.method for request in sink.requests] == ["PUT"]
        assert len(sink.requests) == 1


def test_two_sweeps_are_as_good_as_one(app: Flask, ada: Person) -> None:
    with Sink() as sink:
        [run_id] = planned(app, ada, call(sink))
    later = utcnow() + timedelta(seconds=5)
    with app.app_context():
        assert sweep(later).runs == [run_id]
        assert sweep(later).runs == []


def test_old_bodies_and_keys_are_forgotten_the_events_stay(app: Flask, ada: Person) -> None:
    _, path = new_hook(app, ada, provider="stripe")
    send(app, path, b'{"id": "evt_1"}')
    work(app)
    [event] = events_of(app, ada)
    with app.app_context():
        assert prune(utcnow() + timedelta(days=29)) == 0
        assert events.body_of(event.id) is not None
        assert prune(utcnow() + timedelta(days=31)) == 1
        assert events.body_of(event.id) is None
        assert db.session.get(Dedupe, (event.hook_id, "evt_1")) is None
        assert prune(utcnow() + timedelta(days=31)) == 0
    assert [kept.id for kept in events_of(app, ada)] == [event.id]


def test_others_write_while_words_are_forgotten(
    app: Flask, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The index may be in other hands for seconds. What is pinned meanwhile keeps its body."""
    _, path = new_hook(app, ada)
    for _ in range(2):
        send(app, path)
    work(app)
    kept, forgotten = [event.id for event in events_of(app, ada)]
    words: list[str] = []

    def forget_words(event_ids: Sequence[str]) -> None:
        words.extend(event_ids)
        with db.engine.begin() as other:
            other.execute(update(Event).where(Event.id == kept).values(pinned=True))

    monkeypatch.setattr("rulebook.domain.sweep.forget_words", forget_words)
    with app.app_context():
        assert prune(utcnow() + timedelta(days=31)) == 1
        assert events.body_of(kept) is not None
        assert events.body_of(forgotten) is None
    assert sorted(words) == sorted([kept, forgotten])
