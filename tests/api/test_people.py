"""People and invitations by the API: only with a scope that was given for it, and never owners."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from rulebook.domain.connections import make_connection
from rulebook.errors import NotAllowed
from rulebook.storage import audit
from tests.fakes.smtp import Mail
from tests.people import Person, make_person
from tests.web.seeing import ON_SQLITE
from tests.web.test_people import DEE, joins, role_of

ASKED = {"email": DEE, "role": "viewer"}


def asks(app: Flask, token: str, method: str, path: str, body: Any = None) -> Any:
    """A call with this token."""
    return app.test_client().open(f"/api/v1{path}", method=method, json=body,
                                  headers={"Authorization": f"Bearer {token}"})  # fmt: skip


def test_people_are_listed_invited_changed_and_removed(app: Flask, ada: Person, bo: Person) -> None:
    listed = ada.api("GET", "/people").json["items"]
    assert [(each["email"], each["role"]) for each in listed] == [
        ("ada@shop.example", "owner"), ("bo@shop.example", "editor")
    ]  # fmt: skip
    made = ada.api("POST", "/invites", ASKED)
    assert made.status_code == 201 and not made.json["mailed"]
    assert made.json["sentence"].startswith("There is no mail server.")
    [waits] = ada.api("GET", "/invites").json["items"]
    assert waits["id"] == made.json["id"] and "link" not in waits
    assert joins(app, made.json["link"].partition("/join/")[1] + made.json["link"].partition(
        "/join/")[2])[1].status_code == 303  # fmt: skip
    assert role_of(app, ada, DEE) == "viewer"
    changed = ada.api("PATCH", f"/people/{bo.user_id}", {"role": "viewer"})
    assert changed.json["role"] == "viewer" and role_of(app, ada, "bo@shop.example") == "viewer"
    assert bo.api("POST", "/hooks", {"name": "x"}).status_code == 403
    assert ada.api("DELETE", f"/people/{bo.user_id}").status_code == 204
    assert bo.get("/").status_code == 302 and role_of(app, ada, "bo@shop.example") is None
    with app.app_context():
        told = {each.what for each in audit.entries(ada.workspace_id, 50)}
    assert {"person.invite", "person.role", "person.remove"} <= told


@ON_SQLITE
def test_an_invitation_by_e_mail_tells_no_link_and_is_revoked(app: Flask, ada: Person) -> None:
    with Mail() as mail:
        with app.app_context():
            make_connection(ada.actor, "smtp", "Mail", mail.connection)
        made = ada.api("POST", "/invites", ASKED).json
        assert (made["mailed"], made["link"], made["sentence"]) == (True, "", "")
        assert "ada@shop.example invites you to the workspace Ada's shop" in mail.last.text
        link = "/join/" + mail.last.text.partition("/join/")[2].split()[0]
    [waits] = ada.api("GET", "/invites").json["items"]
    assert waits["mailed"]
    assert ada.api("DELETE", f"/invites/{made['id']}").status_code == 204
    assert ada.api("DELETE", f"/invites/{made['id']}").status_code == 404
    assert app.test_client().get(link).status_code == 404
    assert ada.api("GET", "/invites").json["items"] == []


@ON_SQLITE
def test_a_token_makes_changes_and_removes_no_owner(app: Flask, ada: Person) -> None:
    other = make_person(app, "olga", workspace_of=ada)
    eve = make_person(app, "eve", workspace_of=ada, role="editor")
    refused = ada.api("POST", "/invites", {"email": DEE, "role": "owner"})
    assert refused.status_code == 422 and refused.json["pointer"] == "/role"
    assert ada.api("PATCH", f"/people/{eve.user_id}", {"role": "owner"}).status_code == 422
    for person in (ada, other):
        path = f"/people/{person.user_id}"
        for answer in (ada.api("PATCH", path, {"role": "viewer"}), ada.api("DELETE", path)):
            assert answer.status_code == 403 and "page People" in answer.json["fix"]
    assert role_of(app, ada, "olga@shop.example") == "owner"
    assert role_of(app, ada, "eve@shop.example") == "editor"


@ON_SQLITE
def test_only_a_token_that_was_given_the_scope_reaches_people(
    app: Flask, ada: Person, bo: Person
) -> None:
    usual, full = ada.token("read", "write", "send"), ada.token("people")
    calls = (("POST", "/invites", ASKED), ("PATCH", f"/people/{bo.user_id}", {"role": "viewer"}),
             ("DELETE", f"/people/{bo.user_id}", None),
             ("DELETE", "/invites/inv_1", None))  # fmt: skip
    for method, path, body in calls:
        refused = asks(app, usual, method, path, body)
        assert refused.status_code == 403 and "'people'" in refused.json["fix"], path
        refused = bo.api(method, path, body)
        assert refused.status_code == 403 and "Ask an owner" in refused.json["fix"], path
    assert role_of(app, ada, "bo@shop.example") == "editor"
    assert asks(app, full, "GET", "/people").status_code == 403, "reading is a scope of its own"
    assert asks(app, usual, "GET", "/people").status_code == 200
    assert asks(app, full, "POST", "/invites", ASKED).status_code == 201


@ON_SQLITE
def test_no_token_gives_more_than_it_has(app: Flask, ada: Person, bo: Person) -> None:
    usual = ada.token("read", "write", "send")
    wanted = {"name": "more", "scopes": ["people"]}
    assert asks(app, usual, "POST", "/tokens", wanted).status_code == 403
    made = asks(app, usual, "POST", "/tokens", {"name": "same"}).json
    assert made["scopes"] == ["read", "write", "send"]
    with app.app_context():
        from rulebook.domain.tokens import make_token

        assert make_token(ada.actor, "as usual")[0].scopes == ["read", "write", "send"]
        with pytest.raises(NotAllowed):
            make_token(bo.actor, "more", ["people"])
    assert "Invite, change and remove people" in ada.get("/settings").text
    assert "Invite, change and remove people" not in bo.get("/settings").text
