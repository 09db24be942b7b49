"""Whose turn it is to write to SQLite. SQLite makes writers wait by sleeping, longer each time, so
that a busy worker starves the door; here they queue up in the kernel and are woken at once.

The lock is advice only: whoever does not get it in time still asks SQLite, which has the last
word. It ends with its process, however that ends.
"""

from __future__ import annotations

import fcntl
import os
import threading
from pathlib import Path


class Turn:
    """One writer at a time, over all threads and processes that open the same file."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._threads = threading.Semaphore()

    def take(self, seconds: float) -> bool:
        """Wait for the turn; False when another thread of this process kept it for too long."""
        if not self._threads.acquire(timeout=seconds):
            return False
        fcntl.flock(self._file, fcntl.LOCK_EX)
        return True

    def give(self) -> None:
        """Let the next one write."""
        fcntl.flock(self._file, fcntl.LOCK_UN)
        self._threads.release()
