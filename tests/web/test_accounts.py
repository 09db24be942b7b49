"""The first account, signing in and out, passwords: in a browser's order, without a browser."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from rulebook.domain import accounts
from rulebook.storage import users, workspaces
from tests.people import Person
from tests.web.seeing import ON_SQLITE, found, text_of

PASSWORD = "linden kettle violet harbour"
FIRST = {"email": "ada@shop.example", "password": PASSWORD, "workspace": "Linden Tea",
         "zone": "Europe/Vienna"}  # fmt: skip


def submit(browser: FlaskClient, path: str, **form: str) -> TestResponse:
    """Open the page and send its form with its own hidden token."""
    token = found(r'name="csrf_token" value="([^"]+)"', browser.get(path).text)
    return browser.post(path, data={"csrf_token": token, **form})


@pytest.fixture
def browser(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def setup(app: Flask) -> str:
    with app.app_context():
        return "/setup/" + accounts.make_link("setup")


def test_the_setup_link_makes_the_first_account_once(browser: FlaskClient, setup: str) -> None:
    assert browser.get(setup).status_code == browser.get(setup).status_code == 200
    done = submit(browser, setup, **FIRST)
    assert (done.status_code, done.location) == (303, "/")
    home = text_of(browser.get("/"))
    assert "Make a hook" in home and "Times are Europe/Vienna." in home and "Linden Tea" in home
    assert browser.get(setup).status_code == 404
    assert browser.get("/setup/made-up").status_code == 404


@ON_SQLITE
def test_the_zone_is_guessed_by_the_browser_until_it_was_chosen(
    browser: FlaskClient, setup: str
) -> None:
    assert 'data-zone="guess"' in browser.get(setup).text
    wrong = submit(browser, setup, **FIRST | {"password": "short"})
    assert wrong.status_code == 422 and "it needs at least 15" in text_of(wrong)
    assert 'value="Europe/Vienna" selected' in wrong.text
    assert "data-zone" not in wrong.text and "short" not in wrong.text
    assert 'value="ada@shop.example"' in wrong.text


def test_signing_in_leads_where_one_wanted_to_go(
    app: Flask, browser: FlaskClient, setup: str
) -> None:
    submit(browser, setup, **FIRST)
    other = app.test_client()
    asked = other.get("/runs?state=failed")
    assert asked.location == "/sign-in?next=/runs?state%3Dfailed"
    wrong = submit(other, "/sign-in", email="ada@shop.example", password="wrong")
    nobody = submit(other, "/sign-in", email="nobody@shop.example", password="wrong")
    assert wrong.status_code == nobody.status_code == 422
    said = "E-mail address and password do not fit together."
    assert said in text_of(wrong) and said in text_of(nobody)
    inside = submit(other, asked.location, email=" Ada@Shop.example", password=PASSWORD,
                    next="/runs?state=failed")  # fmt: skip
    assert inside.location == "/runs?state=failed"
    assert other.get("/runs").status_code == 200


@ON_SQLITE
def test_before_the_first_account_the_sign_in_page_says_what_to_do(browser: FlaskClient) -> None:
    page = browser.get("/sign-in")
    assert "Open the one-time link" in text_of(page) and "<form" not in page.text


@ON_SQLITE
def test_too_many_tries_are_told_to_wait(app: Flask, browser: FlaskClient, setup: str) -> None:
    submit(browser, setup, **FIRST)
    other = app.test_client()
    for _ in range(accounts.TRIES):
        submit(other, "/sign-in", email="ada@shop.example", password="wrong")
    refused = submit(other, "/sign-in", email="ada@shop.example", password=PASSWORD)
    assert refused.status_code == 429 and 0 < int(refused.headers["Retry-After"]) <= 301
    assert "Try again in" in text_of(refused)


def test_after_signing_out_the_old_session_is_dead(app: Flask, ada: Person) -> None:
    copied = ada.client.get_cookie("rulebook_session")
    assert copied is not None
    assert ada.post("/sign-out").location == "/sign-in"
    thief = app.test_client()
    thief.set_cookie("rulebook_session", copied.value)
    assert thief.get("/").location.startswith("/sign-in")


def test_a_password_link_works_once_and_ends_other_sessions(app: Flask, ada: Person) -> None:
    with app.app_context():
        link = "/password/" + accounts.make_link("password", ada.user_id)
    browser = app.test_client()
    assert submit(browser, link, password="ada@shop.example").status_code == 422
    assert submit(browser, link, password=PASSWORD).location == "/"
    assert browser.get("/").status_code == 200
    assert ada.get("/").status_code == 302, "signed out everywhere else"
    assert browser.get(link).status_code == 404
    again = app.test_client()
    assert submit(again, "/sign-in", email="ada@shop.example", password=PASSWORD).location == "/"


@ON_SQLITE
def test_light_or_dark_is_kept_in_a_cookie(ada: Person) -> None:
    assert ada.post("/theme", {"theme": "dark", "next": "/runs"}).location == "/runs"
    assert 'data-theme="dark"' in ada.get("/").text
    ada.post("/theme", {"theme": "neon"})
    assert 'data-theme="dark"' in ada.get("/").text


class TestSignUp:
    """Strangers may make accounts only where the settings say so."""

    @pytest.fixture
    def settings(self) -> dict[str, str]:
        return {"RULEBOOK_SIGNUP": "open"}

    def test_anyone_gets_a_workspace_of_their_own(self, app: Flask, ada: Person) -> None:
        browser = app.test_client()
        assert "Make an account" in browser.get("/sign-in").text
        made = submit(browser, "/sign-up", **FIRST | {"email": "dee@else.example"})
        assert made.status_code == 303
        with app.app_context():
            dee = users.user_by_email("dee@else.example")
            assert dee is not None
            own = workspaces.first_workspace(dee.id)
            assert own is not None and own.id != ada.workspace_id
            assert workspaces.role_of(dee.id, ada.workspace_id) is None
        again = submit(app.test_client(), "/sign-up", **FIRST | {"email": "ada@shop.example"})
        assert again.status_code == 422 and "has an account already" in again.text

    def test_the_first_account_still_takes_the_link(self, app: Flask) -> None:
        assert app.test_client().get("/sign-up").status_code == 404


def test_nobody_signs_up_by_default(app: Flask, ada: Person) -> None:
    assert app.test_client().get("/sign-up").status_code == 404
    assert "Make an account" not in app.test_client().get("/sign-in").text
