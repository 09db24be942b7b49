"""Whether each acknowledgement comes after a sync of its own commit, seen by strace."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.instance import Instance
from bench.load import burst
from bench.machine import parts

CALLS = "fsync,fdatasync,sync_file_range,recvfrom,recvmsg,read,readv,sendto,sendmsg,write,writev"
_LINE = re.compile(
    r"^(?P<pid>\d+) +(?P<at>[\d.]+) (?:"
    r"<\.\.\. (?P<resumed>\w+) resumed>(?P<rest>.*)|"
    r"(?P<call>\w+)\((?P<fd>\d+)<(?P<what>[^>]*)>(?P<more>.*))$"
)


@dataclass
class Syncs:
    """What was seen: answers to hooks, syncs of the database's log, answers before a sync."""

    answers: int = 0
    syncs: int = 0
    early: int = 0


@contextmanager
def _traced(pids: list[int], output: Path):
    command = ["strace", "-f", "-ttt", "-y", "-s", "16", "-e", f"trace={CALLS}", "-o", str(output)]
    for pid in pids:
        command += ["-p", str(pid)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        time.sleep(1.0)  # attaching to each thread takes a moment
        if process.poll() is not None:
            raise RuntimeError(f"strace: {(process.stderr and process.stderr.read() or '')[-300:]}")
        yield
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        process.wait(20)


def watched(instance: Instance, connections: int, count: int) -> Syncs | None:
    """Send this many events under strace; None: strace is not there."""
    if not shutil.which("strace"):
        return None
    with tempfile.TemporaryDirectory(prefix="rulebook-bench-") as folder:
        output = Path(folder, "trace")
        with _traced(parts(instance.pid)["web"], output):
            burst(instance.port, instance.path, connections, count)
            time.sleep(0.2)
        with output.open(errors="replace") as lines:
            return read(lines)


def read(lines: Iterable[str]) -> Syncs:
    """Go through a trace: between the reading of a request and its answer on the same socket, a
    sync of the database's log has to begin and end."""
    seen = Syncs()
    last_sync_began = 0.0  # when the sync began that was the last to end
    asked: dict[str, float] = {}  # socket: when its request came
    begun: dict[str, tuple[str, str, float]] = {}  # process: the call that is under way
    for line in lines:
        if not (found := _LINE.match(line)):
            continue
        at = float(found["at"])
        if found["resumed"]:
            if found["pid"] not in begun:
                continue
            call, what, began = begun.pop(found["pid"])
            ended, text = True, found["rest"]
        else:
            call, what, began, text = found["call"], found["what"], at, found["more"]
            ended = "<unfinished ...>" not in text
            if not ended:
                begun[found["pid"]] = (call, what, began)
        if call in ("fsync", "fdatasync"):
            if ended and what.endswith("-wal"):
                seen.syncs += 1
                last_sync_began = max(last_sync_began, began)
        elif "POST /in/" in text and ended:
            asked[what] = at
        elif "HTTP/1.1 2" in text and not found["resumed"] and what in asked:
            seen.answers += 1
            seen.early += last_sync_began < asked.pop(what)
    return seen
