"""Replay, retry, resolve, cancel: what a person may do with what has been."""

from __future__ import annotations

import pytest
from flask import Flask

from rulebook.domain import hooks, rules
from rulebook.domain.replay import Replayed, cancel, replay, resolve, retry
from rulebook.domain.sweep import prune
from rulebook.errors import Conflict, Invalid, NotAllowed, NotFound
from rulebook.providers import PROVIDERS, Request
from rulebook.storage import db, utcnow, verdicts
from rulebook.storage.runs import Run
from tests.fakes import Sink
from tests.people import Person, document, make_hook, make_person, make_rule
from tests.stories import (
    act_on,
    attempts_of,
    call,
    events_of,
    new_hook,
    path_of,
    planned,
    run_of,
    runs_of,
    send,
    sent_and_judged,
)
from tests.work import work


def again(app: Flask, person: Person, event_id: str, **more) -> Replayed:
    with app.app_context():
        return replay(person.actor, event_id, **more)


def test_what_was_sent_is_left_out_unless_asked_for(app: Flask, ada: Person, sink: Sink) -> None:
    planned(app, ada, call(sink))
    work(app)
    [event] = events_of(app, ada)
    for _ in range(3):
        done = again(app, ada, event.id)
        assert (done.runs, done.due) == ([], [])
        assert [run.state for run in done.already_sent] == ["succeeded"]
    dry = again(app, ada, event.id, again=True, dry_run=True)
    assert (len(dry.runs), dry.due) == (1, [])
    done = again(app, ada, event.id, again=True)
    work(app)
    assert len(sink.requests) == 2
    [run_id] = done.due
    assert run_of(app, run_id).state == "succeeded"
    with app.app_context():
        assert len(verdicts.verdicts_of(event.id)) == 5


def test_a_step_left_out_holds_nobody_up(app: Flask, ada: Person, sink: Sink) -> None:
    sink.answers(200, 301, 200)
    planned(app, ada, call(sink), {**call(sink, "then"), "needs": ["call"]})
    work(app)
    [event] = events_of(app, ada)
    assert [run.state for run in runs_of(app, ada)] == ["succeeded", "failed"]
    done = again(app, ada, event.id)
    assert [run.step_id for run in done.runs] == ["then"]
    work(app)
    assert [run.state for run in runs_of(app, ada)] == ["succeeded", "failed", "succeeded"]


def test_an_event_is_replayed_by_the_rules_of_today(app: Flask, ada: Person, sink: Sink) -> None:
    _, path = hook_id, path = new_hook(app, ada)
    sent_and_judged(app, path)
    [event] = events_of(app, ada)
    with app.app_context():
        one = rules.write_rule(ada.actor, hook_id, document(then=[call(sink)]), "live").id
        two = rules.write_rule(ada.actor, hook_id, document(then=[call(sink)]), "live").id
    done = again(app, ada, event.id, rule_ids=[two])
    assert [run.rule_id for run in done.runs] == [two]
    done = again(app, ada, event.id)
    assert [run.rule_id for run in done.runs] == [one]
    work(app)
    assert len(sink.requests) == 2


def test_what_cannot_be_replayed_says_why(app: Flask, ada: Person) -> None:
    _, path = new_hook(app, ada)
    send(app, path)
    [event] = events_of(app, ada)
    with app.app_context(), pytest.raises(Conflict, match="being judged"):
        replay(ada.actor, event.id)
    work(app)
    from datetime import timedelta

    with app.app_context():
        prune(utcnow() + timedelta(days=31))
    with app.app_context(), pytest.raises(Conflict, match="no longer kept"):
        replay(ada.actor, event.id)


def test_a_refused_event_is_replayed_once_its_secret_is_right(app: Flask, ada: Person) -> None:
    wrong, right = "whsec_what-ada-typed", "whsec_what-it-should-be"
    with app.app_context():
        hook = make_hook(ada, provider="stripe", secret=wrong)
        make_rule(ada, hook)
        path = path_of(hook)
    scheme = PROVIDERS["stripe"].signature
    assert scheme is not None
    body = b'{"amount": 60}'
    headers = scheme.sign(Request({}, body), right, utcnow().timestamp()).headers
    assert send(app, path, body, headers=headers).status_code == 401
    [event] = events_of(app, ada)
    with app.app_context(), pytest.raises(Conflict, match="still not right"):
        replay(ada.actor, event.id)
    with app.app_context():
        hooks.change_hook(ada.actor, hook.id, secret=right)
    assert len(again(app, ada, event.id).due) == 1


def test_a_failed_run_is_retried_as_a_new_one(app: Flask, ada: Person, sink: Sink) -> None:
    sink.answers(301, 200)
    [run_id] = planned(app, ada, call(sink))
    act_on(app, run_id)
    with app.app_context():
        fresh = retry(ada.actor, run_id)
        assert fresh.id != run_id
        with pytest.raises(Conflict, match="retried already"):
            retry(ada.actor, run_id)
    work(app)
    assert [run.state for run in runs_of(app, ada)] == ["failed", "succeeded"]
    with app.app_context(), pytest.raises(Conflict, match="it was sent"):
        retry(ada.actor, fresh.id)
    assert {r.headers["idempotency-key"] for r in sink.requests} == {run_id, fresh.id}


def test_a_waiting_run_can_be_hurried_or_cancelled(app: Flask, ada: Person, sink: Sink) -> None:
    sink.answers(429, 200)
    one, two = planned(app, ada, call(sink), call(sink, "other"))
    assert act_on(app, one).state == "queued"
    with app.app_context():
        assert retry(ada.actor, one).id == one
    assert act_on(app, one).state == "succeeded"
    with app.app_context():
        assert cancel(ada.actor, two).state == "cancelled"
    assert act_on(app, two).attempts == 0
    with app.app_context(), pytest.raises(Conflict, match="too late"):
        cancel(ada.actor, one)
    assert len(sink.requests) == 2


def test_a_doubtful_run_is_settled_by_a_person(app: Flask, ada: Person, sink: Sink) -> None:
    sink.answers(500)
    arrived, lost, more = planned(app, ada, *(call(sink, name) for name in ("a", "b", "c")))
    for run_id in (arrived, lost, more):
        assert act_on(app, run_id).state == "unknown"
    with app.app_context():
        with pytest.raises(Conflict, match="may have been sent"):
            retry(ada.actor, arrived)
        with pytest.raises(Invalid):
            resolve(ada.actor, arrived, "perhaps")
        assert resolve(ada.actor, arrived, "arrived").state == "succeeded"
        with pytest.raises(Conflict):
            resolve(ada.actor, arrived, "send_again")
        assert resolve(ada.actor, lost, "not_arrived").state == "failed"
        resolve(ada.actor, more, "send_again")
    sink.answers(429, 200)
    assert act_on(app, more).state == "queued"  # not sent: tried again by the schedule
    run = act_on(app, more, run_of(app, more).next_attempt_at)
    assert (run.state, run.may_repeat, run.attempts) == ("succeeded", True, 3)
    assert [attempt.n for attempt in attempts_of(app, more)] == [1, 2, 3]


def test_strangers_find_nothing_and_viewers_send_nothing(
    app: Flask, ada: Person, cy: Person, sink: Sink
) -> None:
    [run_id] = planned(app, ada, call(sink))
    work(app)
    [event] = events_of(app, ada)
    viewer = make_person(app, "vi", workspace_of=ada, role="viewer")
    with app.app_context():
        for verb in (retry, cancel, lambda who, it: resolve(who, it, "arrived")):
            with pytest.raises(NotFound):
                verb(cy.actor, run_id)
            with pytest.raises(NotAllowed):
                verb(viewer.actor, run_id)
        with pytest.raises(NotFound):
            replay(cy.actor, event.id)
        with pytest.raises(NotAllowed):
            replay(viewer.actor, event.id)
        assert replay(viewer.actor, event.id, dry_run=True).due == []
        assert db.session.query(Run).count() == 1
