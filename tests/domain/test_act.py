"""A run is carried out: what each outcome leads to, and that nothing is ever done twice in
silence."""

from __future__ import annotations

import sqlite3
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from rulebook.domain import connections, rules
from rulebook.domain.act import act
from rulebook.domain.aftermath import wait_before
from rulebook.domain.sweep import sweep
from rulebook.storage import connections as stored
from rulebook.storage import db, run_claims, utcnow
from rulebook.storage.runs import Run
from tests.fakes import Mail, Sink, Twilio
from tests.people import Person
from tests.stories import act_on, act_when_due, attempts_of, call, planned, run_of, runs_of
from tests.work import work


def test_yes(app: Flask, ada: Person, sink: Sink) -> None:
    [run_id] = planned(app, ada, call(sink))
    run = act_on(app, run_id)
    assert (run.state, run.attempts, run.lease_until) == ("succeeded", 1, None)
    assert run.finished_at is not None
    assert sink.last.json == {"paid": 60}
    assert sink.last.headers["idempotency-key"] == run_id
    [attempt] = attempts_of(app, run_id)
    assert (attempt.outcome, attempt.n) == ("yes", 1)
    assert attempt.finished_at is not None
    act_on(app, run_id, utcnow() + timedelta(hours=1))
    assert len(sink.requests) == 1


@pytest.mark.parametrize("status", [301, 410])
def test_no_for_good(app: Flask, ada: Person, sink: Sink, status: int) -> None:
    sink.answers(status, headers={"Location": "http://127.0.0.1/"})
    [run_id] = planned(app, ada, call(sink))
    run = act_on(app, run_id)
    assert (run.state, run.attempts) == ("failed", 1)
    assert str(status) in run.sentence


def test_a_plain_no_is_tried_three_times(app: Flask, ada: Person, sink: Sink) -> None:
    sink.answers(400)
    [run_id] = planned(app, ada, call(sink))
    assert [act_when_due(app, run_id).state for _ in range(3)] == ["queued", "queued", "failed"]
    run = run_of(app, run_id)
    assert "Given up after 3 attempts" in run.sentence
    assert [attempt.outcome for attempt in attempts_of(app, run_id)] == ["no"] * 3
    assert not run.may_repeat


def test_not_sent_is_repeated_by_the_schedule_until_it_works(app: Flask, ada: Person) -> None:
    sink = Sink()  # its port is taken, and nobody answers there
    [run_id] = planned(app, ada, call(sink))
    due = run_of(app, run_id).next_attempt_at
    assert due is not None
    for n, wait in enumerate((5, 30, 120), start=1):
        sink._server.server_close()
        run = act_on(app, run_id, due)
        assert (run.state, run.attempts) == ("queued", n)
        assert run.next_attempt_at is not None
        waited = (run.next_attempt_at - due).total_seconds()
        assert wait <= waited <= wait * 1.2 + 5
        assert act_on(app, run_id, run.next_attempt_at - timedelta(seconds=1)).attempts == n
        due = run.next_attempt_at
    assert not run_of(app, run_id).may_repeat


def test_waits_grow_by_the_schedule_with_a_fifth_of_chance() -> None:
    drawn = {wait_before((5, 30), 1, None) for _ in range(200)}
    assert len(drawn) > 100
    assert all(5 <= wait <= 6 for wait in drawn)
    assert 30 <= wait_before((5, 30), 7, None) <= 36
    assert wait_before((5, 30), 1, 100) == 100
    assert wait_before((5, 30), 2, 1) >= 30
    assert wait_before((5,), 1, 10**9) == 24 * 3600


def test_retry_after_is_heeded(app: Flask, ada: Person, sink: Sink) -> None:
    sink.answers(503, headers={"Retry-After": "3600"})
    [run_id] = planned(app, ada, call(sink))
    before = utcnow()
    run = act_on(app, run_id)
    assert run.state == "queued"
    assert run.next_attempt_at is not None
    assert run.next_attempt_at >= before + timedelta(seconds=3600)
    sink.answers(429)
    due = run.next_attempt_at
    run = act_on(app, run_id, due)
    assert run.next_attempt_at is not None
    assert run.next_attempt_at >= due + timedelta(seconds=60)


def test_it_is_given_up_after_the_last_try(app: Flask, ada: Person, sink: Sink) -> None:
    sink.answers(429)
    [run_id] = planned(app, ada, call(sink))
    _set(app, run_id, max_attempts=2)
    assert [act_when_due(app, run_id).state for _ in range(2)] == ["queued", "failed"]
    assert "Given up after 2 attempts" in run_of(app, run_id).sentence


def test_what_would_come_too_late_is_given_up_at_once(app: Flask, ada: Person, sink: Sink) -> None:
    sink.answers(503, headers={"Retry-After": "86400"})
    [run_id] = planned(app, ada, call(sink))
    _set(app, run_id, expires_at=utcnow() + timedelta(hours=23))
    run = act_on(app, run_id)
    assert run.state == "failed"
    assert "too late" in run.sentence


def test_a_run_whose_time_is_over_is_not_sent(app: Flask, ada: Person, sink: Sink) -> None:
    [run_id] = planned(app, ada, call(sink))
    late = utcnow() + timedelta(days=3, seconds=1)
    assert act_on(app, run_id, late).state == "queued"
    with app.app_context():
        sweep(late)
    run = run_of(app, run_id)
    assert (run.state, run.attempts) == ("failed", 0)
    assert "Too late" in run.sentence
    assert sink.requests == []


def test_a_doubtful_post_is_not_repeated(app: Flask, ada: Person, sink: Sink) -> None:
    sink.answers(500)
    [run_id] = planned(app, ada, call(sink))
    run = act_on(app, run_id)
    assert (run.state, run.finished_at) == ("unknown", None)
    assert run.fix
    with app.app_context():
        due = sweep(utcnow() + timedelta(days=1))
    assert run_id not in due.runs
    act_on(app, run_id, utcnow() + timedelta(hours=1))
    assert len(sink.requests) == 1


def test_a_doubtful_put_is_repeated_and_says_so_for_ever(
    app: Flask, ada: Person, sink: Sink
) -> None:
    sink.answers(500, 200)
    [run_id] = planned(app, ada, call(sink, method="PUT"))
    assert act_on(app, run_id).state == "queued"
    run = act_when_due(app, run_id)
    assert (run.state, run.may_repeat, run.attempts) == ("succeeded", True, 2)
    keys = {request.headers["idempotency-key"] for request in sink.requests}
    assert keys == {run_id}


def test_a_lost_answer_is_doubtful(app: Flask, ada: Person, sink: Sink) -> None:
    sink.resets()
    [run_id] = planned(app, ada, call(sink))
    assert act_on(app, run_id).state == "unknown"


def test_a_text_and_a_mail_that_may_have_gone_wait_for_a_person(app: Flask, ada: Person) -> None:
    with Twilio() as twilio, Mail() as mail:
        app.extensions["rulebook"].config._values = {
            **app.extensions["rulebook"].config._values, "TWILIO_API": twilio.url
        }  # fmt: skip
        with app.app_context():
            sms = connections.make_connection(ada.actor, "twilio", "Twilio", twilio.connection).id
            smtp = connections.make_connection(ada.actor, "smtp", "Mail", mail.connection).id
        steps = [
            {"id": "sms", "action": "sms", "connection": sms,
             "config": {"to": "+14155550123", "message": "Paid: {{ payload.amount }}"}},
            {"id": "mail", "action": "email", "connection": smtp,
             "config": {"to": "ada@shop.example", "subject": "Paid", "text": "60"}},
        ]  # fmt: skip
        twilio.breaks(500, accepting=True)
        mail.drops_after_data()
        for run_id in planned(app, ada, *steps):
            assert act_on(app, run_id).state == "unknown"
        assert (len(twilio.messages), len(mail.letters)) == (1, 1)
        twilio.accepts()
        mail.takes_all()
        for run_id in planned(app, ada, *steps):
            run = act_on(app, run_id)
            assert run.state == "succeeded"
        assert twilio.texts[-1] == "Paid: 60"
        assert mail.last.subject == "Paid"


def test_a_deleted_connection_ends_the_run_with_a_remedy(app: Flask, ada: Person, sink) -> None:
    auth = {"type": "bearer", "token": "canary-5511"}
    with app.app_context():
        made = connections.make_connection(ada.actor, "http_auth", "Shop", auth)
    [run_id] = planned(app, ada, {**call(sink), "connection": made.id})
    with app.app_context():
        rules.delete_rule(ada.actor, runs_of(app, ada)[0].rule_id)
        connections.delete_connection(ada.actor, made.id)
    run = act_on(app, run_id)
    assert (run.state, sink.requests) == ("failed", [])
    assert "deleted" in run.sentence
    assert "another connection" in run.fix


def test_a_secret_that_cannot_be_opened_ends_the_run(app: Flask, ada: Person, sink) -> None:
    auth = {"type": "bearer", "token": "canary-5511"}
    with app.app_context():
        made = connections.make_connection(ada.actor, "http_auth", "Shop", auth)
    [run_id] = planned(app, ada, {**call(sink), "connection": made.id})
    with app.app_context():
        row = stored.connection(ada.workspace_id, made.id)
        assert row is not None
        row.sealed = app.extensions["rulebook"].sealer.seal({}, "con_somebody_elses")
        db.session.commit()
    run = act_on(app, run_id)
    assert (run.state, sink.requests) == ("failed", [])
    assert "secret" in run.sentence


def test_our_own_stumbling_is_written_down(app: Flask, ada: Person, sink: Sink) -> None:
    [one, two] = planned(app, ada, call(sink), call(sink, "other"))
    _set(app, one, action="fax")
    run = act_on(app, one)
    assert (run.state, run.sentence) == ("failed", "There is no action 'fax' any more.")
    _set(app, two, config={"url": 5, "timeout": "soon"})
    run = act_on(app, two)
    assert run.state in ("failed", "unknown")
    assert all(attempt.outcome for attempt in attempts_of(app, two))


def test_a_step_waits_for_what_it_needs(app: Flask, ada: Person, sink: Sink) -> None:
    first, second = planned(app, ada, call(sink), {**call(sink, "then"), "needs": ["call"]})
    waiting = act_on(app, second)
    assert (waiting.state, waiting.attempts) == ("queued", 0)
    assert "Waits" in waiting.sentence
    with app.app_context():
        assert act(first) == [second]
    assert act_on(app, second, utcnow() + timedelta(seconds=6)).state == "succeeded"
    assert len(sink.requests) == 2


def test_a_step_whose_need_failed_is_cancelled(app: Flask, ada: Person, sink: Sink) -> None:
    sink.answers(301)
    first, second = planned(app, ada, call(sink), {**call(sink, "then"), "needs": ["call"]})
    act_on(app, first)
    run = act_on(app, second)
    assert (run.state, run.attempts) == ("cancelled", 0)
    assert "'call'" in run.sentence
    assert len(sink.requests) == 1


def test_practice_keeps_one_message_for_each_run(app: Flask, ada: Person) -> None:
    step = {"id": "sms", "action": "sms",
            "config": {"to": "+14155550123", "message": "Paid: {{ payload.amount }}"}}  # fmt: skip
    [run_id] = planned(app, ada, step)
    run = act_on(app, run_id)
    assert (run.state, run.practice) == ("succeeded", True)
    _set(app, run_id, state="queued", max_attempts=5)
    act_on(app, run_id)
    with app.app_context():
        assert stored.count_messages(ada.workspace_id) == 1


@pytest.mark.parametrize(
    ("config", "late"),
    [({}, "succeeded"), ({"method": "PUT"}, "succeeded")],
    ids=["post", "put"],
)
def test_a_late_answer_settles_what_nobody_took_up(
    app: Flask, ada: Person, sink: Sink, config: dict[str, Any], late: str
) -> None:
    """The lease ended while the call was still under way; then its answer comes."""
    [run_id] = planned(app, ada, call(sink, **config))

    def ends_lease(handler: Any) -> None:
        with app.app_context():
            sweep(utcnow() + timedelta(seconds=91))
        assert run_of(app, run_id).state == ("queued" if config else "unknown")
        handler.send(200)

    sink._behaves(ends_lease)
    assert act_on(app, run_id).state == late


def test_a_late_answer_does_not_overrule_a_later_try(app: Flask, ada: Person, sink: Sink) -> None:
    [run_id] = planned(app, ada, call(sink, method="PUT"))

    def is_overtaken(handler: Any) -> None:
        with app.app_context():
            late = utcnow() + timedelta(seconds=91)
            sweep(late)
            assert [
                run.attempts for run in run_claims.claim_runs([run_id], "lease_other", late)
            ] == [2]
            db.session.commit()
        handler.send(301)

    sink._behaves(is_overtaken)
    run = act_on(app, run_id)
    assert (run.state, run.lease_token, run.attempts) == ("sending", "lease_other", 2)
    assert attempts_of(app, run_id)[0].outcome == "no_for_good"


def test_the_whole_way_by_the_worker(app: Flask, ada: Person, sink: Sink) -> None:
    planned(app, ada, call(sink), call(sink, "again"), {**call(sink, "z"), "needs": ["again"]})
    work(app)
    assert [run.state for run in runs_of(app, ada)] == ["succeeded"] * 3


def _set(app: Flask, run_id: str, **values: Any) -> None:
    with app.app_context():
        run = db.session.get_one(Run, run_id)
        for name, value in values.items():
            setattr(run, name, value)
        if values.get("state") == "queued":
            run.next_attempt_at = utcnow()
        db.session.commit()


@pytest.mark.parametrize("app", ["sqlite"], indirect=True)
def test_an_outcome_outlasts_a_locked_database(
    app: Flask, ada: Person, sink: Sink, tmp_path: Path
) -> None:
    foreign = sqlite3.connect(
        tmp_path / "rulebook.db", isolation_level=None, check_same_thread=False
    )
    unlock = threading.Timer(1.5, foreign.execute, ["ROLLBACK"])

    def locks(handler: Any) -> None:
        foreign.execute("BEGIN IMMEDIATE")
        unlock.start()
        handler.send(200)

    sink._behaves(locks)
    [run_id] = planned(app, ada, call(sink))
    with app.app_context():
        db.session.execute(text("PRAGMA busy_timeout=50"))  # give up soon
        db.session.rollback()
        act(run_id)
    unlock.join()
    foreign.close()
    assert run_of(app, run_id).state == "succeeded"
    assert [attempt.outcome for attempt in attempts_of(app, run_id)] == ["yes"]
