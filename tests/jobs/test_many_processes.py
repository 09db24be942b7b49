"""Two webs and two workers share one database and one queue: nothing is lost, nothing is done
twice, and whoever is left finishes what others began."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from rulebook.storage.events import Event
from rulebook.storage.runs import Run
from tests import servers
from tests.fakes import Sink
from tests.jobs.machines import Fleet, fleet
from tests.jobs.shop import wait_until

pytestmark = pytest.mark.postgres
EVENTS = 300


@pytest.fixture(params=[pytest.param("redis", marks=pytest.mark.redis), "postgresql"])
def machines(
    request: pytest.FixtureRequest, tmp_path: Path, postgres_server: str
) -> Iterator[Fleet]:
    with servers.fresh_database(postgres_server) as url:
        queue = request.getfixturevalue("redis_url") if request.param == "redis" else url
        with fleet(tmp_path, url, queue) as machines:
            yield machines


def arrivals(sink: Sink) -> Counter[int]:
    """How often each number arrived."""
    return Counter(request.json["n"] for request in sink.requests)


def takes_its_time(sink: Sink) -> None:
    """Calls last long enough for some to be under way at any moment of the load."""

    def behaves(handler: Any) -> None:
        sink.waits(0.02)
        handler.send(200)

    sink._behaves(behaves)


def test_each_event_is_stored_judged_and_acted_upon_once(machines: Fleet, sink: Sink) -> None:
    machines.open_shop(sink)
    with machines.sending(range(EVENTS)):
        pass
    wait_until(lambda: machines.states(Run)["succeeded"] == EVENTS, 90)
    assert machines.states(Event) == {"done": EVENTS}
    assert machines.calls() == {n: ("succeeded", False, ["yes"]) for n in range(EVENTS)}
    assert arrivals(sink) == dict.fromkeys(range(EVENTS), 1)

    with ThreadPoolExecutor(20) as pool:  # one delivery, again and again, at both doors
        assert set(pool.map(lambda door: machines.send(EVENTS, door), range(100))) == {1}
    wait_until(lambda: machines.states(Run)["succeeded"] == EVENTS + 1)
    assert machines.states(Event) == {"done": EVENTS + 1, "duplicate": 99}
    assert arrivals(sink)[EVENTS] == 1


def test_the_others_finish_what_a_killed_web_and_worker_left(machines: Fleet, sink: Sink) -> None:
    takes_its_time(sink)
    machines.open_shop(sink, method="PUT")  # may be repeated, so that nobody has to be asked
    with machines.sending(range(EVENTS)) as sent:
        sink.wait_for(30, 60)
        machines.workers[0].kill()
        wait_until(lambda: sum(each.done() for each in sent) >= EVENTS // 3, 60)
        machines.webs[0].kill()
    machines.wait_for_rest()
    while machines.end_leases():
        wait_until(lambda: not (machines.states(Event)["processing"]
                                or machines.states(Run)["sending"]))  # fmt: skip
        machines.wait_for_rest()
    told, arrived = machines.calls(), arrivals(sink)
    assert machines.states(Event)["done"] == EVENTS
    assert set(machines.states(Event)) <= {"done", "duplicate"}
    assert set(told) == set(arrived) == set(range(EVENTS))
    for number, (state, may_repeat, outcomes) in told.items():
        assert state == "succeeded"
        broken_off = outcomes.count(None)
        assert 1 <= arrived[number] <= 1 + broken_off, (number, outcomes)
        assert may_repeat or not broken_off


def test_stopping_a_worker_under_load_loses_and_repeats_nothing(
    machines: Fleet, sink: Sink
) -> None:
    takes_its_time(sink)
    machines.open_shop(sink)
    with machines.sending(range(EVENTS)):
        sink.wait_for(30, 60)
        assert machines.workers[0].stop() == 0
        assert machines.webs[0].stop() == 0
    wait_until(lambda: machines.states(Run)["succeeded"] == EVENTS, 90)
    assert set(machines.states(Event)) <= {"done", "duplicate"}
    assert machines.states(Run) == {"succeeded": EVENTS}
    assert machines.calls() == {n: ("succeeded", False, ["yes"]) for n in range(EVENTS)}
    assert arrivals(sink) == dict.fromkeys(range(EVENTS), 1)


def test_two_webs_share_a_port(machines: Fleet, sink: Sink) -> None:
    """As after `rulebook web` twice with the same settings: the kernel shares out, one may go."""
    machines.open_shop(sink)
    first, second = machines.webs
    third = machines.start("web", int(second.url.rpartition(":")[2]))
    wait_until(lambda: "Serving on" in third.log.read_text(), 30)
    for other in (first, second):
        other.kill()
    machines.webs[:] = [third]
    with machines.sending(range(20)):
        pass
    wait_until(lambda: machines.states(Run)["succeeded"] == 20)
    assert arrivals(sink) == dict.fromkeys(range(20), 1)
