"""A form that is sent twice at once gets the same answer twice, and is done once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import update
from werkzeug.test import TestResponse

from rulebook.domain import accounts
from rulebook.storage import audit, db, invites, users, utcnow
from rulebook.storage.invites import Invite
from tests.people import Person
from tests.web.seeing import ON_SQLITE, found, text_of
from tests.web.test_accounts import PASSWORD
from tests.web.test_people import DEE, invited, joins, role_of


def twice(press: Callable[[], TestResponse]) -> list[TestResponse]:
    """Both answers to two presses that come in at once."""
    gate = threading.Barrier(2)

    def one(_: int) -> TestResponse:
        gate.wait(10)
        return press()

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(one, range(2)))


def joined(app: Flask, link: str, password: str = PASSWORD) -> Callable[[], TestResponse]:
    """A press of Join on the page behind a link."""
    browser = app.test_client()
    token = found(r'name="csrf_token" value="([^"]+)"', browser.get(link).text)
    return lambda: app_post(app, browser, link, {"csrf_token": token, "password": password})


def app_post(app: Flask, browser, link: str, form: dict[str, str]) -> TestResponse:
    """As that browser, with cookies of its own, so that two may be sent at once."""
    other = app.test_client()
    cookie = browser.get_cookie("rulebook_form")
    other.set_cookie(cookie.key, cookie.value)
    return other.post(link, data=form)


def test_a_new_person_who_joins_twice_is_in_both_times(app: Flask, ada: Person) -> None:
    for email in ("d1@shop.example", "d2@shop.example"):
        press = joined(app, invited(ada, email))
        answers = twice(press)
        assert [(each.status_code, each.location) for each in answers] == [(303, "/")] * 2
        assert all("rulebook_session=" in each.headers["Set-Cookie"] for each in answers)
        assert role_of(app, ada, email) == "editor"
        with app.app_context():
            told = [entry for entry in audit.entries(ada.workspace_id, 99)
                    if entry.what == "person.join"]  # fmt: skip
            user = users.user_by_email(email)
            assert user and [each.thing for each in told].count(user.id) == 1


def test_an_invitation_that_is_sent_twice_leaves_one(app: Flask, ada: Person) -> None:
    for email in ("d1@shop.example", "d2@shop.example"):
        form = {"email": email, "role": "editor"}
        answers = twice(lambda form=form: ada.post("/settings/people/invite", form))  # type: ignore[misc]
        assert [each.status_code for each in answers] == [200, 200]
        assert all("Copy the link now" in text_of(each) for each in answers)
        with app.app_context():
            left = [each for each in invites.open_invites(ada.workspace_id) if each.email == email]
            assert len(left) == 1


def test_two_invitations_of_a_new_person_are_accepted_at_once(
    app: Flask, ada: Person, cy: Person
) -> None:
    presses = [joined(app, invited(person)) for person in (ada, cy)]
    answers = twice(lambda: presses.pop()())
    assert [each.status_code for each in answers] == [303, 303]
    assert role_of(app, ada, DEE) == role_of(app, cy, DEE) == "editor"


@ON_SQLITE
def test_a_second_press_is_no_second_way_in(
    app: Flask, ada: Person, bo: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = invited(ada)
    press, wrong = joined(app, link), joined(app, link, "a password that is not dee's")
    assert press().status_code == press().status_code == 303
    assert wrong().status_code == 404
    monkeypatch.setattr(accounts, "utcnow", lambda: utcnow() + accounts.PRESSED_TWICE)
    assert press().status_code == 404, "later it is a link that was used"


@ON_SQLITE
def test_what_was_revoked_a_moment_ago_lets_nobody_in(app: Flask, ada: Person) -> None:
    joins(app, invited(ada))
    with app.app_context():
        users_id = users.user_by_email(DEE)
    assert users_id
    ada.post(f"/settings/people/{users_id.id}/remove")
    press = joined(app, invited(ada))
    with app.app_context():
        db.session.execute(update(Invite).values(ended_at=utcnow()))
        db.session.commit()
    assert press().status_code == 404 and role_of(app, ada, DEE) is None
