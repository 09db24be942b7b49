"""A server that is ill in one way, on bare sockets: what no HTTP library would let one send.

    with Sick(hangs) as sick:
        ...
        assert sick.requests        # the bytes that it read, one entry per request

An illness is a function of one connection (`Line`). All of them end when the server is closed.
"""

from __future__ import annotations

import gzip
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from functools import cache
from typing import Any

BLOCK = b"x" * 65536
_NOW = struct.pack("ii", 1, 0)  # a linger time of zero: close() sends RST


class Line:
    """One connection to a sick server."""

    def __init__(self, sick: Sick, line: socket.socket) -> None:
        self.sick, self.line, self.left = sick, line, b""

    def read(self) -> bytes:
        """One whole HTTP request, which is noted down; b"" when the client has gone."""
        data = self.left
        while b"\r\n\r\n" not in data or len(data) < _whole(data):
            part = self.line.recv(65536)
            if not part:
                return b""
            data += part
        data, self.left = data[: _whole(data)], data[_whole(data) :]
        self.sick.note(data)
        return data

    def say(self, data: bytes) -> None:
        """Send these bytes, all of them."""
        self.line.sendall(data)

    def pour(self, block: bytes, gigabytes: int) -> None:
        """Send much; `poured` counts what the client let through before it hung up."""
        for _ in range(gigabytes * 1024**3 // len(block)):
            self.sick.poured += self.line.send(block)

    def drip(self, data: bytes = b"x", every: float = 0.02) -> None:
        """Send these bytes now and then, without an end."""
        while not self.sick.closing.wait(every):
            self.line.sendall(data)

    def hang(self) -> None:
        """Do nothing for as long as the server lives."""
        self.sick.closing.wait()

    def reset(self) -> None:
        """Break the connection with RST."""
        self.line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NOW)
        self.line.close()


Illness = Callable[[Line], None]


def _whole(data: bytes) -> int:
    head, _, _ = data.partition(b"\r\n\r\n")
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return len(head) + 4 + (int(lengths[0].split(b":")[1]) if lengths else 0)


class Sick:
    """Listens on 127.0.0.1 and treats every connection by the illness. tls: a server context."""

    def __init__(self, illness: Illness, tls: ssl.SSLContext | None = None) -> None:
        self.illness, self.tls = illness, tls
        self.requests: list[bytes] = []
        self.connections = self.poured = 0
        self.closing = threading.Event()
        self._noted = threading.Condition()
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, daemon=True)

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    def __enter__(self) -> Sick:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.closing.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)
        with self._noted:
            for line in self._open:
                _quietly(line.shutdown, socket.SHUT_RDWR)

    def note(self, request: bytes) -> None:
        """Write a request down."""
        with self._noted:
            self.requests.append(request)
            self._noted.notify_all()

    def wait_for(self, count: int, seconds: float = 10) -> list[bytes]:
        """The requests, once there are so many; AssertionError when the time is up."""
        with self._noted:
            came = self._noted.wait_for(lambda: len(self.requests) >= count, seconds)
        assert came, f"{len(self.requests)} of {count} requests came within {seconds} s"
        return self.requests

    def _accept(self) -> None:
        while not self.closing.is_set():
            try:
                line, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(line,), daemon=True).start()

    def _serve(self, line: socket.socket) -> None:
        with self._noted:
            self._open.add(line)
        try:
            if self.tls:
                line = self.tls.wrap_socket(line, server_side=True)
            self.illness(Line(self, line))
        except (OSError, ValueError):
            pass  # the client hung up, which is what some illnesses are about
        finally:
            with self._noted:
                self._open.discard(line)
            _quietly(line.close)


def _quietly(verb: Callable[..., Any], *words: Any) -> None:
    try:
        verb(*words)
    except OSError:
        pass


# Illnesses that need no words.


def hangs(line: Line) -> None:
    """Reads the request and never answers."""
    line.read()
    line.hang()


def never_reads(line: Line) -> None:
    """Accepts, and reads nothing."""
    line.hang()


def drips_its_head(line: Line) -> None:
    """Answers one byte now and then and never comes to the end of a header."""
    line.read()
    line.say(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    line.drip()


def resets(line: Line) -> None:
    """Reads the request, then breaks the connection."""
    line.read()
    line.reset()


def hangs_up(line: Line) -> None:
    """Reads the request, then closes politely without a word."""
    line.read()


def resets_in_the_head(line: Line) -> None:
    """Breaks off in the middle of the headers."""
    line.read()
    line.say(b"HTTP/1.1 200 OK\r\nContent-Le")
    line.reset()


def resets_at_once(line: Line) -> None:
    """Breaks the connection before it read anything."""
    line.reset()


def resets_in_the_greeting(line: Line) -> None:
    """Breaks a TLS handshake off when it has begun (no `tls`: this is below it)."""
    line.line.recv(1)
    line.reset()


def talks_without_an_end(line: Line) -> None:
    """Sends headers for ever."""
    line.read()
    line.say(b"HTTP/1.1 200 OK\r\n")
    line.pour(b"X-More: " + b"y" * 1000 + b"\r\n", 1)


def one_header_without_an_end(line: Line) -> None:
    """Sends one header that never ends."""
    line.read()
    line.say(b"HTTP/1.1 200 OK\r\nX-Long: ")
    line.pour(BLOCK, 1)


def goes_on_without_an_end(line: Line) -> None:
    """Says 100 Continue for ever."""
    line.read()
    line.pour(b"HTTP/1.1 100 Continue\r\n\r\n" * 100, 1)


def first_and_no_more(line: Line) -> None:
    """Answers the first request and leaves the line open; reads the second and hangs up."""
    if line.read() and line.sick.connections == 1:
        line.say(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        line.read()
    elif line.sick.connections > 1:
        line.say(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")


# Illnesses that are told what to say.


def answers(status: int, *headers: str, body: bytes = b"") -> Illness:
    """A plain answer with a status and header lines."""
    lines = [f"HTTP/1.1 {status} X", *headers, f"Content-Length: {len(body)}", "Connection: close"]
    return says("\r\n".join([*lines, "", ""]).encode("latin-1") + body)


def says(data: bytes) -> Illness:
    """Answers exactly these bytes and hangs up."""

    def illness(line: Line) -> None:
        if line.read():
            line.say(data)

    return illness


def throws_back(before: str, after: str = "\r\n\r\n") -> Illness:
    """Answers the caller's own Authorization between two texts."""

    def illness(line: Line) -> None:
        head = line.read().decode("latin-1").split("\r\n")
        found = [h.split(" ")[-1] for h in head if h.lower().startswith("authorization:")]
        line.say(f"{before}{found[0]}{after}".encode("latin-1"))

    return illness


def drips_its_body(status: int) -> Illness:
    """A whole head, then a body that never ends."""

    def illness(line: Line) -> None:
        line.read()
        line.say(f"HTTP/1.1 {status} X\r\nContent-Length: 1000000\r\n\r\n".encode())
        line.drip()

    return illness


def pours(status: int, gigabytes: int = 4) -> Illness:
    """A body of gigabytes."""

    def illness(line: Line) -> None:
        line.read()
        size = gigabytes * 1024**3
        line.say(f"HTTP/1.1 {status} X\r\nContent-Length: {size}\r\n\r\n".encode())
        line.pour(BLOCK, gigabytes)

    return illness


@cache
@cache
def _bomb() -> bytes:
    return gzip.compress(bytes(200 * 1024 * 1024), 1)


def bombs(status: int, header: str = "Content-Encoding: gzip") -> Illness:
    """A packed body that is a thousand times larger when unpacked; sent in one chunk."""

    packed = _bomb()  # made before anybody waits for it

    def illness(line: Line) -> None:
        line.read()
        chunked = "" if "Transfer-Encoding" in header else "Transfer-Encoding: chunked\r\n"
        line.say(f"HTTP/1.1 {status} X\r\n{header}\r\n{chunked}\r\n{len(packed):x}\r\n".encode())
        line.say(packed + b"\r\n0\r\n\r\n")

    return illness


def mail(after: str, then: Callable[[Line], None], said: str = "") -> Illness:
    """A mail server that is well until a step (greeting, EHLO, MAIL, RCPT, DATA or "." for the end
    of the message): there it says `said` and does `then`. Messages it took are in `requests`."""
    replies = {"EHLO": "250 sick", "MAIL": "250 OK", "RCPT": "250 OK", "DATA": "354 Go on",
               ".": "250 Kept", "QUIT": "221 Bye"}  # fmt: skip

    def illness(line: Line) -> None:
        reader, message = line.line.makefile("rb"), b""
        step, in_data = "greeting", False
        while True:
            if step == "." and not said.startswith(("4", "5")):
                line.sick.note(message)
            if step == after:
                line.say(said.encode())
                return then(line)
            in_data = step == "DATA" or (in_data and step == "")
            if not in_data or step == "DATA":
                line.say(f"{replies.get(step, '220 sick')}\r\n".encode())
            heard = reader.readline()
            if not heard:
                return None
            if in_data:
                message += heard
                step = "." if heard == b".\r\n" else ""
            else:
                step = heard[:4].strip().decode().upper()

    return illness


def says_on(text: bytes) -> Callable[[Line], None]:
    """Goes on with the same bytes for ever: for the end of `mail`."""
    return lambda line: line.pour(text, 1)
