"""Connections: a form drawn from the kind's fields, tested on saving, secrets never shown."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from rulebook.actions import CONNECTION_KINDS
from rulebook.domain import connections
from tests.fakes import Mail
from tests.people import Person, make_hook, make_person, make_rule
from tests.web.seeing import ON_SQLITE, text_of

pytestmark = ON_SQLITE
SECRET = "tok_live_5f2c81d09a"


def made(app: Flask, person: Person, **config: object) -> str:
    with app.app_context():
        config = {"type": "bearer", "token": SECRET} | config
        return connections.make_connection(person.actor, "http_auth", "Books", config).id


@pytest.mark.parametrize("kind", sorted(CONNECTION_KINDS))
def test_every_kind_draws_its_form(ada: Person, kind: str) -> None:
    page = ada.get(f"/connections/new/{kind}")
    for field in CONNECTION_KINDS[kind].fields:
        box = re.search(rf'<(?:input|select|textarea)[^>]*\bname="{field.name}"[^>]*>', page.text)
        assert box, field.name
        assert (' type="password"' in box[0]) == field.hidden
    assert CONNECTION_KINDS[kind].help[:30] in text_of(page)


def test_saving_tests_at_once_and_says_how_it_went(app: Flask, ada: Person) -> None:
    with Mail() as server:
        host, port = server.allow.split(":")
        form = {"name": "Our mail", "host": host, "port": port, "security": "none",
                "from": "tea@shop.example"}  # fmt: skip
        ada.post("/connections/new/smtp", form)
        assert "It works." in text_of(ada.get("/connections"))
        assert not server.letters
    ada.post("/connections/new/smtp", {**form, "name": "Gone"})
    page = text_of(ada.get("/connections"))
    assert "It is saved, but the test failed." in page and "Test failed" in page
    assert "tea@shop.example through" in page


def test_a_wrong_box_is_told_beside_it_and_nothing_is_saved(ada: Person) -> None:
    page = ada.post("/connections/new/http_auth", {"name": "", "type": "bearer", "token": ""})
    assert page.status_code == 422
    assert re.search(r'name="token"[^>]*aria-invalid="true"', page.text)
    assert "The connection needs a name." in text_of(page)
    assert "Not tested" not in text_of(ada.get("/connections"))


def test_what_nobody_can_be_asked_about_is_not_said_to_work(ada: Person) -> None:
    ada.post("/connections/new/http_auth", {"name": "Books", "type": "bearer", "token": "tok_1"})
    page = text_of(ada.get("/connections"))
    assert "Saved. It is tried when a rule first uses it, and not before." in page
    assert "Not tested" in page and "It works" not in page and "Test passed" not in page


def test_a_secret_is_never_drawn_and_stays_when_left_empty(app: Flask, ada: Person) -> None:
    there = f"/connections/{made(app, ada)}"
    for page in (ada.get(there), ada.get("/connections")):
        assert SECRET not in page.text
    assert "leave it empty to keep it" in text_of(ada.get(there))
    wrong = ada.post(there, {"name": "", "type": "bearer", "token": "another"})
    assert wrong.status_code == 422 and "another" not in wrong.text
    ada.post(there, {"name": "Bookkeeping", "type": "bearer", "token": ""})
    with app.app_context():
        kept = connections.open_connection(ada.workspace_id, there.rpartition("/")[2])
    assert kept == {"type": "bearer", "token": SECRET}
    assert "Bookkeeping" in text_of(ada.get("/connections"))


def test_what_is_for_another_way_is_folded_until_it_is_used(app: Flask, ada: Person) -> None:
    page = ada.get("/connections/new/twilio")
    usual, _, folded = page.text.partition('<details class="ways">')
    assert 'name="auth_token"' in usual and 'name="api_key"' in folded
    assert "Instead of these: API key, API secret, messaging service" in text_of(page)
    assert "Auth token (optional)" not in text_of(page), "one of the two ways has to be given"
    config = {"account_sid": "AC1", "api_key": "SK1", "api_secret": SECRET, "from": "+14155550100"}
    with app.app_context():
        there = connections.make_connection(ada.actor, "twilio", "Phone", config).id
    page = ada.get(f"/connections/{there}")
    assert '<details class="ways" open>' in page.text
    assert text_of(page).count("Stored already; leave it empty to keep it.") == 1


def test_it_cannot_be_deleted_while_a_rule_sends_through_it(
    app: Flask, ada: Person, bo: Person, cy: Person
) -> None:
    connection_id = made(app, ada)
    step = {"id": "post", "action": "http", "connection": connection_id,
            "config": {"url": "https://books.example/in", "method": "POST"}}  # fmt: skip
    with app.app_context():
        rule = make_rule(ada, make_hook(ada), name="Post refunds", then=[step])
    ada.post(f"/connections/{connection_id}/delete")
    page = text_of(ada.get("/connections"))
    assert "Not deleted. The rule 'Post refunds' sends through Books." in page
    assert "used by Post refunds" in page
    for where in ("/connections", f"/connections/{connection_id}"):
        assert f'<a href="/rules/{rule.id}">Post refunds</a>' in ada.get(where).text, where
    assert f'<a href="/rules/{rule.id}">Post refunds</a>' in bo.get("/connections").text
    for where in ("/connections", f"/rules/{rule.id}"):
        assert "Post refunds" not in cy.get(where).text, where
    with app.app_context():
        from rulebook.domain.rules import delete_rule

        delete_rule(ada.actor, rule.id)
    assert "No rule sends through it." in text_of(ada.get(f"/connections/{connection_id}"))
    ada.post(f"/connections/{connection_id}/delete")
    assert "Books is deleted; its secrets are gone." in text_of(ada.get("/connections"))
    assert ada.get(f"/connections/{connection_id}").status_code == 404


def test_only_owners_write_and_others_are_told_why(app: Flask, ada: Person, bo: Person) -> None:
    vic = make_person(app, "vic", workspace_of=ada, role="viewer")
    there = f"/connections/{made(app, ada)}"
    assert "only an owner adds or changes them" in text_of(bo.get("/connections"))
    assert bo.post(f"{there}/test").status_code == 303
    assert vic.post(f"{there}/test").status_code == 403
    for path in ("/connections/new/smtp", there):
        assert bo.get(path).status_code == bo.post(path).status_code == 403
    assert bo.post(f"{there}/delete").status_code == 403


def test_a_stranger_finds_nothing(app: Flask, ada: Person, cy: Person) -> None:
    there = f"/connections/{made(app, ada)}"
    assert "Books" not in text_of(cy.get("/connections"))
    assert cy.get(there).status_code == cy.post(there).status_code == 404
    assert cy.post(f"{there}/test").status_code == cy.post(f"{there}/delete").status_code == 404
    assert ada.get("/connections/new/pigeon").status_code == 404
