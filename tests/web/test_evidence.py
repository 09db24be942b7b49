"""A link that shows one event: masked, read-only, for a time, and to nobody more than that."""

from __future__ import annotations

import re
from datetime import timedelta

from flask import Flask
from sqlalchemy import delete, select

from rulebook.domain.sweep import prune
from rulebook.storage import audit, db, events, utcnow
from rulebook.storage.events import EventBody
from rulebook.storage.evidence import Evidence
from tests.people import Person, make_person
from tests.web.shop import Shop, first, sqlite_only, text

CARD = "4242 4242 4242 4242"
SENT = {
    "amount": 99, "name": "Jenny Rosen", "email": "jenny.rosen@example.com", "phone": "4155550123",
    "card": CARD, "api_key": "tea-for-two-and-two-for-tea", "note": "call +1 415 555 0199",
}  # fmt: skip


def shown(app: Flask, person: Person) -> tuple[str, str]:
    """The path of an event's page, and that of a new link to it."""
    shop = Shop(app, person)
    shop.rule(then=[{"id": "sms", "action": "sms", "config": {
        "to": "+14155550123",
        "message": "{{ payload.email }} {{ payload.card }} {{ payload.api_key | upper }} "
                   "{{ payload.phone }} paid {{ payload.amount }}",
    }}])  # fmt: skip
    shop.rule(name="Key", path="$.api_key", test="text.is", value="coffee")
    here = shop.sends(SENT, headers={"Authorization": "Basic dGVhOnRlYQ==", "X-Till": "seven"})
    page = ada_makes(person, here)
    return here, page


def ada_makes(person: Person, here: str) -> str:
    made = person.post(f"{here}/share")
    assert made.status_code == 200 and "Copy it now" in text(made)
    address = first(r'value="(http[^"]*/evidence/[^"]+)"', made.get_data(as_text=True))
    return "/evidence/" + address.rpartition("/")[2]


@sqlite_only
def test_whoever_has_the_link_sees_the_event_masked_and_nothing_else(
    app: Flask, ada: Person, cy: Person
) -> None:
    here, link = shown(app, ada)
    for client in (app.test_client(), cy.client):
        page = client.get(link)
        told = text(page)
        assert page.status_code == 200 and "Matched 1 of 2 rules." in told
        assert "Jenny Rosen" in told and "X-Till seven" in told and "paid 99" in told
        assert "j…@example.com" in told and "•••• 4242" in told and "+1…23" in told
        everything = page.get_data(as_text=True).lower()
        for secret in ("jenny.rosen@", "4155550123", "555 0123", "555 0199", CARD, "tea-for-two",
                       "dGVhOnRlYQ", "127.0.0.1/in", ada.workspace_id):  # fmt: skip
            assert secret.lower() not in everything, secret
        assert not re.search(r"<(script|form|nav|button|input)\b", everything)
        assert cy.name not in everything and "sign out" not in everything
    assert cy.get(here).status_code == 404


@sqlite_only
def test_its_answer_is_kept_and_passed_on_by_nobody(app: Flask, ada: Person) -> None:
    _, link = shown(app, ada)
    for path in (link, "/evidence/made-up"):
        headers = app.test_client().get(path).headers
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cache-Control"] == "no-store"
        assert "noindex" in headers["X-Robots-Tag"]
        assert "script-src" not in headers["Content-Security-Policy"]
        assert "form-action 'none'" in headers["Content-Security-Policy"]


@sqlite_only
def test_a_link_ends_by_itself_and_when_it_is_revoked(app: Flask, ada: Person) -> None:
    here, link = shown(app, ada)
    other = ada_makes(ada, here)
    visitor = app.test_client()
    page = ada.get(f"{here}/share").get_data(as_text=True)
    assert link.rpartition("/")[2] not in page, "nobody can read a link again"
    paths = re.findall(rf'action="({here}/share/[^"]+)"', page)
    assert len(paths) == 2
    ada.post(paths[0])
    assert (visitor.get(link).status_code, visitor.get(other).status_code) == (404, 200)
    with app.app_context():
        assert db.session.scalars(select(Evidence.token_hash)).first() not in (link, other)
        for each in db.session.scalars(select(Evidence)):
            assert each.expires_at - each.created_at == timedelta(days=7)
            each.expires_at = utcnow() - timedelta(seconds=1)
        db.session.commit()
        noted = [entry.what for entry in audit.entries(ada.workspace_id, 10)]
    assert visitor.get(other).status_code == 404
    assert noted.count("evidence.create") == 2 and noted.count("evidence.revoke") == 1


@sqlite_only
def test_a_viewer_and_a_stranger_make_and_revoke_none(app: Flask, ada: Person, cy: Person) -> None:
    here, link = shown(app, ada)
    vic = make_person(app, "vic", workspace_of=ada, role="viewer")
    [revoke] = re.findall(rf'action="({here}/share/[^"]+)"', ada.get(f"{here}/share").text)
    assert "you may not make links" in text(vic.get(f"{here}/share"))
    assert vic.post(f"{here}/share").status_code == 403
    assert vic.post(revoke).status_code == 403 and cy.post(revoke).status_code == 404
    assert cy.get(f"{here}/share").status_code == cy.post(f"{here}/share").status_code == 404
    assert vic.post(f"{here}/pin", {"pinned": "yes"}).status_code == 403
    assert cy.post(f"{here}/pin", {"pinned": "yes"}).status_code == 404
    assert app.test_client().get(link).status_code == 200


@sqlite_only
def test_a_pinned_event_survives_its_time(app: Flask, ada: Person) -> None:
    shop = Shop(app, ada)
    kept, gone = shop.sends({"n": 1}), shop.sends({"n": 2})
    ada.post(f"{kept}/pin", {"pinned": "yes"})
    assert "Pinned: what was sent is kept" in text(ada.get(kept))
    with app.app_context():
        assert prune(utcnow() + timedelta(days=400)) == 1
        assert events.body_of(kept.rpartition("/")[2]) == b'{"n": 1}'
    assert "no longer kept" in text(ada.get(gone))
    ada.post(f"{kept}/pin", {"pinned": "no"})
    with app.app_context():
        assert prune(utcnow() + timedelta(days=400)) == 1


def test_the_api_pins_and_shares_as_well(app: Flask, ada: Person, cy: Person) -> None:
    shop = Shop(app, ada)
    event_id = shop.sends({"n": 1}).rpartition("/")[2]
    there = f"/events/{event_id}"
    assert ada.api("POST", f"{there}/pin").status_code == 200
    assert ada.api("GET", there).json["pinned"] is True
    assert ada.api("POST", f"{there}/pin", {"pinned": False}).status_code == 200
    assert ada.api("GET", there).json["pinned"] is False
    made = ada.api("POST", f"{there}/evidence")
    assert made.status_code == 201
    assert made.headers["Location"] == f"/api/v1{there}/evidence/{made.json['id']}"
    path = "/evidence/" + made.json["url"].rpartition("/")[2]
    assert app.test_client().get(path).status_code == 200
    [listed] = ada.api("GET", f"{there}/evidence").json["items"]
    assert listed["id"] == made.json["id"] and "url" not in listed
    revoke = f"{there}/evidence/{listed['id']}"
    assert cy.api("DELETE", revoke).status_code == cy.api("GET", f"{there}/evidence").status_code
    assert cy.api("POST", f"{there}/pin").status_code == 404
    assert ada.api("DELETE", revoke).status_code == 204
    assert app.test_client().get(path).status_code == 404


def test_a_pin_in_one_event_of_a_batch_keeps_the_body_they_share(app: Flask, ada: Person) -> None:
    shop = Shop(app, ada)
    whole, part = (shop.sends({"n": n}).rpartition("/")[2] for n in (1, 2))
    with app.app_context():
        db.session.execute(delete(EventBody).where(EventBody.event_id == part))
        second = events.event_by_id(part)
        second.part_of, second.pinned = whole, True
        db.session.commit()
        later = utcnow() + timedelta(days=400)
        assert prune(later) == 0 and events.body_of(part) == b'{"n": 1}'
        second.pinned = False
        db.session.commit()
        assert prune(later) == 1 and events.body_of(part) is None
