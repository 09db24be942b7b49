"""A web server of an app, spoken to byte by byte."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from collections.abc import Iterator

import pytest
from flask import Flask

from rulebook import storage
from tests.jobs.shop import wait_until
from web import door, leaving
from web.line import Line, Serving


class Server:
    """A server; its lines are closed at the end."""

    def __init__(self, front: door.Door, lines: contextlib.ExitStack) -> None:
        self.front, self._lines = front, lines
        self.serving = Serving(front)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.where = self._listening.getsockname()
        self.thread = threading.Thread(target=self.serving.run, args=([self._listening],))
        self.thread.start()
        wait_until(lambda: self.serving.started)

    def here(self) -> list[Line]:
        """The connections on its side."""
        found = list(self.serving.server_state.connections)
        return [each for each in found if isinstance(each, Line)]

    def takes(self, size: int) -> None:
        """From now on its system takes so many bytes for a client that does not read."""
        self._listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, size)

    def dial(self, takes: int = 0) -> socket.socket:
        """A connection, whose system takes so many bytes that nobody reads."""
        line = self._lines.enter_context(socket.socket())
        if takes:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, takes)
        line.settimeout(10)
        line.connect(self.where)
        return line


@pytest.fixture
def server(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server of this app."""
    found = app.extensions["rulebook"].config
    monkeypatch.setattr(door, "load", lambda: found)
    monkeypatch.setattr(leaving, "_end_process", lambda: None)  # it would be the end of the tests
    front = door.application()
    with contextlib.ExitStack() as lines:
        server = Server(front, lines)
        yield server
    server.serving.should_exit = True
    server.thread.join(10)
    assert not server.thread.is_alive()
    assert front.leaving.at_work == front.intake._count == front.intake._bytes == 0
    with front.wsgi.app_context():
        storage.db.session.remove()
        storage.db.engine.dispose()
    front.wsgi.extensions["bell"].queue.storage.close()


def post(path: str, body: bytes, *lines: str, length: int | None = None) -> bytes:
    head = (f"POST {path} HTTP/1.1", "Host: shop.example", *lines,
            f"Content-Length: {len(body) if length is None else length}")  # fmt: skip
    return "\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + body


def answers(line: socket.socket, number: int = 1) -> list[int]:
    """The status of so many answers."""
    heard = b""
    while len(found := re.findall(rb"HTTP/1\.1 (\d+) ", heard)) < number and (
        more := line.recv(65536)
    ):
        heard += more
    return [int(status) for status in found]


def is_closed(line: socket.socket) -> bool:
    """Whether nothing comes any more."""
    with contextlib.suppress(ConnectionResetError):
        while line.recv(65536):
            pass
    return True
