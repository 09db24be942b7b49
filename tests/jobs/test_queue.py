"""The queue is only a doorbell: a file that vanishes or is spoilt is made anew by whoever notices,
and a server that hangs keeps nobody waiting for long."""

from __future__ import annotations

import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from flask import Flask

from rulebook import config
from rulebook.jobs import queue as queue_file
from rulebook.jobs.queue import Bell
from rulebook.jobs.queuefile import QueueFile
from rulebook.jobs.wake import Ears

JUNK = b"this is no database " * 1000
CUT_SHORT = """
import sys
from pathlib import Path
from rulebook.jobs.queuefile import QueueFile
folder = Path(sys.argv[1])
queue = QueueFile("q", folder / "queue.db")
queue.enqueue(b"lost")
for file in folder.glob("queue.db*"):
    file.open("wb").close()
queue.enqueue(b"found")
print(queue.dequeue())
"""


@pytest.fixture
def two(tmp_path: Path) -> Iterator[tuple[QueueFile, QueueFile]]:
    """The same file, as two processes have it open."""
    pair = QueueFile("q", tmp_path / "queue.db"), QueueFile("q", tmp_path / "queue.db")
    pair[0].enqueue(b"before")
    assert pair[1].dequeue() == b"before"
    yield pair
    for each in pair:
        each.close()


def test_a_file_that_was_deleted_is_followed_by_all(
    two: tuple[QueueFile, QueueFile], tmp_path: Path
) -> None:
    for file in tmp_path.glob("queue.db*"):
        file.unlink()
    two[0].enqueue(b"after")
    assert two[1].dequeue() == b"after"
    assert two[1].dequeue() is None


@pytest.mark.parametrize("junk", [JUNK, b"", b"\0" * 5000])
def test_a_file_that_was_spoilt_is_made_anew(
    two: tuple[QueueFile, QueueFile], tmp_path: Path, junk: bytes
) -> None:
    for file in tmp_path.glob("queue.db*"):
        file.write_bytes(junk)
    two[0].enqueue(b"after")
    assert two[1].dequeue() == b"after"
    for file in tmp_path.glob("queue.db*"):
        file.write_bytes(junk)
    assert two[1].dequeue() is None  # whoever only listens mends it as well
    two[0].enqueue(b"again")
    assert two[1].dequeue() == b"again"


def test_what_is_handed_to_a_worker_is_not_written_into_the_file(
    two: tuple[QueueFile, QueueFile], tmp_path: Path
) -> None:
    web, worker = two
    worker.ears = Ears(tmp_path)
    web.enqueue(b"handed over")
    worker.ears.wait_beyond(0, 60)
    assert web.queue_size() == 0
    assert worker.dequeue() == b"handed over"
    assert worker.dequeue() is None
    worker.ears.close()
    web.enqueue(b"after it left")
    assert web.queue_size() == 1
    assert worker.dequeue() == b"after it left"


def test_files_that_are_cut_short_end_no_process(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CUT_SHORT, str(tmp_path)], capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (0, "b'found'\n")


def test_a_file_that_somebody_holds_is_not_thrown_away(
    two: tuple[QueueFile, QueueFile], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rulebook.jobs.queuefile.BUSY_SECONDS", 0.05)
    two[0].enqueue(b"kept")
    stranger = sqlite3.connect(tmp_path / "queue.db", isolation_level=None)
    stranger.execute("BEGIN EXCLUSIVE")
    two[0].close()
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        QueueFile("q", tmp_path / "queue.db")
    stranger.close()
    assert two[1].dequeue() == b"kept"


def test_the_log_of_an_earlier_version_is_thrown_away(tmp_path: Path) -> None:
    earlier = sqlite3.connect(tmp_path / "queue.db")
    earlier.execute("PRAGMA journal_mode=wal")
    earlier.execute("CREATE TABLE kv (anything)")
    earlier.commit()  # and it is still open somewhere
    queue = QueueFile("q", tmp_path / "queue.db")
    queue.enqueue(b"new")
    assert queue.dequeue() == b"new"
    queue.close()
    earlier.close()


@pytest.fixture
def mute() -> Iterator[tuple[int, list[socket.socket]]]:
    """A server that takes every connection and says nothing: its port, and the connections."""
    lines: list[socket.socket] = []
    server = socket.create_server(("127.0.0.1", 0))

    def listen() -> None:
        while True:
            try:
                lines.append(server.accept()[0])
            except OSError:
                return

    thread = threading.Thread(target=listen)
    thread.start()
    yield server.getsockname()[1], lines
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    thread.join()
    for line in lines:
        line.close()


def test_one_who_waited_for_a_queue_that_hangs_is_enough(
    mute: tuple[int, list[socket.socket]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port, lines = mute
    monkeypatch.setattr(queue_file, "REDIS_ANSWERS", 0.3)
    url = f"redis://127.0.0.1:{port}/0"
    settings = {"RULEBOOK_INSTANCE": str(tmp_path), "RULEBOOK_QUEUE_URL": url}
    bell = Bell(Flask("bell"), config.load(settings))
    assert not bell.is_prompt  # it is on another machine, perhaps
    assert not bell.events([f"evt_{n}" for n in range(100)])
    tried = len(lines)
    assert tried > 0
    assert not bell.runs(["run_1"])
    assert len(lines) == tried
    later = time.monotonic() + 60
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert not bell.runs(["run_1"])
    assert len(lines) > tried  # later it is tried again


def test_a_ring_is_carried_out_without_a_word_to_the_queue(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    bell: Bell = app.extensions["bell"]
    bell.runs(["run_1", "run_2"])
    task = bell.queue.dequeue()
    heard: list[str] = []
    bell.work = Heard(heard)
    monkeypatch.setattr(bell.queue, "storage", None)
    bell.queue.execute(task)
    assert heard == ["run_1", "run_2"]


class Heard:
    """A worker that only notes what it is rung for."""

    def __init__(self, heard: list[str]) -> None:
        self.heard = heard

    def judge(self, event_ids: Sequence[str]) -> None:
        self.heard += event_ids

    def act(self, run_ids: Sequence[str]) -> None:
        self.heard += run_ids
