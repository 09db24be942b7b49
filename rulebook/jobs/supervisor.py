"""`rulebook run`: web and worker as two processes; one that dies is started again.

Both are forked from this one, which has loaded the product's code before: they then share its
pages, and a new one is there in a moment. It opens nothing and starts no thread of its own, so
there is nothing that a fork could leave half done.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import logging
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from typing import Any

from rulebook.errors import ConfigError

log = logging.getLogger("rulebook.run")
PATIENCE = 55.0  # above the worker's LONGEST_STOP, below what service managers are told
CALM = 10.0
ARENAS = 2
UNUSABLE = 2  # what a process exits with that cannot work with the settings
_STOPS = (signal.SIGINT, signal.SIGTERM)
_LINUX = sys.platform == "linux"
# Elsewhere libraries of the system start threads on their own, and a fork is not safe.
_START: Any = multiprocessing.get_context("fork" if _LINUX else "spawn")
_libc = ctypes.CDLL(None) if _LINUX else None


def _end_group(pid: int) -> None:
    """End what a process started below itself: it would keep the port and answer for ever."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def _born(name: str, serve: Callable[[], None]) -> BaseProcess:
    """A new process that serves. A signal that comes meanwhile waits, so that neither loses it."""
    process: BaseProcess = _START.Process(target=_begin, args=(name, serve, os.getpid()))
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS)
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return process


def _begin(name: str, serve: Callable[[], None], parent: int) -> None:
    """In the new process: stand alone, then serve until told to stop."""
    # Own group: Ctrl-C reaches the supervisor only, which then stops all in order.
    os.setsid()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPS)
    if _libc:
        # Ask for SIGTERM when the supervisor is killed; else all would go on without it.
        _libc.prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG
    if os.getppid() == parent:
        called(name)
        try:
            serve()
        except ConfigError as error:
            print(f"{error.message} {error.fix}".strip(), file=sys.stderr, flush=True)
            sys.exit(UNUSABLE)


def once(name: str, serve: Callable[[], None]) -> int:
    """Have a process do this and end; its exit code."""
    process = _born(name, serve)
    process.join()
    return process.exitcode or 0


def called(name: str) -> None:
    """From now on the system's lists show this process as `rulebook NAME` (Linux)."""
    if _libc:
        _libc.prctl(15, f"rulebook {name}".encode())  # PR_SET_NAME


@dataclass(frozen=True)
class Role:
    """What a process is there for, and how many seconds it may take to stop."""

    serve: Callable[[], None]
    patience: float = PATIENCE


class Child:
    """One of the processes; `start` again after it died, later each time it dies young."""

    def __init__(self, name: str, role: Role) -> None:
        self.name, self.role = name, role
        self.deaths = self.starts = 0
        self.due = 0.0
        self.process: BaseProcess | None = None
        self.start()

    def start(self) -> None:
        self.starts += 1
        self.process = _born(self.name, self.role.serve)
        self.started = time.monotonic()

    def gave_up(self) -> bool:
        """Whether it could not work with the settings when it was started first. Later on they were
        changed under it, and trying again keeps the others at work."""
        ended = self.process is not None and self.process.exitcode == UNUSABLE
        return ended and self.starts == 1

    def tend(self) -> None:
        """Start it again if it died."""
        if self.process is not None and not self.process.is_alive():
            code = self.process.exitcode
            self._end_all()
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
        self.process.terminate()
        self.process.join(max(0.1, min(self.role.patience, deadline - time.monotonic())))
        if self.process.is_alive():
            log.warning("%s did not stop in time and is ended; nothing is lost.", self.name)
            self._end_all()
            self.process.join()

    def _end_all(self) -> None:
        if self.process is not None and self.process.pid is not None:
            _end_group(self.process.pid)


def share(*rooms: str) -> None:
    """Load these modules for all that are forked from this process. They inherit few arenas as well
    (glibc keeps memory apart for every thread, up to eight times the cores, and gives little back),
    and objects that garbage collection leaves alone, so that their pages stay shared."""
    for room in rooms:
        importlib.import_module(room)
    if _libc and "MALLOC_ARENA_MAX" not in os.environ and hasattr(_libc, "mallopt"):
        _libc.mallopt(-8, ARENAS)  # M_ARENA_MAX
    gc.collect()
    gc.freeze()


def supervise(roles: Mapping[str, Role]) -> None:
    """Run these until SIGTERM or Ctrl-C, then stop them in the same order, one after the other; the
    same where one cannot use the settings, and then this process says so by its exit code."""
    stop = threading.Event()
    for number in _STOPS:
        signal.signal(number, lambda *_: stop.set())
    children = [Child(name, role) for name, role in roles.items()]
    unusable = False
    while not stop.wait(0.1) and not unusable:
        unusable = any(child.gave_up() for child in children)
        for child in children if not unusable else ():
            child.tend()
    deadline = time.monotonic() + PATIENCE
    for child in children:
        child.stop(deadline)
    if unusable:
        sys.exit(UNUSABLE)
