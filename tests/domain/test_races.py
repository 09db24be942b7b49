"""Two at once: whatever two threads do to the same thing, it is done once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import Flask

from rulebook.domain.act import act
from rulebook.domain.delivery import Delivery
from rulebook.domain.judge import judge
from rulebook.domain.receive import receive
from rulebook.domain.replay import replay, retry
from rulebook.domain.sweep import sweep
from rulebook.domain.throttle import count_try
from rulebook.errors import Conflict, TooMany
from rulebook.storage import db, fields, utcnow
from rulebook.storage.users import Throttle
from tests.fakes import Sink
from tests.people import Person, make_hook, make_rule
from tests.stories import (
    act_on,
    attempts_of,
    call,
    events_of,
    new_hook,
    path_of,
    planned,
    run_of,
    runs_of,
    send,
)
from tests.work import work

THREADS = 6


def at_once(app: Flask, *doings: Callable[[], Any]) -> list[Any]:
    """What each returned or raised, all begun at the same moment, each with its own session."""
    gate = threading.Barrier(len(doings))
    found: list[Any] = [None] * len(doings)

    def one(at: int) -> None:
        with app.app_context():
            gate.wait(10)
            try:
                found[at] = doings[at]()
            except Exception as error:
                found[at] = error

    threads = [threading.Thread(target=one, args=(at,)) for at in range(len(doings))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return found


def test_one_run_is_sent_once(app: Flask, ada: Person) -> None:
    with Sink() as sink:
        [run_id] = planned(app, ada, call(sink))
        found = at_once(app, *[lambda: act(run_id)] * THREADS)
        assert found == [[]] * THREADS
        assert len(sink.requests) == 1
        assert [attempt.n for attempt in attempts_of(app, run_id)] == [1]
        assert run_of(app, run_id).state == "succeeded"


def test_one_event_is_judged_once(app: Flask, ada: Person) -> None:
    with app.app_context():
        hook = make_hook(ada)
        make_rule(ada, hook)
        path = path_of(hook)
    send(app, path)
    [event] = events_of(app, ada)
    found = at_once(app, *[lambda: judge(event.id)] * THREADS)
    assert sorted(len(due) for due in found) == [0] * (THREADS - 1) + [1]
    assert len(runs_of(app, ada)) == 1


def test_an_event_whose_lease_ended_is_judged_once(app: Flask, ada: Person) -> None:
    with app.app_context():
        hook = make_hook(ada)
        make_rule(ada, hook)
        path = path_of(hook)
    send(app, path)
    [event] = events_of(app, ada)
    late = utcnow() + timedelta(seconds=61)
    found = at_once(app, *[lambda: judge(event.id), lambda: judge(event.id, late)] * 3,
                    lambda: sweep(late))  # fmt: skip
    assert not [error for error in found if isinstance(error, Exception)]
    work(app)
    assert [each.state for each in events_of(app, ada)] == ["done"]
    assert len(runs_of(app, ada)) == 1


def test_first_events_of_a_hook_together_make_one_catalogue(app: Flask, ada: Person) -> None:
    hook_id, path = new_hook(app, ada)
    for _ in range(THREADS):
        send(app, path, b'{"amount": 1, "who": {"name": "ada"}}')
    waiting = [event.id for event in events_of(app, ada)]
    found = at_once(app, *[lambda it=it: judge(it) for it in waiting])
    assert found == [[]] * THREADS
    assert {event.state for event in events_of(app, ada)} == {"done"}
    with app.app_context():
        assert {f.path: f.seen for f in fields.fields(hook_id)}["$.amount"] == THREADS


def test_one_delivery_many_times_is_one_event(app: Flask, ada: Person) -> None:
    _, path = new_hook(app, ada, provider="stripe")
    delivery = Delivery(path[4:], "POST", [("Content-Type", "application/json")], b'{"id": "e1"}')
    found = at_once(app, *[lambda: receive(delivery, 1000)] * THREADS)
    assert [receipt.status for receipt in found] == [200] * THREADS
    assert len([receipt for receipt in found if receipt.judge]) == 1
    stored = events_of(app, ada)
    assert sorted(e.state for e in stored) == ["duplicate"] * (THREADS - 1) + ["received"]
    [first] = [e for e in stored if e.state == "received"]
    assert {e.duplicate_of for e in stored if e is not first} == {first.id}


def test_a_button_pressed_twice_sends_once(app: Flask, ada: Person) -> None:
    with Sink() as sink:
        sink.answers(301, 200)
        [run_id] = planned(app, ada, call(sink))
        act_on(app, run_id)
        [event] = events_of(app, ada)
        found = at_once(app, *[lambda: retry(ada.actor, run_id)] * 3,
                        *[lambda: replay(ada.actor, event.id)] * 3)  # fmt: skip
        for each in found:
            assert not isinstance(each, Exception) or isinstance(each, Conflict), repr(each)
        work(app)
        assert [run.state for run in runs_of(app, ada)] == ["failed", "succeeded"]
        assert len(sink.requests) == 2


def test_tries_are_counted_together(app: Flask, ada: Person) -> None:
    now = utcnow()
    found = at_once(app, *[lambda: count_try("k", 4, timedelta(minutes=5), now)] * THREADS)
    assert len([each for each in found if isinstance(each, TooMany)]) == THREADS - 4
    with app.app_context():
        assert db.session.get_one(Throttle, "k").count == THREADS


def test_two_sweepers_and_a_worker(app: Flask, ada: Person) -> None:
    with Sink() as sink:
        due = planned(app, ada, *[call(sink, f"s{n}") for n in range(4)])
        later = utcnow() + timedelta(seconds=5)
        found = at_once(app, lambda: sweep(later), lambda: sweep(later), lambda: act(due[0]))
        assert not [error for error in found if isinstance(error, Exception)]
        rung = found[0].runs + found[1].runs
        assert len(rung) == len(set(rung))
