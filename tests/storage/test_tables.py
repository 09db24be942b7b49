"""The tables and their database: migrations, ids, times, odd text, what SQLite is told."""

from __future__ import annotations

import multiprocessing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from sqlalchemy import inspect, literal, select, text
from sqlalchemy.exc import IntegrityError, OperationalError, StatementError

from rulebook.storage import Base, db, new_id, reading, utcnow
from rulebook.storage.base import UtcDateTime
from rulebook.storage.engine import migrations
from rulebook.storage.events import EventBody
from rulebook.storage.users import User
from tests.fakes import Sink
from tests.people import Person
from tests.stories import act_on, attempts_of, call, planned, run_of


def test_the_tables_are_what_the_classes_say(app: Flask) -> None:
    with app.app_context(), db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_migrations_go_down_and_up_again(app: Flask) -> None:
    with app.app_context():
        command.downgrade(migrations(), "base")
        left = set(inspect(db.engine).get_table_names()) - {"alembic_version"}
        assert left == set()
        command.upgrade(migrations(), "head")
        tables = set(inspect(db.engine).get_table_names())
        assert set(Base.metadata.tables) <= tables
        command.upgrade(migrations(), "head")  # harmless when it is there already
    test_the_tables_are_what_the_classes_say(app)


def test_going_back_by_one_migration_keeps_runs_and_attempts(app: Flask, ada: Person) -> None:
    with Sink() as sink:
        [run_id] = planned(app, ada, call(sink))
        act_on(app, run_id)
    with app.app_context():
        db.session.remove()
        command.downgrade(migrations(), "0001")
        for table in ("run", "attempt"):
            assert db.session.execute(text(f"SELECT count(*) FROM {table}")).scalar() == 1
        db.session.remove()
        command.upgrade(migrations(), "head")
    run = run_of(app, run_id)
    assert (run.state, run.target, run.held_for, run.costs_at) == ("succeeded", "", "", None)
    assert len(attempts_of(app, run_id)) == 1


def test_ids_are_in_order_and_cannot_be_guessed() -> None:
    made = [new_id("evt") for _ in range(2000)]
    assert len(set(made)) == 2000
    in_time = [it[: len("evt_") + 15] for it in made]
    assert in_time == sorted(in_time)
    assert all(len(it) == 36 and it.startswith("evt_") for it in made)
    random_part = {it[-15:] for it in made}
    assert len(random_part) == 2000
    assert {it[4 + 12] for it in made} == {"7"}  # UUID version 7
    assert {it[4 + 16] for it in made} <= set("89ab")
    assert abs(int(made[0][4:16], 16) / 1000 - utcnow().timestamp()) < 60


def test_a_child_makes_other_ids_than_its_parent() -> None:
    new_id("evt")  # from here on there are random bits in memory
    apart = multiprocessing.get_context("fork")
    told: multiprocessing.SimpleQueue[list[str]] = apart.SimpleQueue()

    def child() -> None:
        told.put([new_id("evt") for _ in range(200)])

    process = apart.Process(target=child)
    process.start()
    theirs, ours = told.get(), [new_id("evt") for _ in range(200)]
    process.join()
    assert not {each[-15:] for each in theirs} & {each[-15:] for each in ours}


def test_times_have_a_zone_and_come_back_in_utc(app: Flask) -> None:
    east = timezone(timedelta(hours=9))
    moment = datetime(2026, 3, 1, 8, 30, 0, 123456, tzinfo=east)
    with app.app_context():
        db.session.add(User(email="a@shop.example", created_at=moment))
        db.session.commit()
        db.session.expire_all()
        [user] = db.session.query(User).all()
        assert (user.created_at, user.created_at.utcoffset()) == (moment, timedelta(0))
        with pytest.raises(StatementError, match="zone"):
            db.session.query(User).filter(User.created_at < datetime(2026, 1, 1)).all()
        db.session.rollback()
        db.session.add(User(email="b@shop.example", created_at=datetime(2026, 1, 1)))
        with pytest.raises(StatementError, match="zone"):
            db.session.commit()


def test_the_hour_in_which_clocks_are_put_back_is_two_hours(app: Flask) -> None:
    first = datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    with app.app_context():
        stored = [
            db.session.scalar(select(literal(moment, UtcDateTime())))
            for moment in (first, first.replace(fold=1))
        ]
    assert stored == [datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in (0, 1)]


def test_times_compare_as_moments_whatever_their_zone(app: Flask) -> None:
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    with app.app_context():
        db.session.add(User(email="a@shop.example", created_at=noon))
        db.session.commit()
        for hours in (-11, 0, 13):
            same = noon.astimezone(timezone(timedelta(hours=hours)))
            found = db.session.query(User).filter(User.created_at == same).count()
            later = db.session.query(User).filter(User.created_at > same).count()
            assert (found, later) == (1, 0)


@pytest.mark.parametrize("odd", ["a\0b", "\ud800", "x\udfffy", "\U0001f600", "é" * 100])
def test_odd_text_can_be_stored_and_asked_for(app: Flask, odd: str) -> None:
    with app.app_context():
        db.session.add(User(email=f"{odd}@shop.example"))
        db.session.commit()
        assert db.session.query(User).filter(User.email == f"{odd}@shop.example").count() == 1
        assert db.session.get(User, odd) is None


@pytest.mark.parametrize("app", ["sqlite"], indirect=True)
def test_what_sqlite_is_told(app: Flask) -> None:
    wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 5000,
              "mmap_size": 0, "secure_delete": 1, "journal_size_limit": 67108864}  # fmt: skip
    with app.app_context():
        for _ in range(3):
            for name, value in wanted.items():
                assert db.session.execute(text(f"PRAGMA {name}")).scalar() == value, name
            db.session.rollback()
            db.engine.dispose()  # every new connection is told


def test_a_row_cannot_point_at_nothing(app: Flask) -> None:
    with app.app_context():
        db.session.add(EventBody(event_id="evt_nowhere", body=b""))
        with pytest.raises(IntegrityError):
            db.session.commit()
        db.session.rollback()


@pytest.mark.parametrize("app", ["sqlite"], indirect=True)
def test_reading_never_waits_for_a_writer(app: Flask, tmp_path: Path) -> None:
    import sqlite3

    writer = sqlite3.connect(tmp_path / "rulebook.db", isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    try:
        with app.app_context():
            with reading():
                assert db.session.query(User).count() == 0
                db.session.commit()
            db.session.rollback()
    finally:
        writer.execute("ROLLBACK")
        writer.close()


@pytest.mark.parametrize("app", ["sqlite"], indirect=True)
def test_what_only_reads_cannot_upgrade_by_surprise(app: Flask, tmp_path: Path) -> None:
    """A snapshot that another has written over may not be written from."""
    with app.app_context():
        with reading():
            assert db.session.query(User).count() == 0
            import sqlite3

            with sqlite3.connect(tmp_path / "rulebook.db") as other:
                other.execute(
                    "INSERT INTO user_account (id, email, created_at) "
                    "VALUES ('usr_x', 'x@shop.example', '2026-01-01')"
                )
            other.close()
            db.session.add(User(email="b@shop.example"))
            with pytest.raises(OperationalError):
                db.session.commit()
            db.session.rollback()
