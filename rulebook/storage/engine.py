"""How Rulebook talks to its database: one session, SQLite's pragmas, when a write lock is taken.

SQLite: BEGIN IMMEDIATE for whatever may write, because a transaction that starts by reading and
writes later fails with "database is locked" whatever the timeout. Pages that only read say so
with `reading()` and never wait for a writer.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from flask import Flask, appcontext_pushed
from flask.globals import app_ctx
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection, CursorResult, Engine, UpdateBase, event
from sqlalchemy.engine import make_url
from sqlalchemy.pool import ConnectionPoolEntry

from rulebook.config import Config
from rulebook.storage import kept
from rulebook.storage.checkpoint import Mover
from rulebook.storage.kept import Joining, Kept
from rulebook.storage.modes import change_syncing, is_lazy, only_reads
from rulebook.storage.turn import BUSY_SECONDS, Turn, begin_writing

if TYPE_CHECKING:  # 10 MB in every process; only those that upgrade need it
    from alembic.config import Config as AlembicConfig

# Not expired on commit: a look at a row after it would begin another transaction, and with it take
# SQLite's write lock for as long as a page takes to draw.
db = SQLAlchemy(session_options={"expire_on_commit": False, "class_": Joining})

# A process has fewer threads that ask the database, however many actions it carries out (a call
# holds no connection): else the door would wait for pages.
KEPT_OPEN, MOST_CONNECTIONS = 8, 24
# Of each connection. One of many rows takes up to 280 kB, and any connection sees them all.
KEPT_STATEMENTS = 64

PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}",
    "PRAGMA foreign_keys=ON",
    "PRAGMA journal_size_limit=67108864",
    "PRAGMA mmap_size=0",
    "PRAGMA wal_autocheckpoint=0",  # checkpoint.py does it
    "PRAGMA secure_delete=ON",
)


def open_database(app: Flask, config: Config) -> None:
    """Bind the session to the database of `config`. Creates nothing; `upgrade` does."""
    url = make_url(config.database_url)
    app.config["SQLALCHEMY_DATABASE_URI"] = url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = _options(url.get_backend_name())
    db.init_app(app)
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            event.listen(db.engine, "connect", _set_pragmas)
            turn = Turn(config.instance / "write.lock")
            app.extensions["rulebook.turn"] = turn
            _take_turns(db.engine, turn)
            app.teardown_appcontext(_leave_nothing_open)
        else:
            event.listen(db.engine, "begin", _not_waiting)


def _options(backend: str) -> dict[str, Any]:
    pool = {"pool_size": KEPT_OPEN, "max_overflow": MOST_CONNECTIONS - KEPT_OPEN}
    if backend == "sqlite":
        connect = {"check_same_thread": False, "timeout": BUSY_SECONDS,
                   "cached_statements": KEPT_STATEMENTS}  # fmt: skip
        return {**pool, "connect_args": connect}
    return {**pool, "pool_pre_ping": True}


def _set_pragmas(connection: sqlite3.Connection, record: object) -> None:
    connection.isolation_level = None  # the driver must not begin anything by itself
    fresh = connection.execute("PRAGMA page_count").fetchone()[0] == 0
    if fresh:
        connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
    for pragma in PRAGMAS:
        connection.execute(pragma)


def let_others_first(app: Flask) -> None:
    """This process writes to SQLite after those who serve senders, though never much later."""
    if turn := app.extensions.get("rulebook.turn"):
        turn.polite = True


def move_the_log(app: Flask) -> None:
    """Move SQLite's log into its file once in a while, as long as the process lives: for processes
    that serve."""
    with app.app_context():
        if db.engine.dialect.name == "sqlite" and db.engine.url.database:
            Mover(Path(db.engine.url.database), app.extensions["rulebook.turn"])


def keep_connection(app: Flask, looks_ahead: bool = False, waits: bool = True) -> bool:
    """From now on this thread keeps its connection from one transaction to the next; whether it
    does, as PostgreSQL needs none of it. looks_ahead: what it asks before it writes is asked before
    its transaction begins, so that no other writer waits; it need not be true any more when
    something is written. waits: for others that write; else an OperationalError says that they do.
    """
    turn = app.extensions.get("rulebook.turn")
    if turn:
        with app.app_context():
            kept.here.set(Kept(db.engine, turn, looks_ahead, waits))
        appcontext_pushed.connect(_none_within, app)
    return bool(turn)


def connection(to_read: bool = False) -> Connection:
    """The connection of the transaction that is under way; without one, one begins."""
    mine = kept.here.get()
    return mine.ready(to_read) if mine else db.session.connection()


def commit() -> None:
    """Commit what is under way, without making a session for it where there is none."""
    mine = kept.here.get()
    if mine and not db.session.registry.has():
        mine.commit()
    else:
        db.session.commit()


def rollback() -> None:
    """Forget what is under way, likewise."""
    mine = kept.here.get()
    if mine and not db.session.registry.has():
        mine.rollback()
    else:
        db.session.rollback()


def _none_within(app: Flask) -> None:
    """An app context has just begun; not within a transaction on a connection that is kept."""
    mine = kept.here.get()
    if mine and mine.under_way():
        refused = kept.AnotherContext()
        app_ctx.pop(refused)
        raise refused


def _leave_nothing_open(problem: BaseException | None) -> None:
    """Whatever a thread left under way on the connection that it keeps is forgotten; not where the
    context that ends was refused."""
    mine = kept.here.get()
    if mine and not isinstance(problem, kept.AnotherContext):
        mine.rollback()


def _take_turns(engine: Engine, turn: Turn) -> None:
    def begin(connection: Connection) -> None:
        if kept.MARK in connection.info:
            return  # it began at the driver
        if only_reads():
            connection.exec_driver_sql("BEGIN")
            return
        change_syncing(connection.info, connection.exec_driver_sql)
        # Still set where one connection has had a transaction before: migrations do that.
        if connection.info.get("writing"):
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.info["writing"] = begin_writing(turn, connection.exec_driver_sql)

    def ended(connection: object, record: ConnectionPoolEntry) -> None:
        # A thread that kept it has ended: whoever is next begins by the session.
        record.info.pop(kept.MARK, None)
        if record.info.pop("writing", False):
            turn.give()

    event.listen(engine, "begin", begin)
    event.listen(engine, "checkin", ended)


def _not_waiting(connection: Connection) -> None:
    if is_lazy() and not only_reads():
        connection.exec_driver_sql("SET LOCAL synchronous_commit = off")


def _begin_tallies() -> None:
    from rulebook.storage.tallies import begin_tallies  # which knows this file

    begin_tallies()


def migrations() -> AlembicConfig:
    """Alembic's view of our migrations; used within an app context."""
    from alembic.config import Config as AlembicConfig

    config = AlembicConfig()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def upgrade(app: Flask) -> None:
    """Bring the database to today's tables; harmless when it is there already."""
    from alembic import command

    with app.app_context():
        command.upgrade(migrations(), "head")
        _begin_tallies()


def revisions() -> tuple[str | None, list[str]]:
    """The migration that the database is at (None: an empty one), and all that are known, newest
    first."""
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory.from_config(migrations())
    with db.engine.connect() as connection:
        here = MigrationContext.configure(connection).get_current_revision()
    return here, [script.revision for script in scripts.walk_revisions()]


def change(statement: UpdateBase) -> int:
    """Carry out an UPDATE or DELETE; how many rows it changed."""
    done = db.session.execute(statement, execution_options={"synchronize_session": False})
    return cast("CursorResult[Any]", done).rowcount
