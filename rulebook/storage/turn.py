"""Whose turn it is to write to SQLite. SQLite makes writers wait by sleeping, longer each time, so
that a busy worker starves the door; here they queue up in the kernel and are woken at once.

The lock is advice only: whoever does not get it in time still asks SQLite, which has the last
word. It ends with its process, however that ends; but a process can be stopped while it holds it,
so nobody waits for it without a limit.

The kernel wakes who waits and does not hand the lock over, so that a door that takes one turn after
the other would never let a worker in. A worker is `polite`: it lets the door go first for a moment,
and then says that it waits, by a second lock that the door looks at before every turn.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from pathlib import Path

POLITE_FOR = 15  # milliseconds


class Turn:
    """One writer at a time, over all threads and processes that open the same file."""

    def __init__(self, path: Path) -> None:
        self.polite = False
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        after = path.with_name(path.name + ".next")
        self._next = os.open(after, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
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
            fcntl.flock(self._next, fcntl.LOCK_SH | fcntl.LOCK_NB)
            fcntl.flock(self._next, fcntl.LOCK_UN)
        except BlockingIOError:
            return False
        return self._free_now()

    def _in_time(self, seconds: float) -> bool:
        """Waiting in the kernel knows no limit, so a thread of its own does that."""
        if not self._queued:
            self._queued = True
            threading.Thread(target=self._queue_up, name="turn", daemon=True).start()
        self._wanted = True
        self._ours.wait_for(lambda: not self._queued, seconds)
        self._wanted = False
        return not self._queued

    def _soon(self) -> bool:
        """Whether there was a moment in which nobody else wrote."""
        for _ in range(POLITE_FOR):
            if self._free_now():
                return True
            time.sleep(0.001)
        return False

    def _free_now(self) -> bool:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _queue_up(self) -> None:
        if not self.polite:
            fcntl.flock(self._next, fcntl.LOCK_SH)
            fcntl.flock(self._next, fcntl.LOCK_UN)
            fcntl.flock(self._file, fcntl.LOCK_EX)
        elif not self._soon():
            fcntl.flock(self._next, fcntl.LOCK_EX)
            fcntl.flock(self._file, fcntl.LOCK_EX)
            fcntl.flock(self._next, fcntl.LOCK_UN)
        with self._ours:
            if not self._wanted:  # whoever asked gave up
                fcntl.flock(self._file, fcntl.LOCK_UN)
            self._queued = False
            self._ours.notify_all()
