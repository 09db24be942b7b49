"""Rulebook under a modest load for as long as one likes: whether what it takes stays level.

    python -m tests.faults.soak                  # five minutes at 30 events a second
    python -m tests.faults.soak --minutes 1440 --rate 50

Every event is judged and called. Every ten seconds one line: memory (PSS), threads and descriptors
of each process, the size of SQLite's log, what is left to do. The exit code is 1 where something
was lost, or where memory grew in the second half by more than `--most` MB an hour.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.faults.settling import left_to_do
from tests.faults.stream import check, scene
from tests.jobs.shop import descendants

EVERY = 10.0


@dataclass(frozen=True)
class Look:
    """What all processes together take at a moment, in seconds, megabytes and pieces."""

    at: float
    memory: float
    threads: int
    descriptors: int
    log: float
    left: int

    def __str__(self) -> str:
        return (
            f"{self.at:7.0f} s  memory {self.memory:6.1f} MB  threads {self.threads:3}  "
            f"descriptors {self.descriptors:3}  log {self.log:5.1f} MB  left to do {self.left}"
        )


def look(pids: list[int], instance: Path, at: float) -> Look:
    """What these processes take just now."""
    kilobytes = threads = descriptors = 0
    for pid in pids:
        folder = Path(f"/proc/{pid}")
        lines = (folder / "smaps_rollup").read_text().splitlines()
        kilobytes += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
        threads += len(os.listdir(folder / "task"))
        descriptors += len(os.listdir(folder / "fd"))
    log = (instance / "rulebook.db-wal").stat().st_size / 2**20
    left = left_to_do(instance / "rulebook.db")
    return Look(at, kilobytes / 1024, threads, descriptors, log, left)


def slope(looks: list[Look]) -> float:
    """Megabytes an hour by which memory grew, the line of least squares."""
    times, sizes = [each.at for each in looks], [each.memory for each in looks]
    middle, mean = sum(times) / len(times), sum(sizes) / len(sizes)
    above = sum((at - middle) * (size - mean) for at, size in zip(times, sizes, strict=True))
    return 3600 * above / sum((at - middle) ** 2 for at in times)


def soak(minutes: float, rate: float) -> list[Look]:
    """Run it; what was seen. Raises AssertionError where something was lost or done twice."""
    looks: list[Look] = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rulebook-soak-")))
        at = scene(stack, folder, rate)
        with at.stream as stream:
            began = time.monotonic()
            while time.monotonic() - began < minutes * 60:
                time.sleep(EVERY)
                pids = list(descendants(at.here.live))
                looks.append(look(pids, folder, time.monotonic() - began))
                print(looks[-1], flush=True)
        print(f"{len(stream.acknowledged)} acknowledged, all answers {dict(stream.statuses)}")
        check(at.here, stream, at.arrivals)
        delays = at.arrivals.delays(stream)
        half, late = (delays[len(delays) * part // 100] * 1000 for part in (50, 99))
        print(f"arrivals after the answer: p50 {half:.0f} ms, p99 {late:.0f} ms, "
              f"latest {delays[-1]:.2f} s")  # fmt: skip
    return looks


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--minutes", type=float, default=5)
    options.add_argument("--rate", type=float, default=30, help="events a second")
    options.add_argument("--most", type=float, help="megabytes an hour; not judged unless given")
    asked = options.parse_args()
    looks = soak(asked.minutes, asked.rate)
    grown = slope(looks[len(looks) // 2 :])
    print(f"memory in the second half: {grown:+.1f} MB an hour")
    return 1 if asked.most is not None and grown > asked.most else 0


if __name__ == "__main__":
    sys.exit(main())
