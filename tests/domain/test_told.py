"""What needs a person is said without what is hidden: on Home, in alerts, in what was told."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from rulebook.domain.alerts import send_due, tell
from rulebook.domain.hidden_fields import hide_field
from rulebook.domain.watching import watch
from rulebook.storage import db, hooks, tallies, utcnow
from rulebook.storage.events import Event
from rulebook.storage.tallies import Key, slot_of
from tests.fakes import Mail
from tests.people import Person
from tests.web.seeing import ON_SQLITE, set_runs
from tests.web.shop import Shop

CODE = "kestrel-4417"
STEP = {"id": "sms", "action": "sms", "config": {
    "to": "{{ payload.phone }}", "message": "Use {{ payload.code }}"}}  # fmt: skip


@pytest.fixture
def settings(mail: Mail) -> dict[str, str]:
    return {"RULEBOOK_MAIL_URL": mail.url}


@pytest.fixture
def shop(app: Flask, ada: Person) -> Shop:
    """A text that may have been sent to +1 415 555 0123, with the code in its sentence, and an
    event that could not be judged because of the code."""
    shop = Shop(app, ada)
    shop.rule(then=[STEP])
    shop.sends({"amount": 60, "code": CODE, "phone": "+14155550123"})
    set_runs(app, state="unknown", sentence=f"No answer about {CODE}.", finished_at=utcnow())
    broken = shop.sends({"code": CODE, "phone": "1"}, judged=False).rpartition("/")[2]
    with app.app_context():
        event = db.session.get_one(Event, broken)
        event.state, event.reason = "poison", f"Fails at {CODE}."
        tallies.note({Key(ada.workspace_id, slot_of(utcnow()), "failed", shop.hook.id, "r"): 1})
        db.session.commit()
    return shop


def look(app: Flask, seconds: float = 0) -> None:
    at = utcnow() + timedelta(seconds=seconds)
    with app.app_context():
        for workspace_id in watch(at):
            tell(workspace_id, at)
        send_due(at)


def hide(app: Flask, ada: Person, shop: Shop) -> None:
    with app.app_context():
        hide_field(ada.actor, shop.hook.id, "$.code")
        hide_field(ada.actor, shop.hook.id, "$.phone")


def seen(ada: Person) -> dict[str, str]:
    there = {page: ada.get(page).text for page in ("/", "/alerts")}
    return there | {page: ada.api("GET", page).text for page in ("/problems", "/alerts")}


@ON_SQLITE
def test_home_and_alerts_say_nothing_that_is_hidden(
    app: Flask, ada: Person, mail: Mail, shop: Shop
) -> None:
    assert CODE in ada.get("/").text and "415 555 0123" in ada.get("/").text
    hide(app, ada, shop)
    look(app)
    look(app, 60)
    [letter] = mail.letters
    for where, what in (*seen(ada).items(), ("mail", str(letter))):
        assert CODE not in what and "555 0123" not in what, where
        assert "No answer about" in what or where == "/alerts", where


@ON_SQLITE
def test_what_was_told_before_is_covered_where_it_is_shown(
    app: Flask, ada: Person, mail: Mail, shop: Shop
) -> None:
    look(app, -60)
    look(app)
    assert len(mail.letters) == 1 and CODE in ada.get("/alerts").text
    hide(app, ada, shop)
    for where, what in seen(ada).items():
        assert CODE not in what and "555 0123" not in what, where
    assert "ada@shop.example" in ada.api("GET", "/alerts").text
    look(app, 1)
    assert "No answer about ••••••" in ada.get("/alerts").text, "what is open is told anew"
    with app.app_context():
        assert hooks.hook_by_id(shop.hook.id).hidden_at
