"""The receiver of the actions: a process that answers 200 and notes when each event came.

It costs little, so that it does not take the time of what is measured. GET /count, /reset and
/watch are for the bench: how many came, forget them, and a line for each arrival from now on.
"""

from __future__ import annotations

import asyncio
import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from bench.payments import ID_PATTERN

ID = re.compile(ID_PATTERN.encode())
LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: text/plain\r\n\r\nok"


class Book:
    """What arrived: each event's first time, how many calls in all, and who watches."""

    def __init__(self) -> None:
        self.first: dict[bytes, float] = {}
        self.calls = 0
        self.last = 0.0
        self.watchers: list[asyncio.Transport] = []

    def note(self, request: bytes) -> None:
        """Write down one call."""
        self.last = time.monotonic()
        self.calls += 1
        if found := ID.search(request):
            self.first.setdefault(found[0], self.last)
            for watcher in self.watchers:
                watcher.write(b"%s %.6f\n" % (found[0], self.last))

    def told(self) -> bytes:
        """The counts as JSON."""
        began = min(self.first.values(), default=0.0)
        said = {"calls": self.calls, "events": len(self.first), "first": began, "last": self.last}
        return json.dumps(said).encode()


class Receiver(asyncio.Protocol):
    """One connection, kept alive."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.waiting = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.waiting += data
        while request := self._next():
            if request.startswith(b"GET "):
                self._tell(request)
            else:
                self.book.note(request)
                self.transport.write(OK)

    def _next(self) -> bytes:
        head, end, _ = self.waiting.partition(b"\r\n\r\n")
        if not end:
            return b""
        length = LENGTH.search(head)
        size = len(head) + 4 + (int(length[1]) if length else 0)
        if len(self.waiting) < size:
            return b""
        request, self.waiting = self.waiting[:size], self.waiting[size:]
        return request

    def _tell(self, request: bytes) -> None:
        if request.startswith(b"GET /watch"):
            self.book.watchers.append(self.transport)
            self.transport.write(b"watching\n")
            return
        said = self.book.told()
        if request.startswith(b"GET /reset"):
            self.book.first.clear()
            self.book.calls = 0
        self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(said), said))

    def connection_lost(self, error: Exception | None) -> None:
        if self.transport in self.book.watchers:
            self.book.watchers.remove(self.transport)


async def serve() -> None:
    """Receive on a free port, which is printed, until the standard input ends."""
    loop = asyncio.get_running_loop()
    book = Book()
    server = await loop.create_server(lambda: Receiver(book), "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


@dataclass(frozen=True)
class Sink:
    """The running receiver, as the bench knows it."""

    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/ledger"

    def count(self) -> dict[str, Any]:
        """How many calls and events came, and when the first and the last of them."""
        return self._ask("/count")

    def reset(self) -> None:
        """Forget what came."""
        self._ask("/reset")

    def _ask(self, path: str) -> dict[str, Any]:
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as line:
            line.sendall(b"GET %s HTTP/1.1\r\n\r\n" % path.encode())
            said: dict[str, Any] = json.loads(line.recv(65536).partition(b"\r\n\r\n")[2])
        return said

    @contextmanager
    def watched(self) -> Iterator[Iterator[tuple[bytes, float]]]:
        """Each arrival from now on: the event's id and the time, as they come."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as line:
            line.sendall(b"GET /watch HTTP/1.1\r\n\r\n")
            with line.makefile("rb") as lines:
                assert lines.readline() == b"watching\n"
                yield ((found, float(at)) for found, at in map(bytes.split, lines))

    def answer_times(self, count: int = 200) -> list[float]:
        """Seconds for one call on a new connection each, by a bare socket: the sink's own part."""
        body = b"{}"
        request = b"POST /ledger HTTP/1.1\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
        taken = []
        for _ in range(count):
            began = time.monotonic()
            with socket.create_connection(("127.0.0.1", self.port), timeout=10) as line:
                line.sendall(request)
                line.recv(1024)
            taken.append(time.monotonic() - began)
        return taken


@contextmanager
def started() -> Iterator[Sink]:
    """A sink of our own, ended with us even if we are killed."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.sink"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    assert process.stdin and process.stdout
    try:
        yield Sink(int(process.stdout.readline()))
    finally:
        process.stdin.close()
        process.terminate()
        process.wait(10)
        process.stdout.close()


if __name__ == "__main__":
    asyncio.run(serve())
