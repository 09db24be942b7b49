"""A thread that keeps its connection: what it asks in whatever way is one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextvars import copy_context
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from rulebook.storage import commit, db, engine, keep_connection, kept, rollback, utcnow
from rulebook.storage.deliveries import Dedupe
from rulebook.storage.hooks import Hook, hooks_by_token
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
    with app.app_context():
        keep_connection()
        yield
        rollback()
        kept.here.set(None)


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
    assert stored(app) == {"rows", "session", "rows alone", "session alone"}


@pytest.mark.usefixtures("keeping")
def test_rows_and_session_are_forgotten_together(app: Flask, hook_id: str) -> None:
    PUT([row(hook_id, "rows")])
    db.session.add(Dedupe(**row(hook_id, "session")))
    db.session.flush()
    rollback()
    PUT([row(hook_id, "rows alone")])
    rollback()
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
