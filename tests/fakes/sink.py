"""An HTTP server that records what it is sent and answers as told."""

from __future__ import annotations

import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Body = bytes | str | dict | list


@dataclass(frozen=True)
class Received:
    """One request as it came in; header names in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    header_list: tuple[tuple[str, str], ...] = ()
    client: tuple[str, int] = ("", 0)  # one number per connection

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def query(self) -> dict[str, str]:
        return {name: values[-1] for name, values in parse_qs(urlsplit(self.path).query).items()}

    @property
    def form(self) -> dict[str, str]:
        pairs = parse_qs(self.text, keep_blank_values=True)
        return {name: values[-1] for name, values in pairs.items()}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512

    def __init__(self, handler: type[BaseHTTPRequestHandler], resetting: set[Any]) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self._resetting = resetting

    def handle_error(self, request: object, address: object) -> None:
        """Clients that hang up are what some tests are about."""

    def shutdown_request(self, request: Any) -> None:
        if request in self._resetting:
            self._resetting.discard(request)
            self.close_request(request)
        else:
            super().shutdown_request(request)


class Sink:
    """Answers 200 until told otherwise. tls: a server context, for https."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[Received] = []
        self._turns: list[Callable[[_Handler], None]] = [_answer(200, b"", {})]
        self._changed = threading.Condition()
        self._closing = threading.Event()
        sink = self

        class Handler(_Handler):
            owner = sink

        self.resetting: set[Any] = set()
        self._server = _Server(Handler, self.resetting)
        self._scheme = "https" if tls else "http"
        if tls:
            self._server.socket = tls.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self.host, self.port = "127.0.0.1", self._server.server_port
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )

    def __enter__(self) -> Sink:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        self._closing.set()
        self._server.shutdown()
        self._thread.join(5)
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"{self._scheme}://{self.host}:{self.port}"

    @property
    def allow(self) -> str:
        return f"{self.host}:{self.port}"

    @property
    def last(self) -> Received:
        return self.requests[-1]

    @property
    def texts(self) -> list[str]:
        return [request.text for request in self.requests]

    # How it behaves from now on.

    def answers(
        self, *statuses: int, body: Body = b"", headers: Mapping[str, str] | None = None
    ) -> None:
        """Answers with these statuses in turn; the last one stays."""
        self._behaves(
            *[_answer(status, body, dict(headers or {})) for status in statuses or (200,)]
        )

    def echoes(self) -> None:
        """Answers with everything it was sent, headers too."""
        self._behaves(_echo)

    def hangs(self) -> None:
        """Takes requests and never answers."""
        self._behaves(_hang)

    def drips(self, every: float = 0.2) -> None:
        """Sends its status line, then one header byte now and then, without an end."""
        self._behaves(lambda handler: _drip(handler, every, b"HTTP/1.1 200 OK\r\nX-Slow: "))

    def drips_body(self, every: float = 0.2) -> None:
        """Sends a complete 200 head, then one byte of body now and then, without an end."""
        head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"
        self._behaves(lambda handler: _drip(handler, every, head))

    def resets(self) -> None:
        """Reads the request, then resets the connection."""
        self._behaves(_reset)

    def pours(self, megabytes: int = 100) -> None:
        """Answers 200 with a huge body."""
        self._behaves(lambda handler: _pour(handler, megabytes))

    def babbles(self, text: bytes = b"this is no HTTP\r\n\r\n") -> None:
        """Answers something that is no HTTP."""
        self._behaves(lambda handler: _raw(handler, text))

    def _behaves(self, *turns: Callable[[_Handler], None]) -> None:
        with self._changed:
            self._turns = list(turns)

    # What came in.

    def wait_for(self, count: int, seconds: float = 10) -> list[Received]:
        """The requests, once there are so many; AssertionError when the time is up."""
        with self._changed:
            came = self._changed.wait_for(lambda: len(self.requests) >= count, seconds)
        assert came, f"{len(self.requests)} of {count} requests came within {seconds} s"
        return self.requests

    def forget(self) -> None:
        """Forgets the requests recorded so far."""
        self.requests.clear()

    def takes(self, handler: _Handler, request: Received) -> None:
        """Records a request and answers it."""
        with self._changed:
            self.requests.append(request)
            turn = self._turns.pop(0) if len(self._turns) > 1 else self._turns[0]
            self._changed.notify_all()
        turn(handler)

    def waits(self, seconds: float | None = None) -> bool:
        """Waits, but no longer than the server lives; whether it is closing."""
        return self._closing.wait(seconds)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    owner: Sink
    disable_nagle_algorithm = True
    received: Received

    def _take(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        self.received = Received(
            self.command,
            self.path,
            {name.lower(): value for name, value in self.headers.items()},
            self.rfile.read(length),
            tuple(self.headers.items()),
            self.client_address,
        )
        self.owner.takes(self, self.received)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _take

    def log_message(self, format: str, *args: object) -> None:
        """Tests read `requests` instead."""

    def send(self, status: int, body: Body = b"", headers: Mapping[str, str] | None = None) -> None:
        """One plain answer."""
        if isinstance(body, dict | list):
            body = json.dumps(body)
        data = body.encode() if isinstance(body, str) else body
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if status >= 200 and status not in (204, 304):
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD" and status not in (204, 304):
            self.wfile.write(data)


def _answer(status: int, body: Body, headers: dict[str, str]) -> Callable[[_Handler], None]:
    return lambda handler: handler.send(status, body, headers)


def _echo(handler: _Handler) -> None:
    lines = [f"{name}: {value}" for name, value in handler.received.headers.items()]
    handler.send(200, "\n".join([*lines, handler.received.text]))


def _hang(handler: _Handler) -> None:
    handler.owner.waits()
    handler.close_connection = True


def _drip(handler: _Handler, every: float, head: bytes) -> None:
    _raw(handler, head)
    while not handler.owner.waits(every):
        handler.wfile.write(b"x")
        handler.wfile.flush()


def _raw(handler: _Handler, data: bytes) -> None:
    handler.wfile.write(data)
    handler.wfile.flush()
    handler.close_connection = True


def _reset(handler: _Handler) -> None:
    # A linger time of zero makes close() send RST, if no shutdown() comes before.
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.close_connection = True
    handler.owner.resetting.add(handler.connection)


def _pour(handler: _Handler, megabytes: int) -> None:
    size = megabytes * 1024 * 1024
    _raw(handler, f"HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n".encode())
    for _ in range(size // 65536):
        handler.wfile.write(b"x" * 65536)
