"""Runs that are begun in the transaction that plans them, where there are places."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import Connection, event, func, select
from sqlalchemy.exc import OperationalError

from rulebook.domain import act
from rulebook.domain.act import carry_out
from rulebook.domain.breaker import Result, note
from rulebook.domain.house import house
from rulebook.domain.judge import judge_waiting
from rulebook.domain.noting import Notes
from rulebook.domain.record import Started, record_in_time
from rulebook.domain.sweep import sweep
from rulebook.storage import db, utcnow
from rulebook.storage.attempts import Attempt
from rulebook.storage.run_claims import Wanted
from tests.fakes import Sink
from tests.people import Person, make_hook, make_rule
from tests.stories import attempts_of, call, path_of, runs_of, send


class Room:
    """So many places, and who has one."""

    def __init__(self, free: int) -> None:
        self.free = free
        self.started: list[Started] = []

    def take(self, wanted: Sequence[Wanted]) -> list[Wanted]:
        taken = list(wanted[: self.free])
        self.free -= len(taken)
        return taken

    def leave(self, wanted: Sequence[Wanted]) -> None:
        self.free += len(wanted)

    def begin(self, started: Sequence[Started]) -> None:
        self.started += started


def judged(app: Flask, room: Room) -> list[Wanted]:
    with app.app_context():
        return judge_waiting([], 50, Notes(), places=room)[0]


def waiting(app: Flask, who: Person, sink: Sink, events: int = 1) -> None:
    with app.app_context():
        hook = make_hook(who)
        make_rule(who, hook, then=[call(sink)])
        path = path_of(hook)
    for _ in range(events):
        send(app, path)


def test_who_has_a_place_is_claimed_and_the_others_wait(app: Flask, ada: Person) -> None:
    room = Room(2)
    with Sink() as sink:
        waiting(app, ada, sink, events=3)
        due = judged(app, room)
        found = runs_of(app, ada)
        assert sorted(run.state for run in found) == ["queued", "sending", "sending"]
        assert [each.id for each in due] == [run.id for run in found if run.state == "queued"]
        begun = {each.run.id for each in room.started}
        assert begun == {run.id for run in found if run.state == "sending"}
        for run_id in begun:
            [attempt] = attempts_of(app, run_id)
            assert (attempt.n, attempt.outcome, attempt.finished_at) == (1, None, None)
        assert sink.requests == []
        with app.app_context():
            record_in_time([carry_out(each, house()) for each in room.started])
        assert {run.id for run in runs_of(app, ada) if run.state == "succeeded"} == begun
        assert {each.headers["idempotency-key"] for each in sink.requests} == begun


@pytest.mark.parametrize("app", ["sqlite"], indirect=True)
@pytest.mark.parametrize("places", [0, 1])
def test_the_commit_waits_for_the_disk_where_a_call_follows(
    app: Flask, ada: Person, places: int
) -> None:
    lazy: list[bool] = []

    def committed(connection: Connection) -> None:
        if connection.info.get("writing"):
            lazy.append(connection.info.get("lazy", False))

    with Sink() as sink:
        waiting(app, ada, sink)
        with app.app_context():
            event.listen(db.engine, "commit", committed)
        judged(app, Room(places))
    assert lazy == [True, places == 0]  # the claim of the event, and its verdict


def test_a_target_that_fails_gets_nobody_at_once(app: Flask, ada: Person) -> None:
    room = Room(5)
    with Sink() as sink:
        waiting(app, ada, sink)
        judged(app, room)
        target = room.started[0].wanted.target
        with app.app_context():
            record_in_time([carry_out(each, house()) for each in room.started])
            result = Result(ada.workspace_id, target, "not_sent", sentence="No answer.")
            note([result] * 10, utcnow())
            db.session.commit()
        room = Room(5)
        waiting(app, ada, sink)
        [due] = judged(app, room)
    assert (room.free, room.started) == (5, [])
    assert {run.id: run.state for run in runs_of(app, ada)}[due.id] == "queued"


def test_steps_that_need_others_wait_for_them(app: Flask, ada: Person) -> None:
    room = Room(5)
    with Sink() as sink:
        with app.app_context():
            hook = make_hook(ada)
            first = {**call(sink), "id": "first"}
            make_rule(ada, hook, then=[first, {**call(sink), "id": "second", "needs": ["first"]}])
            path = path_of(hook)
        send(app, path)
        [second] = judged(app, room)
        assert second.needs == ["first"]
        with app.app_context():
            freed = record_in_time([carry_out(each, house()) for each in room.started])
    assert freed == [second.id]


def test_who_cannot_be_called_after_all_is_no_doubt(
    app: Flask, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = Room(5)

    def gone(started: Started) -> Started:
        raise RuntimeError("the secrets cannot be read")

    with Sink() as sink:
        waiting(app, ada, sink)
        monkeypatch.setattr(act, "_with_credentials", gone)
        assert judged(app, room) == []
        with app.app_context():
            record_in_time([carry_out(each, house()) for each in room.started])
            sweep(utcnow() + timedelta(minutes=3))
        [run] = runs_of(app, ada)
        assert (run.state, run.sentence) == ("queued", act.NOT_CALLED)
        assert sink.requests == []


@pytest.mark.parametrize("reaches", [False, True])
def test_a_commit_of_which_nobody_knows_leaves_no_doubt(
    app: Flask, ada: Person, monkeypatch: pytest.MonkeyPatch, reaches: bool
) -> None:
    room = Room(5)
    commit = db.session.commit
    lost: list[bool] = []

    def committed() -> None:
        if attempts_are_there() and not lost:
            lost.append(True)
            if reaches:
                commit()
            raise OperationalError("COMMIT", {}, Exception("the connection is gone"))
        commit()

    def attempts_are_there() -> bool:
        return bool(db.session.scalar(select(func.count()).select_from(Attempt)))

    with Sink() as sink:
        waiting(app, ada, sink)
        with monkeypatch.context() as patch:
            patch.setattr(db.session, "commit", committed)
            judged(app, room)
        assert lost
        with app.app_context():
            record_in_time([carry_out(each, house()) for each in room.started])
            sweep(utcnow() + timedelta(minutes=3))
        if not reaches:
            assert runs_of(app, ada) == []
            judged(app, room)
            with app.app_context():
                record_in_time([carry_out(each, house()) for each in room.started[1:]])
        [run] = runs_of(app, ada)
        assert run.state == ("queued" if reaches else "succeeded")
        assert len(sink.requests) == (0 if reaches else 1)
        [attempt] = attempts_of(app, run.id)
        assert attempt.outcome == ("not_sent" if reaches else "yes")
