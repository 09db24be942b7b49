"""Clients that do not take their answers, and what a stop does with them."""

from __future__ import annotations

import contextlib
import signal
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask, Response, has_app_context, stream_with_context

from rulebook import storage
from tests.jobs.shop import wait_until
from tests.people import Person, make_hook
from tests.stories import events_of, path_of
from tests.web.serving import Server, answers, is_closed, post, server
from web import door, leaving, line, outgoing

__all__ = ["server"]
pytestmark = pytest.mark.parametrize("app", ["sqlite"], indirect=True)
FILE = b"GET /static/css/large.css HTTP/1.1\r\nHost: x\r\n"
LARGE = 200_000  # bytes, more than the system takes for a client that does not read
SMALL = 4096


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is given up in the time of a test, unless it says so; but at its end at once."""
    monkeypatch.setattr(outgoing, "STUCK", 600.0)
    monkeypatch.setattr(leaving, "GRACE", 0.1)


@pytest.fixture
def pages(server: Server) -> list[threading.Event]:
    """A large file instead of all others; one of these for each time that it was asked for."""
    asked: list[threading.Event] = []

    def large(filename: str) -> bytes:
        asked.append(threading.Event())
        return b"x" * LARGE

    server.front.wsgi.view_functions["static"] = large
    server.takes(SMALL)
    return asked


def has_gone(server: Server) -> bool:
    """Whether nobody is there any more, when those are looked at who take nothing just now."""

    def look() -> None:
        for each in server.here():
            each._look(each._untaken())

    for there in server.here():
        there.loop.call_soon_threadsafe(look)
    return not server.here()


def is_up(server: Server) -> bool:
    asking = server.dial()
    asking.settimeout(5)
    asking.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    return answers(asking) == [200]


def test_who_reads_nothing_holds_no_thread(server: Server, pages: list[threading.Event]) -> None:
    for _ in range(door.THREADS):
        server.dial(SMALL).sendall((FILE + b"\r\n") * 20)
    wait_until(lambda: len(pages) == door.THREADS)
    wait_until(lambda: all(each.flow.write_paused for each in server.here()))
    assert is_up(server)
    assert len(pages) == door.THREADS, "the next answer is made when the one before is taken"


def test_who_takes_nothing_for_long_is_let_go(
    server: Server, pages: list[threading.Event], monkeypatch: pytest.MonkeyPatch,
    app: Flask, ada: Person,
) -> None:  # fmt: skip
    monkeypatch.setattr(outgoing, "STUCK", 0.1)
    with app.app_context():
        path = path_of(make_hook(ada))
    stuck = server.dial(SMALL)
    stuck.sendall((FILE + b"\r\n") * 3 + post(path, b"{}"))
    wait_until(lambda: len(pages) == 1)
    wait_until(lambda: not server.here() and not server.front.leaving.at_work)
    assert is_closed(stuck)
    assert len(pages) == 1 and not events_of(app, ada), "what waited behind it is not done"


def test_who_takes_slowly_is_not_let_go(server: Server, pages: list[threading.Event]) -> None:
    slow = server.dial(SMALL)
    slow.sendall(FILE + b"\r\n")
    wait_until(lambda: [each for each in server.here() if each.flow.write_paused] != [])
    [there] = server.here()
    before = there._untaken()
    assert before > LARGE / 2
    read = 0
    while there._untaken() == before:
        read += len(slow.recv(SMALL))
    there.loop.call_soon_threadsafe(there._look, before)
    while read < LARGE:
        assert (more := slow.recv(SMALL))
        read += len(more)
    slow.sendall(FILE + b"\r\n")
    wait_until(lambda: there._untaken() > LARGE / 2)
    wait_until(lambda: has_gone(server))


@pytest.fixture
def wordy(server: Server, app: Flask, ada: Person) -> str:
    """The address of a hook with a large answer."""
    server.takes(SMALL)
    with app.app_context():
        hook = make_hook(ada)
        hook.settings = {**hook.settings, "reply": {"status": 200, "text": "x" * LARGE}}
        storage.commit()
        return path_of(hook)


def test_the_last_answer_is_not_waited_for_for_ever(
    server: Server, wordy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outgoing, "STUCK", 0.1)
    server.dial(SMALL).sendall(post(wordy, b"{}", "Connection: close"))
    wait_until(lambda: server.here())
    wait_until(lambda: not server.here())


def test_who_is_refused_has_a_moment_to_read_it(
    server: Server, wordy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line, "LINGERS", 0.1)
    refused = server.dial(SMALL)
    refused.sendall(post(wordy, b"{}"))
    wait_until(lambda: server.here() and server.here()[0].transport.get_write_buffer_size())
    refused.sendall(b"nonsense\r\n\r\n")
    wait_until(lambda: not server.here())


def test_a_stop_does_not_wait_for_who_reads_nothing(
    server: Server, pages: list[threading.Event], wordy: str
) -> None:
    for request in (FILE + b"\r\n", post(wordy, b"{}")):
        server.dial(SMALL).sendall(request)
    wait_until(lambda: sum(each.flow.write_paused for each in server.here()) == 2)
    server.serving.handle_exit(signal.SIGTERM, None)
    server.thread.join(5)
    assert not server.thread.is_alive()


def test_being_told_again_to_stop_drops_no_answer(
    server: Server, app: Flask, ada: Person, tmp_path: Path
) -> None:
    with app.app_context():
        path = path_of(make_hook(ada))
    with contextlib.closing(sqlite3.connect(tmp_path / "rulebook.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        waits = server.dial()
        waits.sendall(post(path, b"{}"))
        wait_until(lambda: server.front.leaving.at_work)
        for number in (signal.SIGINT, signal.SIGINT, signal.SIGTERM):
            server.serving.handle_exit(number, None)
        assert not server.serving.force_exit
        wait_until(lambda: server.front.leaving.stopping)
        other.rollback()
    assert answers(waits) == [200]
    assert len(events_of(app, ada)) == 1


def test_a_stop_has_an_end_whatever_is_at_work(
    server: Server, app: Flask, ada: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = threading.Event()
    monkeypatch.setattr(leaving, "LONGEST", 0.1)
    monkeypatch.setattr(leaving, "_end_process", ended.set)
    with app.app_context():
        path = path_of(make_hook(ada))
    with contextlib.closing(sqlite3.connect(tmp_path / "rulebook.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        waits = server.dial()
        waits.sendall(post(path, b"{}"))
        wait_until(lambda: server.front.leaving.at_work)
        server.serving.handle_exit(signal.SIGTERM, None)
        assert ended.wait(5)
        assert server.front.leaving.at_work
        other.rollback()
    assert answers(waits) == [200]


@pytest.fixture
def endless(server: Server) -> dict[str, threading.Event]:
    """A page that goes on and on, with a beginning that waits for a moment."""
    known = {name: threading.Event() for name in ("goes on", "whole", "ended")}

    def parts() -> Iterator[bytes]:
        try:
            yield b"begun"
            known["goes on"].wait(10)
            for _ in range(5_000):
                yield b"x" * 10_000
            known["whole"].set()
        finally:
            if has_app_context():
                known["ended"].set()

    server.front.wsgi.view_functions["static"] = lambda filename: Response(
        stream_with_context(parts())
    )
    return known


def test_a_stream_is_sent_while_it_is_made(
    server: Server, endless: dict[str, threading.Event], caplog: pytest.LogCaptureFixture
) -> None:
    reads = server.dial()
    reads.sendall(FILE + b"\r\n")
    heard = b""
    while b"begun" not in heard:
        heard += reads.recv(9999)
    endless["goes on"].set()
    assert reads.recv(9999)
    assert not endless["ended"].is_set()
    reads.close()
    assert endless["ended"].wait(10), "a stream that nobody takes is not made to its end"
    wait_until(lambda: not server.front.leaving.at_work)
    assert not endless["whole"].is_set()
    assert not caplog.records


def test_a_stream_is_held_up_by_who_reads_nothing(
    server: Server, endless: dict[str, threading.Event]
) -> None:
    server.takes(SMALL)
    endless["goes on"].set()
    server.dial(SMALL).sendall(FILE + b"\r\n")
    wait_until(lambda: server.here() and server.here()[0].flow.write_paused)
    wait_until(lambda: has_gone(server))
    assert endless["ended"].wait(10)
    assert not endless["whole"].is_set()
