"""A worker that is to stop begins nothing more, however much is waiting."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from rulebook.jobs import desk
from rulebook.storage.runs import Run
from tests import servers
from tests.fakes import Sink
from tests.jobs.machines import fleet
from tests.jobs.shop import wait_until
from tests.people import Person
from tests.stories import call, planned, run_of


@pytest.mark.postgres
def test_a_stop_ends_the_calls_under_way_and_begins_no_other(
    tmp_path: Path, postgres_server: str
) -> None:
    def slow(handler: Any) -> None:
        sink.waits(1)
        handler.send(200)

    with servers.fresh_database(postgres_server) as url, Sink() as sink:
        sink._behaves(slow)
        with fleet(tmp_path, url, url) as machines:
            second = machines.workers[1]
            assert second.stop() == 0
            machines.open_shop(sink)
            with machines.sending(range(400)):
                pass
            wait_until(lambda: machines.states(Run).total() == 400, 60)
            worker = machines.workers[0]
            worker.popen.terminate()
            begun = len(sink.requests)
            assert worker.popen.wait(60) == 0
            places = int(machines.environ["RULEBOOK_WORKERS"])
            assert len(sink.requests) <= begun + 2 * places
            told = machines.states(Run)
            assert told["succeeded"] == len(sink.requests)
            assert set(told) <= {"succeeded", "queued"}


def test_whoever_waits_at_a_full_desk_is_sent_away_at_a_stop(
    app: Flask, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk, "MOST_WAITING", 1)
    answer, rung = threading.Event(), list[str]()

    def when_told(handler: Any) -> None:
        answer.wait(30)
        handler.send(200)

    def offer(run_ids: list[str]) -> None:
        with app.app_context():
            full.offer_ids(run_ids)

    with Sink() as sink:
        sink._behaves(when_told)
        first, *others = planned(app, ada, *(call(sink, f"step{n}") for n in range(3)))
        full = desk.Desk(app, 1, rung.extend)
        offer([first])
        sink.wait_for(1)
        waiting = threading.Thread(target=offer, args=(others,))
        waiting.start()
        stopping = threading.Thread(target=full.stop, args=(30,))
        stopping.start()
        waiting.join(25)
        assert not waiting.is_alive() and stopping.is_alive(), "the call is still under way"
        answer.set()
        stopping.join(30)
        assert sorted(rung) == sorted(others), "another worker is told of them"
        assert [run_of(app, each).state for each in (first, *others)] == [
            "succeeded", "queued", "queued"]  # fmt: skip
        assert len(sink.requests) == 1
