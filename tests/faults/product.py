"""Rulebook's processes, started one by one so that each can be armed, killed and started again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rulebook.failpoints import DYING, VARIABLE
from tests.faults.births import ROOT, Nursery, Process, ordinary

STOPS_WITHIN = 60  # seconds


@dataclass
class Slot:
    """A place for one process of a role: `web` or `worker`."""

    role: str
    number: int
    process: Process | None = None
    started: float = 0.0
    fail_at: str = ""
    log: Path = field(default_factory=Path)

    @property
    def name(self) -> str:
        return f"{self.role}{self.number}"

    @property
    def said(self) -> str:
        """What the present process wrote, its end."""
        return self.log.read_text(errors="replace")[-3000:]

    def died_at(self) -> str:
        """The fail point at which the present process, or the one below it, was killed."""
        if not self.fail_at:
            return ""
        lines = [line for line in self.said.splitlines() if line.startswith(DYING)]
        return lines[-1].removeprefix(DYING) if lines else ""


class Product:
    """One Rulebook in a folder. `surprises` are processes that ended without being asked to."""

    def __init__(
        self, folder: Path, environ: Mapping[str, str], roles: Mapping[str, int], quick: bool
    ) -> None:
        self._nursery = Nursery(environ) if quick else None
        self.folder = folder
        self.environ = dict(environ)
        self.slots = [Slot(role, n) for role, count in roles.items() for n in range(count)]
        self.surprises: list[str] = []
        self._starts = 0

    def command(self, *words: str) -> str:
        """Run a `rulebook` command against it; what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "rulebook", *words], env=self.environ, cwd=ROOT,
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start(self, slot: Slot, fail_at: str = "", quick: bool = True) -> None:
        """Start this slot's process; fail_at: armed to die at a fail point; quick: by the nursery,
        if there is one."""
        self._starts += 1
        slot.log = self.folder / "logs" / f"{self._starts:05}-{slot.name}"
        slot.log.parent.mkdir(exist_ok=True)
        slot.log.touch()
        environ = self.environ | ({VARIABLE: fail_at} if fail_at else {})
        start = self._nursery.start if self._nursery and quick else ordinary
        slot.process = start([slot.role, "--prepared"], environ, slot.log)
        slot.started, slot.fail_at = time.monotonic(), fail_at

    def kill(self, slot: Slot) -> bool:
        """kill -9 the process and what it started; whether it died of that."""
        process = slot.process
        assert process is not None
        killed = process.poll() is None
        _kill_group(process.pid)
        process.wait()
        return killed and process.returncode == -signal.SIGKILL

    def restart(self, slot: Slot) -> None:
        """SIGTERM, and wait for the end; anything but a clean one is a surprise."""
        process = slot.process
        assert process is not None
        if process.poll() is None:
            process.terminate()
        try:
            code = process.wait(STOPS_WITHIN)
        except subprocess.TimeoutExpired:
            self.surprises.append(f"{slot.name} did not stop within {STOPS_WITHIN} s: {slot.said}")
            code = 0
        young = time.monotonic() - slot.started < 10
        if code not in ((0, -signal.SIGTERM) if young else (0,)) and not slot.died_at():
            self.surprises.append(f"{slot.name} ended with {code} after SIGTERM: {slot.said}")
        _kill_group(process.pid)

    def ended(self, slot: Slot) -> bool:
        """Whether the process is no more, of itself."""
        return slot.process is not None and slot.process.poll() is not None

    def stop(self) -> None:
        """Stop everything as a service manager would, web first."""
        for slot in self.slots:
            if slot.process is not None:
                self.restart(slot)
                slot.process = None

    def abandon(self) -> None:
        """End whatever still runs."""
        for slot in self.slots:
            if slot.process is not None:
                self.kill(slot)
                slot.process = None
        if self._nursery:
            self._nursery.close()


def _kill_group(leader: int) -> None:
    try:
        os.killpg(leader, signal.SIGKILL)
    except ProcessLookupError:
        pass
