"""What is dangerous asks for the password again, half an hour after it was given."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from rulebook.domain import accounts, hooks
from rulebook.domain.passwords import hashed
from rulebook.storage import db, users, utcnow
from rulebook.storage.users import Session, User
from tests.people import Person, make_hook
from tests.web.seeing import ON_SQLITE, found, text_of
from tests.web.test_guard import address, methods, pages_of
from web.fresh import ASKS, BY_LOOKING

PASSWORD = "linden kettle violet harbour"
SECRET = "whsec_c2VjcmV0LW9mLWFkYS1mb3ItdGVzdHM"


@pytest.fixture
def ada(ada: Person) -> Person:
    """Ada with a password, whose session is 31 minutes old."""
    with ada.app.app_context():
        db.session.get_one(User, ada.user_id).password = hashed(PASSWORD)
        db.session.commit()
    rewind(ada, minutes=31)
    return ada


def rewind(person: Person, **ago: int) -> None:
    """The person's sessions as if they had begun, and the password been given, that long ago."""
    with person.app.app_context():
        for session in db.session.query(Session).filter_by(user_id=person.user_id):
            session.created_at = utcnow() - timedelta(**ago)
            session.proved_at = None
        db.session.commit()


def answered(person: Person, page: TestResponse, password: str) -> TestResponse:
    """Fill in the page that asks for the password, with all that waits in it."""
    there = html.unescape(found(r'<form class="form" method="post" action="([^"]+)"', page.text))
    boxes = re.findall(r'<input type="hidden" name="(held_form|next)" value="([^"]*)"', page.text)
    waiting = {name: html.unescape(value) for name, value in boxes}
    return person.post(there, {"password": password, **waiting})


def test_a_form_waits_for_the_password_and_is_then_done(app: Flask, ada: Person) -> None:
    with app.app_context():
        hook = make_hook(ada, provider="stripe")
    asked = ada.post(f"/hooks/{hook.id}", {"secret": SECRET})
    assert asked.status_code == 403 and SECRET not in asked.text
    assert "Before a signing secret is changed" in text_of(asked)
    wrong = answered(ada, asked, "not my password")
    assert wrong.status_code == 422 and "This is not your password." in text_of(wrong)
    assert secrets_of(app, ada, hook.id) == []
    done = answered(ada, wrong, PASSWORD)
    assert (done.status_code, done.location) == (303, f"/hooks/{hook.id}")
    assert secrets_of(app, ada, hook.id) == [SECRET]
    assert ada.post(f"/hooks/{hook.id}", {"remove_secret": "yes"}).status_code == 303, "still fresh"
    rewind(ada, minutes=29)
    assert ada.post(f"/hooks/{hook.id}/delete").status_code == 303


def secrets_of(app: Flask, person: Person, hook_id: str) -> list[str]:
    with app.app_context():
        return hooks.secrets_of(hooks.find_hook(person.actor, hook_id))


@ON_SQLITE
def test_a_download_asks_and_then_begins(app: Flask, ada: Person) -> None:
    there = "/events/export.csv?type=invoice.paid"
    asked = ada.get(there)
    assert asked.status_code == 302 and asked.location.startswith("/prove?next=/events/export.csv")
    page = ada.get(asked.location)
    assert "Before events are exported" in text_of(
        page
    ) and "You gave it 31 minutes ago" in text_of(page)
    done = answered(ada, page, PASSWORD)
    assert (done.status_code, done.location) == (303, there)
    assert ada.get(there).content_type.startswith("text/csv")


@ON_SQLITE
def test_all_that_is_dangerous_asks_and_nothing_else_does(app: Flask, ada: Person) -> None:
    asking = set()
    for rule in pages_of(app):
        for method in methods(rule) & {"GET", "POST"}:
            call = ada.get if method == "GET" else lambda at: ada.post(at, {"secret": SECRET})
            answer = call(address(rule))
            if "/prove" in (answer.location or "") or "Your password again" in answer.text:
                asking.add((rule.endpoint, method))
        if rule.endpoint == "accounts.sign_out":
            ada.sign_in()
            rewind(ada, minutes=31)
    expected = {(each, "GET" if each in BY_LOOKING else "POST") for each in ASKS}
    assert asking - {("accounts.prove", "GET"), ("accounts.prove", "POST")} == expected


@ON_SQLITE
def test_a_waiting_form_is_good_for_its_own_address_and_session_alone(
    app: Flask, ada: Person
) -> None:
    with app.app_context():
        one, other = make_hook(ada), make_hook(ada, name="Orders")
    asked = ada.post(f"/hooks/{one.id}/delete")
    held = html.unescape(found(r'name="held_form" value="([^"]+)"', asked.text))
    moved = ada.post(f"/hooks/{other.id}/delete", {"held_form": held, "password": PASSWORD})
    assert moved.status_code == 422 and "cannot be read" in text_of(moved)
    ada.sign_in()
    rewind(ada, minutes=31)
    stolen = ada.post(f"/hooks/{one.id}/delete", {"held_form": held, "password": PASSWORD})
    assert stolen.status_code == 422
    with app.app_context():
        assert hooks.find_hook(ada.actor, one.id) and hooks.find_hook(ada.actor, other.id)


@ON_SQLITE
def test_guessing_is_bounded_as_at_the_sign_in_page(app: Flask, ada: Person) -> None:
    for _ in range(accounts.TRIES):
        assert ada.post("/prove", {"password": "wrong"}).status_code == 422
    refused = ada.post("/prove", {"password": PASSWORD})
    assert refused.status_code == 429 and 0 < int(refused.headers["Retry-After"]) <= 301
    with app.app_context():
        [session] = db.session.query(Session).filter_by(user_id=ada.user_id)
        assert session.proved_at is None and users.user_by_id(ada.user_id)


@ON_SQLITE
def test_the_page_leads_to_no_other_site(app: Flask, ada: Person) -> None:
    assert ada.post("/prove", {"password": PASSWORD, "next": "//evil.example"}).location == "/"
