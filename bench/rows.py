"""Rows of the table of bench.flow, and what all stages measure alike."""

from __future__ import annotations

import secrets
import socket
import time
from dataclasses import dataclass

from bench.payments import payment
from bench.sink import Sink

BREATH = 0.05  # seconds between two single events


@dataclass(frozen=True)
class Sizes:
    """How much is measured."""

    connections: tuple[int, ...]
    seconds: int
    burst: int
    singles: int
    many: int
    traced: int
    patience: float  # seconds for actions to finish


@dataclass(frozen=True)
class Row:
    """One row of the table; times in seconds."""

    figure: str
    rate: float | None = None
    p50: float | None = None
    p99: float | None = None
    remark: str = ""

    def __str__(self) -> str:
        times = [f"{t * 1e3:,.2f}" if t is not None else "" for t in (self.p50, self.p99)]
        rate = f"{self.rate:,.0f}" if self.rate is not None else ""
        return f"{self.figure:<46}{rate:>8}{times[0]:>9}{times[1]:>9}  {self.remark}".rstrip()


HEAD = f"{'figure':<46}{'per s':>8}{'p50 ms':>9}{'p99 ms':>9}  remark"


def share(values: list[float], part: float) -> float:
    """The value that this part of all values is not above: 0.5 gives the median."""
    return sorted(values)[min(len(values) - 1, int(len(values) * part))]


def spread(figure: str, taken: list[float], remark: str) -> Row:
    """A row for single times: median, p99, and p95 in the remark."""
    said = f"p95 {share(taken, 0.95) * 1e3:.2f}; {remark}".rstrip("; ")
    return Row(figure, p50=share(taken, 0.5), p99=share(taken, 0.99), remark=said)


def trouble(refused: int, broken: int, lost: int = 0) -> str:
    """What went wrong in a load, in words; `lost`: acknowledged and not found afterwards."""
    said = f"{refused} not 2xx" + (f", {broken} without an answer" if broken else "")
    return said + (f", {lost} ACKNOWLEDGED BUT NOT STORED" if lost > 0 else "")


def single_events(sink: Sink, port: int, path: str, count: int) -> tuple[list[float], list[float]]:
    """Send events one at a time with pauses: the seconds from just before each POST until its call
    was at the sink, and until the POST was answered."""
    one = payment(port, path, secrets.token_hex(4))
    arrived, answered = [], []
    with (
        socket.create_connection(("127.0.0.1", port), timeout=30) as line,
        sink.watched() as arrivals,
    ):
        for number in range(count):
            time.sleep(BREATH)
            began = time.monotonic()
            line.sendall(one.request(number))
            line.recv(65536)
            answered.append(time.monotonic() - began)
            arrived.append(next(arrivals)[1] - began)
    return arrived, answered
