"""A connection that one thread keeps, for who stores group after group in SQLite.

SQLAlchemy does much around a transaction: a session, a connection out of the pool, the events of
both, and the same again at the end. For a small group that takes longer than storing it. A thread
that keeps its connection begins and commits at the driver itself, and what it asks through the
session is asked in the same transaction.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

from flask_sqlalchemy.session import Session
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, OperationalError

from rulebook.storage.modes import change_syncing, only_reads
from rulebook.storage.turn import HURRY, Turn, begin_at_once, begin_writing

MARK = "kept"


class Kept:
    """The connection of one thread, and whether a transaction of it is under way."""

    def __init__(self, engine: Engine, turn: Turn, looks_ahead: bool, waits: bool) -> None:
        self._engine, self._turn, self._looks_ahead = engine, turn, looks_ahead
        self._waits = waits
        self._connection: Connection | None = None
        self._begun = self._ours = False

    def ready(self, to_read: bool = False) -> Connection:
        """The connection, in a transaction; but who looks ahead and only reads begins none."""
        if self._connection is None:
            self._connection = self._engine.connect()
            self._connection.info[MARK] = True
            if not self._waits:
                self._do(f"PRAGMA busy_timeout={int(HURRY * 1000)}")
        self.stands()
        if not self._begun and not (to_read and self._looks_ahead):
            try:
                self._begin(self._connection)
            except BaseException:
                self._end()  # else the next statement would be a transaction of its own
                raise
        return self._connection

    def _begin(self, connection: Connection) -> None:
        if only_reads():
            self._do("BEGIN")
        else:
            change_syncing(connection.info, self._do)
            begin = begin_writing if self._waits else begin_at_once
            self._ours = begin(self._turn, self._do)
        self._begun = True

    def under_way(self) -> bool:
        """Whether a transaction has begun and not ended."""
        return self._begun

    def stands(self) -> None:
        """Raises where the transaction has ended without us, as SQLite ends it when the disk is
        full: what was done in it is gone, and what follows would be no part of one."""
        if self._begun and not self._raw.in_transaction:
            dbapi: Any = self._engine.dialect.dbapi
            gone = dbapi.OperationalError("the transaction was rolled back before its end")
            raise OperationalError("COMMIT", None, gone)

    def commit(self) -> None:
        """Commit what is under way."""
        self.stands()
        self.finish()

    def finish(self) -> None:
        """The same where the session may have committed it."""
        if self._begun and self._raw.in_transaction:
            self._do("COMMIT")
        self._end()

    def rollback(self) -> None:
        """Forget what is under way; and the connection, if that fails."""
        try:
            if self._begun and self._raw.in_transaction:
                self._do("ROLLBACK")
        except DBAPIError:
            connection, self._connection = self._connection, None
            if connection:
                connection.invalidate()
                connection.close()
        finally:
            self._end()

    @property
    def _raw(self) -> Any:
        assert self._connection, "nothing has begun"
        return self._connection.connection.driver_connection

    def _do(self, sql: str) -> None:
        dbapi: Any = self._engine.dialect.dbapi
        try:
            self._raw.execute(sql)
        except dbapi.Error as problem:  # told as SQLAlchemy tells it
            raise DBAPIError.instance(sql, None, problem, dbapi.Error) from problem

    def _end(self) -> None:
        if self._ours:
            self._turn.give()
        self._begun = self._ours = False


here: ContextVar[Kept | None] = ContextVar("kept", default=None)


class AnotherContext(RuntimeError):
    """Within a transaction of a thread that keeps its connection another app context was begun,
    which would join it, and with its end take back what is no part of it."""

    def __init__(self) -> None:
        super().__init__("Commit or roll back before another app context begins in this thread.")


class Joining(Session):
    """A session that takes part in the transaction of a thread that keeps its connection, and ends
    it, whatever of it went through the session."""

    def get_bind(self, *args: Any, **named: Any) -> Engine | Connection:
        kept = here.get()
        return kept.ready() if kept else super().get_bind(*args, **named)

    def commit(self) -> None:
        kept = here.get()
        if kept:
            kept.stands()
        super().commit()
        if kept:
            kept.finish()

    def rollback(self) -> None:
        super().rollback()
        if kept := here.get():
            kept.rollback()

    def close(self) -> None:
        super().close()
        if kept := here.get():
            kept.rollback()
