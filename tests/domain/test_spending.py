"""What costs money: how much is sent unasked, and what a person decides about the rest."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from rulebook.domain import replay
from rulebook.domain.attention import worries
from rulebook.domain.held import release
from rulebook.domain.spending import within_limits
from rulebook.errors import Conflict, NotAllowed, NotFound
from rulebook.storage import db, held, new_id, utcnow
from rulebook.storage.runs import Run
from tests.domain.test_races import at_once
from tests.people import Person, make_person
from tests.stories import planned, run_of, runs_of

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def first(app: Flask, ada: Person) -> Run:
    """A text that is planned; others are copies of it."""
    account = {"account_sid": "AC" + "0" * 32, "auth_token": "t" * 32, "from": "+14155550100"}
    made = ada.api("POST", "/connections", {"kind": "twilio", "name": "Main", "config": account})
    step = {"id": "sms", "action": "sms", "connection": made.json["id"],
            "config": {"to": "+14155550123", "message": "Hi"}}  # fmt: skip
    [run_id] = planned(app, ada, step)
    with app.app_context():  # it is the pattern of others, and no cost of its own
        db.session.execute(text("UPDATE run SET costs_at = NULL"))
        db.session.commit()
    return run_of(app, run_id)


_numbers = iter(range(1, 100_000))


def copy(run: Run, now: datetime, **more: Any) -> Run:
    names = ("workspace_id hook_id event_id rule_id rule_version_id step_id action connection_id "
             "config needs practice target summary").split()  # fmt: skip
    same = {name: getattr(run, name) for name in names}
    return Run(id=new_id("run"), state="queued", replay_no=next(_numbers), next_attempt_at=now,
               expires_at=now + timedelta(hours=1), created_at=now, **{**same, **more})  # fmt: skip


def plan(app: Flask, first: Run, count: int, now: datetime, **more: Any) -> list[str]:
    """Plan texts as judging does; the states they are in."""
    with app.app_context():
        fresh = [copy(first, now, **more) for _ in range(count)]
        within_limits(fresh, now)
        db.session.add_all(fresh)
        db.session.commit()
        return [run.state for run in fresh]


def test_twenty_an_hour(app: Flask, ada: Person, first: Run) -> None:
    assert plan(app, first, 15, NOON) == ["queued"] * 15
    later = NOON + timedelta(minutes=59)
    assert plan(app, first, 8, later) == ["queued"] * 5 + ["held"] * 3
    held_now = [run for run in runs_of(app, ada) if run.state == "held"]
    assert {run.held_for for run in held_now} == {"limit"}
    assert "20 texts in an hour" in held_now[0].sentence and "cancel" in held_now[0].fix
    # What is held costs nothing yet, so that the next hour is a whole one.
    assert plan(app, first, 16, NOON + timedelta(hours=1)) == ["queued"] * 15 + ["held"]


def test_a_hundred_a_day(app: Flask, first: Run) -> None:
    for hour in range(5):
        assert plan(app, first, 20, NOON + timedelta(hours=2 * hour)) == ["queued"] * 20
    assert plan(app, first, 1, NOON + timedelta(hours=12)) == ["held"]
    assert plan(app, first, 1, NOON + timedelta(hours=24)) == ["queued"]


def test_five_hundred_a_day_in_the_workspace(app: Flask, ada: Person, first: Run) -> None:
    with app.app_context():
        from rulebook.storage.hooks import Hook
        from tests.people import make_rule

        hook = db.session.get_one(Hook, first.hook_id)
        others = [make_rule(ada, hook).id for _ in range(26)]
    for rule_id in others[:25]:
        assert set(plan(app, first, 20, NOON, rule_id=rule_id)) == {"queued"}
    assert plan(app, first, 1, NOON, rule_id=others[25]) == ["held"]
    [run] = [run for run in runs_of(app, ada, state="held")]
    assert "500 texts in a day" in run.sentence
    tomorrow = NOON + timedelta(days=1)
    assert plan(app, first, 1, tomorrow, rule_id=others[25]) == ["queued"]


def test_practice_and_what_costs_nothing_is_not_limited(app: Flask, first: Run) -> None:
    assert set(plan(app, first, 30, NOON, practice=True)) == {"queued"}
    assert set(plan(app, first, 30, NOON, action="http")) == {"queued"}
    assert plan(app, first, 1, NOON) == ["queued"]


def test_what_ended_without_a_try_cost_nothing(app: Flask, first: Run) -> None:
    ended = {"finished_at": NOON, "attempts": 0}
    assert set(plan(app, first, 20, NOON, **ended)) == {"queued"}
    assert plan(app, first, 1, NOON) == ["queued"]
    tried = {"finished_at": NOON, "attempts": 1}
    assert plan(app, first, 20, NOON, **tried) == ["queued"] * 19 + ["held"]


def test_two_workers_do_not_spend_more_together(app: Flask, ada: Person, first: Run) -> None:
    found = at_once(app, *[lambda: plan(app, first, 7, NOON)] * 4)
    assert sorted(sum(found, [])) == ["held"] * 8 + ["queued"] * 20


def test_one_notice_and_its_two_answers(app: Flask, ada: Person, first: Run) -> None:
    now = utcnow()
    plan(app, first, 25, now)
    with app.app_context():
        [worry] = worries(ada.workspace_id)
        assert (worry.kind, worry.thing, worry.count) == ("held", first.rule_id, 5)
        assert "20 texts" in worry.sentence
    one = runs_of(app, ada, state="held")[0]
    with app.app_context():
        assert release(ada.actor, one.id).state == "queued"
        with pytest.raises(Conflict):
            release(ada.actor, one.id)
    run = run_of(app, one.id)
    assert (run.held_for, run.next_attempt_at is not None) == ("", True)
    with app.app_context():
        for each in runs_of(app, ada, state="held"):
            release(ada.actor, each.id)
        assert worries(ada.workspace_id) == []
    # A person's yes is counted, too: the next one is asked for again.
    assert plan(app, first, 1, utcnow()) == ["held"]


def test_what_is_too_late_is_not_released(app: Flask, ada: Person, first: Run) -> None:
    plan(app, first, 21, utcnow() - timedelta(minutes=61))
    [late] = runs_of(app, ada, state="held")
    with app.app_context(), pytest.raises(Conflict, match="waited too long"):
        release(ada.actor, late.id)


def test_a_persons_retry_is_counted_and_limited(app: Flask, ada: Person, first: Run) -> None:
    plan(app, first, 20, utcnow())
    last = runs_of(app, ada)[-1].id
    with app.app_context():
        db.session.get_one(Run, last).state = "failed"
        db.session.commit()
        fresh = replay.retry(ada.actor, last)
        assert (fresh.state, fresh.held_for) == ("held", "limit")


def test_a_replay_is_counted_and_limited(app: Flask, ada: Person, first: Run) -> None:
    plan(app, first, 20, utcnow())
    with app.app_context():
        done = replay.replay(ada.actor, first.event_id, again=True)
        assert [run.state for run in done.runs] == ["held"] and done.due == []
        assert held.held_by_rule(ada.workspace_id, [first.rule_id]) == {first.rule_id: 1}


def test_who_may_decide(app: Flask, ada: Person, cy: Person, first: Run) -> None:
    viewer = make_person(app, "di", workspace_of=ada, role="viewer")
    plan(app, first, 21, utcnow())
    [run] = runs_of(app, ada, state="held")
    with app.app_context():
        with pytest.raises(NotAllowed):
            release(viewer.actor, run.id)
        with pytest.raises(NotFound):
            release(cy.actor, run.id)
    assert run_of(app, run.id).state == "held"


@pytest.mark.parametrize("app", ["sqlite"], indirect=True)
def test_counting_goes_by_an_index(app: Flask, first: Run) -> None:
    with app.app_context():
        asked = "EXPLAIN QUERY PLAN SELECT count(*) FROM run WHERE {} = 'x' AND costs_at > '2026'"
        for column in ("rule_id", "workspace_id"):
            plan = str(db.session.execute(text(asked.format(column))).all())
            assert f"ix_run_{column}_costs_at" in plan
