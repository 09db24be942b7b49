"""Many at once: the same delivery a hundred times over two web processes, and two hundred clients
that never come to an end while others want to be served."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import select

from rulebook.storage import db
from rulebook.storage.events import Event
from tests.conftest import Live, _wait_for
from tests.fakes import Sink
from tests.faults.crowds import deliver, half_open
from tests.faults.stream import check, scene
from tests.jobs.shop import Shop, wait_until
from tests.people import make_hook, make_rule
from tests.servers import free_port, fresh_database
from tests.stories import call, path_of

SECRET = "whsec_github_0123456789"


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@contextmanager
def second_web(live: Live) -> Iterator[str]:
    """Another web process on the same database; its address."""
    port = free_port()
    log = live.instance / "second.log"
    with log.open("w") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "rulebook", "web"],
            env=live.environ | {"RULEBOOK_PORT": str(port)}, stdout=file, stderr=file, text=True,
        )  # fmt: skip
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_for(url, process, log)
        yield url
    finally:
        process.terminate()
        process.wait(30)


def github_hook(here: Shop, sink: Sink) -> str:
    """The path of a hook whose sender gives ids to its deliveries."""
    with here.app.app_context():
        hook = make_hook(here.ada, "Repository", provider="github", secret=SECRET)
        make_rule(here.ada, hook, then=[call(sink, method="POST")])
        return path_of(hook)


@pytest.mark.parametrize("store", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_one_delivery_a_hundred_times_at_once(
    stack: ExitStack, tmp_path: Path, request: pytest.FixtureRequest, store: str
) -> None:
    settings: dict[str, Any] = {}
    if store == "postgres":
        server = request.getfixturevalue("postgres_server")
        settings = {"RULEBOOK_DATABASE_URL": stack.enter_context(fresh_database(server))}
    here = scene(stack, tmp_path, **settings).here
    sink = stack.enter_context(Sink())
    path = github_hook(here, sink)
    urls = [here.live.url, stack.enter_context(second_web(here.live))]
    together = Barrier(100)

    def sends(n: int) -> int:
        together.wait(30)
        return deliver(urls[n % 2] + path, b'{"amount": 60}', SECRET, "one-and-the-same")

    with ThreadPoolExecutor(100) as pool:
        assert Counter(pool.map(sends, range(100))) == {200: 100}
    sink.wait_for(1)
    wait_until(lambda: [run.state for run in here.runs] == ["succeeded"])
    with here.app.app_context():
        found = db.session.execute(select(Event.id, Event.state, Event.duplicate_of)).all()
        db.session.rollback()
    assert Counter(event.state for event in found) == {"done": 1, "duplicate": 99}
    [first] = [event.id for event in found if event.state == "done"]
    assert {event.duplicate_of for event in found} == {None, first}
    assert len(sink.requests) == 1


def test_two_hundred_half_open_clients_hold_nobody_up(stack: ExitStack, tmp_path: Path) -> None:
    scene_ = scene(stack, tmp_path, RULEBOOK_READ_DEADLINE="20")
    here = scene_.here
    with half_open(here.live.url, here.path, 200) as crowd, scene_.stream as stream:
        stream.goes_on(100)
        assert crowd.open() > 100  # they were there all the while
        assert crowd.dripped > 0
    assert set(stream.statuses) == {200}
    check(here, stream, scene_.arrivals)
