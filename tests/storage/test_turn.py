"""Taking turns at writing: one at a time, and never behind somebody who stopped for ever."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from rulebook.storage import db
from rulebook.storage.turn import Turn

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
