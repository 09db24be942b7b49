"""The search index: for every event a card with what lists are narrowed by, and its words.

It is made from the events, by the worker, and can be thrown away: an index of another version is
made anew. In SQLite it is a file of its own beside the database, so that writing it never makes the
door wait, and words lie in full-text tables of at most 65,536 events each (a block), so that the
newest are looked through first and old words go with their table. In PostgreSQL words are a column
of the cards.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask import Flask, current_app
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Engine,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Table,
    create_engine,
    event,
    func,
    inspect,
    select,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import OperationalError

from rulebook.storage.base import Line
from rulebook.storage.engine import db

VERSION = 4
BLOCK = 65_536
_SEEN = "rulebook.search.seen"  # that PostgreSQL has the tables, which never go again
_WRITER = 0x736561726368  # PostgreSQL's lock of whoever writes
_NARROWED = ("hook", "type", "outcome", "checked")  # what lists are narrowed by
SAME_MOMENT = 4_096  # places from that of a moment on, looked through together
_kept = MetaData()
mark_table = Table(
    "search_mark",
    _kept,
    Column("version", Integer, primary_key=True),
    Column("upto", Line(40), nullable=False),
    Column("runs_upto", Line(40), nullable=False),
)
code_table = Table(
    "search_code",
    _kept,
    Column("no", Integer, primary_key=True),
    Column("word", Line(240), nullable=False, unique=True),
)
cards = Table(
    "search_card",
    _kept,
    Column(
        "n", BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=False
    ),  # fmt: skip
    Column("event_id", String(40), nullable=False),
    Column("workspace", Integer, nullable=False),
    Column("hook", Integer, nullable=False),
    Column("type", Integer, nullable=False),
    Column("outcome", SmallInteger, nullable=False),
    Column("checked", SmallInteger, nullable=False),
    Column("words", postgresql.TSVECTOR().with_variant(String(), "sqlite")),
    Index("ix_search_card_n", "workspace", "n"),
    # With the others behind it, so that two things that never meet are seen to be apart by the
    # index alone.
    *(
        Index(
            f"ix_search_card_{name}",
            "workspace",
            name,
            "n",
            *(other for other in _NARROWED if other != name),
        )
        for name in _NARROWED
    ),
    Index("ix_search_card_words", "words", postgresql_using="gin").ddl_if(dialect="postgresql"),
)
met_table = Table(
    "search_met",
    _kept,
    Column("rule", Integer, primary_key=True),
    Column("n", BigInteger().with_variant(Integer(), "sqlite"), primary_key=True,
           autoincrement=False),
)  # fmt: skip
block_table = Table(
    "search_block",
    _kept,
    Column("id", Integer, primary_key=True),
    Column("first", Integer, nullable=False),
    Column("purge", Boolean, nullable=False, default=False),
)
OUTCOMES = ("received", "processing", "matched", "unmatched", "refused", "duplicate", "handshake",
            "held", "poison", "other")  # fmt: skip
CHECKED = ("none", "verified", "refused", "other")


@dataclass(frozen=True)
class Card:
    """What the index keeps of an event; words None: they are no longer kept."""

    event_id: str
    workspace_id: str
    hook_id: str
    event_type: str
    outcome: str
    checked: str
    rule_ids: tuple[str, ...] = ()
    words: frozenset[str] | None = field(default=None, repr=False)


def open_search(app: Flask) -> None:
    """Give the app its index; nothing is made before the worker writes into it."""
    with app.app_context():
        engine = db.engine
        if engine.dialect.name == "sqlite" and engine.url.database:
            file = Path(engine.url.database).with_suffix(".search.db")
            engine = create_engine(f"sqlite:///{file}", connect_args={"check_same_thread": False,
                                                                      "timeout": 10})  # fmt: skip
            event.listen(engine, "connect", _set_pragmas)
            event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
        app.extensions["rulebook.search"] = engine


def _set_pragmas(connection: Any, record: object) -> None:
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "secure_delete=ON",
                   "wal_autocheckpoint=0", "cache_size=-16000"):  # fmt: skip
        connection.execute(f"PRAGMA {pragma}")


def engine() -> Engine:
    """The database in which the index lies."""
    found: Engine = current_app.extensions["rulebook.search"]
    return found


@contextmanager
def reading_index() -> Iterator[Connection | None]:
    """A connection for looking into the index; None while there is none, or it cannot be opened, as
    on a full disk. Where it lies beside the other tables it is looked into in the transaction that
    is under way: another connection would cost more than most questions."""
    if engine().dialect.name == "postgresql":
        yield _ready(db.session.connection())
        return
    connection: Connection | None = None
    with suppress(OperationalError):
        connection = engine().connect()
    if connection is None:
        yield None
        return
    with connection:
        yield _ready(connection)


def _ready(connection: Connection) -> Connection | None:
    """The connection, if there is an index of this version."""
    asked = select(func.max(mark_table.c.version))
    if connection.dialect.name == "postgresql" and not current_app.extensions.get(_SEEN):
        # A table that is missing would end the whole transaction.
        if connection.scalar(select(func.to_regclass(mark_table.name))) is None:
            return None
        current_app.extensions[_SEEN] = True
    try:
        version = connection.scalar(asked)
    except OperationalError:
        version = None
    return connection if version == VERSION else None


@contextmanager
def writing_index(wait: bool = True) -> Iterator[Connection | None]:
    """A connection for writing, committed in the end. One process writes at a time: without `wait`
    there is None while another does."""
    with engine().begin() as connection:
        alone = True
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("ROLLBACK")
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        elif wait:
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITER})")
        else:
            asked = connection.exec_driver_sql(f"SELECT pg_try_advisory_xact_lock({_WRITER})")
            alone = bool(asked.scalar())
        if alone:
            _prepare(connection)
        yield connection if alone else None


def _prepare(connection: Connection) -> None:
    """Make the tables; those of another version are thrown away."""
    there = set(inspect(connection).get_table_names())
    if mark_table.name in there:
        if connection.scalar(select(func.max(mark_table.c.version))) == VERSION:
            return
        for name in there:
            if name.startswith("search_words_") and name.rpartition("_")[2].isdigit():
                connection.exec_driver_sql(f"DROP TABLE {name}")
        _kept.drop_all(connection)
    _kept.create_all(connection)
    connection.execute(mark_table.insert().values(version=VERSION, upto="", runs_upto=""))


def marks(connection: Connection) -> tuple[str, str]:
    """Up to which event, and up to which run, everything is in the index."""
    upto, runs_upto = connection.execute(select(mark_table.c.upto, mark_table.c.runs_upto)).one()
    return upto, runs_upto


def set_marks(connection: Connection, upto: str, runs_upto: str) -> None:
    """Note how far the index has come."""
    connection.execute(mark_table.update().values(upto=upto, runs_upto=runs_upto))


def move_index_log() -> None:
    """Move SQLite's log of the index into its file: for the one who writes it."""
    if engine().dialect.name == "sqlite":
        with engine().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            raw = connection.connection.driver_connection
            if raw is not None:
                raw.rollback() if raw.in_transaction else None
                raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def discard(problem: Exception) -> bool:
    """Delete the file of an index that is damaged, as this problem says; whether it was."""
    said = str(problem)
    file = engine().url.database
    damaged = "malformed" in said or "not a database" in said or "vtable constructor" in said
    if not damaged or engine().dialect.name != "sqlite" or not file:
        return False
    engine().dispose()
    for ending in ("", "-wal", "-shm"):
        Path(file + ending).unlink(missing_ok=True)
    return True


def moment_of(event_id: str) -> int:
    """The smallest place that an event with this id can have."""
    return int(event_id[4:16], 16) << 4


def place_at(seconds: float) -> int:
    """The smallest place that an event of this moment, in Unix time, can have."""
    return int(seconds * 1000) << 4
