"""A thread that keeps its connection: what it asks in whatever way is one transaction."""

from __future__ import annotations

import gc
import sqlite3
from collections.abc import Iterator
from contextvars import copy_context
from datetime import timedelta
from pathlib import Path
from threading import Thread

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from rulebook.storage import (
    commit,
    db,
    engine,
    keep_connection,
    kept,
    lazily,
    reading,
    rollback,
    utcnow,
)
from rulebook.storage.deliveries import Dedupe
from rulebook.storage.hooks import Hook, hooks_by_token
from rulebook.storage.modes import change_syncing
from rulebook.storage.rows import inserting
from tests.people import Person, make_hook

PUT = inserting(Dedupe)


@pytest.fixture
def hook_id(app: Flask, ada: Person) -> str:
    with app.app_context():
        return make_hook(ada).id


@pytest.fixture
def keeping(app: Flask, hook_id: str) -> Iterator[None]:
    """An app context in which the connection is kept, as the intake's thread has it."""
    keep_connection(app, looks_ahead=True)
    with app.app_context():
        yield
        rollback()
    kept.here.set(None)


@pytest.fixture
def at_work(app: Flask, hook_id: str) -> Iterator[sqlite3.Connection]:
    """The connection is kept as a worker's threads keep theirs; another one that waits for none."""
    keep_connection(app)
    file = app.extensions["rulebook"].config.instance / "rulebook.db"
    other = sqlite3.connect(file, isolation_level=None, timeout=0)
    with app.app_context():
        yield other
        rollback()
    kept.here.set(None)
    other.close()


def row(hook_id: str, key: str) -> dict[str, object]:
    until = utcnow() + timedelta(hours=1)
    return {"hook_id": hook_id, "key": key, "event_id": "evt_1", "expires_at": until}


def stored(app: Flask) -> set[str]:
    """What others see."""

    def look() -> set[str]:
        kept.here.set(None)
        with app.app_context():
            return set(db.session.scalars(select(Dedupe.key)))

    return copy_context().run(look)


@pytest.mark.usefixtures("keeping")
def test_rows_and_session_are_committed_together(app: Flask, hook_id: str) -> None:
    PUT([row(hook_id, "rows")])
    db.session.add(Dedupe(**row(hook_id, "session")))
    assert {*db.session.scalars(select(Dedupe.key))} == {"rows", "session"}
    commit()
    PUT([row(hook_id, "rows alone")])
    commit()
    db.session.add(Dedupe(**row(hook_id, "session alone")))
    commit()
    PUT([row(hook_id, "rows before")])
    db.session.add(Dedupe(**row(hook_id, "through the session")))
    db.session.commit()
    assert stored(app) == {
        "rows", "session", "rows alone", "session alone", "rows before", "through the session"
    }  # fmt: skip


@pytest.mark.usefixtures("keeping")
def test_rows_and_session_are_forgotten_together(app: Flask, hook_id: str) -> None:
    PUT([row(hook_id, "rows")])
    db.session.add(Dedupe(**row(hook_id, "session")))
    db.session.flush()
    rollback()
    PUT([row(hook_id, "rows alone")])
    rollback()
    PUT([row(hook_id, "before a session that is given up")])
    db.session.add(Dedupe(**row(hook_id, "of a session that is given up")))
    db.session.flush()
    db.session.remove()
    PUT([row(hook_id, "before the session forgets")])
    db.session.rollback()
    PUT([row(hook_id, "kept")])
    commit()
    assert stored(app) == {"kept"}


@pytest.mark.parametrize("app", ["sqlite"], indirect=True)
@pytest.mark.usefixtures("keeping")
def test_nothing_is_held_between_two_transactions(app: Flask, hook_id: str, tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "rulebook.db", isolation_level=None, timeout=0)
    for end in (commit, rollback):
        PUT([row(hook_id, end.__name__)])
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
        end()
        other.execute("BEGIN IMMEDIATE")
        other.execute("ROLLBACK")
        assert app.extensions["rulebook.turn"].take(0)
        app.extensions["rulebook.turn"].give()
    other.close()


@pytest.mark.parametrize("app", ["sqlite"], indirect=True)
@pytest.mark.usefixtures("keeping")
def test_a_database_in_other_hands_is_no_end(
    app: Flask, hook_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.connection().exec_driver_sql("PRAGMA busy_timeout=1")
    rollback()
    other = sqlite3.connect(tmp_path / "rulebook.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(OperationalError, match="locked"):
        PUT([row(hook_id, "too early")])
    rollback()
    other.execute("ROLLBACK")
    other.close()
    PUT([row(hook_id, "later")])
    commit()
    assert stored(app) == {"later"}


@pytest.mark.parametrize("app", ["sqlite"], indirect=True)
@pytest.mark.usefixtures("keeping")
def test_who_looks_for_a_hook_keeps_nobody_from_writing(
    app: Flask, hook_id: str, tmp_path: Path
) -> None:
    token_hash = db.session.scalars(select(Hook.token_hash).where(Hook.id == hook_id)).one()
    rollback()
    other = sqlite3.connect(tmp_path / "rulebook.db", isolation_level=None, timeout=0)
    other.execute("BEGIN IMMEDIATE")
    assert hooks_by_token([token_hash], utcnow())[token_hash].id == hook_id
    other.execute("ROLLBACK")
    assert not hooks_by_token(["0" * 64], utcnow())
    other.execute("BEGIN IMMEDIATE")
    other.execute("ROLLBACK")
    other.close()
    assert app.extensions["rulebook.turn"].take(0)
    app.extensions["rulebook.turn"].give()


@pytest.mark.parametrize("app", ["sqlite"], indirect=True)
def test_a_worker_that_reads_sees_one_moment_and_keeps_nobody_from_writing(
    at_work: sqlite3.Connection, hook_id: str
) -> None:
    with reading():
        before = db.session.scalar(select(func.count()).select_from(Hook))
        at_work.execute("DELETE FROM hook")
        assert db.session.scalar(select(func.count()).select_from(Hook)) == before == 1
        commit()
    assert db.session.scalar(select(func.count()).select_from(Hook)) == 0
    commit()


@pytest.mark.parametrize("app", ["sqlite"], indirect=True)
def test_what_a_worker_asks_before_it_writes_stays_true(
    app: Flask, at_work: sqlite3.Connection, hook_id: str
) -> None:
    token_hash = at_work.execute("SELECT token_hash FROM hook").fetchone()[0]
    assert hooks_by_token([token_hash], utcnow())[token_hash].id == hook_id
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        at_work.execute("DELETE FROM hook")
    PUT([row(hook_id, "still there")])
    commit()
    assert stored(app) == {"still there"}


@pytest.mark.parametrize("app", ["sqlite"], indirect=True)
def test_only_lazy_transactions_do_not_wait_for_the_disk(
    at_work: sqlite3.Connection, hook_id: str
) -> None:
    def syncing() -> object:
        return engine.connection().exec_driver_sql("PRAGMA synchronous").scalar()

    seen = [syncing()]
    commit()
    with lazily():
        seen.append(syncing())
        commit()
    seen.append(syncing())
    commit()
    assert seen == [2, 1, 2]  # FULL, NORMAL, FULL


@pytest.mark.parametrize("app", ["sqlite"], indirect=True)
def test_what_is_left_under_way_ends_with_the_work(
    app: Flask, at_work: sqlite3.Connection, hook_id: str
) -> None:
    with app.app_context():
        PUT([row(hook_id, "left by an error")])
    at_work.execute("BEGIN IMMEDIATE")
    at_work.execute("ROLLBACK")
    assert app.extensions["rulebook.turn"].take(0)
    app.extensions["rulebook.turn"].give()
    commit()
    assert stored(app) == set()


@pytest.mark.parametrize("app", ["sqlite"], indirect=True)
@pytest.mark.usefixtures("at_work")
def test_no_app_context_begins_within_a_transaction(app: Flask, hook_id: str) -> None:
    """Its end would take the transaction back, which then would end without a word."""
    PUT([row(hook_id, "rows")])
    with pytest.raises(kept.AnotherContext, match="Commit or roll back"), app.app_context():
        pytest.fail("it began")
    db.session.add(Dedupe(**row(hook_id, "session")))
    commit()
    assert stored(app) == {"rows", "session"}
    with app.app_context():
        PUT([row(hook_id, "another's")])
        commit()
    assert stored(app) == {"rows", "session", "another's"}


@pytest.mark.parametrize("app", ["sqlite"], indirect=True)
def test_what_cannot_begin_is_no_transaction_of_single_statements(
    app: Flask, at_work: sqlite3.Connection, hook_id: str
) -> None:
    engine.connection().exec_driver_sql("PRAGMA busy_timeout=1")
    rollback()
    at_work.execute("BEGIN IMMEDIATE")
    with pytest.raises(OperationalError, match="locked"):
        PUT([row(hook_id, "too early")])
    at_work.execute("ROLLBACK")
    assert app.extensions["rulebook.turn"].take(0)
    app.extensions["rulebook.turn"].give()
    PUT([row(hook_id, "in a transaction")])
    assert not at_work.execute("SELECT key FROM dedupe").fetchall()
    rollback()
    assert stored(app) == set()


@pytest.mark.parametrize("app", ["sqlite"], indirect=True)
@pytest.mark.parametrize("through_session", [False, True])
def test_a_transaction_that_the_database_has_ended_is_not_committed_in_silence(
    app: Flask, at_work: sqlite3.Connection, hook_id: str, through_session: bool
) -> None:
    PUT([row(hook_id, "gone")])
    if through_session:
        db.session.add(Dedupe(**row(hook_id, "gone too")))
        db.session.flush()
    connection = engine.connection()
    raw = connection.connection.driver_connection
    assert isinstance(raw, sqlite3.Connection)
    pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
    try:
        with pytest.raises(sqlite3.OperationalError, match="full"):
            raw.execute("UPDATE hook SET name = hex(zeroblob(9000000))")
        if raw.in_transaction:  # some statements SQLite takes back alone, and some with all before
            raw.execute("ROLLBACK")
        with pytest.raises(OperationalError, match="rolled back"):
            PUT([row(hook_id, "on its own")])
        with pytest.raises(OperationalError, match="rolled back"):
            commit()
        rollback()
    finally:
        raw.execute("PRAGMA max_page_count=1000000")
    assert stored(app) == set()
    assert app.extensions["rulebook.turn"].take(0)
    app.extensions["rulebook.turn"].give()
    PUT([row(hook_id, "later")])
    commit()
    assert stored(app) == {"later"}


@pytest.mark.parametrize("app", ["sqlite"], indirect=True)
def test_the_connection_of_a_thread_that_has_ended_begins_for_the_next_one(
    app: Flask, hook_id: str
) -> None:
    def keep_and_end() -> None:
        keep_connection(app)
        with app.app_context():
            PUT([row(hook_id, "kept")])
            commit()

    with app.app_context():
        db.engine.dispose()  # so that there is no other connection in the pool
    thread = Thread(target=keep_and_end)
    thread.start()
    thread.join()
    gc.collect()
    with app.app_context():
        PUT([row(hook_id, "forgotten")])
        db.session.rollback()
    assert stored(app) == {"kept"}


def test_a_connection_is_lazy_only_when_the_database_was_told() -> None:
    info: dict[str, object] = {"lazy": True}

    def refuse(_sql: str) -> None:
        raise sqlite3.OperationalError("not now")

    with pytest.raises(sqlite3.OperationalError):
        change_syncing(info, refuse)
    told: list[str] = []
    change_syncing(info, told.append)
    change_syncing(info, told.append)
    assert told == ["PRAGMA synchronous=FULL"]
