"""One's own phone number: a code that is sent to it confirms it, and then it is "me"."""

from __future__ import annotations

import html
import logging
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask

from rulebook.domain import connections, phones
from rulebook.errors import Conflict, Invalid, TooMany
from rulebook.storage import audit, db, event_lists, runs, utcnow
from rulebook.storage import connections as stored
from rulebook.storage.confirmations import Confirmation
from rulebook.storage.event_lists import EventFilter
from rulebook.storage.users import User
from tests.fakes.twilio import Twilio
from tests.people import Person, document, make_hook, make_person, make_rule
from tests.stories import act_on
from tests.web.seeing import ON_SQLITE, found, send, text_of
from tests.web.test_builder import Builder, shop, words
from tests.work import work

NUMBER, READ = "+14155550123", "+1 415 555 0123"


@pytest.fixture
def twilio(app: Flask, ada: Person) -> Iterator[Twilio]:
    """The connection of ada's workspace that sends texts."""
    with Twilio() as twilio:
        app.extensions["rulebook"].config._values = {
            **app.extensions["rulebook"].config._values, "TWILIO_API": twilio.url
        }  # fmt: skip
        with app.app_context():
            connections.make_connection(ada.actor, "twilio", "Twilio", twilio.connection)
        yield twilio


def phone_of(app: Flask, person: Person) -> tuple[str, bool]:
    with app.app_context():
        user = db.session.get_one(User, person.user_id)
        return user.phone, user.phone_practice


def confirmed(app: Flask, person: Person, practice: bool = False) -> None:
    """The person has a number of their own."""
    with app.app_context():
        user = db.session.get_one(User, person.user_id)
        user.phone, user.phone_practice = NUMBER, practice
        db.session.commit()


def kept_code(person: Person) -> str:
    """The code that the Practice outbox shows its person."""
    return found(r"(\d{6}) is your code for Rulebook", person.get("/outbox").text)


def test_a_code_by_text_makes_a_number_one_s_own(
    app: Flask, ada: Person, twilio: Twilio, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    asked = ada.post("/account/phone", {"phone": " +1 (415) 555-0123 "})
    assert (asked.status_code, asked.location) == (303, "/account#phone")
    [text] = twilio.messages
    assert text.to == NUMBER and "good for ten minutes" in text.body
    code = found(r"^(\d{6}) is your code", text.body)
    assert phone_of(app, ada) == ("", False), "nothing is changed before"
    page = ada.get("/account")
    assert f"A code was sent to {READ} ." in text_of(page)
    assert code not in page.text and code not in ada.get("/outbox").text
    with app.app_context():
        [row] = db.session.query(Confirmation)
        assert code not in repr(vars(row)), "a dump of the table does not tell it"
    done = ada.post("/account/phone/code", {"code": f"{code[:3]} {code[3:]}"})
    assert (done.status_code, done.location) == (303, "/account#phone")
    assert phone_of(app, ada) == (NUMBER, False)
    assert f"Your number is {READ} :" in text_of(ada.get("/account"))
    with app.app_context():
        told = [(each.what, each.detail) for each in audit.entries(ada.workspace_id, 9)]
    assert ("account.phone", "ends in 123") in told and NUMBER not in str(told)
    assert code not in caplog.text
    again = ada.post("/account/phone/code", {"code": code})
    assert again.status_code == 303 and "no code that still counts" in text_of(ada.get("/account"))


@ON_SQLITE
def test_five_tries_are_all_there_are(app: Flask, ada: Person, twilio: Twilio) -> None:
    ada.post("/account/phone", {"phone": NUMBER})
    code = found(r"^(\d{6}) is", twilio.texts[0])
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    for left in ("4 more tries", "3 more tries", "2 more tries", "one more try"):
        refused = ada.post("/account/phone/code", {"code": wrong})
        assert refused.status_code == 422 and left in text_of(refused)
    assert ada.post("/account/phone/code", {"code": wrong}).status_code == 303
    assert "mistyped five times" in text_of(ada.get("/account"))
    ada.post("/account/phone/code", {"code": code})
    assert phone_of(app, ada) == ("", False), "the right one comes too late"


@ON_SQLITE
def test_a_code_lasts_ten_minutes_and_a_newer_one_takes_its_place(
    app: Flask, ada: Person, bo: Person, twilio: Twilio
) -> None:
    now = utcnow()
    with app.app_context():
        phones.ask_for_phone(ada.actor, NUMBER, now)
        first = found(r"^(\d{6}) is", twilio.texts[0])
        with pytest.raises(Conflict, match="no code that still counts"):
            phones.confirm_phone(ada.actor, first, now + phones.LASTS)
        with pytest.raises(Conflict, match="no code that still counts"):
            phones.confirm_phone(bo.actor, first, now)
        phones.ask_for_phone(ada.actor, "+14155550199", now)
        second = found(r"^(\d{6}) is", twilio.texts[1])
        if first != second:
            with pytest.raises(Invalid, match="This is not the code"):
                phones.confirm_phone(ada.actor, first, now)
        assert phones.confirm_phone(ada.actor, second, now).phone == "+14155550199"


@ON_SQLITE
def test_codes_are_few(app: Flask, ada: Person, bo: Person, cy: Person, twilio: Twilio) -> None:
    with app.app_context():
        for _ in range(phones.SENDS):
            phones.ask_for_phone(ada.actor, NUMBER)
        with pytest.raises(TooMany):
            phones.ask_for_phone(ada.actor, "+14155550199")
        for person in (bo, cy):
            phones.ask_for_phone(person.actor, NUMBER)
        with pytest.raises(TooMany):
            phones.ask_for_phone(bo.actor, NUMBER)
        later = utcnow() + timedelta(hours=1, seconds=1)
        with pytest.raises(TooMany):
            phones.ask_for_phone(ada.actor, NUMBER, later)
        phones.ask_for_phone(ada.actor, "+14155550199", later)
    assert len(twilio.messages) == phones.SENDS + 2  # cy has no connection


@ON_SQLITE
@pytest.mark.parametrize("number", ["", "12", "4155550123", "+1415555012x", "{{ payload.to }}"])
def test_what_is_no_number_gets_nothing(
    app: Flask, ada: Person, twilio: Twilio, number: str
) -> None:
    refused = ada.post("/account/phone", {"phone": number})
    assert refused.status_code == 422 and "is not a phone number" in text_of(refused)
    assert not twilio.messages


@ON_SQLITE
def test_a_text_that_is_refused_leaves_nothing_waiting(
    app: Flask, ada: Person, twilio: Twilio
) -> None:
    twilio.refuses(21614, "not a mobile number")
    refused = ada.post("/account/phone", {"phone": NUMBER})
    assert refused.status_code == 422 and "use a mobile number" in text_of(refused)
    assert "The six digits" not in ada.get("/account").text
    twilio.breaks(500, accepting=True)
    assert ada.post("/account/phone", {"phone": NUMBER}).status_code == 303
    assert "The six digits" in ada.get("/account").text, "it may have arrived"


def test_without_a_connection_the_practice_outbox_keeps_the_code_for_its_person(
    app: Flask, ada: Person, bo: Person
) -> None:
    ada.post("/account/phone", {"phone": NUMBER})
    assert "is kept in the Practice outbox" in text_of(ada.get("/account"))
    code = kept_code(ada)
    assert code not in bo.get("/outbox").text, "nobody else of the workspace sees it"
    ada.post("/account/phone/code", {"code": code})
    assert phone_of(app, ada) == (NUMBER, True)
    page = text_of(ada.get("/account"))
    assert "It was confirmed in the Practice outbox alone" in page
    assert code not in ada.get("/outbox").text
    ada.post("/account/phone/remove")
    assert phone_of(app, ada) == ("", False)


@ON_SQLITE
def test_a_viewer_has_no_text_sent(app: Flask, ada: Person, twilio: Twilio) -> None:
    vic = make_person(app, "vic", workspace_of=ada, role="viewer")
    assert "As viewer you send nothing here" in text_of(vic.get("/account"))
    assert vic.post("/account/phone", {"phone": NUMBER}).status_code == 403
    assert not twilio.messages


def saved_rule(app: Flask, person: Person, connected: bool) -> tuple[str, str]:
    """The ids of a rule that texts somebody else, and of an event of its hook."""
    with app.app_context():
        hook = make_hook(person)
        step = document()["then"][0]
        step["config"]["to"] = "+14155550177"
        if connected:
            [known] = stored.connections(person.workspace_id)
            step["connection"] = known.id
        rule_id = make_rule(person, hook, "off", then=[step]).id
    send(app, hook)
    work(app)
    with app.app_context():
        [event] = event_lists.page_of_events(person.workspace_id, EventFilter(), 9)
        return rule_id, event.id


def test_a_real_test_goes_to_one_s_own_phone_without_a_tick(
    app: Flask, ada: Person, twilio: Twilio
) -> None:
    rule_id, _ = saved_rule(app, ada, connected=True)
    there = f"/rules/{rule_id}?trial=1"
    page = Builder(ada, there)
    assert "Confirm your own number under Your account" in words(page.page)
    assert page.press("try sms").answer.status_code == 422
    confirmed(app, ada, practice=True)
    assert Builder(ada, there).press("try sms").answer.status_code == 422, "only practice knows it"
    confirmed(app, ada)
    page = Builder(ada, there)
    assert f"To you, {READ} ." in html.unescape(words(page.page))
    done = page.press("try sms").answer
    assert done.status_code == 303
    act_on(app, done.location.partition("/runs/")[2].partition("?")[0])
    [text] = twilio.messages
    assert text.to == NUMBER and text.body.startswith("[Test]")


@ON_SQLITE
def test_a_real_test_goes_to_somebody_else_only_with_a_tick(
    app: Flask, ada: Person, twilio: Twilio
) -> None:
    rule_id, _ = saved_rule(app, ada, connected=True)
    confirmed(app, ada)
    there = f"/rules/{rule_id}?trial=1"
    page = Builder(ada, there).fill("trial-to sms", "+14155550188").press("try sms")
    assert page.answer.status_code == 422 and "Nobody has said yet" in words(page.page)
    page.form["trial-sure sms"] = "yes"
    done = page.fill("trial-to sms", "+14155550188").press("try sms")
    run_id = done.answer.location.partition("/runs/")[2].partition("?")[0]
    with app.app_context():
        run = runs.run(ada.workspace_id, run_id)
        assert run and run.config["to"] == "+14155550188"


@ON_SQLITE
def test_text_me_begins_with_one_s_own_number(app: Flask, ada: Person, bo: Person) -> None:
    hook_id = shop(ada, "payment_succeeded")
    assert Builder(ada, f"/rules/new?hook={hook_id}").form.get("/then/0/config/to", "") == ""
    confirmed(app, ada)
    builder = Builder(ada, f"/rules/new?hook={hook_id}")
    assert builder.form["/then/0/config/to"] == NUMBER
    builder.fill("/then/0/config/to", "+14155550177").press("test")
    assert f"Me, {READ}" in words(builder.page)
    builder.press("me /then/0/config/to")
    assert builder.form["/then/0/config/to"] == NUMBER and f"Me, {READ}" not in words(builder.page)
    other = Builder(bo, f"/rules/new?hook={hook_id}")
    assert other.form.get("/then/0/config/to", "") == "" and "Me, +" not in words(other.page)


@ON_SQLITE
def test_recipes_offer_one_s_own_number(app: Flask, ada: Person) -> None:
    there = "/recipes/stripe.text_me_when_paid"
    before = ada.get(there)
    assert "Confirm your number under Your account" in text_of(before)
    ada.post("/account/phone", {"phone": NUMBER})
    assert f'value="{NUMBER}"' not in ada.get(there).text, "unconfirmed it is nobody's"
    ada.post("/account/phone/code", {"code": kept_code(ada)})
    page = ada.get(there).text
    assert re.search(rf'name="/then/0/config/to"[^>]*value="{re.escape(NUMBER)}"', page)
    assert "Confirm your number" not in page
