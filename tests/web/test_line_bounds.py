"""What a connection to the web server may do without a request coming of it."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from flask import Flask

from rulebook import storage
from tests.jobs.shop import wait_until
from tests.people import Person, make_hook
from tests.stories import events_of, path_of
from tests.web.serving import Server, answers, is_closed, post, server
from web import line
from web.line import MOST_IDLE, MOST_PARTS

__all__ = ["server"]
pytestmark = pytest.mark.parametrize("app", ["sqlite"], indirect=True)


@pytest.fixture
def path(app: Flask, ada: Person) -> str:
    with app.app_context():
        return path_of(make_hook(ada))


def bodies(app: Flask, ada: Person) -> list[bytes]:
    with app.app_context():
        return [storage.events.body_of(event.id) or b"" for event in events_of(app, ada)]


def in_chunks(path: str) -> bytes:
    return f"POST {path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n".encode()


@pytest.mark.parametrize("endless", [b"2\r\n{}\r\n0\r\nX: ", b"2\r\n{}\r\n0\r\n", b"2;", b""])
def test_what_is_no_body_is_bounded(
    server: Server, app: Flask, ada: Person, path: str, endless: bytes
) -> None:
    sends = server.dial()
    sends.sendall(in_chunks(path) + endless)
    part = b"X: y\r\n" * 1000 if endless.endswith(b"\n") else b"0" * 6000
    with contextlib.suppress(OSError):
        for _ in range(MOST_IDLE // len(part) + 60):
            sends.sendall(part)
    assert answers(sends) == [400]
    assert is_closed(sends)
    assert bodies(app, ada) == []


def test_a_large_body_is_no_idling(server: Server, app: Flask, ada: Person, path: str) -> None:
    sends = server.dial()
    large = b"x" * (MOST_IDLE * 2)
    sends.sendall(post(path, large))
    assert answers(sends) == [200]
    sends.sendall(in_chunks(path) + b"2000;a=b\r\n" + b"x" * 8192 + b"\r\n0\r\n\r\n")
    assert answers(sends) == [200]
    assert [len(body) for body in bodies(app, ada)] in ([8192, len(large)], [len(large), 8192])


def test_the_head_behind_a_large_body_may_come_in_pieces(
    server: Server, app: Flask, ada: Person, path: str
) -> None:
    sends = server.dial()
    first, second = post(path, b"x" * 150_000), post(path, b"{}", f"X: {'y' * 2000}")
    sends.sendall(first + second[:1000])
    assert answers(sends) == [200]
    sends.sendall(second[1000:])
    assert answers(sends) == [200]
    assert len(bodies(app, ada)) == 2


def test_empty_lines_are_no_request(server: Server, path: str) -> None:
    sends = server.dial()
    sends.sendall(post(path, b"{}"))
    assert answers(sends) == [200]
    [there] = server.here()
    timer = there.timeout_keep_alive_task
    assert timer
    sends.sendall(b"\r\n" * 50)
    wait_until(lambda: there._idle >= 100)
    assert there.timeout_keep_alive_task is timer and not timer.cancelled()


def test_a_request_that_began_before_the_last_answer_is_not_idle(server: Server, path: str) -> None:
    sends = server.dial()
    second = post(path, b"{}")
    sends.sendall(post(path, b"{}") + second[:20])
    assert answers(sends) == [200]
    [there] = server.here()
    there.loop.call_soon_threadsafe(there.timeout_keep_alive_handler)
    sends.sendall(second[20:])
    assert answers(sends) == [200]
    there.loop.call_soon_threadsafe(there.timeout_keep_alive_handler)
    assert is_closed(sends)


def test_nothing_is_taken_on_a_connection_that_was_cut(
    server: Server, app: Flask, ada: Person, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line, "MOST_UNTAKEN", 0)
    server.takes(4096)
    sends = server.dial(4096)
    sends.sendall(post("/in/nobody", b"{}"))
    assert answers(sends) == [404]  # from now on at once
    sends.sendall(post("/in/nobody", b"{}") * 300 + post(path, b"{}"))
    assert is_closed(sends)
    later = server.dial()
    later.sendall(post(path, b"later"))
    assert answers(later) == [200]
    assert bodies(app, ada) == [b"later"]


def test_those_before_who_is_refused_are_answered(
    server: Server, app: Flask, ada: Person, path: str
) -> None:
    page = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    for before in (page * 3, post(path, b"{}") * 3, page + post(path, b"{}") * 2):
        sends = server.dial()
        sends.sendall(before + in_chunks("/sign-in") + b"no chunk\r\n")
        assert answers(sends, 4) == [200] * 3
        assert is_closed(sends)
    assert len(bodies(app, ada)) == 5


def test_what_cannot_be_taken_is_answered(
    server: Server, app: Flask, ada: Person, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any) -> None:
        raise OSError("the disk cannot be looked at")

    with monkeypatch.context() as broken:
        broken.setattr(server.front.intake, "begin", fails)
        sends = server.dial()
        sends.sendall(post(path, b"{}"))
        assert answers(sends) == [503]
    assert server.front.leaving.at_work == 0
    sends.sendall(post(path, b"{}"))
    assert answers(sends) == [200]


def test_a_body_of_many_small_parts_takes_no_more_room(
    server: Server, app: Flask, ada: Person, path: str
) -> None:
    parts = [b"%02d" % (number % 100) for number in range(MOST_PARTS * 3 + 1)]
    sends = server.dial()
    sends.sendall(in_chunks(path) + b"".join(b"2\r\n%s\r\n" % part for part in parts))
    [there] = wait_until(server.here)
    wait_until(lambda: there.cycle and there.cycle.size == len(b"".join(parts)))
    assert len(there.cycle.parts) <= MOST_PARTS
    sends.sendall(b"0\r\n\r\n")
    assert answers(sends) == [200]
    assert bodies(app, ada) == [b"".join(parts)]


def test_an_answer_of_half_a_letter_is_given(server: Server, app: Flask, ada: Person) -> None:
    with app.app_context():
        path = path_of(make_hook(ada, settings={"reply": {"text": "ok\ud83d"}}))
    sends = server.dial()
    sends.sendall(post(path, b"{}", "Connection: close"))
    assert sends.makefile("rb").read().endswith(b"\r\n\r\nok?")
    assert bodies(app, ada) == [b"{}"]


@pytest.mark.parametrize("behind", [b"\x00nonsense\r\n\r\n", b"CONNECT x:1 HTTP/1.1\r\n\r\n"])
def test_who_is_refused_is_told_once(
    server: Server, path: str, caplog: pytest.LogCaptureFixture, behind: bytes
) -> None:
    sends = server.dial()
    sends.sendall(post(path, b"{}", *["X: y"] * (line.MOST_HEADERS + 1)) + behind)
    assert answers(sends, 2) == [431]
    sends.close()
    wait_until(lambda: not server.here())
    assert caplog.messages == []


def test_an_idle_connection_keeps_no_body(server: Server, path: str) -> None:
    chunks = b"1\r\nx\r\n" * (MOST_PARTS + 1) + b"0\r\n\r\n"
    for request in (post(path, b"{}"), post("/in/nobody", b"{}"), in_chunks(path) + chunks):
        sends = server.dial()
        sends.sendall(request)
        assert len(answers(sends)) == 1
    assert [(there.cycle.parts, there.cycle.joined) for there in server.here()] == [([], None)] * 3
