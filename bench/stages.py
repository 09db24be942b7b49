"""The stages of bench.flow: each starts what it needs and yields the rows of the table."""

from __future__ import annotations

import time
from collections.abc import Iterator

from bench import machine, syncs
from bench.instance import Instance, running
from bench.load import burst, timed
from bench.payments import BIG, SMALL
from bench.rows import Row, Sizes, share, single_events, spread, trouble
from bench.sink import Sink

BURST_CONNECTIONS = 16


def acks(sink: Sink, sizes: Sizes, folder: str | None) -> Iterator[Row]:
    """Acknowledgements by number of connections, with nothing to do and with all to do."""
    for connections in sizes.connections:
        for words, amount in (("not met", SMALL), ("met", BIG)):
            with running(sink, folder) as rulebook:
                timed(rulebook.port, rulebook.path, connections, 1, SMALL)  # to warm up
                sink.reset()
                before, busy = rulebook.events(), machine.Busy(rulebook.pid)
                found = timed(rulebook.port, rulebook.path, connections, sizes.seconds, amount)
                remark = busy.told()
                stored, calls = rulebook.events() - before, sink.count()["calls"]
                remark = f"{trouble(found.refused, found.broken, found.acks - stored)}; {remark}"
                if amount == BIG:
                    remark += f"; {calls / found.seconds:,.0f} actions/s meanwhile"
                if repeats := rulebook.duplicates():
                    remark += f"; {repeats} TAKEN FOR REPEATS"
            yield Row(f"acknowledged, c={connections}, {words}", found.rate, found.p50, found.p99,
                      remark)  # fmt: skip


def actions(sink: Sink, sizes: Sizes, folder: str | None) -> Iterator[Row]:
    """A burst of events that all meet the rule, until every run is recorded as succeeded."""
    with running(sink, folder) as rulebook:
        warm_up(sink, rulebook)
        already = rulebook.runs()
        found = burst(rulebook.port, rulebook.path, BURST_CONNECTIONS, sizes.burst)
        sent, done_then = time.monotonic(), rulebook.runs() - already
        busy = machine.Busy(rulebook.pid)
        done, ended = finished(rulebook, already + sizes.burst, sizes.patience)
        drained = busy.told()
        done -= already
        arrived = sink.count()
        seconds = ended - arrived["first"]
        remark = f"{done:,} of {sizes.burst:,} runs in {seconds:.1f} s"
        remark += f"; {arrived['calls'] - arrived['events']} repeats at the sink"
        if done < sizes.burst:
            remark += f"; GAVE UP AFTER {sizes.patience:.0f} S"
        yield Row("actions, first call to last record", done / seconds, remark=remark)
        remark = f"acknowledging {found.rate:,.0f}/s, {trouble(found.refused, found.broken)}"
        yield Row("actions, while the burst came in", done_then / found.seconds, remark=remark)
        if done > done_then:
            yield Row("actions, after the burst", (done - done_then) / (ended - sent),
                      remark=drained)  # fmt: skip


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
        arrived, answered = single_events(sink, rulebook.port, rulebook.path, sizes.singles)
    own = share(sink.answer_times(sizes.singles), 0.5) * 1e3
    yield spread("idle: POST to action at the sink", arrived, f"{sizes.singles} single events")
    yield spread("idle: POST to acknowledgement", answered,
                 f"the sink alone answers a bare socket in {own:.2f}")  # fmt: skip


def memory(sink: Sink, sizes: Sizes, folder: str | None) -> Iterator[Row]:
    """Memory at rest, right after many events, and when their actions are done."""
    with running(sink, folder) as rulebook:
        warm_up(sink, rulebook)
        yield _memory_row("memory before", rulebook)
        found = burst(rulebook.port, rulebook.path, 64, sizes.many)
        remark = trouble(found.refused, found.broken)
        yield _memory_row(f"memory right after {found.acks:,} events", rulebook, remark)
        done, _ = finished(rulebook, sizes.many + 20, sizes.patience)
        missing = sizes.many + 20 - done
        remark = f"GAVE UP AFTER {sizes.patience:.0f} S, {missing:,} TO GO" if missing > 0 else ""
        yield _memory_row(f"memory after {done:,} actions", rulebook, remark)


def _memory_row(figure: str, rulebook: Instance, remark: str = "") -> Row:
    parts = {
        name: sum(map(machine.memory, pids), machine.Memory(0, 0))
        for name, pids in machine.parts(rulebook.pid).items()
    }
    both = parts["web"] + parts["worker"]
    together = sum(parts.values(), machine.Memory(0, 0))
    said = ", ".join(f"{name} {size}" for name, size in parts.items())
    said = f"PSS (RSS): web and worker {both}, together {together}: {said}; {remark}".rstrip("; ")
    return Row(figure, remark=said)


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
