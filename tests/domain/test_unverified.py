"""What nobody has verified: judged or held as the hook says; what is refused is kept in bounds."""

from __future__ import annotations

import base64
import hashlib
import hmac

from flask import Flask

from rulebook.domain import hooks as verbs
from rulebook.domain.diagnose import diagnose
from rulebook.domain.find_scheme import find_scheme
from rulebook.domain.receive import REFUSED_KEPT
from rulebook.providers import PROVIDERS, Request
from rulebook.storage import event_lists, events, utcnow
from tests.people import Person, make_hook
from tests.stories import events_of, path_of, send
from tests.web.shop import sqlite_only

BODY = b'{"id": "evt_1", "amount": 60}'


def signed(provider: str, secret: str, body: bytes = BODY, url: str = "") -> dict[str, str]:
    scheme = PROVIDERS[provider].signature
    assert scheme is not None
    request = Request({}, body, url)
    return dict(scheme.sign(request, secret, utcnow().timestamp()).headers)


@sqlite_only
def test_at_first_everything_is_judged_and_once_a_secret_was_saved_only_what_is_verified(
    app: Flask, ada: Person
) -> None:
    with app.app_context():
        hook = make_hook(ada, provider="github")
        path, hook_id = path_of(hook), hook.id
    send(app, path, BODY)
    with app.app_context():
        verbs.change_hook(ada.actor, hook_id, secret="tea")
        verbs.change_hook(ada.actor, hook_id, secret="")
    send(app, path, BODY)
    with app.app_context():
        verbs.change_hook(ada.actor, hook_id, settings={"allow_unverified": True})
    send(app, path, BODY)
    found = events_of(app, ada)
    assert [event.state for event in found] == ["received", "held", "received"]
    assert "judges only what is verified" in found[1].reason


@sqlite_only
def test_refused_bodies_are_kept_only_if_the_hook_says_so_and_not_endlessly(
    app: Flask, ada: Person
) -> None:
    with app.app_context():
        hook = make_hook(ada, provider="github", secret="tea")
        path, hook_id = path_of(hook), hook.id
    assert send(app, path, BODY).status_code == 401
    with app.app_context():
        [event] = event_lists.page_of_events(ada.workspace_id, event_lists.EventFilter(), 1)
        assert events.body_of(event.id) == BODY
        verbs.change_hook(ada.actor, hook_id, settings={"keep_refused": False})
    assert send(app, path, BODY).status_code == 401
    with app.app_context():
        [newest] = event_lists.page_of_events(ada.workspace_id, event_lists.EventFilter(), 1)
        assert events.body_of(newest.id) == b"" and "Its body is not kept" in newest.reason
    for _ in range(REFUSED_KEPT + 5):
        assert send(app, path, BODY).status_code == 401
    assert len(events_of(app, ada, state="refused")) == REFUSED_KEPT
    assert send(app, path, BODY, headers=signed("github", "tea")).status_code == 200


@sqlite_only
def test_a_wrong_signature_is_explained(app: Flask, ada: Person) -> None:
    with app.app_context():
        hook = make_hook(ada, provider="trello", secret="tea")
        path, hook_id, provider = path_of(hook), hook.id, hook.provider
        url = verbs.hook_url(hook)
    other = url.replace("http://", "https://")
    assert send(app, path, BODY, headers=signed(provider, "tea", url=other)).status_code == 401
    with app.app_context():
        [event] = event_lists.page_of_events(ada.workspace_id, event_lists.EventFilter(), 1)
        why = diagnose(verbs.find_hook(ada.actor, hook_id), event, BODY)
    assert f"The signature is right for {other}" in why and "RULEBOOK_PUBLIC_URL" in why


@sqlite_only
def test_a_body_changed_on_its_way_and_test_mode_are_told(app: Flask, ada: Person) -> None:
    with app.app_context():
        hook = make_hook(ada, provider="stripe", secret="whsec_tea")
        path = path_of(hook)
    compact = b'{"id":"evt_1","livemode":false}'
    spaced = b'{"id": "evt_1", "livemode": false}'
    send(app, path, spaced, headers=signed("stripe", "whsec_tea", compact))
    send(app, path, compact, headers=signed("stripe", "whsec_other", compact))
    with app.app_context():
        other, changed = event_lists.page_of_events(ada.workspace_id, event_lists.EventFilter(), 2)
        hook = verbs.find_hook(ada.actor, hook.id)
        assert "the same JSON written differently" in diagnose(hook, changed, spaced)
        assert "test mode" in diagnose(hook, other, compact)


@sqlite_only
def test_the_way_of_signing_is_found_from_a_request_and_its_secret(app: Flask, ada: Person) -> None:
    with app.app_context():
        hook = make_hook(ada)
        path, hook_id = path_of(hook), hook.id
    made = hmac.new(b"cup", b"1793614500." + BODY, hashlib.sha256).digest()
    headers = {"X-Acme-Time": "1793614500", "X-Acme-Sign": "v2=" + base64.b64encode(made).decode()}
    send(app, path, BODY, headers=headers)
    send(app, path, BODY, headers=signed("shopify", "leaf"))
    send(app, path, BODY, headers={"X-Key": "Token pot"})
    with app.app_context():
        token, shopify, acme = event_lists.page_of_events(
            ada.workspace_id, event_lists.EventFilter(), 3
        )
        found = find_scheme(ada.actor, hook_id, acme.id, "cup")
        assert found is not None and found.scheme is not None
        assert found.scheme | {"key": "text"} == found.scheme
        assert (found.scheme["header"], found.scheme["prefix"]) == ("x-acme-sign", "v2=")
        assert found.scheme["message"] == "{timestamp}.{body}"
        way = find_scheme(ada.actor, hook_id, shopify.id, "leaf")
        assert way is not None and way.provider == "shopify"
        way = find_scheme(ada.actor, hook_id, token.id, "pot")
        assert way is not None and way.scheme == {
            "kind": "token", "header": "x-key", "prefix": "Token ",
        }  # fmt: skip
        assert find_scheme(ada.actor, hook_id, acme.id, "another") is None
        settings = {"scheme": {**found.scheme, "tolerance": 604800}, "tolerance": 604800}
        verbs.change_hook(ada.actor, hook_id, settings=settings, secret="cup")
    again = {**headers, "X-Acme-Time": "1793614501"}
    assert send(app, path, BODY, headers=again).status_code == 401


@sqlite_only
def test_what_is_pasted_by_mistake_is_not_saved(app: Flask, ada: Person) -> None:
    answer = ada.api("POST", "/hooks", {"name": "Pay", "provider": "stripe", "secret": "sk_live_1"})
    assert answer.status_code == 422
    assert "This is an API key" in answer.text and "/secret" in answer.text
    answer = ada.api("POST", "/hooks", {"name": "Pay", "settings": {"scheme": {
        "header": "X-Sign", "message": "{bodyy}"}}})  # fmt: skip
    assert answer.status_code == 422 and "/settings/scheme/message" in answer.text
