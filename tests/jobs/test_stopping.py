"""Clients that begin a request and never end it must not hold up a stop."""

from __future__ import annotations

import socket
import time

from tests.conftest import Live

HEAD = b"POST /in/x HTTP/1.1\r\nHost: localhost\r\n"


def test_half_sent_requests_do_not_hold_up_a_stop(live: Live) -> None:
    host, port = live.url.removeprefix("http://").split(":")
    with (
        socket.create_connection((host, int(port)), 10) as in_its_head,
        socket.create_connection((host, int(port)), 10) as in_its_body,
        socket.create_connection((host, int(port)), 10) as idle,
    ):
        in_its_head.sendall(HEAD)
        in_its_body.sendall(HEAD + b"Content-Length: 9\r\n\r\n{")
        idle.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert idle.recv(9999)
        began = time.monotonic()
        live.process.terminate()
        assert live.process.wait(60) == 0
        assert time.monotonic() - began < 9
        told = in_its_body.recv(9999)
    assert told.startswith(b"HTTP/1.1 503") and b"retry-after" in told
    assert "refused" not in (live.instance / "run.log").read_text()


def test_a_body_that_is_no_http_is_the_senders_mistake(live: Live) -> None:
    host, port = live.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), 10) as line:
        line.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n{}\r\n")
        assert line.recv(9999).startswith(b"HTTP/1.1 400")
