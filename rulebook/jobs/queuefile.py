"""The queue as a file beside SQLite's database: only a doorbell, so whatever is wrong with it, it
is made anew, at once and by whoever notices.

Its journal is a file that stays, not SQLite's log (WAL): that one is used through memory which is
mapped from a file, and a process is killed by the kernel when somebody cuts such a file short.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rulebook.jobs.lean import SqliteStorage
from rulebook.jobs.wake import Ears, hand_over, knock

log = logging.getLogger("rulebook.jobs")
BUSY_SECONDS = 1
# What making it anew does not help against.
_PASSES = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL)


class QueueFile(SqliteStorage):  # type: ignore[misc]
    """Huey's queue in a file, which may vanish or be spoilt at any time."""

    blocking = False
    ears: Ears | None = None  # of this process, where it is a worker

    def __init__(self, name: str, path: Path) -> None:
        self.path = path
        self._conn: sqlite3.Connection | None = None
        self._opened: tuple[int, int] | None = None
        throw_away_unless_sound(path)
        # No fsync: after a power cut the sweeper knows what is due, not this file.
        super().__init__(
            name, filename=str(path), fsync=False, journal_mode="persist", timeout=BUSY_SECONDS
        )

    @property
    def conn(self) -> sqlite3.Connection:
        """The connection to the file that is there now, and not to one that was deleted: another
        process would write into a new one, and nobody would hear it."""
        if self._conn is not None and self._there() != self._opened:
            self._conn.close()
            self._conn = None
        connection: sqlite3.Connection = super().conn
        return connection

    def _create_connection(self) -> sqlite3.Connection:
        self._opened = self._there()
        connection: sqlite3.Connection = super()._create_connection()
        for statement in self.ddl:
            connection.execute(statement)
        self._opened = self._opened or self._there()
        return connection

    def _there(self) -> tuple[int, int] | None:
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def enqueue(self, data: bytes, priority: float | None = None) -> None:
        if not hand_over(self.path.parent, data):
            self._mended(lambda: super(QueueFile, self).enqueue(data, priority))
            knock(self.path.parent)

    def dequeue(self) -> Any:
        handed = self.ears and self.ears.handed_over()
        return handed or self._mended(super().dequeue)

    def _mended(self, verb: Callable[[], Any]) -> Any:
        try:
            return verb()
        except sqlite3.DatabaseError as problem:
            if problem.sqlite_errorcode & 0xFF in _PASSES:
                raise
        with self.lock:
            if self._conn is not None:
                self._conn.close()
                self._conn = None
            throw_away_unless_sound(self.path)
        return verb()


def throw_away_unless_sound(path: Path) -> None:
    """Delete a queue file that cannot be read, or that an earlier version made with a log."""
    try:
        connection = sqlite3.connect(path, timeout=BUSY_SECONDS)
        try:
            sound = connection.execute("PRAGMA quick_check").fetchone()[0] == "ok"
            sound &= connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal"
        finally:
            connection.close()
    except sqlite3.DatabaseError as problem:
        sound = problem.sqlite_errorcode & 0xFF in _PASSES
    if not sound:
        log.warning("The queue file was unreadable and is made anew; nothing is lost.")
        for each in path.parent.glob(f"{path.name}*"):
            each.unlink(missing_ok=True)
