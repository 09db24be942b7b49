"""People: invited, joining, another role, removed, leaving, handing the workspace over."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update
from werkzeug.test import TestResponse

from rulebook.domain import accounts
from rulebook.domain.connections import make_connection
from rulebook.domain.passwords import hashed
from rulebook.storage import audit, db, invites, users, utcnow, workspaces
from rulebook.storage.invites import Invite
from rulebook.storage.users import User
from tests.fakes.smtp import Mail
from tests.people import Person, make_hook, make_person
from tests.web.seeing import ON_SQLITE, found, text_of
from tests.web.test_accounts import PASSWORD, submit

DEE = "dee@shop.example"


def invited(person: Person, email: str = DEE, role: str = "editor") -> str:
    """The path of the link that the page shows where no e-mail can be sent."""
    page = person.post("/settings/people/invite", {"email": email, "role": role})
    assert "Copy the link now" in text_of(page), text_of(page)
    return "/join/" + found(r'value="http[^"]*/join/([^"]+)"', page.text)


def joins(app: Flask, link: str, password: str = PASSWORD) -> tuple[FlaskClient, TestResponse]:
    browser = app.test_client()
    return browser, submit(browser, link, password=password)


def role_of(app: Flask, person: Person, email: str) -> str | None:
    with app.app_context():
        user = users.user_by_email(email)
        return workspaces.role_of(user.id, person.workspace_id) if user else None


def test_the_invited_sets_a_password_and_lands_in_the_workspace(
    app: Flask, ada: Person, cy: Person
) -> None:
    with app.app_context():
        hook = make_hook(ada, "Tea orders")
        foreign = make_hook(cy, "Cy's own")
    link = invited(ada)
    assert app.test_client().get(link).status_code == app.test_client().get(link).status_code == 200
    assert app.test_client().get(link).headers["Referrer-Policy"] == "no-referrer"
    short = joins(app, link, "short")[1]
    assert short.status_code == 422 and "it needs at least 15" in text_of(short)
    browser, done = joins(app, link)
    assert (done.status_code, done.location) == (303, "/")
    assert "Tea orders" in browser.get("/hooks").text
    assert browser.get(f"/hooks/{hook.id}").status_code == 200
    assert browser.get(f"/hooks/{foreign.id}").status_code == 404
    assert role_of(app, ada, DEE) == "editor"
    assert app.test_client().get(link).status_code == 404, "it works once"
    assert submit(app.test_client(), "/sign-in", email=DEE, password=PASSWORD).location == "/"


@ON_SQLITE
def test_the_link_is_told_once_and_its_token_is_nowhere(app: Flask, ada: Person) -> None:
    token = invited(ada).removeprefix("/join/")
    page = ada.get("/settings/people")
    assert token not in page.text and f"{DEE} as editor" in text_of(page)
    with app.app_context():
        [row] = invites.open_invites(ada.workspace_id)
        assert token not in repr(vars(row)) and row.token_hash == accounts.digest(token)
        told = [entry.detail for entry in audit.entries(ada.workspace_id, 50)]
    assert f"{DEE} as editor" in told and not any(token in each for each in told)


@ON_SQLITE
def test_a_mail_server_carries_the_invitation(app: Flask, ada: Person) -> None:
    with Mail() as mail:
        with app.app_context():
            make_connection(ada.actor, "smtp", "Mail", mail.connection)
        done = ada.post("/settings/people/invite", {"email": DEE, "role": "viewer"})
        assert done.status_code == 303
        letter = mail.last
    link = "/join/" + found(r"/join/(\S+)", letter.text)
    assert "ada@shop.example invites you to the workspace Ada's shop" in letter.text
    page = ada.get("/settings/people")
    assert "is on its way to dee@shop.example" in text_of(page) and link not in page.text
    assert joins(app, link)[1].status_code == 303 and role_of(app, ada, DEE) == "viewer"


@ON_SQLITE
def test_what_was_revoked_or_is_too_old_leads_nowhere(app: Flask, ada: Person, cy: Person) -> None:
    link = invited(ada)
    with app.app_context():
        [row] = invites.open_invites(ada.workspace_id)
    there = f"/settings/people/invites/{row.id}/revoke"
    assert cy.post(there).status_code == 404
    assert ada.post(there).status_code == 303 and ada.post(there).status_code == 404
    assert app.test_client().get(link).status_code == 404
    old = invited(ada)
    with app.app_context():
        db.session.execute(update(Invite).values(expires_at=utcnow() - timedelta(seconds=1)))
        db.session.commit()
    assert app.test_client().get(old).status_code == 404
    first, second = invited(ada), invited(ada)
    assert app.test_client().get(first).status_code == 404, "a newer one took its place"
    assert app.test_client().get(second).status_code == 200


@ON_SQLITE
def test_only_an_owner_invites_and_changes_people(app: Flask, ada: Person, bo: Person) -> None:
    vic = make_person(app, "vic", workspace_of=ada, role="viewer")
    for person in (bo, vic):
        assert person.get("/settings/people").status_code == 200
        for path, form in (
            ("invite", {"email": DEE, "role": "owner"}),
            (f"{person.user_id}/role", {"role": "owner"}),
            (f"{ada.user_id}/role", {"role": "viewer"}),
            (f"{ada.user_id}/remove", {}),
            (f"{person.user_id}/owner", {}),
        ):
            answer = person.post(f"/settings/people/{path}", form)
            assert answer.status_code == 403, path
    assert role_of(app, ada, "ada@shop.example") == "owner"
    assert role_of(app, ada, "bo@shop.example") == "editor" and role_of(app, ada, DEE) is None


@ON_SQLITE
def test_another_role_counts_at_once_also_for_tokens(app: Flask, ada: Person, bo: Person) -> None:
    assert bo.api("POST", "/hooks", {"name": "One"}).status_code == 201
    assert ada.post(f"/settings/people/{bo.user_id}/role", {"role": "viewer"}).status_code == 303
    assert bo.api("POST", "/hooks", {"name": "Two"}).status_code == 403
    assert bo.post("/hooks", {"name": "Three"}).status_code == 403
    wrong = ada.post(f"/settings/people/{bo.user_id}/role", {"role": "king"})
    assert wrong.status_code == 303 and role_of(app, ada, "bo@shop.example") == "viewer"


@ON_SQLITE
def test_who_is_removed_is_out_and_what_they_made_works_on(
    app: Flask, ada: Person, bo: Person
) -> None:
    with app.app_context():
        hook = make_hook(bo, "Bo's hook")
        db.session.get_one(User, bo.user_id).password = hashed(PASSWORD)
        db.session.commit()
    assert bo.api("GET", "/hooks").status_code == 200
    assert ada.post(f"/settings/people/{bo.user_id}/remove").status_code == 303
    assert bo.get("/").status_code == 302 and bo.api("GET", "/hooks").status_code == 401
    assert ada.get(f"/hooks/{hook.id}").status_code == 200
    lost = submit(app.test_client(), "/sign-in", email="bo@shop.example", password=PASSWORD)
    assert lost.status_code == 422 and "in no workspace any more" in text_of(lost)
    back = joins(app, invited(ada, "bo@shop.example"))[1]
    assert back.status_code == 303 and role_of(app, ada, "bo@shop.example") == "editor"


def test_the_last_owner_neither_leaves_nor_steps_down(app: Flask, ada: Person, bo: Person) -> None:
    for path, form in (("leave", {}), (f"{ada.user_id}/role", {"role": "viewer"}),
                       (f"{ada.user_id}/remove", {})):  # fmt: skip
        assert ada.post(f"/settings/people/{path}", form).status_code == 303
        assert "A workspace has an owner" in text_of(ada.get("/settings/people")), path
    assert role_of(app, ada, "ada@shop.example") == "owner"
    assert ada.post(f"/settings/people/{bo.user_id}/owner").status_code == 303
    assert role_of(app, ada, "ada@shop.example") == "editor"
    assert role_of(app, ada, "bo@shop.example") == "owner"
    assert ada.post("/settings/people/leave").status_code == 303
    assert role_of(app, ada, "ada@shop.example") is None and ada.get("/").status_code == 302
    assert bo.get("/settings/people").status_code == 200


@ON_SQLITE
def test_who_has_an_account_joins_with_their_own_password(
    app: Flask, ada: Person, cy: Person
) -> None:
    with app.app_context():
        db.session.get_one(User, cy.user_id).password = hashed(PASSWORD)
        db.session.commit()
    link = invited(ada, "cy@shop.example", "viewer")
    wrong = joins(app, link, "some other long password")[1]
    assert wrong.status_code == 422 and role_of(app, ada, "cy@shop.example") is None
    browser, done = joins(app, link)
    assert done.status_code == 303
    home = text_of(browser.get("/settings/people"))
    assert "Ada's shop" in home and "Go to Cy's shop" in home
    token = found(r'name="csrf_token" value="([^"]+)"', browser.get("/").text)
    there = f"/workspaces/{cy.workspace_id}"
    assert browser.post(there, data={"csrf_token": token}).status_code == 303
    assert "Go to Ada's shop" in text_of(browser.get("/settings/people"))
    assert ada.post(there).status_code == 404, "only where one is a member"


@ON_SQLITE
def test_invitations_are_bounded(app: Flask, ada: Person) -> None:
    for n in range(20):
        ada.post("/settings/people/invite", {"email": f"d{n}@shop.example", "role": "viewer"})
    refused = ada.post("/settings/people/invite", {"email": DEE, "role": "viewer"})
    assert refused.status_code == 429
    wrong = ada.post("/settings/people/invite", {"email": "nobody", "role": "king"})
    assert wrong.status_code == 422


class TestFirst:
    """Where only the first person makes an account."""

    @pytest.fixture
    def settings(self) -> dict[str, str]:
        return {"RULEBOOK_SIGNUP": "first"}

    @ON_SQLITE
    def test_only_people_with_accounts_are_invited(
        self, app: Flask, ada: Person, cy: Person
    ) -> None:
        refused = ada.post("/settings/people/invite", {"email": DEE, "role": "viewer"})
        assert refused.status_code == 422 and "rulebook user add dee@shop.example" in refused.text
        invited(ada, "cy@shop.example")
