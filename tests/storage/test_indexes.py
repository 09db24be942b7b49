"""What a worker asks all the time must not read through all events that ever came."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from rulebook.storage import db, event_claims, events, runs, utcnow

ASKED: dict[str, Callable[[], Any]] = {
    "claim": lambda: event_claims.claim_events((), "lease_x", utcnow(), fill=10),
    "give back": lambda: event_claims.give_back("lease_x"),
    "free": lambda: events.free_expired_events(utcnow()),
    "due": lambda: events.due_events(utcnow()),
    "oldest": lambda: events.oldest_waiting(utcnow()),
    "due runs": lambda: runs.due_runs(utcnow()),
    "free runs": lambda: runs.free_expired_runs(utcnow()),
    "expire runs": lambda: runs.expire_runs(utcnow()),
}


@pytest.mark.parametrize("app", ["sqlite"], indirect=True)
@pytest.mark.parametrize("name", ASKED)
def test_no_table_is_read_through(app: Flask, name: str) -> None:
    said: list[tuple[str, Any]] = []

    def note(*call: Any) -> None:
        said.append((call[2], call[3]))

    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", note)
        try:
            ASKED[name]()
        finally:
            event.remove(db.engine, "before_cursor_execute", note)
        asked = [each for each in said if each[0].split()[0] in ("SELECT", "UPDATE", "DELETE")]
        assert asked
        for statement, values in asked:
            plan = db.session.connection().exec_driver_sql(
                f"EXPLAIN QUERY PLAN {statement}", values
            )
            for *_, step in plan:
                assert not step.startswith("SCAN"), (statement, step)
