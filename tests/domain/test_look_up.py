"""Doubtful texts are looked up in Twilio's list, at their moments and once, and never mixed up."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from flask import Flask

from rulebook.config import Config
from rulebook.domain import act as acting
from rulebook.domain.record import record_in_time
from rulebook.domain.replay import resolve
from rulebook.domain.settle import callback_url, look_up_due
from rulebook.domain.sweep import sweep
from rulebook.jobs.looking import look
from rulebook.storage import db, doubts, run_claims, utcnow
from rulebook.storage.attempts import start_attempts
from rulebook.storage.runs import LEASE
from tests.fakes import Sink, Twilio
from tests.people import Person
from tests.reported import planned_text, report, reported_settings, text_step
from tests.stories import act_on, attempts_of, call, planned, run_of


@pytest.fixture
def settings(twilio: Twilio) -> dict[str, str]:
    return reported_settings(twilio, RULEBOOK_PUBLIC_URL="")  # nobody can report anything


def doubtful_text(app: Flask, ada: Person, twilio: Twilio, accepting: bool = True) -> str:
    twilio.breaks(500, accepting)
    run_id = planned_text(app, ada, twilio)
    assert act_on(app, run_id).state == "unknown"
    return run_id


def looked(app: Flask, run_id: str, after: float) -> tuple[str, float | None]:
    """The run's state and its next check, as seconds after the try, once that moment was swept."""
    began = attempts_of(app, run_id)[-1].started_at
    with app.app_context():
        look_up_due(began + timedelta(seconds=after))
    run = run_of(app, run_id)
    at = run.next_check_at
    return run.state, (at - began).total_seconds() if at else None


def asked(twilio: Twilio) -> int:
    return sum(request.method == "GET" for request in twilio.requests)


def test_no_callback_is_asked_for_that_could_not_come(
    app: Flask, ada: Person, twilio: Twilio
) -> None:
    act_on(app, planned_text(app, ada, twilio))
    assert "StatusCallback" not in twilio.last.form


def test_runs_that_are_recorded_together_are_looked_up_too(
    app: Flask, ada: Person, twilio: Twilio
) -> None:
    step = text_step(app, ada, twilio)
    other = {**step, "id": "other", "config": {"to": "+14155550123", "message": "Hello"}}
    ids = planned(app, ada, step, other)
    twilio.breaks(500, accepting=True)
    with app.app_context():
        began = acting.start(acting.look(ids))
        house = app.extensions["rulebook"]
        record_in_time([acting.carry_out(each, house) for each in began])
    assert all(run_of(app, run_id).next_check_at for run_id in ids)
    looked(app, ids[0], 31)
    assert [run_of(app, run_id).state for run_id in ids] == ["succeeded"] * 2


@pytest.mark.parametrize("app", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("public", "reached"),
    [("https://hooks.shop.example", True), ("http://hooks.shop.example:8080/rulebook", True),
     ("http://8.8.8.8", True), ("", False), ("http://localhost:8000", False),
     ("https://127.0.0.1", False), ("http://192.168.1.5:8000", False), ("http://[::1]", False),
     ("http://[::ffff:10.0.0.1]", False), ("https://nas.local", False), ("http://web", False),
     ("https://my_shop.example", False)],
)  # fmt: skip
def test_reports_are_asked_for_where_they_can_come(app: Flask, public: str, reached: bool) -> None:
    config = Config({**app.extensions["rulebook"].config, "PUBLIC_URL": public})
    url = callback_url(config, "sms", "run_1", 1)
    assert (url is not None) is reached
    assert callback_url(config, "http", "run_1", 1) is None
    if url:
        assert url.startswith(f"{public}/callbacks/run_1/1/")
        others = {
            callback_url(config, "sms", run_id, n) for run_id, n in (("run_1", 2), ("run_11", 1))
        }
        assert url not in others


def test_a_text_in_doubt_is_found_at_the_first_check(
    app: Flask, ada: Person, twilio: Twilio
) -> None:
    run_id = doubtful_text(app, ada, twilio)
    assert looked(app, run_id, 5) == ("unknown", 30)
    assert looked(app, run_id, 29) == ("unknown", 30)
    assert asked(twilio) == 0
    assert looked(app, run_id, 30) == ("succeeded", None)
    run = run_of(app, run_id)
    assert run.provider_ref == attempts_of(app, run_id)[0].receipt == twilio.messages[0].sid
    assert (asked(twilio), len(twilio.messages)) == (1, 1)


def test_an_answer_that_timed_out_is_found_too(
    app: Flask, ada: Person, twilio: Twilio, monkeypatch
) -> None:
    monkeypatch.setattr(acting, "DEADLINE", 0.5)
    twilio.loses_the_answer()
    run_id = planned_text(app, ada, twilio)
    assert act_on(app, run_id).state == "unknown"
    assert looked(app, run_id, 31) == ("succeeded", None)
    assert len(twilio.messages) == 1


def test_one_that_failed_is_found_as_failed(app: Flask, ada: Person, twilio: Twilio) -> None:
    run_id = doubtful_text(app, ada, twilio)
    twilio.messages[0].status, twilio.messages[0].error_code = "undelivered", 30006
    assert looked(app, run_id, 30) == ("failed", None)
    assert run_of(app, run_id).delivery == "undelivered"


def test_after_three_checks_a_person_decides(app: Flask, ada: Person, twilio: Twilio) -> None:
    run_id = doubtful_text(app, ada, twilio, accepting=False)
    looked(app, run_id, 5)
    assert [looked(app, run_id, after) for after in (30, 100, 120, 600, 601, 90_000)] == [
        ("unknown", 120), ("unknown", 120), ("unknown", 600), ("unknown", None),
        ("unknown", None), ("unknown", None),
    ]  # fmt: skip
    assert asked(twilio) == 3
    assert "does not list it" in run_of(app, run_id).fix
    with app.app_context():
        resolve(ada.actor, run_id, "send_again")
    assert act_on(app, run_id).state == "unknown"
    looked(app, run_id, 5)
    twilio.accepts()
    assert looked(app, run_id, 30) == ("unknown", 120)  # the second try is looked up as the first


def test_no_answer_is_no_finding(app: Flask, ada: Person, twilio: Twilio) -> None:
    run_id = doubtful_text(app, ada, twilio)
    twilio.answers(500)
    assert looked(app, run_id, 30) == ("unknown", 120)
    assert looked(app, run_id, 600) == ("unknown", None)
    assert "gave no answer" in run_of(app, run_id).fix


def test_checks_that_were_missed_are_made_once(app: Flask, ada: Person, twilio: Twilio) -> None:
    run_id = doubtful_text(app, ada, twilio)
    assert looked(app, run_id, 90_000) == ("succeeded", None)
    assert asked(twilio) == 1


def test_equal_texts_are_not_mixed_up(app: Flask, ada: Person, twilio: Twilio) -> None:
    step = text_step(app, ada, twilio)
    first, second = planned(app, ada, step, {**step, "id": "again"})
    act_on(app, first)
    twilio.breaks(500)
    act_on(app, second)
    assert looked(app, second, 30) == ("unknown", 120)  # the one in the list is the first's
    twilio.accepts()
    third = planned(app, ada, {**step, "id": "third"})[0]
    twilio.breaks(500, accepting=True)
    act_on(app, third)
    assert looked(app, third, 30) == ("unknown", 120)  # it might be the second's
    with app.app_context():
        resolve(ada.actor, second, "not_arrived")
    assert looked(app, third, 120) == ("succeeded", None)
    assert run_of(app, third).provider_ref == twilio.messages[1].sid


def test_an_equal_text_that_is_being_sent_may_be_the_one(
    app: Flask, ada: Person, twilio: Twilio
) -> None:
    step = text_step(app, ada, twilio)
    first, second = planned(app, ada, step, {**step, "id": "again"})
    twilio.breaks(500, accepting=True)
    act_on(app, first)
    with app.app_context():
        now = utcnow()
        assert run_claims.claim_runs([second], "lease_other", now)
        start_attempts([(second, 1)], "lease_other", now)
        db.session.commit()
    assert looked(app, first, 30) == ("unknown", 120)


def test_another_text_or_an_old_doubt_is_no_rival(app: Flask, ada: Person, twilio: Twilio) -> None:
    old = doubtful_text(app, ada, twilio, accepting=False)
    with app.app_context():
        from rulebook.storage.attempts import Attempt

        for tried in db.session.query(Attempt).filter(Attempt.run_id == old):
            tried.started_at -= timedelta(hours=1)
        db.session.commit()
    step = text_step(app, ada, twilio)
    other = {**step, "id": "other", "config": {"to": "+14155550123", "message": "Hello"}}
    run_id, differs = planned(app, ada, step, other)
    twilio.breaks(500, accepting=True)
    act_on(app, differs)
    act_on(app, run_id)
    assert looked(app, run_id, 30)[0] == "succeeded"
    assert run_of(app, differs).state == "succeeded"  # the same round found both


def test_a_worker_that_died_leaves_a_text_to_be_looked_up(
    app: Flask, ada: Person, twilio: Twilio, monkeypatch
) -> None:
    run_id = planned_text(app, ada, twilio)
    with monkeypatch.context() as dies:
        dies.setattr("rulebook.domain.act.record_in_time", lambda done: [])
        assert act_on(app, run_id).state == "sending"
    with app.app_context():
        sweep(utcnow() + LEASE * 1.1)
    assert run_of(app, run_id).state == "unknown"
    assert looked(app, run_id, 100) == ("succeeded", None)
    assert (asked(twilio), len(twilio.messages)) == (1, 1)


def test_two_lookers_ask_once(app: Flask, ada: Person, twilio: Twilio, monkeypatch) -> None:
    run_id = doubtful_text(app, ada, twilio)
    looked(app, run_id, 5)
    _is_overtaken(app, run_id, monkeypatch, "due_checks")
    assert looked(app, run_id, 30)[0] == "succeeded"
    assert asked(twilio) == 1


@pytest.mark.parametrize("app", [pytest.param("postgres", marks=pytest.mark.postgres)],
                         indirect=True)  # fmt: skip
def test_two_lookers_that_saw_the_same_ask_once(
    app: Flask, ada: Person, twilio: Twilio, monkeypatch
) -> None:
    """SQLite's writers are alone; here the other one is faster between the look and the claim."""
    run_id = doubtful_text(app, ada, twilio)
    looked(app, run_id, 5)
    _is_overtaken(app, run_id, monkeypatch, "plan_check")
    assert looked(app, run_id, 30)[0] == "succeeded"
    assert asked(twilio) == 1


def _is_overtaken(app: Flask, run_id: str, monkeypatch, where: str) -> None:
    """Another looker does its whole round at this place of the first one's."""
    real = getattr(doubts, where)
    seen: list[object] = []

    def slow(*given):
        found = None if where == "plan_check" else real(*given)
        if not seen:
            seen.append(given)
            if where == "due_checks":
                db.session.rollback()
            other = threading.Thread(target=looked, args=(app, run_id, 30))
            other.start()
            other.join()
        return real(*given) if found is None else found

    monkeypatch.setattr(doubts, where, slow)


def test_a_check_whose_worker_died_is_made_again(
    app: Flask, ada: Person, twilio: Twilio, monkeypatch
) -> None:
    run_id = doubtful_text(app, ada, twilio)
    looked(app, run_id, 5)
    with monkeypatch.context() as broken:
        broken.setattr("rulebook.domain.settle._asked", _dies)
        with pytest.raises(SystemExit):
            looked(app, run_id, 30)
    assert looked(app, run_id, 89) == ("unknown", 90)
    assert looked(app, run_id, 90) == ("succeeded", None)


def _dies(*given) -> None:
    raise SystemExit


def test_a_person_or_a_report_may_be_faster(app: Flask, ada: Person, twilio: Twilio) -> None:
    run_id = doubtful_text(app, ada, twilio)
    with app.app_context():
        resolve(ada.actor, run_id, "not_arrived")
    assert looked(app, run_id, 30) == ("failed", None)
    assert asked(twilio) == 0


def test_what_cannot_be_looked_up_is_left_to_a_person(app: Flask, ada: Person) -> None:
    with Sink() as sink:
        sink.answers(500)
        [run_id] = planned(app, ada, call(sink))
        run = act_on(app, run_id)
        assert (run.state, run.next_check_at) == ("unknown", None)
        [other] = planned(app, ada, call(sink))
        with app.app_context():
            now = utcnow()
            assert run_claims.claim_runs([other], "lease_dead", now)
            start_attempts([(other, 1)], "lease_dead", now)
            db.session.commit()
            sweep(now + LEASE * 1.1)
        assert run_of(app, other).next_check_at is not None
        assert looked(app, other, 100) == ("unknown", None)


def test_the_workers_thread_looks_and_rings(
    app: Flask, ada: Person, twilio: Twilio, monkeypatch
) -> None:
    step = text_step(app, ada, twilio)
    twilio.breaks(500, accepting=True)
    first, second = planned(app, ada, step, {**step, "id": "then", "needs": ["sms"]})
    act_on(app, first)
    later = utcnow() + timedelta(seconds=31)
    monkeypatch.setattr("rulebook.domain.settle.utcnow", lambda: later)
    rung: list[str] = []

    class Once(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            self.set()
            return True

    class Ringing:
        def runs(self, run_ids) -> bool:
            rung.extend(run_ids)
            return True

    look(app, Ringing(), Once())  # type: ignore[arg-type]
    assert run_of(app, first).state == "succeeded"
    assert rung == [second]


def test_a_report_after_the_list_is_taken(app: Flask, ada: Person, twilio: Twilio) -> None:
    app.extensions["rulebook"].config._values = {
        **app.extensions["rulebook"].config, "PUBLIC_URL": "http://rulebook.example"
    }  # fmt: skip
    run_id = doubtful_text(app, ada, twilio)
    assert looked(app, run_id, 30) == ("succeeded", None)
    assert report(app, twilio, "delivered").status_code == 204
    assert run_of(app, run_id).delivery == "delivered"
