"""An event is judged: verdicts, planned runs and `done`, all of it or nothing, once."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from rulebook.domain import judge as judging
from rulebook.domain import rules
from rulebook.domain.judge import judge, judge_all
from rulebook.domain.sweep import sweep
from rulebook.storage import db, event_claims, fields, utcnow, verdicts
from rulebook.storage.events import Event
from rulebook.storage.rules import current
from rulebook.storage.runs import Run
from rulebook.storage.verdicts import Verdict
from tests.fakes import Sink
from tests.people import Person, document, make_hook, make_rule
from tests.stories import (
    act_on,
    call,
    events_of,
    new_hook,
    path_of,
    planned,
    runs_of,
    send,
    sent_and_judged,
)
from tests.work import work

SETTLED = {"state": "poison", "matched": 0, "judged": 0, "judged_at": None, "gist": "",
           "reason": ""}  # fmt: skip


def test_met_rules_and_near_misses_leave_a_verdict(app: Flask, ada: Person) -> None:
    with app.app_context():
        hook = make_hook(ada)
        met = make_rule(ada, hook).id
        near = make_rule(ada, hook, value=61).id
        far = make_rule(ada, hook, when={"all": [
            {"path": "$.amount", "test": "number.at_least", "value": 100},
            {"path": "$.amount", "test": "number.at_least", "value": 200}]}).id  # fmt: skip
        off = make_rule(ada, hook, mode="off").id
        path = path_of(hook)
    sent_and_judged(app, path)
    [event] = events_of(app, ada)
    assert (event.state, event.matched, event.judged) == ("done", 1, 3)
    with app.app_context():
        kept = {v.rule_id: v for v in verdicts.verdicts_of(event.id)}
    assert set(kept) == {met, near}
    assert kept[met].met
    assert not kept[near].met
    assert "60" in kept[near].summary
    assert far not in kept
    assert off not in kept


def test_watch_mode_records_and_never_sends(app: Flask, ada: Person) -> None:
    with Sink() as sink:
        due = planned(app, ada, call(sink), mode="watch")
        assert due == []
        work(app)
        [run] = runs_of(app, ada)
        assert (run.state, run.attempts) == ("watched", 0)
        assert "Watch mode" in run.sentence
        assert act_on(app, run.id).state == "watched"
        assert sink.requests == []


def test_a_rule_may_stop_those_below_it_or_stand_in(app: Flask, ada: Person) -> None:
    with app.app_context():
        hook = make_hook(ada)
        first = make_rule(ada, hook, options={"stop": True}).id
        make_rule(ada, hook)
        path = path_of(hook)
    sent_and_judged(app, path)
    assert {run.rule_id for run in runs_of(app, ada)} == {first}
    with app.app_context():
        hook = make_hook(ada)
        other = make_rule(ada, hook, value=1000).id
        instead = make_rule(ada, hook, value=1, options={"otherwise": True}).id
        path = path_of(hook)
    sent_and_judged(app, path)
    sent_and_judged(app, path, b'{"amount": 1000}')
    assert [run.rule_id for run in runs_of(app, ada, hook_id=hook.id)] == [instead, other]


def test_an_edit_between_planning_and_sending_changes_nothing(app: Flask, ada: Person) -> None:
    with Sink() as sink:
        [run_id] = planned(app, ada, call(sink, body='{"old": true}'))
        rule_id = runs_of(app, ada)[0].rule_id
        with app.app_context():
            rules.save_rule(ada.actor, rule_id, document(then=[call(sink, body='{"new": true}')]))
            rules.switch_rule(ada.actor, rule_id, "off")
            rules.delete_rule(ada.actor, rule_id)
        assert act_on(app, run_id).state == "succeeded"
        assert sink.last.json == {"old": True}


def test_an_edit_counts_for_the_next_event_at_once(app: Flask, ada: Person) -> None:
    with app.app_context():
        hook = make_hook(ada)
        rule = make_rule(ada, hook, value=50)
        path = path_of(hook)
    assert len(sent_and_judged(app, path)) == 1
    with app.app_context():
        rules.save_rule(ada.actor, rule.id, document(value=100))
    assert sent_and_judged(app, path) == []
    with app.app_context():
        rules.save_rule(ada.actor, rule.id, document(value=10))
        rules.switch_rule(ada.actor, rule.id, "off")
    assert sent_and_judged(app, path) == []
    with app.app_context():
        rules.switch_rule(ada.actor, rule.id, "live")
    assert len(sent_and_judged(app, path)) == 1
    with app.app_context():
        rules.delete_rule(ada.actor, rule.id)
    assert sent_and_judged(app, path) == []


def test_a_burst_is_over_when_nothing_came_for_a_moment(app: Flask, ada: Person) -> None:
    with app.app_context():
        path = path_of(make_hook(ada))
        assert not judging.still_coming()
    send(app, path)
    came = events_of(app, ada)[0].received_at
    with app.app_context():
        assert judging.still_coming(came + timedelta(milliseconds=100))
        assert not judging.still_coming(came + timedelta(milliseconds=300))


def test_judging_again_does_nothing(app: Flask, ada: Person) -> None:
    with app.app_context():
        hook = make_hook(ada)
        make_rule(ada, hook)
        path = path_of(hook)
    assert len(sent_and_judged(app, path)) == 1
    [event] = events_of(app, ada)
    with app.app_context():
        assert judge(event.id) == []
        assert judge(event.id, utcnow() + timedelta(days=1)) == []
        assert db.session.scalar(select(func.count()).select_from(Verdict)) == 1
        assert db.session.scalar(select(func.count()).select_from(Run)) == 1


def test_a_worker_that_lost_its_event_writes_nothing(app: Flask, ada: Person) -> None:
    _, path = new_hook(app, ada)
    send(app, path)
    [event] = events_of(app, ada)
    now = utcnow()
    with app.app_context():
        assert event_claims.claim_events([event.id], "lease_one", now)
        db.session.commit()
        assert judge(event.id, now + timedelta(seconds=59)) == []
        judge(event.id, now + timedelta(seconds=61))  # the lease is over: another takes it
        assert not event_claims.finish_events({event.id: SETTLED}, "lease_one")
        db.session.rollback()
        assert db.session.get_one(Event, event.id).state == "done"


def test_an_event_that_kills_three_workers_is_put_aside(app: Flask, ada: Person) -> None:
    _, path = new_hook(app, ada)
    send(app, path)
    [event] = events_of(app, ada)
    now = utcnow()
    with app.app_context():
        for death in range(3):
            at = now + timedelta(minutes=2 * death)
            assert event_claims.claim_again(event.id, f"lease_{death}", at)
            db.session.commit()
            due = sweep(at + timedelta(seconds=61))
            assert due.rescued == (1 if death < 2 else 0)
        assert judge(event.id, now + timedelta(hours=1)) == []
    [event] = events_of(app, ada)
    assert event.state == "poison"
    assert "three times" in event.reason


class Killed(BaseException):
    """The end of a worker."""


def test_an_event_that_kills_workers_takes_no_other_along(
    app: Flask, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Sink() as sink:
        with app.app_context():
            hook = make_hook(ada)
            make_rule(ada, hook, then=[call(sink)])
            path = path_of(hook)
        for amount in (60, 61, 99, 62, 63):
            send(app, path, b'{"amount": %d}' % amount)
    ids = sorted(event.id for event in events_of(app, ada))
    think = judging._think

    def deadly(thoughts: list[Any], now: datetime) -> None:
        if any(thought.payload.value == {"amount": 99} for thought in thoughts):
            raise Killed
        think(thoughts, now)

    monkeypatch.setattr(judging, "_think", deadly)
    now = utcnow()
    for death in range(4):
        at = now + timedelta(minutes=2 * death)
        with app.app_context():
            with suppress(Killed):  # the worker is gone; another comes when the leases are over
                judge_all(ids, at)
            db.session.rollback()
            sweep(at + timedelta(seconds=61))
    states = [event.state for event in reversed(events_of(app, ada))]
    assert states == ["done", "done", "poison", "done", "done"]
    assert len(runs_of(app, ada)) == 4


def test_the_catalogue_knows_what_events_hold(app: Flask, ada: Person) -> None:
    hook_id, path = new_hook(app, ada)
    for body in (b'{"amount": 1, "who": "ada"}', b'{"amount": 2}', b'{"amount": "three"}'):
        sent_and_judged(app, path, body)
    with app.app_context():
        seen = {field.path: field for field in fields.fields(hook_id)}
    assert seen["$.amount"].seen == 3
    assert seen["$.amount"].kinds == {"number": 2, "text": 1}
    assert seen["$.amount"].examples[0] == "three"
    assert seen["$.who"].seen == 1
    assert list(seen)[0] == "$.amount"


def test_the_catalogue_is_bounded(app: Flask, ada: Person) -> None:
    hook_id, path = new_hook(app, ada)
    for start in (0, 400, 800, 1200):
        sent_and_judged(app, path, str({f"k{n}": n for n in range(start, start + 400)})
                        .replace("'", '"').encode())  # fmt: skip
    with app.app_context():
        assert len(fields.fields(hook_id)) == 1000


def test_a_payload_of_odd_text_is_judged_and_sent(app: Flask, ada: Person) -> None:
    with Sink() as sink:
        step = call(sink, body='{"note": "{{ payload.note }}"}')
        with app.app_context():
            hook = make_hook(ada)
            make_rule(ada, hook, then=[step], path="$.note", test="text.contains", value="x")
            make_rule(ada, hook, path="$.note", test="text.contains", value="nothing like it")
            make_rule(ada, hook, path="$.note", test="text.contains", value="x",
                      then=[{"id": "s", "action": "sms", "config": {
                          "to": "+14155550123", "message": "{{ payload.note }}"}}])  # fmt: skip
            path = path_of(hook)
        body = b'{"note": "x\\u0000y \\ud800 \\udc00\\ud83d\\ude00"}'
        send(app, path, body)
        work(app)
        assert [event.state for event in events_of(app, ada)] == ["done"]
        assert [run.state for run in runs_of(app, ada)] == ["succeeded", "succeeded"]
        assert "\U0001f600" in sink.last.json["note"]


def test_several_are_judged_together_and_a_bad_one_fails_alone(app: Flask, ada: Person) -> None:
    with app.app_context():
        good, bad = make_hook(ada), make_hook(ada, "Odd")
        make_rule(ada, good)
        make_rule(ada, bad)
        paths = [path_of(good), path_of(bad), path_of(good)]
        version = current(ada.workspace_id, bad.id)[0][1]
        version.document = {"name": "of a later Rulebook", "when": {"sometimes": []}, "then": []}
        db.session.commit()
    for path in paths:
        send(app, path, b'{"amount": 99}')
    ids = [event.id for event in reversed(events_of(app, ada))]
    with app.app_context():
        assert len(judge_all(ids)) == 2
        assert judge_all(ids) == []
    assert [e.state for e in reversed(events_of(app, ada))] == ["done", "processing", "done"]
