"""The desk: who is given a place for a call, and that what ended is recorded."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask

from rulebook.domain.act import look
from rulebook.jobs import desk as desk_file
from rulebook.jobs.desk import FIRST_TRIES, GATHER_SECONDS, GATHERS, MOST_UNPROVEN, Desk
from rulebook.storage import db, runs
from tests.fakes import Sink
from tests.jobs.shop import wait_until
from tests.people import Person
from tests.stories import call, planned, runs_of

pytestmark = pytest.mark.parametrize("app", ["sqlite"], indirect=True)


@contextmanager
def at_the_desk(app: Flask, places: int) -> Iterator[tuple[Callable[[list[str]], None], list[str]]]:
    """A desk at work: how to offer it runs, and what it rang for."""
    rung: list[str] = []
    desk = Desk(app, places, rung.extend)

    def offer(run_ids: list[str]) -> None:
        with app.app_context():
            desk.offer_ids(run_ids)

    try:
        yield offer, rung
    finally:
        desk.stop(30)


@contextmanager
def holding(sink: Sink) -> Iterator[threading.Event]:
    """The sink answers nobody until this is set."""
    answer = threading.Event()

    def when_told(handler: Any) -> None:
        answer.wait(30)
        handler.send(200)

    sink._behaves(when_told)
    try:
        yield answer
    finally:
        answer.set()


def states(app: Flask, person: Person) -> list[str]:
    return [run.state for run in runs_of(app, person)]


def test_who_has_nothing_to_offer_does_not_wait_for_room(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk_file, "MOST_WAITING", 0)  # it is full
    desk = Desk(app, 1, lambda ids: None)
    offering = threading.Thread(target=desk.offer, args=([],), daemon=True)
    offering.start()
    offering.join(10)
    assert not offering.is_alive()
    desk.stop(30)


def test_many_runs_are_all_done_and_each_once(app: Flask, ada: Person) -> None:
    with Sink() as sink, at_the_desk(app, 4) as (offer, _):
        run_ids = [run_id for _ in range(8) for run_id in planned(app, ada, *_steps(sink, 5))]
        offer(run_ids)
        offer(run_ids)  # a ring that came twice
        wait_until(lambda: set(states(app, ada)) == {"succeeded"})
        assert sorted(each.headers["idempotency-key"] for each in sink.requests) == sorted(run_ids)


def test_who_has_shown_nothing_yet_has_four_places(app: Flask, ada: Person) -> None:
    with Sink() as mute, Sink() as healthy, holding(mute) as answer:
        with at_the_desk(app, 16) as (offer, _):
            offer(planned(app, ada, *_steps(mute, 10)))
            mute.wait_for(MOST_UNPROVEN)
            offer(planned(app, ada, call(healthy)))
            healthy.wait_for(1)
            wait_until(lambda: states(app, ada).count("succeeded") == 1)
            assert len(mute.requests) == MOST_UNPROVEN
            answer.set()


def test_all_who_have_shown_nothing_have_half_of_the_places(app: Flask, ada: Person) -> None:
    sinks = [Sink() for _ in range(3)]
    with (
        sinks[0] as one,
        sinks[1] as two,
        sinks[2] as healthy,
        holding(one) as yes,
        holding(two) as no,
    ):
        with at_the_desk(app, 8) as (offer, _):
            offer(planned(app, ada, call(healthy)))
            wait_until(lambda: states(app, ada) == ["succeeded"])
            offer([*planned(app, ada, *_steps(one, 6)), *planned(app, ada, *_steps(two, 6))])
            wait_until(lambda: len(one.requests) + len(two.requests) >= 5)
            # Four for the first, and the one that every target may begin with.
            offer(planned(app, ada, *_steps(healthy, 6)))
            wait_until(lambda: states(app, ada).count("succeeded") == 7)
            assert len(one.requests) + len(two.requests) == 5
            yes.set()
            no.set()


def test_first_tries_go_before_late_ones(app: Flask, ada: Person) -> None:
    with Sink() as sink, holding(sink) as answer:
        first, late, fresh = (planned(app, ada, call(sink))[0] for _ in range(3))
        with app.app_context():
            runs.move(late, ["queued"], {"attempts": 1})
            db.session.commit()
        with at_the_desk(app, 1) as (offer, _):
            offer([first])
            sink.wait_for(1)
            offer([late, fresh])
            answer.set()
            sink.wait_for(3)
        keys = [each.headers["idempotency-key"] for each in sink.requests]
        assert keys == [first, fresh, late]


def test_what_is_left_at_a_stop_is_rung_for(app: Flask, ada: Person) -> None:
    with Sink() as sink, holding(sink) as answer:
        first, second = (planned(app, ada, call(sink))[0] for _ in range(2))
        with at_the_desk(app, 1) as (offer, rung):
            offer([first, second])
            sink.wait_for(1)
            threading.Timer(0.1, answer.set).start()
        assert rung == [second]
    assert sorted(states(app, ada)) == ["queued", "succeeded"]


def test_a_long_line_is_cut_and_left_to_the_sweeper(
    app: Flask, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk_file, "MOST_OF_ONE", 2)
    with Sink() as sink, holding(sink) as answer:
        run_ids = planned(app, ada, *_steps(sink, 6))
        with at_the_desk(app, 1) as (offer, _):
            offer(run_ids[:1])
            sink.wait_for(1)
            offer(run_ids[1:])
            answer.set()
            wait_until(lambda: states(app, ada).count("succeeded") == 3)
        assert states(app, ada).count("queued") == 3


def _steps(sink: Sink, count: int) -> list[dict[str, Any]]:
    return [call(sink, f"step{n}") for n in range(count)]


class Still(Desk):
    """A desk where nothing is claimed by itself."""

    def _claim(self) -> None:
        return


@pytest.mark.parametrize("at_once", [False, True])
def test_a_steady_stream_of_first_tries_keeps_no_late_one_for_ever(
    app: Flask, ada: Person, at_once: bool
) -> None:
    with Sink() as sink:
        late, *fresh = (run_id for _ in range(2) for run_id in planned(app, ada, *_steps(sink, 10)))
        with app.app_context():
            runs.move(late, ["queued"], {"attempts": 1})
            db.session.commit()
            wanted = {each.id: each for each in look([late, *fresh])}
        desk = Still(app, 1, lambda run_ids: None)
        gone: list[str] = []
        host = desk_file._host(wanted[late])
        desk._waiting[True][host] = deque([wanted[late]])
        for run_id in fresh:  # one place, and before it is free the next one comes
            if at_once:
                picked = desk.take([wanted[run_id]]) or list(desk._pick())
            else:
                desk._waiting[False][host] = deque([wanted[run_id]])
                picked = list(desk._pick())
            gone += [each.id for each in picked]
            desk.leave(picked)
        desk.stop(1)
    assert gone.index(late) == FIRST_TRIES
    assert gone[:FIRST_TRIES] == fresh[:FIRST_TRIES]


@pytest.mark.parametrize(("end", "waits"), [(1, 3), (0, GATHERS)])
def test_those_that_are_about_to_end_are_waited_for_but_not_long(
    app: Flask, monkeypatch: pytest.MonkeyPatch, end: int, waits: int
) -> None:
    class Silent(Still):
        def _record(self) -> None:
            return

    desk, slept = Silent(app, 4, lambda run_ids: None), []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        for _ in range(end):
            desk._ended.put(None)

    monkeypatch.setattr(time, "sleep", sleep)
    desk._under_way["shop.example:443"] = 4  # of which one has ended
    desk._gather()
    assert slept == [GATHER_SECONDS] * waits
    desk._under_way.clear()
    desk.stop(1)
