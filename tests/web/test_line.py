"""The web server's connections, spoken to byte by byte: what a hook's door makes of HTTP."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable

import pytest
from flask import Flask

from rulebook import storage
from tests.jobs.shop import wait_until
from tests.people import Person, make_hook
from tests.stories import events_of, path_of
from tests.web.serving import Server, answers, is_closed, post, server
from web.intake import LARGE
from web.line import MOST_BEHIND, MOST_HEADERS, MOST_IDLE

__all__ = ["server"]
pytestmark = pytest.mark.parametrize("app", ["sqlite"], indirect=True)
SMALL = 200_000
Dial = Callable[[], socket.socket]


@pytest.fixture
def settings() -> dict[str, str]:
    return {"RULEBOOK_MAX_BODY": str(SMALL), "RULEBOOK_READ_DEADLINE": "1"}


@pytest.fixture
def dial(server: Server) -> Dial:
    """Opens connections to a server of this app."""
    return server.dial


@pytest.fixture
def path(app: Flask, ada: Person) -> str:
    with app.app_context():
        return path_of(make_hook(ada))


def bodies(app: Flask, ada: Person) -> list[bytes]:
    with app.app_context():
        return [storage.events.body_of(event.id) or b"" for event in events_of(app, ada)]


def test_a_connection_is_kept_and_bodies_come_in_any_cut(
    dial: Dial, app: Flask, ada: Person, path: str
) -> None:
    line = dial()
    for byte in post(path, b'{"n": 1}'):
        line.sendall(bytes([byte]))
    assert answers(line) == [200]
    chunked = f"POST {path}?a=1 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    line.sendall(chunked.encode() + b'4\r\n{"n"\r\n')
    line.sendall(b"4\r\n: 2}\r\n0\r\n\r\n")
    assert answers(line) == [200]
    assert sorted(bodies(app, ada)) == [b'{"n": 1}', b'{"n": 2}']
    assert {event.query for event in events_of(app, ada)} == {"", "a=1"}


def test_what_comes_in_one_go_is_answered_in_turn(
    dial: Dial, app: Flask, ada: Person, path: str
) -> None:
    line = dial()
    page = b"GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n"
    many = [post(path, b"1"), post("/in/nobody", b"2"), page, post(path, b"3"), b"\x00nonsense"]
    line.sendall(b"".join(many))
    assert answers(line, 4) == [200, 404, 404, 200]
    assert is_closed(line)
    assert sorted(bodies(app, ada)) == [b"1", b"3"]


def test_nonsense_behind_a_request_does_not_answer_for_it(
    dial: Dial, app: Flask, ada: Person, path: str
) -> None:
    line = dial()
    line.sendall(post(path, b"1") + b"\x00nonsense\r\n\r\n")
    assert answers(line, 2) == [200]
    line = dial()
    line.sendall(b"\x16\x03\x01 this is TLS")
    assert answers(line) == [400]
    assert is_closed(line)
    assert bodies(app, ada) == [b"1"]


def test_who_is_late_is_told_so(dial: Dial, app: Flask, ada: Person, path: str) -> None:
    begun = [b"POST /in/x HT", b"GET /sign-in HTTP/1.1\r\nHost:", post(path, b"{", length=9)]
    lines = [dial() for _ in begun]
    for line, part in zip(lines, begun, strict=True):
        line.sendall(part)
    for line in lines:
        assert answers(line) == [408]
        assert is_closed(line)
    assert bodies(app, ada) == []


def test_a_head_is_bounded(dial: Dial, app: Flask, ada: Person, path: str) -> None:
    endless = f"POST {path} HTTP/1.1\r\nX: " + "x" * (MOST_IDLE + 1)
    many = post(path, b"{}", *["X: y"] * (MOST_HEADERS - 1))
    wide = post(path, b"{}", *[f"X: {'y' * 1000}"] * 70)
    for begun in (endless.encode(), many, wide):
        line = dial()
        line.sendall(begun)
        assert answers(line) == [431]
        assert is_closed(line)
    line = dial()
    line.sendall(post(path, b"{}", *["X: y"] * (MOST_HEADERS - 2)))
    assert answers(line) == [200]


def test_too_large_a_body_is_refused_before_or_amid_it(
    dial: Dial, app: Flask, ada: Person, path: str
) -> None:
    line = dial()
    line.sendall(post(path, b"", "Expect: 100-continue", length=SMALL + 1))
    assert answers(line) == [413]
    line = dial()
    line.sendall(f"POST {path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
    with contextlib.suppress(OSError):
        for _ in range(SMALL // 10_000 + 2):
            line.sendall(b"2710\r\n" + b"x" * 10_000 + b"\r\n")
    assert answers(line) == [413]
    assert is_closed(line)
    line = dial()
    line.sendall(post(path, b"x" * SMALL))
    assert answers(line) == [200]
    assert [len(body) for body in bodies(app, ada)] == [SMALL]


def test_who_asks_first_is_told_to_go_on(dial: Dial, app: Flask, ada: Person, path: str) -> None:
    line = dial()
    line.sendall(post(path, b"", "Expect: 100-continue", length=2))
    assert answers(line) == [100]
    line.sendall(b"{}")
    assert answers(line) == [200]
    assert bodies(app, ada) == [b"{}"]


def test_the_offer_of_another_protocol_is_passed_over(
    dial: Dial, app: Flask, ada: Person, path: str
) -> None:
    offer = ["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAEAAEAAAA"]
    page = "\r\n".join(["GET /healthz HTTP/1.1", "Host: x", *offer, "", ""]).encode()
    whole = post(path, b'{"a": 2}', *offer)
    for parts in ([post(path, b'{"a": 1}', *offer)], [whole[:-5], whole[-5:]], [page]):
        line = dial()
        for part in parts:
            line.sendall(part)
        assert answers(line) == [200]
        assert is_closed(line)
    assert sorted(bodies(app, ada)) == [b'{"a": 1}', b'{"a": 2}']
    for event in events_of(app, ada):
        connection = [value for name, value in event.headers if name == "connection"]
        assert connection == ["Upgrade, HTTP2-Settings"], "the headers as they were sent"


def test_the_headers_of_an_offer_are_kept_where_the_door_takes_the_request(
    dial: Dial, app: Flask, ada: Person, path: str
) -> None:
    offer = ["Connection: Upgrade", "Upgrade: h2c"]
    for before, address in ((post(path, b"1"), path), (b"", path.replace("/in/", "/%69n/"))):
        line = dial()
        line.sendall(before + post(address, b"2", *offer))
        assert answers(line, 2) == [200] * (1 + bool(before))
        assert is_closed(line)
    offered = [e.headers for e in events_of(app, ada) if ["upgrade", "h2c"] in map(list, e.headers)]
    assert len(offered) == 2
    for headers in offered:
        assert [value for name, value in headers if name == "connection"] == ["Upgrade"]


@pytest.mark.parametrize("where", ["nobody", "hook"])
def test_of_many_offers_the_first_is_answered(
    dial: Dial, app: Flask, ada: Person, path: str, where: str
) -> None:
    path = path if where == "hook" else f"/in/{where}"
    line = dial()
    if where == "nobody":  # as it is known to be from now on, it is answered at once
        line.sendall(post(path, b"{}"))
        assert answers(line) == [404]
    with contextlib.suppress(OSError):
        line.sendall(post(path, b"{}", "Connection: Upgrade, close", "Upgrade: h2c") * 500)
    assert answers(line, 2) == [200 if where == "hook" else 404]
    assert is_closed(line)
    assert len(bodies(app, ada)) == (where == "hook")


def test_two_lengths_are_refused(dial: Dial, app: Flask, ada: Person, path: str) -> None:
    for other in ("Content-Length: 1", "Transfer-Encoding: chunked", "Content-Length: 2x"):
        line = dial()
        line.sendall(post(path, b"{}", other))
        assert answers(line) == [400], other
    assert bodies(app, ada) == []


def test_headers_are_kept_as_received(dial: Dial, app: Flask, ada: Person, path: str) -> None:
    line = dial()
    line.sendall(post(path, b"{}", "X-Name: Zoë", "X-Two: a", "X-Two: b"))
    assert answers(line) == [200]
    [event] = events_of(app, ada)
    assert [pair for pair in event.headers if pair[0].startswith("x-")] == [
        ["x-name", "Zoë"], ["x-two", "a"], ["x-two", "b"]
    ]  # fmt: skip


def test_who_has_sent_all_may_stop_sending(dial: Dial, app: Flask, ada: Person, path: str) -> None:
    for body in (post(path, b"{}"), b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"):
        line = dial()
        line.sendall(body)
        line.shutdown(socket.SHUT_WR)
        assert answers(line) == [200]
        assert is_closed(line)
    line = dial()
    line.sendall(f"HEAD {path} HTTP/1.0\r\n\r\n".encode())
    heard = b"".join(iter(lambda: line.recv(9999), b""))
    assert heard.startswith(b"HTTP/1.1 405") and heard.endswith(b"\r\n\r\n")
    assert len(bodies(app, ada)) == 1


def test_who_hangs_up_is_stored_and_forgotten(
    dial: Dial, app: Flask, ada: Person, path: str
) -> None:
    for _ in range(5):
        with dial() as line:
            line.sendall(post(path, b"{}"))
    wait_until(lambda: len(bodies(app, ada)) == 5)


def test_who_hangs_up_amid_a_body_leaves_nothing(
    dial: Dial, app: Flask, ada: Person, path: str
) -> None:
    with dial() as line:
        line.sendall(post(path, b"{", length=9))
    line = dial()
    line.sendall(post(path, b"{}"))
    assert answers(line) == [200]
    assert bodies(app, ada) == [b"{}"]


def test_what_comes_behind_a_body_is_no_header(
    dial: Dial, app: Flask, ada: Person, path: str
) -> None:
    line = dial()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTrailer: X-Late\r\n\r\n"
    )
    line.sendall(head.encode() + b"2\r\n{}\r\n0\r\nX-Late: 1\r\n\r\n")
    assert answers(line) == [200]
    [event] = events_of(app, ada)
    assert "x-late" not in dict(event.headers)


def test_few_wait_behind_each_other(dial: Dial, app: Flask, ada: Person, path: str) -> None:
    line = dial()
    line.sendall(post(path, b"{}") * (MOST_BEHIND * 3))
    told = answers(line, MOST_BEHIND * 3)
    assert told == [200] * len(told)
    assert MOST_BEHIND <= len(told) < MOST_BEHIND * 3
    assert len(bodies(app, ada)) == len(told)


def test_an_answer_without_a_body_has_none(dial: Dial, app: Flask, ada: Person, path: str) -> None:
    with app.app_context():
        hook = storage.hooks.hooks(ada.workspace_id)[0]
        hook.settings = {**hook.settings, "reply": {"status": 204, "text": "not said"}}
        storage.commit()
    line = dial()
    line.sendall(post(path, b"1") + b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    heard = b""
    while b"HTTP/1.1 200" not in heard:
        heard += line.recv(9999)
    assert heard.startswith(b"HTTP/1.1 204") and b"not said" not in heard
    assert b"content-length" not in heard.partition(b"HTTP/1.1 200")[0]


def test_a_large_body_is_left_to_the_thread(dial: Dial, app: Flask, ada: Person, path: str) -> None:
    lines = [dial() for _ in range(4)]
    for number, line in enumerate(lines):
        line.sendall(post(path, b"x" * (LARGE + 1) if number % 2 else b"{}"))
    assert [answers(line) for line in lines] == [[200]] * 4
    assert sorted(map(len, bodies(app, ada))) == [2, 2, LARGE + 1, LARGE + 1]
