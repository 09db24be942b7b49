"""Texts through Twilio: its own client, a local server that speaks its API."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from rulebook.actions import ACTIONS, CONNECTION_KINDS, Message
from rulebook.egress import Egress
from tests.actions.conftest import CALL
from tests.fakes import Twilio

SMS = ACTIONS["sms"]
TWILIO = CONNECTION_KINDS["twilio"]
BACK = "https://rulebook.example/callbacks/run_0123456789"


def test_a_text_is_accepted_and_its_sid_is_the_receipt(sms_world):
    outcome = sms_world.run(replace(CALL, callback_url=BACK), to="+1 (415) 555-0123")
    [text] = sms_world.fake.messages
    assert (text.to, text.sender, text.body) == ("+14155550123", "+14155550100", "Paid: $99.00")
    assert text.status_callback == BACK
    assert (outcome.kind, outcome.receipt) == ("yes", text.sid)
    assert "SMS to +1 415 555 0123" in outcome.request and text.sid in outcome.answer
    assert len(sms_world.fake.requests) == 1


def test_without_an_address_of_ours_no_callback_is_asked_for(sms_world):
    sms_world.run()
    assert "StatusCallback" not in sms_world.fake.last.form


def test_a_messaging_service_and_an_api_key_work_too(sms_world):
    connection = {"account_sid": Twilio.sid, "api_key": "SK1", "api_secret": "canary-33",
                  "messaging_service_sid": "MG1"}  # fmt: skip
    outcome = sms_world.run(connection=connection)
    assert outcome.kind == "no_for_good"  # this Twilio does not know the key
    assert sms_world.fake.last.form["MessagingServiceSid"] == "MG1"
    assert f"/Accounts/{Twilio.sid}/Messages.json" in sms_world.fake.last.path
    assert "canary-33" not in repr(outcome)


def test_variables_of_the_environment_are_not_used(sms_world, monkeypatch):
    for name in ("ACCOUNT_SID", "AUTH_TOKEN", "REGION", "EDGE"):
        monkeypatch.setenv(f"TWILIO_{name}", "foreign")
    assert sms_world.run().kind == "yes"


@pytest.mark.parametrize("code", [21211, 21608, 21610, 99999])
def test_an_error_code_is_for_good_and_says_what_to_do(sms_world, code):
    sms_world.fake.refuses(code, "It cannot be sent")
    outcome = sms_world.run()
    assert outcome.kind == "no_for_good"
    assert "It cannot be sent" in outcome.sentence and str(code) in outcome.sentence
    assert outcome.fix
    assert len(sms_world.fake.requests) == 1 and sms_world.fake.texts == []


def test_a_wrong_token_is_said(sms_world):
    outcome = sms_world.run(connection=sms_world.connection | {"auth_token": "wrong"})
    assert outcome.kind == "no_for_good" and "auth token" in outcome.fix


@pytest.mark.parametrize(("asked", "wait"), [(None, 60), (7, 7)])
def test_busy_is_not_sent(sms_world, asked, wait):
    sms_world.fake.is_busy(retry_after=asked)
    outcome = sms_world.run()
    assert (outcome.kind, outcome.retry_after) == ("not_sent", wait)


@pytest.mark.parametrize("status", [500, 502, 503, 408, 425])
def test_every_server_error_leaves_doubt_and_is_not_repeated(sms_world, status):
    sms_world.fake.breaks(status, accepting=True)
    assert sms_world.run().kind == "ambiguous"
    assert len(sms_world.fake.requests) == 1


@pytest.mark.parametrize("body", ["", "thanks", "[]", '{"sid": null}', "{}"])
def test_a_yes_without_a_sid_leaves_doubt(sms_world, body):
    sms_world.fake.answers(201, body=body)
    assert sms_world.run().kind == "ambiguous"


@pytest.mark.parametrize(("status", "kind"), [(301, "no_for_good"), (403, "no"), (404, "no")])
def test_an_answer_that_is_not_twilios(sms_world, status, kind):
    sms_world.fake.answers(status, body="<h1>proxy</h1>")
    assert sms_world.run().kind == kind


def test_after_doubt_twilio_is_asked(sms_world):
    started = datetime.now(UTC) - timedelta(seconds=1)
    call = replace(CALL, deadline=0.3, started_at=started)
    sms_world.fake.loses_the_answer()
    assert sms_world.run(call).kind == "ambiguous"
    [found] = look_up(sms_world, replace(call, deadline=5))
    assert (found.kind, found.receipt) == ("yes", sms_world.fake.messages[0].sid)
    assert sms_world.fake.last.query["To"] == "+14155550123"


def test_only_messages_alike_and_of_that_time_are_listed(sms_world):
    call = replace(CALL, started_at=datetime.now(UTC))
    assert look_up(sms_world, call) == []  # nothing there
    sms_world.run(message="another one")
    assert look_up(sms_world, call) == []  # nothing alike
    sms_world.run()
    sms_world.run()
    sids = [text.sid for text in sms_world.fake.messages[1:]]
    assert [one.receipt for one in look_up(sms_world, call)] == sids
    later = replace(CALL, started_at=datetime.now(UTC) + timedelta(minutes=1))
    assert look_up(sms_world, later) == []  # older ones
    sms_world.fake.answers(500)
    assert look_up(sms_world, call) is None  # no answer


def test_what_became_of_a_listed_one_is_said(sms_world):
    call = replace(CALL, started_at=datetime.now(UTC))
    sms_world.run()
    for status, code, kind, delivery in (
        ("queued", None, "yes", ""), ("sent", None, "yes", "sent"),
        ("undelivered", 30006, "no_for_good", "undelivered"),
    ):  # fmt: skip
        sms_world.fake.messages[0].status, sms_world.fake.messages[0].error_code = status, code
        [found] = look_up(sms_world, call)
        assert (found.kind, found.delivery) == (kind, delivery)


def look_up(world, call) -> Any:
    return SMS.look_up(world.config, world.connection, call, world.egress, world.settings)


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [("delivered", None, "yes"), ("sent", None, "yes"), ("queued", None, "yes"),
     ("undelivered", 30003, "no_for_good"), ("failed", 21610, "no_for_good")],
)  # fmt: skip
def test_a_signed_report_settles_a_run(sms_world, status, code, kind):
    sms_world.run(replace(CALL, callback_url=BACK))
    url, form, headers = sms_world.fake.reports(status, error_code=code)
    outcome: Any = SMS.heard(sms_world.connection, url, headers, form)
    assert (outcome.kind, outcome.receipt) == (kind, sms_world.fake.messages[0].sid)


def test_a_report_may_be_signed_with_the_port_or_without(sms_world):
    for asked, signed in (
        ("https://rulebook.example:8443/c", "https://rulebook.example/c"),
        ("https://rulebook.example/c", "https://rulebook.example:443/c"),
    ):
        sms_world.run(replace(CALL, callback_url=signed))
        _, form, headers = sms_world.fake.reports("delivered")
        assert SMS.heard(sms_world.connection, asked, headers, form) is not None
        assert SMS.heard(sms_world.connection, asked + "c", headers, form) is None


def test_without_the_token_that_signs_reports_none_are_asked_for(sms_world):
    connection = {"account_sid": Twilio.sid, "api_key": "SK1", "api_secret": "canary-33",
                  "from": "+14155550100"}  # fmt: skip
    sms_world.run(replace(CALL, callback_url=BACK), connection=connection)
    assert "StatusCallback" not in sms_world.fake.last.form


def test_a_forged_report_is_ignored(sms_world):
    sms_world.run(replace(CALL, callback_url=BACK))
    url, form, headers = sms_world.fake.reports("delivered")
    changed = form | {"MessageStatus": "failed"}
    connection = sms_world.connection
    assert SMS.heard(connection, url, headers, changed) is None
    assert SMS.heard(connection, url + "x", headers, form) is None
    assert SMS.heard(connection, url, {}, form) is None
    assert SMS.heard(connection, url, {"X-Twilio-Signature": "ü"}, form) is None
    assert SMS.heard(connection | {"auth_token": ""}, url, headers, form) is None
    assert SMS.heard(None, url, headers, form) is None
    assert SMS.heard(connection, url, {"x-twilio-signature": headers["X-Twilio-Signature"]}, form)


def test_the_connection_is_tried_without_sending(sms_world):
    outcome = TWILIO.test(sms_world.connection, sms_world.egress, sms_world.settings)
    assert (outcome.kind, sms_world.fake.messages) == ("yes", [])
    assert "Ada's books" in outcome.sentence
    wrong = sms_world.connection | {"auth_token": "wrong"}
    refused = TWILIO.test(wrong, sms_world.egress, sms_world.settings)
    assert refused.kind == "no_for_good" and refused.fix
    assert TWILIO.test(wrong, Egress(), sms_world.settings).kind == "no_for_good"


@pytest.mark.parametrize(
    ("config", "pointer"),
    [
        ({"account_sid": "AC1", "from": "+1"}, "/auth_token"),
        ({"account_sid": "AC1", "api_key": "SK1", "from": "+1"}, "/auth_token"),
        ({"account_sid": "AC1", "auth_token": "t"}, "/from"),
        ({"auth_token": "t", "from": "+1"}, "/account_sid"),
    ],
)
def test_a_connection_must_be_complete(config, pointer):
    assert pointer in [problem.pointer for problem in TWILIO.check(config)]


@pytest.mark.parametrize(
    "to", ["12", "+1", "415 555 0123", "+1415555012345", "ada", "+14155550123\r\nx"]
)
def test_what_is_no_number_is_a_problem_before_and_after_rendering(to):
    config = {"to": to, "message": "x"}
    assert [p.pointer for p in SMS.check(config)] == ["/to"]
    assert [p.pointer for p in SMS.check_rendered(config)] == ["/to"]


def test_a_number_from_the_event_is_judged_after_rendering():
    assert SMS.check({"to": "{{ payload.phone }}", "message": "x"}) == []
    assert SMS.check_rendered({"to": "{{ payload.phone }}", "message": "x"}) != []
    assert SMS.check_rendered({"to": "+4930901820", "message": "{{ not a template }}"}) == []
    too_long = {"to": "+4930901820", "message": "x" * 1601}
    assert SMS.check(too_long) != [] and SMS.check_rendered(too_long) != []
    assert SMS.check({"to": "+4930901820", "message": "{{ a }}" * 1601}) == []


def test_words():
    assert SMS.summary({"to": "+14155550123"}) == "SMS to +1 415 555 0123"
    assert SMS.phrase({"to": "{{ payload.customer.phone }}"}) == "text the number in customer.phone"
    assert SMS.phrase({"to": "+49{{ payload.phone }}"}) == "text a number from the event"
    assert SMS.message({"to": "+1", "message": "hi"}) == Message(to="+1", text="hi", segmented=True)
    assert not SMS.repeat_safe({}) and SMS.practice
    assert SMS.target({}, {"account_sid": "AC1"}) == "AC1"


def test_without_a_connection_nothing_is_called(sms_world):
    outcome = SMS.run(sms_world.config, None, CALL, sms_world.egress, sms_world.settings)
    assert outcome.kind == "no_for_good" and sms_world.fake.requests == []
