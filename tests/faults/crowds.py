"""Clients in numbers: signed deliveries, and slow ones that hold lines open (as slowhttptest)."""

from __future__ import annotations

import hashlib
import hmac
import socket
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit


def deliver(url: str, body: bytes, secret: str, delivery: str) -> int:
    """Send one delivery as GitHub does; the status."""
    signed = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    headers = {"Content-Type": "application/json", "X-GitHub-Delivery": delivery,
               "X-GitHub-Event": "push", "X-Hub-Signature-256": f"sha256={signed}"}  # fmt: skip
    request = urllib.request.Request(url, body, headers, method="POST")
    with urllib.request.urlopen(request, timeout=30) as answer:
        return int(answer.status)


class Crowd:
    """Half-open lines, one half in the headers, the other in the body. Each sends a byte now and
    then; one that the server closed is counted and not replaced."""

    def __init__(self, url: str, path: str, count: int) -> None:
        self.address = urlsplit(url)
        self.dripped = 0
        self.lines: list[socket.socket] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._drip)
        head = f"POST {path} HTTP/1.1\r\nHost: {self.address.netloc}\r\n"
        body = f"{head}Content-Type: application/json\r\nContent-Length: 5000\r\n\r\n{{"
        for n in range(count):
            line = socket.create_connection((self.address.hostname, self.address.port), 10)
            line.sendall((body if n % 2 else head + "X-Slow: ").encode())
            line.setblocking(False)
            self.lines.append(line)
        self._thread.start()

    def open(self) -> int:
        """How many lines the server still holds."""
        return len(self.lines)

    def close(self) -> None:
        """Hang up everywhere."""
        self._over.set()
        self._thread.join()
        for line in self.lines:
            line.close()

    def _drip(self) -> None:
        while not self._over.wait(0.5):
            self.lines = [line for line in self.lines if self._holds(line)]

    def _holds(self, line: socket.socket) -> bool:
        try:
            line.sendall(b"x")
            self.dripped += 1
            gone = line.recv(1000) == b""
        except BlockingIOError:
            return True
        except OSError:
            gone = True
        if gone:
            line.close()
        return not gone


@contextmanager
def half_open(url: str, path: str, count: int) -> Iterator[Crowd]:
    """So many slow clients, for the length of the block."""
    crowd = Crowd(url, path, count)
    try:
        yield crowd
    finally:
        crowd.close()
