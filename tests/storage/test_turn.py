"""Taking turns at writing: one at a time, and never behind somebody who stopped for ever."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from rulebook.storage import db, engine, keep_connection, kept, rollback
from rulebook.storage.turn import AGAIN_SECONDS, BUSY_SECONDS, TURN_SECONDS, Turn

_HOLD = """
import sys, pathlib
from rulebook.storage.turn import Turn
Turn(pathlib.Path(sys.argv[1])).take(5)
print("mine", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def stopped(tmp_path: Path):
    """A process that took the turn and was stopped then."""
    holder = subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(tmp_path / "lock")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "mine\n"
        holder.send_signal(signal.SIGSTOP)
        yield holder
        holder.kill()


def test_a_stopped_process_holds_nobody_up(tmp_path: Path, stopped: subprocess.Popen[str]) -> None:
    turn = Turn(tmp_path / "lock")
    for _ in range(2):
        began = time.monotonic()
        assert not turn.take(0.2)
        assert time.monotonic() - began < 10  # it would wait for ever
    stopped.kill()
    assert turn.take(5)
    turn.give()


def test_a_turn_that_came_too_late_is_passed_on(
    tmp_path: Path, stopped: subprocess.Popen[str]
) -> None:
    late, other = Turn(tmp_path / "lock"), Turn(tmp_path / "lock")
    assert not late.take(0.05)
    stopped.kill()
    assert other.take(5)
    assert not late.take(0.05)
    other.give()
    assert late.take(5)
    late.give()


def test_one_at_a_time(tmp_path: Path) -> None:
    turns = [Turn(tmp_path / "lock"), Turn(tmp_path / "lock")]
    inside, most = 0, 0

    def write(turn: Turn) -> None:
        nonlocal inside, most
        for _ in range(200):
            assert turn.take(20)
            inside += 1
            most = max(most, inside)
            inside -= 1
            turn.give()

    writers = [threading.Thread(target=write, args=[turn]) for turn in turns * 4]
    for each in writers:
        each.start()
    for each in writers:
        each.join(30)
    assert (most, inside) == (1, 0)


def test_a_connection_with_many_transactions_takes_one_turn(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As migrations do: each one that waited for the turn that was its own took two seconds."""
    turn: Turn | None = app.extensions.get("rulebook.turn")
    if turn is None:
        pytest.skip("only writers to SQLite take turns")
    got: list[bool] = []
    take = turn.take

    def watched(seconds: float) -> bool:
        got.append(take(seconds / 20))
        return got[-1]

    monkeypatch.setattr(turn, "take", watched)
    with app.app_context():
        with db.engine.connect() as connection:
            for _ in range(3):
                connection.execute(text("SELECT 1"))
                connection.commit()
        assert got == [True]
        with db.engine.begin() as connection:
            connection.execute(text("SELECT 1"))
        assert got == [True, True], "it was given back"


def failing(
    monkeypatch: pytest.MonkeyPatch, number: int, when: Callable[[int, int], bool]
) -> Callable[[], None]:
    """The kernel refuses locks, given as descriptor and operation, until what is returned is
    called."""
    flock = fcntl.flock

    def refused(descriptor: int, operation: int) -> None:
        if when(descriptor, operation):
            raise OSError(number, os.strerror(number))
        flock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", refused)
    return lambda: monkeypatch.setattr(fcntl, "flock", flock)


@pytest.mark.parametrize("polite", [False, True])
@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EIO, errno.EBADF])
def test_a_lock_that_fails_fails_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, polite: bool
) -> None:
    turn = Turn(tmp_path / "lock")
    turn.polite = polite
    works_again = failing(monkeypatch, number, lambda *_: True)
    for _ in range(2):
        with pytest.raises(OperationalError, match=os.strerror(number)):
            turn.take(5)
    works_again()
    assert turn.take(0)
    assert not Turn(tmp_path / "lock").take(0.05)
    turn.give()


def test_a_file_that_was_closed_is_opened_anew(tmp_path: Path) -> None:
    turn = Turn(tmp_path / "lock")
    os.close(turn._file)
    with pytest.raises(OperationalError, match="Bad file descriptor"):
        turn.take(5)
    assert turn.take(0)
    os.close(turn._file)
    turn.give()
    assert turn.take(0)
    turn.give()


@pytest.mark.parametrize("polite", [False, True])
def test_who_waits_for_a_lock_that_fails_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, polite: bool
) -> None:
    """A worker has said then that it is next: that is taken back, or the door waited for ever."""
    holder, turn = Turn(tmp_path / "lock"), Turn(tmp_path / "lock")
    turn.polite = polite
    assert holder.take(5)
    works_again = failing(
        monkeypatch, errno.EIO,
        lambda at, how: at == turn._file and how == fcntl.LOCK_EX,  # one that waits
    )  # fmt: skip
    with pytest.raises(OperationalError, match=os.strerror(errno.EIO)):
        turn.take(5)
    works_again()
    holder.give()
    for each in (holder, turn):
        assert each.take(0)
        each.give()


def test_what_was_written_stays_written_where_the_turn_cannot_be_given_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    turn, other = Turn(tmp_path / "lock"), Turn(tmp_path / "lock")
    assert turn.take(5)
    works_again = failing(monkeypatch, errno.ENOLCK, lambda _, how: how == fcntl.LOCK_UN)
    turn.give()
    works_again()
    for each in (other, turn):
        assert each.take(0)
        each.give()


@pytest.mark.parametrize("app", ["sqlite"], indirect=True)
def test_a_session_and_its_turn_survive_a_lock_that_fails(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    works_again = failing(monkeypatch, errno.ENOLCK, lambda *_: True)
    with app.app_context(), pytest.raises(OperationalError):
        db.session.execute(text("SELECT 1"))
    works_again()
    assert app.extensions["rulebook.turn"].take(0)
    app.extensions["rulebook.turn"].give()
    with app.app_context():
        db.session.execute(text("SELECT 1"))


@pytest.fixture
def foreign(app: Flask) -> Iterator[sqlite3.Connection]:
    """Another program that holds the database until it says ROLLBACK."""
    file = app.extensions["rulebook"].config.instance / "rulebook.db"
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    yield other
    other.close()


@pytest.mark.parametrize("app", ["sqlite"], indirect=True)
@pytest.mark.parametrize("keeps", [False, True])
def test_who_missed_a_turn_waits_for_the_next_one(
    app: Flask, foreign: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch, keeps: bool
) -> None:
    """Where a worker always has something to write, SQLite is never free when it is asked now and
    then: one missed turn was the end of a group of deliveries."""
    turn = app.extensions["rulebook.turn"]
    take, waits = turn.take, list[float]()

    def late(seconds: float) -> bool:
        waits.append(seconds)
        if len(waits) < 4:
            return False
        if foreign.in_transaction:
            foreign.execute("ROLLBACK")  # as the one before does, whose turn it was
        return bool(take(seconds))

    monkeypatch.setattr(turn, "take", late)
    still = SimpleNamespace(monotonic=lambda: 0.0, sleep=time.sleep)  # however busy the machine is
    monkeypatch.setattr("rulebook.storage.turn.time", still)
    if keeps:
        keep_connection(app)
    with app.app_context():
        connection = engine.connection()
        assert waits == [TURN_SECONDS, *[AGAIN_SECONDS] * 3]
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == BUSY_SECONDS * 1000
        with (app.extensions["rulebook"].config.instance / "write.lock").open() as lock:
            with pytest.raises(BlockingIOError):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        rollback()
    kept.here.set(None)
    assert take(0), "it was given back"
    turn.give()


@pytest.mark.parametrize("app", ["sqlite"], indirect=True)
@pytest.mark.parametrize("turns", [[], [False, False, True]])
def test_who_finds_the_database_in_other_hands_ends_in_time(
    app: Flask, foreign: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch, turns: list[bool]
) -> None:
    turn = app.extensions["rulebook.turn"]
    clock, given, left = count(), list[bool](), iter(turns)
    monkeypatch.setattr(turn, "take", lambda seconds: next(left, False))
    monkeypatch.setattr(turn, "give", lambda: given.append(True))
    monkeypatch.setattr("rulebook.storage.turn.time", SimpleNamespace(monotonic=clock.__next__))
    with app.app_context():
        with pytest.raises(OperationalError, match="locked"):
            engine.connection()
        rollback()
        foreign.execute("ROLLBACK")
        busy = engine.connection().exec_driver_sql("PRAGMA busy_timeout").scalar()
        assert busy == BUSY_SECONDS * 1000
        rollback()
    assert given == [True] * any(turns)
    assert BUSY_SECONDS < next(clock) < BUSY_SECONDS + 10


@pytest.mark.parametrize("app", ["sqlite"], indirect=True)
def test_whose_turn_does_not_come_writes_where_the_database_is_free(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.extensions["rulebook.turn"], "take", lambda seconds: False)
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(text("CREATE TABLE written (n INTEGER)"))
    with app.app_context():
        assert db.session.execute(text("SELECT * FROM written")).all() == []
