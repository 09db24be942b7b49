"""Where a sender signs, packs or names its events as no other does."""

import base64
import hashlib
import hmac
import json
from urllib.parse import urlencode

from rulebook.providers import PROVIDERS, Request, read_event
from rulebook.providers.contract import Where
from rulebook.providers.request import Body, Each, Header, Present

NOW = 1_800_000_000
URL = "https://hooks.linden.example/in/k3Jx"
FORM = {"content-type": "application/x-www-form-urlencoded"}


def verified(name, request, *secrets, now=NOW):
    scheme = PROVIDERS[name].signature
    assert scheme is not None
    return bool(scheme.verify(request, secrets, now))


def b64(key, message, kind="sha256"):
    return base64.b64encode(hmac.new(key.encode(), message, kind).digest()).decode()


def told(name, request, payload=None):
    seen = request if payload is None else request.about(payload)
    return read_event(PROVIDERS[name], seen)


def test_gitlab_counts_only_the_signature_where_there_is_one():
    token = "whsec_" + base64.b64encode(b"k" * 32).decode()
    message = b"msg-1.1800000000.{}"
    headers = {
        "x-gitlab-token": "cup", "webhook-id": "msg-1", "webhook-timestamp": str(NOW),
        "webhook-signature": "v1," + b64("k" * 32, message),
    }  # fmt: skip
    assert verified("gitlab", Request(headers, b"{}"), token)
    assert not verified("gitlab", Request(headers, b"{ }"), token, "cup"), "no way round it"
    assert verified("gitlab", Request({"x-gitlab-token": "cup"}, b"{ }"), token, "cup")


def test_gitlab_says_what_became_of_a_pipeline_and_a_job():
    for body, type_ in (
        ({"object_kind": "pipeline", "object_attributes": {"status": "failed"}}, "pipeline.failed"),
        ({"object_kind": "build", "build_status": "success"}, "build.success"),
        ({"object_kind": "issue", "object_attributes": {"status": "x", "action": "open"}},
         "issue.open"),
        ({"event_name": "user_add_to_group"}, "user_add_to_group"),
    ):  # fmt: skip
        request = Request({"x-gitlab-event": "Some Hook"}, json.dumps(body).encode())
        assert told("gitlab", request).type == type_
    assert told("gitlab", Request({"x-gitlab-event": "Some Hook"}, b"[]")).type == "Some Hook"


def test_either_key_of_box_is_enough():
    stamp = "2027-01-15T08:00:00Z"
    headers = {
        "box-delivery-timestamp": stamp,
        "box-signature-primary": b64("old", b"{}" + stamp.encode()),
        "box-signature-secondary": b64("new", b"{}" + stamp.encode()),
    }
    for secret, right in (("old", True), ("new", True), ("other", False)):
        assert verified("box", Request(headers, b"{}"), secret) is right
    del headers["box-signature-primary"]
    assert verified("box", Request(headers, b"{}"), "new")


def test_any_of_docusigns_hundred_signatures_is_enough():
    headers = {f"x-docusign-signature-{n}": b64(f"key {n}", b"{}") for n in (1, 2, 57, 100)}
    for n in (1, 57, 100):
        assert verified("docusign", Request(headers, b"{}"), f"key {n}")
    assert not verified("docusign", Request(headers, b"{}"), "key 3")


def test_a_secret_of_woocommerce_counts_in_both_its_forms():
    signed = {"x-wc-webhook-signature": b64("Tea & Cups", b"{}")}
    assert verified("woocommerce", Request(signed, b"{}"), "Tea &amp; Cups")
    assert verified("woocommerce", Request(signed, b"{}"), "Tea & Cups")


def test_a_secret_of_openai_without_whsec_is_text():
    headers = {
        "webhook-id": "wh_1", "webhook-timestamp": str(NOW),
        "webhook-signature": "v1," + b64("plain text", b"wh_1.1800000000.{}"),
    }  # fmt: skip
    assert verified("openai", Request(headers, b"{}"), "plain text")


def test_mandrill_signs_the_address_and_the_fields_in_order():
    events = json.dumps([{"event": "send", "_id": "a", "ts": 1}, {"event": "open", "_id": "b"}])
    message = f"{URL}mandrill_events{events}".encode()
    headers = FORM | {"x-mandrill-signature": b64("key", message, "sha1")}
    request = Request(headers, urlencode({"mandrill_events": events}).encode(), URL)
    assert verified("mandrill", request, "key")
    assert not verified("mandrill", Request(headers, request.body, URL + "?x=1"), "key")
    provider = PROVIDERS["mandrill"]
    parts = provider.parts(provider.opened(request.payload))
    assert [told("mandrill", request, part)[:2] for part in parts] == [
        ("send", "a.send.1"), ("open", "b.open"),
    ]  # fmt: skip


def test_mailchimps_names_in_brackets_become_groups():
    body = {"type": "subscribe", "data[email]": "a@x.example", "data[merges][FNAME]": "Ada"}
    request = Request(FORM, urlencode(body).encode())
    assert PROVIDERS["mailchimp"].opened(request.payload) == {
        "type": "subscribe", "data": {"email": "a@x.example", "merges": {"FNAME": "Ada"}},
    }  # fmt: skip


def test_slack_tells_events_commands_and_clicks_apart():
    slack = PROVIDERS["slack"]
    command = Request(FORM, b"command=%2Fstock&text=oolong&trigger_id=7.1.a")
    assert told("slack", command)[:2] == ("command", "7.1.a")
    click = {"type": "block_actions", "trigger_id": "7.1.b"}
    clicked = Request(FORM, urlencode({"payload": json.dumps(click)}).encode())
    assert slack.opened(clicked.payload) == click
    assert told("slack", clicked, slack.opened(clicked.payload))[:2] == ("block_actions", "7.1.b")
    event = b'{"event":{"type":"message","subtype":"bot_message"},"event_id":"Ev1"}'
    assert told("slack", Request({"content-type": "application/json"}, event))[:2] == (
        "message.bot_message", "Ev1",
    )  # fmt: skip


def test_a_live_transcript_has_no_id_that_would_hide_its_next_piece():
    piece = {"channel": {}, "metadata": {"request_id": "r1"}}
    seen = told("deepgram", Request({}, b""), piece)
    assert (seen.type, seen.id) == ("transcript.live", None)
    assert told("deepgram", Request({}, b""), {"results": {}, "metadata": {"request_id": "r1"}}).id


def test_linear_judges_the_time_in_the_signed_body():
    stated = {"type": "Issue", "webhookTimestamp": NOW * 1000}
    body = json.dumps(stated).encode()
    digest = hmac.new(b"key", body, hashlib.sha256).hexdigest()
    request = Request({"linear-signature": digest, "linear-timestamp": "9" * 13}, body)
    assert verified("linear", request, "key", now=NOW + 60)
    assert not verified("linear", request, "key", now=NOW + 61)
    scheme = PROVIDERS["linear"].signature
    assert scheme is not None
    again = scheme.sign(Request({}, body), "key", NOW + 5)
    assert json.loads(again.body)["webhookTimestamp"] == (NOW + 5) * 1000, "still a number"


def test_twitch_names_a_revocation():
    body = b'{"subscription":{"type":"stream.online","status":"user_removed"}}'
    headers = {
        "twitch-eventsub-message-type": "revocation",
        "twitch-eventsub-subscription-type": "stream.online",
    }
    assert told("twitch", Request(headers, body)).type == "revocation"


def test_places_beside_and_together():
    request = Request({"a": "1", "c": "3"}, b'{"x": "y", "z": {}}')
    assert Each((Header("a"), Header("b"), Header("c"))).read(request) == "1 3"
    assert Each((Header("b"),)).read(request) is None
    assert Where(Body("$.x"), Present("$.z")).read(request) == "y"
    assert Where(Body("$.x"), Present("$.w")).read(request) is None
