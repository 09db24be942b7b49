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

from bench.payments import Payment

SILENCE = 30.0  # seconds without any answer: then what is under way counts as broken


class Line:
    """One connection and the request that is under way on it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.got = b""
        self.began = 0.0
        self.socket: socket.socket | None = None

    def send(self, request: bytes) -> socket.socket:
        """Begin a request, on a new connection if the last one was closed."""
        if self.socket is None:
            self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=30)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.got = b""
        self.began = time.monotonic()
        self.socket.sendall(request)
        return self.socket

    def close(self) -> None:
        """Let go of the connection."""
        if self.socket is not None:
            self.socket.close()
            self.socket = None

    def answered(self) -> int:
        """Read what is there: the status once the answer is complete, 0 before, -1 if cut off."""
        assert self.socket is not None
        data = self.socket.recv(65536)
        if not data:
            return -1
        self.got += data
        head, end, body = self.got.partition(b"\r\n\r\n")
        if not end:
            return 0
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
        return int(head[9:12]) if len(body) >= length else 0

    @property
    def goes_on(self) -> bool:
        """Whether the server keeps the connection after the answer that just came."""
        head = self.got.partition(b"\r\n\r\n")[0].lower()
        return head.startswith(b"http/1.1") and b"\nconnection: close" not in head


class Load:
    """The whole load; `taken` holds the seconds of each 2xx."""

    def __init__(self, payment: Payment, port: int, connections: int, count: int, seconds: float):
        self.payment, self.port = payment, port
        self.left = count or 1 << 60
        self.ends = time.monotonic() + (seconds or 1e9)
        self.number = self.refused = self.broken = 0
        self.taken: list[float] = []
        self.selector = selectors.DefaultSelector()
        self.lines = [Line(port) for _ in range(connections)]

    def run(self) -> float:
        """Send until the count or the time is up; the seconds it took."""
        began = time.monotonic()
        for line in self.lines:
            self.next(line)
        while under_way := self.selector.get_map():
            found = self.selector.select(SILENCE)
            for key, _ in found:
                self.hear(key.data)
            if not found:
                self.broken += len(under_way)
                break
        for line in self.lines:
            line.close()
        return time.monotonic() - began

    def next(self, line: Line) -> None:
        """The line's next request, unless enough were sent. Only lines that wait for an answer
        are listened to."""
        while self.left and time.monotonic() < self.ends:
            self.left -= 1
            self.number += 1
            try:
                sent = line.send(self.payment.request(self.number))
            except OSError:
                self.broken += 1
                line.close()
                continue
            self.selector.register(sent, selectors.EVENT_READ, line)
            return

    def hear(self, line: Line) -> None:
        """Take what came on a line."""
        try:
            status = line.answered()
        except OSError:
            status = -1
        if not status:
            return
        assert line.socket is not None
        self.selector.unregister(line.socket)
        if 200 <= status < 300:
            self.taken.append(time.monotonic() - line.began)
        elif status > 0:
            self.refused += 1
        else:
            self.broken += 1
        if status < 0 or not line.goes_on:
            line.close()
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
