"""Whose turn it is to write to SQLite. SQLite makes writers wait by sleeping, longer each time, so
that a busy worker starves the door; here they queue up in the kernel and are woken at once.

The lock is advice only: whoever does not get it in time still asks SQLite, which has the last
word. It ends with its process, however that ends; but a process can be stopped while it holds it,
so nobody waits for it without a limit.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from pathlib import Path


class Turn:
    """One writer at a time, over all threads and processes that open the same file."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._threads = threading.Semaphore()
        self._queued = False  # the kernel has this process in its queue
        self._wanted = False  # somebody here still waits for that
        self._ours = threading.Condition()

    def take(self, seconds: float) -> bool:
        """Wait for the turn; False when others kept it for too long."""
        ends = time.monotonic() + seconds
        if not self._threads.acquire(timeout=seconds):
            return False
        with self._ours:
            if self._at_once() or self._in_time(ends - time.monotonic()):
                return True
        self._threads.release()
        return False

    def give(self) -> None:
        """Let the next one write."""
        fcntl.flock(self._file, fcntl.LOCK_UN)
        self._threads.release()

    def _at_once(self) -> bool:
        if self._queued:
            return False
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _in_time(self, seconds: float) -> bool:
        """Waiting in the kernel knows no limit, so a thread of its own does that."""
        if not self._queued:
            self._queued = True
            threading.Thread(target=self._queue_up, name="turn", daemon=True).start()
        self._wanted = True
        self._ours.wait_for(lambda: not self._queued, seconds)
        self._wanted = False
        return not self._queued

    def _queue_up(self) -> None:
        fcntl.flock(self._file, fcntl.LOCK_EX)
        with self._ours:
            if not self._wanted:  # whoever asked gave up
                fcntl.flock(self._file, fcntl.LOCK_UN)
            self._queued = False
            self._ours.notify_all()
