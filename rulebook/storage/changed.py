"""A mark of all that is stored: whatever was committed in between, it is another one.

SQLite tells a connection whether others have committed since it asked last; so each process keeps
one that never writes, and marks of two processes are never alike. In PostgreSQL the snapshot of a
statement says which transactions it sees, and whatever changes something is a new transaction.
"""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

from flask import current_app
from sqlalchemy import Engine, cast, event, func, select, types

from rulebook.storage.base import new_id
from rulebook.storage.engine import db
from rulebook.storage.search import engine as search_engine

_HERE = "rulebook.changed"


def mark() -> str:
    """The mark of now. Ask before whatever it is to be the mark of begins to read: what is
    committed in between is then shown under an older mark, and asked for once more."""
    if db.engine.dialect.name == "postgresql":
        return str(db.session.scalar(select(cast(func.pg_current_snapshot(), types.Text))))
    if _HERE not in current_app.extensions:
        current_app.extensions[_HERE] = _Watch()
    watch: _Watch = current_app.extensions[_HERE]
    return watch.mark()


class _Watch:
    """Connections to the database and to the search index that only ask for their versions."""

    def __init__(self) -> None:
        self.name = new_id("mark")
        self.lock = threading.Lock()
        self.open: dict[Path, tuple[int, sqlite3.Connection]] = {}
        for engine in (db.engine, search_engine()):
            event.listen(engine, "engine_disposed", self._close)

    def mark(self) -> str:
        with self.lock:
            told = [self._version(engine) for engine in (db.engine, search_engine())]
        return f"{self.name} {told}"

    def _version(self, engine: Engine) -> object:
        file = Path(engine.url.database or "")
        if not file.is_file():
            return None  # the index, before the worker writes into it
        number = file.stat().st_ino  # another one once the file was taken away and made anew
        known, connection = self.open.get(file, (None, None))
        if connection is None or known != number:
            if connection:
                connection.close()
            connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
            self.open[file] = number, connection
        return number, connection.execute("PRAGMA data_version").fetchone()[0]

    def _close(self, engine: Engine) -> None:
        with self.lock:
            for _, connection in self.open.values():
                connection.close()
            self.open.clear()
            self.name = new_id("mark")  # versions of other connections count from elsewhere
