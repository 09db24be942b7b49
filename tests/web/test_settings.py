"""Settings: names, zones, tokens shown once, what is in force, who did what."""

from __future__ import annotations

import re

from flask import Flask

from rulebook.domain import deeds
from tests.people import Person, make_hook, make_person
from tests.web.seeing import ON_SQLITE, found, text_of
from web.settings import DEEDS


def test_the_workspace_gets_another_name_and_zone(app: Flask, ada: Person, bo: Person) -> None:
    there = "/settings/workspace"
    assert ada.post(there, {"workspace": "Linden Tea", "zone": "Europe/Vienna"}).status_code == 303
    page = text_of(bo.get("/settings"))
    assert "Linden Tea" in page and "Times are Europe/Vienna." in page
    assert "ada@shop.example changed the workspace to: Linden Tea, Europe/Vienna" in page
    listed = re.findall(r'<option value="([^"]+)"', ada.get("/settings").text)
    assert "America/New_York" in listed and not {"Factory", "localtime", "Etc/GMT+5"} & set(listed)
    ada.post(there, {"workspace": "Linden Tea", "zone": "US/Eastern"})
    assert '<option value="US/Eastern" selected' in ada.get("/settings").text
    wrong = ada.post(there, {"workspace": " ", "zone": "Mars/Base"})
    assert wrong.status_code == 422
    assert "The workspace needs a name." in text_of(wrong) and "Mars/Base" in text_of(wrong)
    assert bo.post(there, {"workspace": "Bo's", "zone": "UTC"}).status_code == 403


@ON_SQLITE
def test_an_editor_revokes_their_own_token_alone(app: Flask, ada: Person, bo: Person) -> None:
    ada.token()
    [of_ada] = re.findall(r'action="(/settings/tokens/\w+/revoke)"', ada.get("/settings").text)
    mine = bo.token()
    [of_bo] = re.findall(r'action="(/settings/tokens/\w+/revoke)"', bo.get("/settings").text)
    assert of_bo != of_ada and bo.post(of_ada).status_code == 403
    assert bo.post(of_bo).status_code == 303 and mine
    assert len(re.findall(r"/settings/tokens/\w+/revoke", ada.get("/settings").text)) == 1


@ON_SQLITE
def test_a_token_is_shown_once_and_works_until_revoked(app: Flask, ada: Person, cy: Person) -> None:
    made = ada.post("/settings/tokens", {"name": "Bookkeeping", "scope": ["read"]})
    text = found(r'value="(rbk_[^"]+)"', made.text)
    assert made.headers["Cache-Control"] == "no-store"
    bears = {"Authorization": f"Bearer {text}"}
    assert app.test_client().get("/api/v1/hooks", headers=bears).status_code == 200
    assert app.test_client().post("/api/v1/hooks", headers=bears, json={}).status_code == 403
    page = ada.get("/settings")
    assert text not in page.text and f"Bookkeeping {text[:8]}..." in text_of(page)
    [revoke] = re.findall(r'action="(/settings/tokens/\w+/revoke)"', page.text)
    assert cy.post(revoke).status_code == 404
    ada.post(revoke)
    assert "There is no token." in text_of(ada.get("/settings"))
    assert app.test_client().get("/api/v1/hooks", headers=bears).status_code == 401


@ON_SQLITE
def test_a_token_needs_a_name_and_something_to_do(ada: Person) -> None:
    assert "needs a name" in text_of(ada.post("/settings/tokens", {"name": "", "scope": ["read"]}))
    wrong = ada.post("/settings/tokens", {"name": "x"})
    assert wrong.status_code == 422 and "of no use" in text_of(wrong)


@ON_SQLITE
def test_what_is_in_force_is_told_without_its_secrets(app: Flask, ada: Person, bo: Person) -> None:
    page = text_of(ada.get("/settings"))
    assert "RULEBOOK_RETENTION_DAYS 30 Days that the bodies of events are kept." in page
    assert "RULEBOOK_SECRET_KEY not set" in page
    assert "RULEBOOK_" not in text_of(bo.get("/settings"))


@ON_SQLITE
def test_a_viewer_and_a_stranger_see_only_what_is_theirs(
    app: Flask, ada: Person, cy: Person
) -> None:
    vic = make_person(app, "vic", workspace_of=ada, role="viewer")
    with app.app_context():
        make_hook(ada, "Payments")
    page = text_of(vic.get("/settings"))
    assert "ada@shop.example made the hook: Payments" in page and "may not make tokens" in page
    assert vic.post("/settings/tokens", {"name": "x", "scope": ["read"]}).status_code == 403
    assert "Payments" not in text_of(cy.get("/settings"))
    assert "ada@" not in text_of(cy.get("/settings"))


def test_whatever_is_done_to_many_at_once_has_words() -> None:
    noted = {f"bulk.{what}" for what in [*deeds.DEEDS, "stop"]}
    assert noted <= DEEDS.keys()
