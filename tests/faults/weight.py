"""What a process weighs (Linux), for I8: threads, descriptors, memory."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from tests.faults.product import Slot

# Pools grow with the load up to their bounds, so an early look is no measure for a late one. No
# process lives long here: this finds what piles up by being killed, a slow leak needs a long run.
MOST = {"threads": 64, "descriptors": 256, "megabytes": 256}


@dataclass(frozen=True)
class Weight:
    """Of a process and those below it in its session."""

    threads: int
    descriptors: int
    megabytes: int


def weigh(slot: Slot) -> Weight:
    """What this slot's processes weigh just now."""
    assert slot.process is not None
    threads = descriptors = kilobytes = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if os.getsid(int(folder.name)) != slot.process.pid:
                continue
            lines = dict(
                line.split(":", 1) for line in (folder / "status").read_text().splitlines()
            )
            threads += int(lines["Threads"])
            kilobytes += int(lines.get("VmRSS", "0 kB").split()[0])
            descriptors += len(os.listdir(folder / "fd"))
        except (OSError, KeyError):
            continue
    return Weight(threads, descriptors, kilobytes // 1024)


def too_heavy(name: str, weight: Weight) -> list[str]:
    """What there is more of than any process of Rulebook needs, at rest after load."""
    found = [(what, getattr(weight, what), most) for what, most in MOST.items()]
    return [f"{name}: {has} {what}, {most} at most" for what, has, most in found if has > most]


def stray_files(instance: Path, workers: int) -> list[str]:
    """Files that killed processes left in the instance folder and nobody cleared away."""
    bells = len(list((instance / "bell").glob("*")))
    found = [f"{bells} pipes in bell/ for {workers} workers"] if bells > workers + 2 else []
    for log in instance.glob("*.db-wal"):
        if log.stat().st_size > 128 * 2**20:
            found.append(f"{log.name} is {log.stat().st_size >> 20} MB")
    return found
