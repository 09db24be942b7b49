"""Targets switched off: when, what becomes of their runs, who switches them on again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from rulebook.domain.attention import worries
from rulebook.domain.breaker import let_through
from rulebook.domain.replay import retry
from rulebook.domain.sweep import sweep
from rulebook.domain.targets import switch_on, troubles
from rulebook.errors import Conflict, Invalid, NotAllowed
from rulebook.storage import connections, db, run_claims, utcnow
from rulebook.storage.runs import Run
from tests.domain.test_breaker import NOON, SHOP, at, gate, row_of, tell
from tests.domain.test_races import at_once
from tests.fakes import Sink
from tests.people import Person, make_person
from tests.stories import act_on, call, planned, run_of, runs_of

DAYS = 120 / 24


def test_gone_switches_off_and_holds_what_waits(app: Flask, ada: Person, sink: Sink) -> None:
    mine = planned(app, ada, *[call(sink, f"s{n}") for n in range(2)])
    with Sink() as other:
        [theirs] = planned(app, ada, call(other))
    target = run_of(app, mine[0]).target
    gone: Any = {"target": target, "gone": True, "sentence": "It answered 410: gone."}
    tell(app, ada, utcnow(), "no_for_good", **gone)
    for run_id in mine:
        run = run_of(app, run_id)
        assert (run.state, run.held_for, run.attempts) == ("held", "target", 0)
        assert "410" in run.sentence and "Switch the target on" in run.fix
    assert run_of(app, theirs).state == "queued"
    assert gate(app, ada, utcnow(), target).kind == "off"
    with app.app_context():
        [worry] = worries(ada.workspace_id)
        assert (worry.kind, worry.thing, worry.count) == ("target", target, 2)
        [trouble] = troubles(ada.actor)
        assert (trouble.state, trouble.held) == ("off", 2) and "410" in trouble.reason


def test_what_is_planned_later_is_held_when_it_is_due(app: Flask, ada: Person, sink: Sink) -> None:
    [run_id] = planned(app, ada, call(sink))
    target = run_of(app, run_id).target
    with app.app_context():
        db.session.execute(update(Run).values(state="failed"))
        db.session.commit()
    tell(app, ada, utcnow(), "no_for_good", target=target, gone=True)
    with app.app_context():
        fresh = retry(ada.actor, run_id)
        assert (fresh.state, fresh.target) == ("queued", target)
        assert let_through(run_claims.wanted([fresh.id]), utcnow()) == []
        db.session.commit()
    assert run_of(app, fresh.id).state == "held"


def test_five_days_of_failures_switch_off(app: Flask, ada: Person) -> None:
    tell(app, ada, NOON, *["not_sent"] * 10)
    tell(app, ada, at(days=DAYS, seconds=-1), "not_sent")
    row = row_of(app, ada)
    assert row is not None and row.off_at is None
    tell(app, ada, at(days=DAYS), "ambiguous", sentence="It hung up.")
    row = row_of(app, ada)
    assert row is not None and row.off_at == at(days=DAYS)
    assert "5 days" in row.off_reason and "It hung up." in row.off_reason


def test_one_answer_in_five_days_begins_them_anew(app: Flask, ada: Person) -> None:
    tell(app, ada, NOON, *["not_sent"] * 10)
    tell(app, ada, at(days=4), "no")
    tell(app, ada, at(days=DAYS), *["not_sent"] * 12)
    row = row_of(app, ada)
    assert row is not None and row.off_at is None and row.failing_since == at(days=DAYS)


def test_a_few_failures_far_apart_do_not_switch_off(app: Flask, ada: Person) -> None:
    tell(app, ada, NOON, "not_sent")
    tell(app, ada, at(days=30), "not_sent")
    row = row_of(app, ada)
    assert row is not None and row.off_at is None


def test_an_answer_of_an_earlier_try_does_not_switch_on(app: Flask, ada: Person) -> None:
    tell(app, ada, NOON, "no_for_good", gone=True)
    tell(app, ada, at(hours=1), "yes")
    assert gate(app, ada, at(hours=1)).kind == "off"


@pytest.mark.parametrize(("then", "state"), [("send", "queued"), ("cancel", "cancelled")])
def test_switching_on(app: Flask, ada: Person, sink: Sink, then: str, state: str) -> None:
    [run_id] = planned(app, ada, call(sink))
    target = run_of(app, run_id).target
    tell(app, ada, utcnow(), "no_for_good", target=target, gone=True)
    now = utcnow()
    with app.app_context():
        done = switch_on(ada.actor, target, then, now)
    run = run_of(app, run_id)
    assert (run.state, run.held_for) == (state, "") and "person" in run.sentence
    if then == "send":
        assert done.due == [run_id] and run.next_attempt_at == now
    else:
        assert done.cancelled == 1 and run.finished_at == now
    assert gate(app, ada, now, target).kind == "all"
    with app.app_context():
        assert worries(ada.workspace_id) == [] and troubles(ada.actor) == []


def test_who_may_switch_on(app: Flask, ada: Person, bo: Person, cy: Person) -> None:
    viewer = make_person(app, "di", workspace_of=ada, role="viewer")
    tell(app, ada, NOON, "no_for_good", gone=True)
    with app.app_context():
        with pytest.raises(NotAllowed):
            switch_on(viewer.actor, SHOP)
        with pytest.raises(Conflict):
            switch_on(cy.actor, SHOP)
        with pytest.raises(Invalid):
            switch_on(bo.actor, SHOP, "maybe")
        assert troubles(cy.actor) == []
        db.session.rollback()
    assert gate(app, ada, NOON).kind == "off"
    with app.app_context():
        switch_on(bo.actor, SHOP)
    assert gate(app, ada, NOON).kind == "all"


def test_a_target_that_only_waits_cannot_be_switched_on(app: Flask, ada: Person) -> None:
    tell(app, ada, NOON, *["not_sent"] * 10)
    with app.app_context():
        [trouble] = troubles(ada.actor)
        assert (trouble.state, trouble.until, trouble.failures) == ("waiting", at(seconds=30), 10)
        with pytest.raises(Conflict):
            switch_on(ada.actor, SHOP)


def test_pressed_twice_it_is_switched_on_once(app: Flask, ada: Person, sink: Sink) -> None:
    [run_id] = planned(app, ada, call(sink))
    target = run_of(app, run_id).target
    tell(app, ada, utcnow(), "no_for_good", target=target, gone=True)
    found = at_once(app, *[lambda: switch_on(ada.actor, target)] * 4)
    assert len([each for each in found if isinstance(each, Conflict)]) == 3


def test_held_runs_end_when_they_are_too_late(app: Flask, ada: Person, sink: Sink) -> None:
    [run_id] = planned(app, ada, call(sink))
    tell(app, ada, utcnow(), "no_for_good", target=run_of(app, run_id).target, gone=True)
    with app.app_context():
        sweep(utcnow() + timedelta(days=30))
    assert run_of(app, run_id).state == "failed"


def test_an_account_is_called_by_its_connections_name(app: Flask, ada: Person) -> None:
    account = {"account_sid": "AC" + "0" * 32, "auth_token": "t" * 32, "from": "+14155550100"}
    made = ada.api("POST", "/connections", {"kind": "twilio", "name": "Main", "config": account})
    step = {"id": "sms", "action": "sms", "connection": made.json["id"],
            "config": {"to": "+14155550123", "message": "Hi"}}  # fmt: skip
    [run_id] = planned(app, ada, step)
    assert run_of(app, run_id).target == made.json["id"]
    tell(app, ada, utcnow(), *["not_sent"] * 10, target=made.json["id"])
    assert "because Main keeps failing" in gate(app, ada, utcnow(), made.json["id"]).sentence
    with app.app_context():
        assert troubles(ada.actor)[0].called == "Main"
        assert connections.names_of([]) == {}


def test_runs_of_practice_have_no_target(app: Flask, ada: Person) -> None:
    planned(app, ada, {"id": "sms", "action": "sms",
                       "config": {"to": "+14155550123", "message": "Hi"}})  # fmt: skip
    [run] = runs_of(app, ada)
    assert (run.practice, run.target) == (True, "")
    with app.app_context():
        assert let_through(run_claims.wanted([run.id]), NOON)


@pytest.mark.parametrize("another_tries", [False, True])
def test_a_person_who_says_try_now_is_not_told_to_wait(
    app: Flask, ada: Person, sink: Sink, another_tries: bool
) -> None:
    [run_id] = planned(app, ada, call(sink))
    target = run_of(app, run_id).target
    failed_at = utcnow() - timedelta(seconds=40 if another_tries else 0)
    tell(app, ada, failed_at, *["not_sent"] * 10, target=target)
    if another_tries:
        assert gate(app, ada, utcnow(), target).kind == "one"
    waiting = act_on(app, run_id)
    assert (waiting.state, waiting.attempts) == ("queued", 0)
    assert waiting.next_attempt_at is not None and waiting.next_attempt_at > utcnow()
    with app.app_context():
        retry(ada.actor, run_id)
    done = act_on(app, run_id)
    assert (done.state, done.attempts) == ("succeeded", 1)
    assert gate(app, ada, utcnow(), target).kind == "all"
