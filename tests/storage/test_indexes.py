"""What a worker asks all the time must not read through all events that ever came."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from rulebook.storage import db, event_claims, held, ledger, notices, runs, tallies, utcnow
from rulebook.storage.ledger import RunFilter
from tests.stories import said

FEW = re.compile("SCAN (tally_note|target|anon_|[(]?subquery|noted)")
ASKED: dict[str, Callable[[], Any]] = {
    "claim": lambda: event_claims.claim_events((), "lease_x", utcnow(), fill=10),
    "give back": lambda: event_claims.give_back("lease_x"),
    "free": lambda: event_claims.free_expired_events(utcnow()),
    "due": lambda: event_claims.due_events(utcnow()),
    "oldest": lambda: event_claims.oldest_waiting(utcnow()),
    "due runs": lambda: runs.due_runs(utcnow()),
    "free runs": lambda: runs.free_expired_runs(utcnow()),
    "expire runs": lambda: runs.expire_runs(utcnow()),
    "watch": lambda: notices.workspaces_to_watch(utcnow(), utcnow(), utcnow()),
    "heard": lambda: tallies.last_slots("received", "hook_id", utcnow()),
}


@pytest.mark.parametrize("app", ["sqlite"], indirect=True)
@pytest.mark.parametrize("name", ASKED)
def test_no_table_is_read_through(app: Flask, name: str) -> None:
    with app.app_context():
        with said() as heard:
            ASKED[name]()
        asked = [each for each in heard if each.split()[0] in ("SELECT", "UPDATE", "DELETE")]
        assert asked
        for statement in asked:
            for *_, step in db.session.connection().exec_driver_sql(
                f"EXPLAIN QUERY PLAN {statement}"
            ):
                # There are few notes of tallies and few targets in trouble.
                plain = step.startswith("SCAN") and not FEW.search(step)
                assert not plain, (statement, step)


@pytest.mark.parametrize("app", ["sqlite"], indirect=True)
def test_the_runs_of_a_hook_are_found_without_those_of_others(app: Flask) -> None:
    with app.app_context():
        with said() as heard:
            narrowed = RunFilter(hook_id="hook_1")
            ledger.page("wsp_1", narrowed, 50)
            ledger.count_runs("wsp_1", narrowed, 1_000)
            ledger.count_newer("wsp_1", narrowed, "run_1")
        asked = [each for each in heard if " run" in each]
        assert len(asked) == 3
        for statement in asked:
            plan = db.session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}")
            steps = [step for *_, step in plan]
            assert any("ix_run_hook_id_id (hook_id=?" in step for step in steps), steps
            assert not any("TEMP B-TREE" in step for step in steps), steps


@pytest.mark.parametrize("app", ["sqlite"], indirect=True)
@pytest.mark.parametrize("of", ["hook", "rule"])
def test_the_runs_of_a_hook_or_a_rule_are_counted_in_its_index_alone(app: Flask, of: str) -> None:
    with app.app_context():
        with said() as heard:
            ledger.count_runs("wsp_1", RunFilter(**{f"{of}_id": f"{of}_1"}), 1_000)  # type: ignore[arg-type]
        [statement] = [each for each in heard if " run" in each]
        assert "wsp_1" in statement
        plan = db.session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}")
        assert any(f"run USING COVERING INDEX ix_run_{of}_id_id" in step for *_, step in plan)


@pytest.mark.parametrize("app", ["sqlite"], indirect=True)
def test_what_is_held_is_found_among_the_few_that_wait(app: Flask) -> None:
    with app.app_context():
        with said() as heard:
            held.first_to_expire("wsp_1", ["rule_1", "rule_2"])
        [asked] = [each for each in heard if " run" in each]
        plan = db.session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {asked}")
        [step] = [step for *_, step in plan]
    assert "USING INDEX ix_run_lasting_id (workspace_id=? AND state=?)" in step
