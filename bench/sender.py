"""A load generator of our own: kept-alive connections, one request after the other on each.

Runs as a process: python -m bench.sender FOLDER PORT CONNECTIONS (--count N | --seconds S).
"""

from __future__ import annotations

import argparse
import json
import selectors
import socket
import time
from pathlib import Path
from typing import Any

from bench.payments import Payment


class Line:
    """One connection and the request that is under way on it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.got = b""
        self.began = 0.0
        self.socket = self._connect()

    def _connect(self) -> socket.socket:
        made = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return made

    def send(self, request: bytes) -> None:
        """Begin a request."""
        self.got = b""
        self.began = time.monotonic()
        self.socket.sendall(request)

    def answered(self) -> int:
        """Read what is there: the status once the answer is complete, 0 before, -1 if cut off."""
        data = self.socket.recv(65536)
        if not data:
            return -1
        self.got += data
        head, end, body = self.got.partition(b"\r\n\r\n")
        if not end:
            return 0
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
        return int(head[9:12]) if len(body) >= length else 0


class Load:
    """The whole load; `taken` holds the seconds of each 2xx."""

    def __init__(self, payment: Payment, port: int, connections: int, count: int, seconds: float):
        self.payment, self.port = payment, port
        self.left = count or 1 << 60
        self.ends = time.monotonic() + (seconds or 1e9)
        self.number = self.refused = self.broken = self.open = 0
        self.taken: list[float] = []
        self.selector = selectors.DefaultSelector()
        self.lines = [Line(port) for _ in range(connections)]

    def run(self) -> float:
        """Send until the count or the time is up; the seconds it took."""
        began = time.monotonic()
        for line in self.lines:
            self.selector.register(line.socket, selectors.EVENT_READ, line)
            self.next(line)
        while self.open:
            for key, _ in self.selector.select(30) or self._silent():
                self.hear(key.data)
        return time.monotonic() - began

    def _silent(self) -> list[Any]:
        self.broken += self.open
        self.open = 0
        return []

    def next(self, line: Line) -> None:
        """The line's next request, unless enough were sent."""
        if self.left and time.monotonic() < self.ends:
            self.left -= 1
            self.open += 1
            self.number += 1
            line.send(self.payment.request(self.number))

    def hear(self, line: Line) -> None:
        """Take what came on a line."""
        try:
            status = line.answered()
        except OSError:
            status = -1
        if not status:
            return
        self.open -= 1
        if 200 <= status < 300:
            self.taken.append(time.monotonic() - line.began)
        elif status > 0:
            self.refused += 1
        else:
            self.broken += 1
            self.selector.unregister(line.socket)
            line.socket.close()
            line.socket = line._connect()
            self.selector.register(line.socket, selectors.EVENT_READ, line)
        self.next(line)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("port", type=int)
    parser.add_argument("connections", type=int)
    parser.add_argument("--count", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=0)
    given = parser.parse_args()
    parts = Payment(*((given.folder / name).read_bytes() for name in ("before", "after")))
    load = Load(parts, given.port, given.connections, given.count, given.seconds)
    seconds = load.run()
    taken = sorted(load.taken) or [0.0]
    said = {
        "seconds": seconds,
        "answers": len(load.taken) + load.refused,
        "refused": load.refused,
        "broken": load.broken,
        "p50": taken[len(taken) // 2],
        "p99": taken[len(taken) * 99 // 100],
    }
    print("RESULT", json.dumps(said))


if __name__ == "__main__":
    main()
