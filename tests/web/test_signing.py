"""On the page of a hook: who probably sends, what to paste there, how it signs, why it refuses."""

from __future__ import annotations

import hashlib
import hmac

from flask import Flask

from rulebook.domain import hooks as verbs
from rulebook.providers import verify_word
from tests.people import Person, make_hook
from tests.stories import events_of, path_of, send
from tests.web.shop import sqlite_only, text

BODY = b'{"id": "evt_1", "amount": 60}'


def new_hook(app: Flask, person: Person, **more) -> tuple[str, str]:
    """The paths of a hook's page and of its address."""
    with app.app_context():
        hook = make_hook(person, **more)
        return f"/hooks/{hook.id}", path_of(hook)


@sqlite_only
def test_a_known_sender_is_recognised_and_set_up_on_a_click(
    app: Flask, ada: Person, cy: Person
) -> None:
    page, path = new_hook(app, ada)
    send(app, path, BODY, headers={"X-Shopify-Topic": "orders/create"})
    assert "This looks like Shopify" in text(ada.get(page))
    assert ada.post(page, {"provider": "shopify"}).status_code == 303
    told = text(ada.get(page))
    assert "This looks like" not in told and "Shopify signs its events" in told
    assert cy.post(page, {"provider": "stripe"}).status_code == 404


@sqlite_only
def test_the_page_says_what_to_paste_and_where(app: Flask, ada: Person) -> None:
    page, path = new_hook(app, ada, provider="meta")
    shown = ada.get(page).get_data(as_text=True)
    assert verify_word(path.rpartition("/")[2]) in shown and "App Secret" in shown
    page, _ = new_hook(app, ada, provider="typeform")
    assert "switches a webhook off" in text(ada.get(page))


@sqlite_only
def test_a_key_pasted_by_mistake_is_told_from_a_secret(app: Flask, ada: Person) -> None:
    page, _ = new_hook(app, ada, provider="stripe")
    answer = ada.post(page, {"secret": "sk_live_123"})
    assert answer.status_code == 422 and "This is an API key" in text(answer)


@sqlite_only
def test_the_way_of_signing_is_found_from_an_event(
    app: Flask, ada: Person, bo: Person, cy: Person
) -> None:
    page, path = new_hook(app, ada)
    made = hmac.new(b"cup", BODY, hashlib.sha256).hexdigest()
    headers = {"X-Acme-Sign": f"v1={made}"}
    send(app, path, BODY, headers=headers)
    [event] = events_of(app, ada)
    form = {"event": event.id, "found_secret": "cup"}
    assert cy.post(f"{page}/find", form).status_code == 404
    wrong = ada.post(f"{page}/find", {**form, "found_secret": "pot"})
    assert wrong.status_code == 422 and "By no known way" in text(wrong)
    assert bo.post(f"{page}/find", form).status_code == 303
    told = text(ada.get(page))
    assert "HMAC-SHA256 of {body} in the header (x-acme-sign)" in told and "Secret set" in told
    assert send(app, path, BODY, headers=headers).status_code == 200
    assert send(app, path, BODY + b" ", headers=headers).status_code == 401
    assert ada.post(f"{page}/scheme", {"remove": "yes"}).status_code == 303
    assert send(app, path, BODY).status_code == 200


@sqlite_only
def test_the_way_of_signing_is_written_down_by_hand(app: Flask, ada: Person) -> None:
    page, path = new_hook(app, ada)
    form = {"kind": "hmac", "header": "X-Acme-Sign", "message": "{bodyy}", "own_secret": "cup"}
    wrong = ada.post(f"{page}/scheme", form)
    assert wrong.status_code == 422 and "There is no part {bodyy}" in text(wrong)
    assert ada.post(f"{page}/scheme", {**form, "message": "{body}"}).status_code == 303
    made = hmac.new(b"cup", BODY, hashlib.sha256).hexdigest()
    assert send(app, path, BODY, headers={"X-Acme-Sign": made}).status_code == 200
    token = {"kind": "token", "header": "X-Acme-Key", "own_secret": "pot"}
    assert ada.post(f"{page}/scheme", token).status_code == 303
    assert send(app, path, BODY, headers={"X-Acme-Key": "pot"}).status_code == 200
    assert send(app, path, BODY, headers={"X-Acme-Key": "pan"}).status_code == 401


@sqlite_only
def test_settings_are_kept_from_the_form(app: Flask, ada: Person) -> None:
    page, _ = new_hook(app, ada, provider="stripe", secret="whsec_tea")
    form = {"name": "Pay", "reply_status": "200", "reply_type": "text/plain", "reply_text": "",
            "tolerance": "900", "id_header": "X-Request-Id"}  # fmt: skip
    assert ada.post(page, form).status_code == 303
    with app.app_context():
        hook = verbs.find_hook(ada.actor, page.rpartition("/")[2])
        assert hook.settings == {"tolerance": 900, "id_header": "X-Request-Id",
                                 "keep_refused": False, "allow_unverified": False}  # fmt: skip
    wrong = ada.post(page, {**form, "tolerance": "long"})
    assert wrong.status_code == 422 and "1 to 604800 seconds" in text(wrong)
