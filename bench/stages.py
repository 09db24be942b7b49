"""The stages of bench.flow: each starts what it needs and yields the rows of the table."""

from __future__ import annotations

import secrets
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass

from bench import machine, syncs
from bench.instance import Instance, running
from bench.load import burst, timed
from bench.payments import BIG, SMALL, payment
from bench.sink import Sink

BURST_CONNECTIONS = 16
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


def acks(sink: Sink, sizes: Sizes, folder: str | None) -> Iterator[Row]:
    """Acknowledgements by number of connections, with nothing to do and with all to do."""
    for connections in sizes.connections:
        for words, amount in (("rule not met", SMALL), ("rule met, worker acting", BIG)):
            with running(sink, folder) as rulebook:
                timed(rulebook.port, rulebook.path, connections, 1, SMALL)  # to warm up
                sink.reset()
                before = rulebook.events()
                found = timed(rulebook.port, rulebook.path, connections, sizes.seconds, amount)
                stored = rulebook.events() - before
                acted = sink.count()["calls"] / found.seconds
                remark = _trouble(found.refused, found.broken, found.acks - stored)
                if amount == BIG:
                    remark += f"; {acted:,.0f} actions/s meanwhile"
                if repeats := rulebook.duplicates():
                    remark += f"; {repeats} TAKEN FOR REPEATS"
            yield Row(f"acknowledged, c={connections}, {words}", found.rate, found.p50, found.p99,
                      remark)  # fmt: skip


def _trouble(refused: int, broken: int, lost: int = 0) -> str:
    said = f"{refused} not 2xx" + (f", {broken} without an answer" if broken else "")
    return said + (f", {lost} ACKNOWLEDGED BUT NOT STORED" if lost > 0 else "")


def actions(sink: Sink, sizes: Sizes, folder: str | None) -> Iterator[Row]:
    """A burst of events that all meet the rule, until every run is recorded as succeeded."""
    with running(sink, folder) as rulebook:
        warm_up(sink, rulebook)
        already = rulebook.runs()
        found = burst(rulebook.port, rulebook.path, BURST_CONNECTIONS, sizes.burst)
        sent, done_then = time.monotonic(), rulebook.runs() - already
        done, ended = finished(rulebook, already + sizes.burst, sizes.patience)
        done -= already
        arrived = sink.count()
        remark = f"{done:,} of {sizes.burst:,} runs in {ended - arrived['first']:.1f} s"
        remark += f"; {arrived['calls'] - arrived['events']} repeats at the sink"
        if done < sizes.burst:
            remark += f"; GAVE UP AFTER {sizes.patience:.0f} S"
        yield Row("actions, first call to last record", done / (ended - arrived["first"]),
                  remark=remark)  # fmt: skip
        trouble = _trouble(found.refused, found.broken)
        yield Row("actions, while the burst came in", done_then / found.seconds,
                  remark=f"acknowledging {found.rate:,.0f}/s, {trouble}")  # fmt: skip
        if done > done_then:
            yield Row("actions, after the burst", (done - done_then) / (ended - sent))


def warm_up(sink: Sink, rulebook: Instance) -> None:
    """Let the worker act a few times, then begin with an empty book."""
    burst(rulebook.port, rulebook.path, 4, 20)
    finished(rulebook, 20, 30)
    sink.reset()


def finished(rulebook: Instance, wanted: int, patience: float) -> tuple[int, float]:
    """Wait until so many runs succeeded: how many did, and when that was seen."""
    deadline = time.monotonic() + patience
    while True:
        done, now = rulebook.runs(), time.monotonic()
        if done >= wanted or now > deadline:
            return done, now
        time.sleep(0.1 if done < wanted * 0.95 else 0.02)


def idle(sink: Sink, sizes: Sizes, folder: str | None) -> Iterator[Row]:
    """Single events with pauses: from just before the POST to the call's arrival at the sink."""
    with running(sink, folder) as rulebook:
        warm_up(sink, rulebook)
        one = payment(rulebook.port, rulebook.path, secrets.token_hex(4))
        acknowledged, arrived = [], []
        with (
            socket.create_connection(("127.0.0.1", rulebook.port), timeout=30) as line,
            sink.watched() as arrivals,
        ):
            for number in range(sizes.singles):
                time.sleep(BREATH)
                began = time.monotonic()
                line.sendall(one.request(number))
                line.recv(65536)
                acknowledged.append(time.monotonic() - began)
                arrived.append(next(arrivals)[1] - began)
    own = _share(sink.answer_times(sizes.singles), 0.5) * 1e3
    yield _spread("idle: POST to action at the sink", arrived, f"{sizes.singles} single events")
    yield _spread("idle: POST to acknowledgement", acknowledged,
                  f"the sink alone answers a bare socket in {own:.2f}")  # fmt: skip


def _spread(figure: str, taken: list[float], remark: str) -> Row:
    p50, p95, p99 = (_share(taken, share) for share in (0.5, 0.95, 0.99))
    return Row(figure, p50=p50, p99=p99, remark=f"p95 {p95 * 1e3:.2f}; {remark}")


def _share(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def memory(sink: Sink, sizes: Sizes, folder: str | None) -> Iterator[Row]:
    """Memory at rest, right after many events, and when their actions are done."""
    with running(sink, folder) as rulebook:
        warm_up(sink, rulebook)
        yield _memory_row("memory before", rulebook)
        found = burst(rulebook.port, rulebook.path, 64, sizes.many)
        yield _memory_row(f"memory right after {found.acks:,} events", rulebook)
        done, _ = finished(rulebook, sizes.many + 20, sizes.patience)
        yield _memory_row(f"memory after {done:,} actions", rulebook)


def _memory_row(figure: str, rulebook: Instance) -> Row:
    parts = {
        name: sum(map(machine.memory, pids), machine.Memory(0, 0))
        for name, pids in machine.parts(rulebook.pid).items()
    }
    together = sum(parts.values(), machine.Memory(0, 0))
    said = ", ".join(f"{name} {size}" for name, size in parts.items())
    return Row(figure, remark=f"together {together}: {said}; PSS (RSS)")


def fsync(sink: Sink, sizes: Sizes, folder: str | None) -> Iterator[Row]:
    """Syncs for each acknowledgement, and acknowledgements before their sync."""
    for connections in (1, 16):
        with running(sink, folder) as rulebook:
            warm_up(sink, rulebook)
            seen = syncs.watched(rulebook, connections, sizes.traced)
        if seen is None:
            yield Row("syncs for each acknowledgement", remark="not measured: no strace here")
            return
        yield Row(f"syncs for each acknowledgement, c={connections}",
                  remark=f"{seen.syncs / max(1, seen.answers):.2f}; {seen.early} of "
                         f"{seen.answers:,} acknowledgements before their sync")  # fmt: skip
