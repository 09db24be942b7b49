"""Whether each acknowledgement comes after a sync of its own event, seen by strace."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.instance import Instance
from bench.load import burst
from bench.machine import parts
from bench.payments import ID_PATTERN

READS = ("read", "readv", "recvfrom", "recvmsg")
WRITES = ("write", "writev", "sendto", "sendmsg", "pwrite64", "pwritev", "pwritev2")
SYNCS = ("fsync", "fdatasync")
ROOM = 4200  # characters that strace shows of what is read and written: a page of the database
_LINE = re.compile(
    r"(?P<pid>\d+) +(?:"
    r"<\.\.\. (?P<resumed>\w+) resumed>(?P<rest>.*)|"
    r"(?P<call>\w+)\((?P<fd>\d+)<(?P<what>[^>]*)>(?P<more>.*))"
)
_ID = re.compile(ID_PATTERN)


@dataclass
class Syncs:
    """What was seen: answers 2xx to events, syncs of files, answers before their event's sync."""

    answers: int = 0
    syncs: int = 0
    early: int = 0


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


@contextmanager
def _traced(pids: list[int], output: Path) -> Iterator[None]:
    calls = ",".join((*READS, *WRITES, *SYNCS))
    command = ["strace", "-f", "-y", "-s", str(ROOM), "-e", f"trace={calls}", "-o", str(output)]
    for pid in pids:
        command += ["-p", str(pid)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
    try:
        time.sleep(1.0)  # attaching to each thread takes a moment
        if process.poll() is not None:
            raise RuntimeError(f"strace: {(process.stderr and process.stderr.read() or '')[-300:]}")
        yield
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)


@dataclass
class _Reading:
    """How far the reading of a trace is; moments are numbers of lines."""

    seen: Syncs = field(default_factory=Syncs)
    asked: dict[str, str] = field(default_factory=dict)  # socket: the event that came on it
    written: dict[str, dict[str, int]] = field(default_factory=dict)  # event: file: when
    synced: dict[str, int] = field(default_factory=dict)  # file: when the last ended one began
    begun: dict[str, tuple[str, str, str, int]] = field(default_factory=dict)  # thread: its call

    def begins(self, call: str, what: str, text: str, now: int) -> None:
        """A call was made. An answer counts as given from here on, a sync not yet."""
        if call in WRITES and what.startswith("socket:") and "HTTP/1.1 2" in text:
            self.seen.answers += 1
            files = self.written.get(self.asked.pop(what, ""), {})
            kept = any(self.synced.get(file, -1) > at for file, at in files.items())
            self.seen.early += not kept

    def ends(self, call: str, what: str, text: str, began: int, now: int) -> None:
        """A call is done."""
        if call in SYNCS:
            self.seen.syncs += 1
            self.synced[what] = max(self.synced.get(what, -1), began)
        elif call in READS and what.startswith("socket:"):
            if found := _ID.search(text):  # not all of a request comes with one read
                self.asked[what] = found[0]
        elif call in WRITES and what.startswith("/"):
            for event in _ID.findall(text):
                self.written.setdefault(event, {}).setdefault(what, now)


def read(lines: Iterable[str]) -> Syncs:
    """Go through a trace. An answer is early unless, before it, its event's id was written to a
    file and a sync of that file began after this and ended."""
    state = _Reading()
    for now, line in enumerate(lines):
        if not (found := _LINE.match(line)):
            continue
        if found["resumed"]:
            if found["pid"] in state.begun:
                call, what, text, began = state.begun.pop(found["pid"])
                state.ends(call, what, text + found["rest"], began, now)
            continue
        call, what, text = found["call"], found["what"], found["more"]
        state.begins(call, what, text, now)
        if text.endswith("<unfinished ...>"):
            state.begun[found["pid"]] = (call, what, text, now)
        else:
            state.ends(call, what, text, now, now)
    return state.seen
