"""Real processes: they die, they are stopped, their queue vanishes, and nothing is lost."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests import servers
from tests.conftest import Live, start_live, stop_live
from tests.fakes import Sink
from tests.jobs.shop import descendants, kill, process, shop, wait_until
from tests.stories import attempts_of, call
from tests.work import rewind


def test_from_post_to_action_and_through_a_lost_queue(live: Live, sink: Sink) -> None:
    with shop(live, call(sink)) as here:
        assert here.send() == 200
        sink.wait_for(1, 5)
        wait_until(lambda: here.states() == ["succeeded"])

        for file in live.instance.glob("queue.db*"):
            file.write_bytes(b"this is no database " * 1000)
        assert here.send() == 200
        sink.wait_for(2, 12)

        for file in live.instance.glob("queue.db*"):
            file.unlink(missing_ok=True)  # the worker puts a spoilt one away itself
        assert here.send() == 200
        sink.wait_for(3, 12)
        wait_until(lambda: here.states() == ["succeeded"] * 3)
        assert len(sink.requests) == 3


def test_a_worker_killed_in_the_middle_of_its_calls(live: Live, sink: Sink) -> None:
    sink.hangs()
    with shop(live, call(sink), call(sink, "put", method="PUT")) as here:
        here.send()
        sink.wait_for(2)
        killed = process(live, "worker")
        assert killed is not None
        kill(live, killed)
        sink.answers(200)
        wait_until(lambda: process(live, "worker") not in (None, killed))
        assert here.states() == ["sending", "sending"]
        for run in here.runs:
            rewind(here.app, run.id, seconds=91)
        wait_until(lambda: here.states() == ["unknown", "succeeded"])
        doubtful, repeated = here.runs
        assert repeated.may_repeat
        assert len(sink.requests) == 3
        assert [a.outcome for a in attempts_of(here.app, repeated.id)] == [None, "yes"]
        assert doubtful.fix


def test_a_web_that_died_comes_back(live: Live, sink: Sink) -> None:
    with shop(live, call(sink)) as here:
        killed = process(live, "web")
        assert killed is not None
        kill(live, killed)
        wait_until(lambda: process(live, "web") not in (None, killed))
        wait_until(lambda: answers(live), 20)
        assert here.send() == 200
        sink.wait_for(1)
        web = process(live, "web")
        assert web is not None
        assert not descendants(live, below=web), "it serves itself: nothing outlives it"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stopping_ends_calls_under_way_and_leaves_no_process(
    live: Live, sink: Sink, number: signal.Signals
) -> None:
    def takes_a_second(handler: Any) -> None:
        sink.waits(1)
        handler.send(200)

    sink._behaves(takes_a_second)
    with shop(live, call(sink)) as here:
        here.send()
        sink.wait_for(1)
        below = descendants(live)
        assert len(below) >= 2
        live.process.send_signal(number)
        assert live.process.wait(30) == 0
        assert here.states() == ["succeeded"]
        assert not [pid for pid in below if Path(f"/proc/{pid}").exists() and alive(pid)]
        assert "Traceback" not in (live.instance / "run.log").read_text()


def test_a_killed_supervisor_takes_both_with_it(live: Live, sink: Sink) -> None:
    below = descendants(live)
    live.process.kill()
    live.process.wait()
    wait_until(lambda: not [pid for pid in below if alive(pid)])


@pytest.mark.postgres
@pytest.mark.redis
def test_postgresql_with_redis(
    tmp_path: Path, postgres_server: str, redis_url: str, sink: Sink
) -> None:
    with servers.fresh_database(postgres_server) as url:
        end_to_end(tmp_path, sink, url, redis_url)
    assert not list(tmp_path.glob("*.db"))


@pytest.mark.postgres
def test_postgresql_for_everything(tmp_path: Path, postgres_server: str, sink: Sink) -> None:
    with servers.fresh_database(postgres_server) as url:
        end_to_end(tmp_path, sink, url, url)
    assert not list(tmp_path.glob("*.db"))


def end_to_end(folder: Path, sink: Sink, database: str, queue: str) -> None:
    live = start_live(folder, RULEBOOK_DATABASE_URL=database, RULEBOOK_QUEUE_URL=queue)
    try:
        with shop(live, call(sink)) as here:
            for _ in range(5):
                assert here.send() == 200
            sink.wait_for(5)
            wait_until(lambda: here.states() == ["succeeded"] * 5)
    finally:
        stop_live(live)
    assert live.process.returncode == 0
    assert len(sink.requests) == 5


def answers(live: Live) -> bool:
    try:
        with urllib.request.urlopen(f"{live.url}/healthz", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_body_in_chunks_arrives_whole(live: Live, sink: Sink) -> None:
    """As HTTP/1.1 senders do that do not know the length beforehand."""
    with shop(live, call(sink)) as here:
        host, port = live.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), 10) as line:
            line.sendall(
                f"POST {here.path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n"
                "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
                '5\r\n{"amo\r\n9\r\nunt": 60}\r\n0\r\n\r\n'.encode()
            )
            assert line.recv(1000).startswith(b"HTTP/1.1 200")
        assert sink.wait_for(1)[0].json == {"paid": 60}


def test_what_was_made_at_the_start_is_set_apart_from_garbage(tmp_path: Path) -> None:
    said = subprocess.run(
        [sys.executable, "-c", "import gc; from web.door import application; door = application();"
         " gc.collect(); print(gc.get_freeze_count(), len(gc.get_objects()))"],
        env={**os.environ, "RULEBOOK_INSTANCE": str(tmp_path)}, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    apart, looked_at = map(int, said.stdout.split())
    assert apart > 20 * looked_at
