"""What Twilio reports, through the real route: verified, applied once, and never backwards."""

from __future__ import annotations

import itertools

import pytest
from flask import Flask

from rulebook.domain import connections
from rulebook.domain.replay import resolve
from rulebook.domain.sweep import sweep
from rulebook.storage import db, utcnow
from rulebook.storage.runs import LEASE
from tests.fakes import Twilio
from tests.people import Person
from tests.reported import PUBLIC, planned_text, post, report, reported_settings, text_step
from tests.stories import act_on, attempts_of, planned, run_of


@pytest.fixture
def settings(twilio: Twilio) -> dict[str, str]:
    return reported_settings(twilio)


@pytest.fixture
def doubtful(app: Flask, ada: Person, twilio: Twilio) -> str:
    """A text that was accepted, and answered with an error."""
    twilio.breaks(500, accepting=True)
    run_id = planned_text(app, ada, twilio)
    assert act_on(app, run_id).state == "unknown"
    return run_id


@pytest.fixture
def accepted(app: Flask, ada: Person, twilio: Twilio) -> str:
    run_id = planned_text(app, ada, twilio)
    assert act_on(app, run_id).state == "succeeded"
    return run_id


def test_doubt_ends_with_a_report(app: Flask, twilio: Twilio, doubtful: str) -> None:
    assert report(app, twilio, "sent").status_code == 204
    run = run_of(app, doubtful)
    assert (run.state, run.delivery) == ("succeeded", "sent")
    assert run.provider_ref == attempts_of(app, doubtful)[0].receipt == twilio.messages[0].sid
    assert run.finished_at is not None and run.next_check_at is None
    assert len(twilio.messages) == 1


def test_a_report_that_it_failed_ends_doubt_too(app: Flask, twilio: Twilio, doubtful: str) -> None:
    assert report(app, twilio, "failed", code=21610).status_code == 204
    run = run_of(app, doubtful)
    assert (run.state, run.delivery) == ("failed", "failed")
    assert "21610" in run.sentence and "STOP" in run.fix


def test_queued_settles_doubt_and_says_nothing_of_delivery(
    app: Flask, twilio: Twilio, doubtful: str
) -> None:
    assert report(app, twilio, "queued").status_code == 204
    run = run_of(app, doubtful)
    assert (run.state, run.delivery) == ("succeeded", None)


def test_an_accepted_text_is_followed_to_its_end(app: Flask, twilio: Twilio, accepted: str) -> None:
    seen = []
    for status in ("queued", "sending", "sent", "delivered", "read"):
        assert report(app, twilio, status).status_code == 204
        run = run_of(app, accepted)
        seen.append((run.state, run.delivery))
    wanted = [None, None, "sent", "delivered", "read"]
    assert seen == [("succeeded", delivery) for delivery in wanted]


def test_an_accepted_text_that_is_not_delivered_has_failed(
    app: Flask, ada: Person, twilio: Twilio, accepted: str
) -> None:
    report(app, twilio, "sent")
    assert report(app, twilio, "undelivered", code=30003).status_code == 204
    run = run_of(app, accepted)
    assert (run.state, run.delivery) == ("failed", "undelivered")
    assert "30003" in run.sentence and "out of reach" in run.fix
    assert ada.api("POST", f"/runs/{accepted}/retry").status_code == 200


ENDS = {"delivered": ("succeeded", "delivered"), "undelivered": ("failed", "undelivered"),
        "failed": ("failed", "failed")}  # fmt: skip


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("order", list(itertools.permutations(range(3)))[1:])
def test_reports_in_any_order_and_twice_come_to_the_same(
    app: Flask, ada: Person, twilio: Twilio, end: str, order: tuple[int, ...]
) -> None:
    for breaks in (False, True):
        twilio.breaks(500, accepting=True) if breaks else twilio.accepts()
        run_id = planned_text(app, ada, twilio)
        act_on(app, run_id)
        told = [twilio.reports(status) for status in ("queued", "sent", end)]
        for at in (*order, *order):
            assert post(app, *told[at]).status_code == 204
        run = run_of(app, run_id)
        assert (run.state, run.delivery) == ENDS[end]
        assert len(attempts_of(app, run_id)) == 1


@pytest.mark.parametrize(("first", "then"), list(itertools.permutations(ENDS, 2)))
def test_a_message_ends_once(
    app: Flask, twilio: Twilio, accepted: str, first: str, then: str
) -> None:
    """By Twilio's rules these are ends: the first one that is told counts."""
    report(app, twilio, first)
    at = run_of(app, accepted).delivery_at
    for status in (then, "sent", "queued"):
        assert report(app, twilio, status).status_code == 204
    run = run_of(app, accepted)
    assert (run.state, run.delivery, run.delivery_at) == (*ENDS[first], at)


def test_a_strangers_report_is_refused(app: Flask, twilio: Twilio, doubtful: str) -> None:
    url, form, headers = twilio.reports("delivered")
    changed = {**form, "MessageStatus": "failed"}
    assert post(app, url, changed, headers).status_code == 403
    assert post(app, url, form, {}).status_code == 403
    other = url[:-1] + ("0" if url[-1] != "0" else "1")
    assert post(app, other, form, headers).status_code == 404
    guessed = f"{PUBLIC}/callbacks/{doubtful}/2/{url.rpartition('/')[2]}"
    assert post(app, guessed, form, headers).status_code == 404
    assert post(app, f"{PUBLIC}/callbacks/{doubtful}/1/ü", form, headers).status_code == 404
    assert app.test_client().get(url.removeprefix(PUBLIC)).status_code == 405
    huge = {**form, "More": "x" * 100_000}
    assert post(app, url, huge, headers).status_code == 413
    assert run_of(app, doubtful).state == "unknown"
    assert post(app, url, form, headers).status_code == 204


def test_the_report_of_another_message_is_refused(
    app: Flask, ada: Person, twilio: Twilio, accepted: str
) -> None:
    own, twilio.messages[0].sid = twilio.messages[0].sid, "SM" + "f" * 32
    assert report(app, twilio, "failed").status_code == 409
    twilio.messages[0].sid = own
    twilio.breaks(500, accepting=True)
    second = planned_text(app, ada, twilio)
    act_on(app, second)
    twilio.messages[1].sid = own  # the first one's, signed and sent to the second's address
    assert report(app, twilio, "failed").status_code == 409
    assert [run_of(app, run_id).state for run_id in (accepted, second)] == ["succeeded", "unknown"]
    twilio.messages[1].sid = ""
    assert report(app, twilio, "failed").status_code == 409


def test_a_deleted_or_changed_account_signs_nothing(
    app: Flask, ada: Person, twilio: Twilio, doubtful: str
) -> None:
    url, form, headers = twilio.reports("delivered")
    connection_id = run_of(app, doubtful).connection_id or ""
    with app.app_context():
        connections.change_connection(ada.actor, connection_id, config={"auth_token": "another"})
    assert post(app, url, form, headers).status_code == 403
    assert run_of(app, doubtful).state == "unknown"


@pytest.mark.parametrize(("status", "state"), [("sent", "succeeded"), ("failed", "failed")])
@pytest.mark.parametrize("answer", [201, 500])
def test_a_report_may_come_before_the_answer(
    app: Flask, ada: Person, twilio: Twilio, status: str, state: str, answer: int
) -> None:
    def tell(text) -> None:
        twilio.messages[:] = [text]
        assert report(app, twilio, status).status_code == 204

    twilio.tells_first(tell, answer)
    run_id = planned_text(app, ada, twilio)
    run = act_on(app, run_id)
    assert (run.state, run.delivery) == (state, status)
    assert report(app, twilio, status).status_code == 204
    assert run_of(app, run_id).provider_ref == twilio.messages[0].sid


def test_a_report_for_a_worker_that_died(app: Flask, ada: Person, twilio: Twilio) -> None:
    def dies(text) -> None:
        with app.app_context():
            sweep(utcnow() + LEASE * 1.1)
        twilio.messages[:] = [text]
        assert report(app, twilio, "delivered").status_code == 204

    twilio.tells_first(dies, 500)
    run_id = planned_text(app, ada, twilio)
    assert act_on(app, run_id).state == "succeeded"


def test_a_report_keeps_a_second_text_from_being_sent(
    app: Flask, ada: Person, twilio: Twilio, doubtful: str
) -> None:
    with app.app_context():
        resolve(ada.actor, doubtful, "send_again")
    report(app, twilio, "delivered")
    assert act_on(app, doubtful).state == "succeeded"
    assert len(twilio.messages) == 1


def test_each_of_two_texts_has_its_own_reports(
    app: Flask, ada: Person, twilio: Twilio, doubtful: str
) -> None:
    with app.app_context():
        resolve(ada.actor, doubtful, "send_again")
    twilio.accepts()
    assert act_on(app, doubtful).state == "succeeded"
    first, second = twilio.messages
    assert report(app, twilio, "failed", first).status_code == 204
    run = run_of(app, doubtful)
    assert (run.state, run.delivery, run.provider_ref) == ("succeeded", None, second.sid)
    report(app, twilio, "delivered", second)
    run = run_of(app, doubtful)
    assert (run.state, run.delivery, run.may_repeat) == ("succeeded", "delivered", True)
    assert [each.receipt for each in attempts_of(app, doubtful)] == [first.sid, second.sid]


@pytest.mark.parametrize(
    ("how", "status", "state"),
    [("arrived", "undelivered", "succeeded"), ("arrived", "delivered", "succeeded"),
     ("not_arrived", "undelivered", "failed"), ("not_arrived", "sent", "failed")],
)  # fmt: skip
def test_a_persons_word_stands_and_the_report_beside_it(
    app: Flask, ada: Person, twilio: Twilio, doubtful: str, how: str, status: str, state: str
) -> None:
    with app.app_context():
        resolve(ada.actor, doubtful, how)
    report(app, twilio, status, code=30003 if status == "undelivered" else None)
    run = run_of(app, doubtful)
    assert (run.state, run.delivery) == (state, status)
    assert "A person said" in run.sentence


def test_what_arrives_after_it_was_given_up_is_not_retried(
    app: Flask, ada: Person, twilio: Twilio, doubtful: str
) -> None:
    with app.app_context():
        resolve(ada.actor, doubtful, "not_arrived")
    for status in ("sent", "delivered"):
        report(app, twilio, status)
    run = run_of(app, doubtful)
    assert (run.state, run.delivery) == ("succeeded", "delivered")
    assert ada.api("POST", f"/runs/{doubtful}/retry").status_code == 409


def test_steps_that_waited_go_on(app: Flask, ada: Person, twilio: Twilio) -> None:
    step = text_step(app, ada, twilio)
    twilio.breaks(500, accepting=True)
    first, second = planned(app, ada, step, {**step, "id": "then", "needs": ["sms"]})
    act_on(app, first)
    assert act_on(app, second).state == "queued"
    report(app, twilio, "sent")
    twilio.accepts()
    due = run_of(app, second).next_attempt_at
    assert due is not None and due <= utcnow()
    assert act_on(app, second).state == "succeeded"


def test_the_api_tells_of_delivery(ada: Person, app: Flask, twilio: Twilio, accepted: str) -> None:
    told = ada.api("GET", f"/runs/{accepted}").json
    assert (told["state"], told["delivery"], told["delivery_at"]) == ("succeeded", None, None)
    report(app, twilio, "delivered")
    told = ada.api("GET", f"/runs/{accepted}").json
    assert told["delivery"] == "delivered" and told["delivery_at"].endswith("Z")


def test_a_former_key_is_known(app: Flask, twilio: Twilio, doubtful: str) -> None:
    url, form, headers = twilio.reports("delivered")
    house = app.extensions["rulebook"]
    former = (house.config.instance / "secret.key").read_text()
    fresh = f"{'k' * 40},{former}"
    house.config._values = {**house.config, "SECRET_KEY": fresh}
    assert post(app, url, form, headers).status_code == 204
    assert run_of(app, doubtful).state == "succeeded"
    house.config._values = {**house.config, "SECRET_KEY": "k" * 40}
    assert post(app, url, form, headers).status_code == 404
    with app.app_context():
        db.session.rollback()
