"""A sender calls a hook: whatever comes is stored byte for byte, and answered as promised."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from flask import Flask

from rulebook.domain import hooks
from rulebook.providers import PROVIDERS, Request
from rulebook.storage import db, events, utcnow
from rulebook.storage.deliveries import Dedupe
from rulebook.storage.hooks import Hook
from tests.people import Person, make_hook
from tests.stories import events_of, new_hook, path_of, send
from tests.work import work

MULTIPART = (
    b'--x\r\nContent-Disposition: form-data; name="email"\r\n\r\ncy@shop.example\r\n--x--\r\n'
)
BODIES = {
    "json": (b'{"amount": 1}', "application/json"),
    "json with a charset": (b'{"a": "\xe9"}', "application/json; charset=latin-1"),
    "form": (b"email=cy%40shop.example&n=1&n=2", "application/x-www-form-urlencoded"),
    "multipart": (MULTIPART, "multipart/form-data; boundary=x"),
    "xml": (b"<order><total>12.50</total></order>", "application/xml"),
    "text": ("Grüße".encode(), "text/plain; charset=utf-8"),
    "empty": (b"", "application/json"),
    "broken json": (b'{"amount": 1', "application/json"),
    "binary": (bytes(range(256)), "application/octet-stream"),
    "nul": (b'{"a": "x\\u0000y", "b": "\x00"}', "application/json"),
    "raw nul": (b"a\0b", "text/plain"),
    "lone surrogates": (b'{"id": "\\ud800", "type": "\\udc00 \\ud83d\\ude00"}', "application/json"),
    "raw surrogate": (b'{"a": "\xed\xa0\x80"}', "application/json"),
    "not utf-8": (b"\xff\xfe\xfa", "text/plain"),
    "deep": (b"[" * 100_000, "application/json"),
    "many digits": (b'{"n": ' + b"9" * 5000 + b"}", "application/json"),
    "odd numbers": (b'[NaN, Infinity, -0, 1e400, 0.1000000000000000000001]', "application/json"),
    "odd charset": (b"x", "text/plain; charset=no-such"),
    "odd type": (b"x", '";;=;\xa0'),
    "a list": (b'[{"id": 1}]', "application/json"),
    "a number": (b"5", "application/json"),
    "odd kinds": (b'{"id": {"a": 1}, "type": [5], "object": 7}', "application/json"),
}  # fmt: skip


@pytest.mark.parametrize("provider", ["generic", "stripe", "github", "shopify"])
def test_whatever_comes_is_kept_exactly_and_judged(app: Flask, ada: Person, provider: str) -> None:
    _, path = new_hook(app, ada, provider=provider)
    for name, (body, content_type) in BODIES.items():
        answer = send(app, path, body, content_type=content_type)
        assert (answer.status_code, answer.data) == (200, b""), name
    work(app)
    stored = events_of(app, ada)[::-1]
    assert [event.state for event in stored] == ["done"] * len(BODIES)
    with app.app_context():
        kept = [events.body_of(event.id) for event in stored]
    assert kept == [body for body, _ in BODIES.values()]


def test_odd_headers_and_queries_are_kept(app: Flask, ada: Person) -> None:
    _, path = new_hook(app, ada)
    odd = {"X-Odd": "caf\xe9", "X-Long": "x" * 9000, "X-Empty": ""}
    answer = send(app, f"{path}?a=%00&b=%ED%A0%80&c={'y' * 9000}", headers=odd)
    assert answer.status_code == 200
    work(app)
    [event] = events_of(app, ada)
    assert event.state == "done"
    kept = dict((name.lower(), value) for name, value in event.headers)
    assert kept["x-odd"] == "caf\xe9"
    assert kept["x-long"].startswith("xxx")


def test_what_is_refused_at_the_door(app: Flask, ada: Person) -> None:
    hook_id, path = new_hook(app, ada)
    most = app.extensions["rulebook"].config["MAX_BODY"]
    assert send(app, path, b"x" * most, content_type="text/plain").status_code == 200
    for too_large in (most + 1, most + 200_000):
        answer = send(app, path, b"x" * too_large, content_type="text/plain")
        assert answer.status_code == 413
        assert str(most) in answer.text
    packed = send(app, path, headers={"Content-Encoding": "gzip"})
    assert packed.status_code == 415
    two = [("Content-Encoding", "identity"), ("Content-Encoding", "br")]
    assert send(app, path, headers=two).status_code == 415
    for method in ("GET", "HEAD", "DELETE", "OPTIONS"):
        answer = send(app, path, b"", method=method)
        assert (answer.status_code, answer.headers["Allow"]) == (405, "POST, PUT, PATCH")
    assert len(events_of(app, ada)) == 1

    unknown = send(app, "/in/" + "x" * 32)
    with app.app_context():
        hooks.delete_hook(ada.actor, hook_id)
    deleted = send(app, path)
    assert unknown.status_code == deleted.status_code == 404
    assert unknown.data == deleted.data
    assert dict(unknown.headers) == dict(deleted.headers)


def test_put_and_patch_are_taken_too(app: Flask, ada: Person) -> None:
    _, path = new_hook(app, ada)
    for method in ("PUT", "PATCH"):
        assert send(app, path, method=method).status_code == 200
    assert {event.method for event in events_of(app, ada)} == {"PUT", "PATCH"}


def test_a_paused_hook_keeps_and_does_nothing(app: Flask, ada: Person) -> None:
    hook_id, path = new_hook(app, ada)
    with app.app_context():
        hooks.change_hook(ada.actor, hook_id, paused=True)
    assert send(app, path).status_code == 200
    work(app)
    [event] = events_of(app, ada)
    assert (event.state, event.judged_at) == ("held", None)
    with app.app_context():
        assert hooks.release_hook(ada.actor, hook_id) == []  # still paused
        hooks.change_hook(ada.actor, hook_id, paused=False)
        assert hooks.release_hook(ada.actor, hook_id) == [event.id]
    work(app)
    assert [event.state for event in events_of(app, ada)] == ["done"]


def test_a_repeated_delivery_is_noted_once(app: Flask, ada: Person) -> None:
    _, path = new_hook(app, ada, provider="stripe")
    body = b'{"id": "evt_1", "type": "invoice.paid"}'
    for _ in range(3):
        assert send(app, path, body).status_code == 200
    assert send(app, path, b'{"id": "evt_2"}').status_code == 200
    other, first = events_of(app, ada)[0], events_of(app, ada)[-1]
    again = events_of(app, ada, state="duplicate")
    assert [event.duplicate_of for event in again] == [first.id, first.id]
    assert other.state == "received"
    with app.app_context():
        assert len(events.duplicates_of(first.id)) == 2


def test_the_same_id_on_another_hook_or_a_day_later_is_new(app: Flask, ada: Person) -> None:
    _, one = new_hook(app, ada, provider="stripe")
    _, two = new_hook(app, ada, provider="stripe")
    body = b'{"id": "evt_1"}'
    for path in (one, two, one):
        send(app, path, body)
    assert [event.state for event in events_of(app, ada)] == ["duplicate", "received", "received"]
    with app.app_context():
        for held in db.session.query(Dedupe):
            assert timedelta(hours=23) < held.expires_at - utcnow() <= timedelta(hours=24)
            held.expires_at -= timedelta(hours=24, seconds=1)
        db.session.commit()
    send(app, one, body)
    send(app, one, body)
    again, new = events_of(app, ada)[:2]
    assert (new.state, again.state, again.duplicate_of) == ("received", "duplicate", new.id)


def test_equal_bodies_without_an_id_are_two_events(app: Flask, ada: Person) -> None:
    _, path = new_hook(app, ada)
    for _ in range(2):
        send(app, path)
    assert [event.state for event in events_of(app, ada)] == ["received"] * 2


@pytest.mark.parametrize("provider", ["stripe", "github"])
def test_signatures_are_checked_and_secrets_rotate(app: Flask, ada: Person, provider: str) -> None:
    old, new = "whsec_old-secret-of-ada", "whsec_new-secret-of-ada"
    hook_id, path = new_hook(app, ada, provider=provider, secret=old)
    scheme = PROVIDERS[provider].signature
    assert scheme is not None

    def signed(secret: str, body: bytes = b'{"id": "evt_7"}') -> int:
        headers = scheme.sign(Request({}, body), secret, utcnow().timestamp()).headers
        return send(app, path, body, headers=headers).status_code

    assert send(app, path).status_code == 401  # missing
    assert signed("whsec_somebody-elses") == 401
    refused = events_of(app, ada, state="refused")
    assert len(refused) == 2
    assert all(event.reason and event.verification == "refused" for event in refused)
    assert signed(old) == 200  # a refused one never claims the delivery's id
    assert [event.state for event in events_of(app, ada)][0] == "received"
    with app.app_context():
        hooks.change_hook(ada.actor, hook_id, secret=new)
    assert (signed(old, b"{}"), signed(new, b"[]")) == (200, 200)
    with app.app_context():
        hooks.change_hook(ada.actor, hook_id, secret="whsec_third-secret-of-ada")
    assert (signed(old, b"{}"), signed(new, b"[]")) == (401, 200)
    work(app)
    assert len(events_of(app, ada, state="refused")) == 3


def test_a_new_address_leaves_the_old_one_a_day(app: Flask, ada: Person) -> None:
    hook_id, old = new_hook(app, ada)
    with app.app_context():
        new = path_of(hooks.rotate_hook(ada.actor, hook_id))
    assert new != old
    assert [send(app, path).status_code for path in (old, new)] == [200, 200]
    with app.app_context():
        hook = db.session.get_one(Hook, hook_id)
        hook.old_token_until = utcnow() - timedelta(seconds=1)
        db.session.commit()
    assert [send(app, path).status_code for path in (old, new)] == [404, 200]


def test_a_hook_may_have_its_own_reply_but_never_a_page(app: Flask, ada: Person) -> None:
    reply = {"status": 202, "type": "application/json", "text": '{"ok": true}'}
    _, path = new_hook(app, ada, settings={"reply": reply})
    answer = send(app, path, headers={"Accept": "text/html"})
    assert (answer.status_code, answer.json) == (202, {"ok": True})
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    from rulebook.errors import Invalid

    for wrong in ({"type": "text/html"}, {"status": 404}, {"status": True}, {"text": "x" * 5000}):
        with app.app_context(), pytest.raises(Invalid) as problem:
            make_hook(ada, settings={"reply": wrong})
        assert problem.value.problems[0].pointer == "/settings/reply"


def test_what_cannot_be_stored_is_never_acknowledged(app: Flask, ada: Person) -> None:
    from sqlalchemy import text

    _, path = new_hook(app, ada)
    with app.app_context():
        db.session.execute(text("ALTER TABLE event_body RENAME TO away"))
        db.session.commit()
    answer = send(app, path)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
    assert answer.mimetype == "text/plain"
    with app.app_context():
        db.session.execute(text("ALTER TABLE away RENAME TO event_body"))
        db.session.commit()
    assert events_of(app, ada) == []
    assert send(app, path).status_code == 200


def test_a_long_or_odd_delivery_id_stays_distinct(app: Flask, ada: Person) -> None:
    _, path = new_hook(app, ada, provider="stripe")
    for ending in ("a", "b"):
        send(app, path, json.dumps({"id": "x" * 400 + ending}).encode())
    assert [event.state for event in events_of(app, ada)] == ["received"] * 2
