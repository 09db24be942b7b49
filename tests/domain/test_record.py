"""What came of calls is recorded, whatever else went wrong among those that ended with them."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from rulebook.domain import record
from rulebook.domain.act import carry_out, look, start
from rulebook.domain.aftermath import values_of
from rulebook.domain.house import house
from rulebook.domain.judge import judge_waiting
from rulebook.domain.noting import Notes
from rulebook.domain.record import Done, record_in_time
from rulebook.domain.sweep import sweep
from rulebook.storage import commit, utcnow
from rulebook.storage.runs import LEASE
from tests.fakes import Sink
from tests.people import Person, make_hook, make_rule
from tests.stories import attempts_of, call, path_of, runs_of, send

FULL = OperationalError("UPDATE", {}, Exception("the row is too large for its index"))


@pytest.fixture
def done(app: Flask, ada: Person, sink: Sink) -> list[Done]:
    """Four runs that were called, of which nothing is recorded yet."""
    with app.app_context():
        hook = make_hook(ada)
        make_rule(ada, hook, then=[call(sink)])
        path = path_of(hook)
    for _ in range(4):
        send(app, path)
    with app.app_context():
        due, _more = judge_waiting([], 50, Notes())
        return [carry_out(each, house()) for each in start(look([run.id for run in due]))]


@pytest.fixture
def waited(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long was waited, by a clock that nobody has to wait for."""
    waits: list[float] = []
    clock = SimpleNamespace(monotonic=lambda: sum(waits), sleep=waits.append)
    monkeypatch.setattr(record, "time", clock)
    return waits


def spoil(monkeypatch: pytest.MonkeyPatch, run_ids: set[str], problem: Exception) -> None:
    """Whatever writes down what came of these runs fails."""

    def spoilt(run: Any, *more: Any) -> Mapping[str, Any]:
        if run.id in run_ids:
            raise problem
        return values_of(run, *more)

    monkeypatch.setattr(record, "values_of", spoilt)


@pytest.mark.parametrize("place", [0, 1, 3])
def test_one_that_cannot_be_recorded_leaves_the_others_alone(
    app: Flask, ada: Person, done: list[Done], monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture, place: int,
) -> None:  # fmt: skip
    bad = done[place].started.run.id
    spoil(monkeypatch, {bad}, RuntimeError("a bug of ours"))
    with app.app_context():
        record_in_time(done)
    states = {run.id: run.state for run in runs_of(app, ada)}
    assert states.pop(bad) == "sending"
    assert set(states.values()) == {"succeeded"}
    assert f"What came of the run {bad} (yes) could not be recorded." in caplog.text
    with app.app_context():
        sweep(utcnow() + LEASE * 2)
    assert {run.id: run.state for run in runs_of(app, ada)}[bad] in ("unknown", "queued")


def test_one_that_the_database_cannot_take_leaves_the_others_alone(
    app: Flask, ada: Person, done: list[Done], monkeypatch: pytest.MonkeyPatch, waited: list[float]
) -> None:
    bad = {each.started.run.id for each in done[:2]}
    spoil(monkeypatch, bad, FULL)
    with app.app_context(), pytest.raises(OperationalError, match="too large"):
        record_in_time(done)
    states = {run.id: run.state for run in runs_of(app, ada)}
    assert {run_id for run_id, state in states.items() if state == "sending"} == bad
    assert sorted(states.values()) == ["sending", "sending", "succeeded", "succeeded"]
    assert record.RECORD_WITHIN < sum(waited) <= record.RECORD_WITHIN + 1


def test_what_the_database_takes_later_is_recorded_once(
    app: Flask, ada: Person, done: list[Done], monkeypatch: pytest.MonkeyPatch, waited: list[float]
) -> None:
    fails = iter([True, True, True, False, True])
    together: list[int] = []
    recorded = record._record

    def counted(some: Any) -> Any:
        together.append(len(some))
        return recorded(some)

    def sometimes() -> None:
        if next(fails, False):
            raise FULL
        commit()

    monkeypatch.setattr(record, "commit", sometimes)
    monkeypatch.setattr(record, "_record", counted)
    with app.app_context():
        record_in_time(done)
    assert together == [4, 4]
    assert len(waited) == 4
    found = runs_of(app, ada)
    assert {run.state for run in found} == {"succeeded"}
    for run in found:
        [attempt] = attempts_of(app, run.id)
        assert attempt.outcome == "yes"
