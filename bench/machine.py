"""The machine that is measured on, and the memory of processes on it (Linux)."""

from __future__ import annotations

import os
import platform
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter


def described(folder: str | None) -> str:
    """Cores, Python, what a sync costs in this folder, and how busy the machine was before."""
    sync = f"{sync_time(folder) * 1e3:.2f} ms in {folder or tempfile.gettempdir()}"
    return (
        f"{os.cpu_count()} cores, Python {platform.python_version()}, "
        f"fdatasync of 4 kB: median {sync}, load before: {load()}"
    )


def load() -> str:
    """How many processes wanted a core in the last minute, on average."""
    try:
        return f"{os.getloadavg()[0]:.2f}"
    except OSError:
        return "unknown"


def sync_time(folder: str | None, times: int = 100) -> float:
    """Seconds that appending 4 kB and syncing it takes: the median."""
    taken = []
    with tempfile.TemporaryFile(dir=folder) as file:
        for _ in range(times):
            os.write(file.fileno(), bytes(4096))
            began = perf_counter()
            os.fdatasync(file.fileno())
            taken.append(perf_counter() - began)
    return median(taken)


@dataclass(frozen=True)
class Memory:
    """Bytes: pss counts a page shared by n processes as 1/n, rss counts it for each."""

    pss: int
    rss: int

    def __add__(self, other: Memory) -> Memory:
        return Memory(self.pss + other.pss, self.rss + other.rss)

    def __str__(self) -> str:
        return f"{self.pss / 1e6:.0f} MB ({self.rss / 1e6:.0f})"


def memory(pid: int) -> Memory:
    """What one process takes; nothing if it has gone."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return Memory(0, 0)
    found = {name: int(kb) * 1024 for name, kb in re.findall(r"^(Pss|Rss): +(\d+) kB", text, re.M)}
    return Memory(found["Pss"], found["Rss"])


def children(pid: int) -> list[int]:
    """The processes that a process started itself."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = stat.read_text()
        except OSError:
            continue
        if int(text.rpartition(")")[2].split()[1]) == pid:
            found.append(int(text.split()[0]))
    return sorted(found)


def family(pid: int) -> list[int]:
    """A process and all below it."""
    return [pid, *(each for child in children(pid) for each in family(child))]


def parts(supervisor: int) -> dict[str, list[int]]:
    """The processes of a running Rulebook by what they are: supervisor, web, worker."""
    found = {"supervisor": [supervisor]}
    for child in children(supervisor):
        name = Path(f"/proc/{child}/comm").read_text().strip().removeprefix("rulebook ")
        found.setdefault(name, []).extend(family(child))
    return found


class Busy:
    """How many cores web and worker use from its making on."""

    def __init__(self, supervisor: int) -> None:
        self.parts = parts(supervisor)
        self.began = perf_counter()
        self.before = self._ticks()

    def told(self) -> str:
        """The cores used by each, in words."""
        seconds = perf_counter() - self.began
        each = os.sysconf("SC_CLK_TCK")
        used = {n: (now - self.before[n]) / each / seconds for n, now in self._ticks().items()}
        return ", ".join(f"{n} {used[n]:.2f}" for n in ("web", "worker")) + " cores"

    def _ticks(self) -> dict[str, int]:
        return {name: sum(map(_ticks_of, pids)) for name, pids in self.parts.items()}


def _ticks_of(pid: int) -> int:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return int(fields[11]) + int(fields[12])  # in the program and in the kernel
