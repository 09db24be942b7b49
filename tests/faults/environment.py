"""What Rulebook stands on, broken under load, with figures: one table, made by hand.

    python -m tests.faults.environment            # everything; about twenty minutes
    python -m tests.faults.environment redis lock # what has these words in its name

Every line has to reach the figure beside it; the exit code is 1 where one does not.
"""

from __future__ import annotations

import logging
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import redis as redis_client

from tests.faults import grounds
from tests.faults.crowds import half_open
from tests.faults.fairness import half_sick
from tests.faults.stream import PAGES, Scene, check, scene
from tests.jobs.shop import wait_until

BELL = 7.0  # seconds: a sweep and five
TIMES = 20


@dataclass
class Row:
    """What was seen of one fault; `failures` says which figures were not reached."""

    name: str
    figures: dict[str, Any] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    def must(self, what: str, value: float, most: float) -> None:
        """Note a figure and whether it is low enough."""
        self.figures[what] = f"{value:.3f}" if value < 1 else f"{value:.1f}"
        if value > most:
            self.failures.append(f"{what} {value:.2f} > {most:g}")


Fault = Callable[[Scene, Row, ExitStack], None]


def spent(verb: Callable[[], Any]) -> float:
    """How many seconds it took."""
    began = time.monotonic()
    verb()
    return time.monotonic() - began


def back(at: Scene, seconds: float = 90) -> float:
    """Seconds until a request is answered 200 that begins now or later."""
    began = time.monotonic()
    wait_until(lambda: any(s.began >= began for s in at.stream.acknowledged), seconds)
    return time.monotonic() - began


def pages(at: Scene, row: Row) -> None:
    found = [at.page(path) for path in PAGES]
    row.figures["pages"] = "readable" if set(found) == {200} else str(found)
    if set(found) != {200}:
        row.failures.append(f"pages {found}")


# Faults. Each begins and ends with a stream that is running.


def queue_file(spoil: Callable[[Path], object]) -> Fault:
    def fault(at: Scene, row: Row, stack: ExitStack) -> None:
        for _ in range(TIMES):
            at.stream.goes_on(40)
            for file in at.here.live.instance.glob("queue.db*"):
                spoil(file)
        at.stream.goes_on(40)

    return fault


def flushed(daemon: grounds.Daemon, url: str) -> Fault:
    def fault(at: Scene, row: Row, stack: ExitStack) -> None:
        for _ in range(TIMES):
            at.stream.goes_on(40)
            redis_client.Redis.from_url(url).flushall()
        at.stream.goes_on(40)

    return fault


def away(daemon: grounds.Daemon, seconds: float, times: int) -> Fault:
    def fault(at: Scene, row: Row, stack: ExitStack) -> None:
        for _ in range(times):
            daemon.end()
            time.sleep(seconds)
            daemon.start()
            at.stream.goes_on(40)

    return fault


def stopped(daemon: grounds.Daemon, seconds: float) -> Fault:
    """Not gone: it takes connections and does not answer."""

    def fault(at: Scene, row: Row, stack: ExitStack) -> None:
        assert daemon.process
        daemon.process.send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        daemon.process.send_signal(signal.SIGCONT)
        row.must("back s", back(at), 10)
        at.stream.goes_on(40)

    return fault


def restarted(daemon: grounds.Daemon) -> Fault:
    def fault(at: Scene, row: Row, stack: ExitStack) -> None:
        longest = 0.0
        for _ in range(TIMES):
            at.stream.goes_on(40)
            daemon.restart(signal.SIGQUIT)
            longest = max(longest, back(at))
        row.must("back s", longest, 10)

    return fault


def disconnected(url: str) -> Fault:
    def fault(at: Scene, row: Row, stack: ExitStack) -> None:
        longest = 0.0
        for _ in range(TIMES):
            at.stream.goes_on(40)
            grounds.end_backends(url)
            longest = max(longest, back(at))
        row.must("back s", longest, 10)

    return fault


def locked(seconds: float) -> Fault:
    def fault(at: Scene, row: Row, stack: ExitStack) -> None:
        at.stream.goes_on(40)
        with grounds.locked(at.here.live.instance / "rulebook.db"):
            time.sleep(seconds / 2)
            pages(at, row)
            time.sleep(seconds / 2)
        row.must("back s", back(at), 10)
        if seconds < 5 and set(at.stream.statuses) != {200}:
            row.failures.append("more than latency")
        at.stream.goes_on(40)

    return fault


def full(at: Scene, row: Row, stack: ExitStack) -> None:
    longest = 0.0
    for _ in range(3):
        at.stream.goes_on(40)
        filler = grounds.fill(at.here.live.instance)
        time.sleep(15)
        pages(at, row)
        filler.unlink()
        longest = max(longest, back(at))
    row.must("back s", longest, 30)


def crowded(at: Scene, row: Row, stack: ExitStack) -> None:
    """Two hundred half-open clients, while ordinary ones are timed."""
    with half_open(at.here.live.url, at.here.path, 200) as crowd:
        skipped = len(at.stream.ledger)
        at.stream.goes_on(500, 60)
        took = sorted(s.ended - s.began for s in at.stream.ledger[skipped:])
        row.figures["open lines"] = crowd.open()
        row.must("p99 s", took[len(took) * 99 // 100], 0.1)


# The table.


def rows() -> Iterator[tuple[str, Callable[[str, ExitStack], Row]]]:
    """Name and maker of every line."""
    yield "queue file deleted, 20 times", plain(queue_file(Path.unlink))
    junk = b"this is no database " * 1000
    yield "queue file spoilt, 20 times", plain(queue_file(lambda file: file.write_bytes(junk)))
    yield "Redis FLUSHALL, 20 times", on_redis(flushed)
    yield "Redis away 5 s, 5 times", on_redis(lambda d, url: away(d, 5, 5))
    yield "Redis away 5 min", on_redis(lambda d, url: away(d, 300, 1))
    yield "Redis stopped 20 s", on_redis(lambda d, url: stopped(d, 20), 60)
    yield "PostgreSQL restarted at once, 20 times", on_postgres(lambda d, url: restarted(d))
    yield "PostgreSQL backends ended, 20 times", on_postgres(lambda d, url: disconnected(url))
    yield "locked 1 s", plain(locked(1), BELL + 1)
    yield "locked 10 s", plain(locked(10), BELL + 10)
    yield "locked 60 s", plain(locked(60), BELL + 60)
    yield "disk full, 3 times 15 s", on_small_disk("0")
    yield "disk full with a floor, 3 times 15 s", on_small_disk("3")
    yield "200 half-open clients", plain(crowded, rate=50, RULEBOOK_READ_DEADLINE="30")
    yield "half of the targets sick", half_sick_row


def plain(fault: Fault, latest: float = BELL, rate: float = 20, **settings: str) -> Any:
    def make(name: str, stack: ExitStack) -> Row:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rulebook-faults-")))
        return suffer(name, stack, folder, fault, latest, rate, settings)

    return make


def on_redis(fault: Callable[[grounds.Daemon, str], Fault], latest: float = BELL) -> Any:
    def make(name: str, stack: ExitStack) -> Row:
        daemon, url = stack.enter_context(grounds.redis())
        made = plain(fault(daemon, url), latest, RULEBOOK_QUEUE_URL=url)
        return made(name, stack)

    return make


def on_postgres(fault: Callable[[grounds.Daemon, str], Fault]) -> Any:
    def make(name: str, stack: ExitStack) -> Row:
        daemon, url = stack.enter_context(grounds.postgres())
        made = plain(fault(daemon, url), 10 + BELL, RULEBOOK_DATABASE_URL=url)
        return made(name, stack)

    return make


def on_small_disk(floor: str) -> Any:
    def make(name: str, stack: ExitStack) -> Row:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rulebook-faults-")))
        disk = stack.enter_context(grounds.small_disk(folder))
        # 15 s without room, and 30 s to come back.
        return suffer(name, stack, disk, full, 45, 20, {"RULEBOOK_DISK_FLOOR": floor})

    return make


def half_sick_row(name: str, stack: ExitStack) -> Row:
    row = Row(name)
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rulebook-faults-")))
    figures = half_sick(stack, folder)
    row.figures |= {"healthy arrivals": figures.arrived, "of": figures.wanted}
    row.must("p95 s", figures.p95, 2)
    if figures.arrived != figures.wanted:
        row.failures.append("not everything arrived")
    return row


def suffer(
    name: str, stack: ExitStack, folder: Path, fault: Fault, latest: float, rate: float,
    settings: dict[str, Any],
) -> Row:  # fmt: skip
    """Let one fault happen to a Rulebook under load; what was seen."""
    row = Row(name)
    at = scene(stack, folder, rate, **settings)
    with at.stream as stream:
        stream.goes_on()
        try:
            fault(at, row, stack)
            stream.goes_on()
        except AssertionError as error:
            row.failures.append(str(error))
    row.figures |= {"acked": len(stream.acknowledged), "others": dict(stream.statuses)}
    row.figures["others"].pop(200, None)
    try:
        check(at.here, stream, at.arrivals, 200)
    except AssertionError as error:
        row.failures.append(str(error).splitlines()[0])
    delays = at.arrivals.delays(stream)
    row.must("latest arrival s", delays[-1] if delays else 0, latest)
    return row


def main(words: list[str]) -> int:
    """Print the table; 1 where a figure was not reached."""
    logging.disable(logging.CRITICAL)
    failed = 0
    for name, make in rows():
        if words and not any(word in name for word in words):
            continue
        try:
            with ExitStack() as stack:
                row = make(name, stack)
        except pytest.skip.Exception as reason:
            print(f"not run  {name}: {reason}", flush=True)
            continue
        except Exception:
            row = Row(name, {}, [traceback.format_exc()])
        failed += bool(row.failures)
        shown = ", ".join(f"{key} {value}" for key, value in row.figures.items())
        verdict = "FAILED" if row.failures else "ok    "
        print(f"{verdict}  {name}: {shown}", *row.failures, sep="\n          ", flush=True)
    print(f"{failed} not reached")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
