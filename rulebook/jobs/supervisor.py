"""`rulebook run`: web and worker as two processes; one that dies is started again."""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import subprocess
import sys
import threading
import time

log = logging.getLogger("rulebook.run")
PATIENCE = 55.0  # above the worker's LONGEST_STOP, below what service managers are told
CALM = 10.0
# glibc keeps memory apart for every thread, up to eight times the cores, and gives little back.
LEAN = {"MALLOC_ARENA_MAX": "2"}


_prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else None


def _end_with_parent() -> None:
    """Ask Linux for SIGTERM when the supervisor is killed; else both would go on without it."""
    if _prctl:
        _prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


def _end_group(pid: int) -> None:
    """End what a process started below itself: it would keep the port and answer for ever."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


class Child:
    """One of the two processes; `start` again after it died, later each time it dies young."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.deaths = 0
        self.due = 0.0
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        # Own group: Ctrl-C reaches the supervisor only, which then stops both in order.
        self.process = subprocess.Popen(
            [sys.executable, "-m", "rulebook", self.name, "--prepared"],
            start_new_session=True, preexec_fn=_end_with_parent,
            env={**LEAN, **os.environ},
        )  # fmt: skip
        self.started = time.monotonic()

    def tend(self) -> None:
        """Start it again if it died."""
        if self.process is not None and self.process.poll() is not None:
            code = self.process.returncode
            _end_group(self.process.pid)
            lived = time.monotonic() - self.started
            self.deaths = 0 if lived > CALM else self.deaths + 1
            wait = min(0.1 * 2**self.deaths, 10)
            log.warning("%s ended (%s); starting it again in %.1f s.", self.name, code, wait)
            self.process, self.due = None, time.monotonic() + wait
        elif self.process is None and time.monotonic() >= self.due:
            self.start()

    def stop(self, deadline: float) -> None:
        """Ask it to end, wait until the deadline, then make it."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            log.warning("%s did not stop in time and is ended; nothing is lost.", self.name)
            _end_group(self.process.pid)
            self.process.wait()


def supervise() -> None:
    """Run web and worker until SIGTERM or Ctrl-C; then stop the web first, the worker after."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    web, worker = Child("web"), Child("worker")
    while not stop.wait(0.1):
        web.tend()
        worker.tend()
    deadline = time.monotonic() + PATIENCE
    web.stop(deadline)
    worker.stop(deadline)
