"""Moving what was committed from SQLite's log into its file, beside all work.

No connection does it after a commit of its own: whoever waits for that commit would wait for the
move as well, and SQLite up to 3.51.2 can damage its log when two connections move at a time
(sqlite.org/wal.html, "the WAL-reset bug"). So one thread does it, and a lock lets only one process
at a time.
"""

from __future__ import annotations

import fcntl
import logging
import os
import sqlite3
import threading
from pathlib import Path

from sqlalchemy.exc import OperationalError

from rulebook.storage.turn import TURN_SECONDS, Turn

log = logging.getLogger("rulebook.storage")
EVERY = 0.25  # seconds: a small log is written over, and waits for no file to grow
WORTH_IT = 4 * 1024 * 1024  # bytes of log
MOST_ROUNDS = 4


class Mover:
    """Moves the log of the database at `path` once in a while, until the process ends."""

    def __init__(self, path: Path, turn: Turn) -> None:
        self.path, self.turn = path, turn
        self.log = path.with_name(path.name + "-wal")
        self._lock = os.open(
            path.with_name("checkpoint.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
        )
        threading.Thread(target=self._run, name="checkpoint", daemon=True).start()

    def _run(self) -> None:
        connection = None
        idle = threading.Event()
        while not idle.wait(EVERY):
            try:
                if self.log.exists() and self.log.stat().st_size >= WORTH_IT:
                    connection = connection or sqlite3.connect(self.path, isolation_level=None)
                    self.move(connection)
            except (OSError, sqlite3.Error, OperationalError) as problem:
                log.warning("The log of the database was not moved; tried again: %s", problem)
                connection = None

    def move(self, connection: sqlite3.Connection) -> None:
        """Most of it while others write, and the rest in a turn of our own: a log that is moved in
        full begins anew, and does not grow for ever under load."""
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        try:
            for _ in range(MOST_ROUNDS):
                before = self.log.stat().st_size
                connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
                if self.log.stat().st_size - before < WORTH_IT:
                    break
            if self.turn.take(TURN_SECONDS):
                try:
                    connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
                finally:
                    self.turn.give()
        finally:
            fcntl.flock(self._lock, fcntl.LOCK_UN)
