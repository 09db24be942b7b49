"""Two ways to start a process of Rulebook: the ordinary one, and by the nursery, which is quick."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from tests.faults.nursery import SUBREAPER, prctl

ROOT = Path(__file__).parents[2]
# Runs in the child: ends with the harness, whatever becomes of that, then is the program.
_BECOME = (
    "import ctypes, os, sys; ctypes.CDLL(None).prctl(1, 15); "
    "os.getppid() == int(sys.argv[1]) or sys.exit(1); "
    "os.execv(sys.executable, [sys.executable, *sys.argv[2:]])"
)


class Born:
    """A process that the nursery forked; the harness is its parent by adoption."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        ends = time.monotonic() + (float("inf") if timeout is None else timeout)
        while self.poll() is None:
            if time.monotonic() > ends:
                raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0)
            time.sleep(0.005)
        assert self.returncode is not None
        return self.returncode

    def terminate(self) -> None:
        if self.poll() is None:
            os.kill(self.pid, signal.SIGTERM)


Process = subprocess.Popen[bytes] | Born


def ordinary(words: list[str], environ: Mapping[str, str], log: Path) -> Process:
    """`python -m rulebook ...` in a session of its own."""
    with log.open("wb") as output:
        return subprocess.Popen(
            [sys.executable, "-ISc", _BECOME, str(os.getpid()), "-m", "rulebook", *words],
            env=dict(environ), cwd=ROOT, stdout=output, stderr=output, start_new_session=True,
        )  # fmt: skip


class Nursery:
    """Forks processes of Rulebook. Its user becomes the subreaper of all that it starts."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        prctl(SUBREAPER, 1)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.nursery"], cwd=ROOT, env=dict(environ), text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip

    def start(self, words: list[str], environ: Mapping[str, str], log: Path) -> Process:
        """The same as `ordinary`, quicker."""
        assert self._process.stdin and self._process.stdout
        order = {"words": words, "environ": dict(environ), "log": str(log)}
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        said = self._process.stdout.readline()
        assert said, "the nursery is gone"
        return Born(int(said))

    def close(self) -> None:
        """Fork no more."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()
