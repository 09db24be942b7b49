"""Senders that show, sign or pack in ways of their own."""

import json
from dataclasses import replace

import jwt
import pytest

from rulebook.providers import PROVIDERS, Request, deliver, likely_sender, read_event

NOW = 1_800_000_000
URL = "https://hooks.linden.example/in/k3Jx"


def sent(name, sample, secret="", now=NOW):
    provider = PROVIDERS[name]
    return deliver(provider, provider.sample(sample), secret, now, url=URL)


def ask(name, request, *secrets, now=NOW):
    scheme = PROVIDERS[name].signature
    assert scheme
    return scheme.verify(request, secrets, now)


def with_states(*states):
    """A delivery of Graph's with these client states, one change each; None leaves it out."""
    changes = [{"changeType": "created"} | ({"clientState": s} if s else {}) for s in states]
    return Request({}, json.dumps({"value": changes}).encode())


def test_every_change_of_a_delivery_must_say_the_client_state():
    assert ask("microsoft_graph", with_states("cup", "cup"), "cup")
    assert ask("microsoft_graph", with_states("cup"), "pot", "cup")
    for states in (("cup", "pot"), ("cup", None), ("pot",), (None,), ()):
        assert not ask("microsoft_graph", with_states(*states), "cup"), states
    assert not ask("microsoft_graph", Request({}, b'{"value": ["cup", 7]}'), "cup")


def test_the_test_before_a_zendesk_webhook_is_made_is_told_and_not_accepted():
    everybodys = "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=="
    request = sent("zendesk", "ticket_created", everybodys)
    refused = ask("zendesk", request, "our own")
    assert not refused and "before a webhook is made" in refused.reason and refused.fix
    altered = replace(request, body=request.body.replace(b"teapot", b"kettle"))
    assert "does not match" in ask("zendesk", altered, "our own").reason


def test_a_trigger_of_zendesk_sends_what_its_author_wrote():
    free = Request({"content-type": "application/json"}, b'{"type": "question", "id": 7}')
    assert read_event(PROVIDERS["zendesk"], free) == ("trigger", None)


def test_a_jwt_without_the_body_shows_the_sender_for_five_minutes():
    token = jwt.encode({"iat": NOW, "exp": NOW + 300, "aud": URL}, "s" * 32, "HS256")
    request = Request({"authorization": token}, b"{}")
    assert ask("monday_com", request, "s" * 32)
    assert not ask("monday_com", request, "t" * 32)
    assert ask("monday_com", request, "s" * 32, now=NOW + 301).reason.startswith("The timestamp is")
    for odd in (
        jwt.encode({"exp": NOW}, "s" * 32, "HS256"),
        jwt.encode({"iat": NOW}, "", "none"),
    ):
        assert not ask("monday_com", Request({"authorization": odd}), "s" * 32)


def test_a_jwt_made_by_another_program_holds_the_bodys_digest():
    """By hand: printf '{"state":"ready"}' | sha256sum."""
    body = b'{"state":"ready"}'
    digest = "cba46c1d74dfcb05e584e0ffb2ac1bd39d5d0de0c7a3fd2ae7354b4401f48ba6"
    token = jwt.encode({"iss": "netlify", "sha256": digest}, "s" * 32, "HS256")
    assert ask("netlify", Request({"x-webhook-signature": token}, body), "s" * 32)
    assert not ask("netlify", Request({"x-webhook-signature": token}, body + b" "), "s" * 32)
    other = jwt.encode({"iss": "another", "sha256": digest}, "s" * 32, "HS256")
    assert not ask("netlify", Request({"x-webhook-signature": other}, body), "s" * 32)


def test_the_token_in_a_form_of_ko_fi():
    request = sent("ko_fi", "donation", "tok-en")
    assert ask("ko_fi", request, "tok-en") and not ask("ko_fi", request, "tok-eN")
    for body in (b"data=", b"data=7", b"data=[1]", b"data=%7B%7D", b"other=1", b"\xff", b""):
        assert not ask("ko_fi", replace(request, body=body), "tok-en"), body


def test_forms_are_opened_for_rules():
    jotform = PROVIDERS["jotform"].opened(sent("jotform", "form_answered").payload)
    assert isinstance(jotform, dict) and jotform["rawRequest"]["q3_name"]["last"] == "Oliveira"
    gumroad = PROVIDERS["gumroad"].opened(sent("gumroad", "sale").payload)
    assert isinstance(gumroad, dict) and gumroad["url_params"] == {"campaign": "autumn-letter"}
    assert gumroad["full_name"] == "Marta Oliveira"
    ko_fi = PROVIDERS["ko_fi"].opened(sent("ko_fi", "shop_order").payload)
    assert isinstance(ko_fi, dict) and ko_fi["shop_items"][0]["quantity"] == 2


@pytest.mark.parametrize(
    ("name", "sample", "told"),
    [
        ("alertmanager", "two_alerts", ["firing", "resolved"]),
        ("okta", "two_events", ["user.lifecycle.create", "group.user_membership.add"]),
        ("microsoft_graph", "two_changes", ["updated", "updated"]),
        ("asana", "task_done", ["task.changed", "story.added"]),
    ],
)
def test_a_delivery_of_many_is_told_one_by_one(name, sample, told):
    provider = PROVIDERS[name]
    request = sent(name, sample)
    each = [read_event(provider, request.about(part)) for part in provider.parts(request.payload)]
    assert [one.type for one in each] == told
    assert len({one.id for one in each}) == len(told)


def test_an_alert_counts_once_when_it_fires_and_once_when_it_is_resolved():
    provider = PROVIDERS["alertmanager"]
    request = sent("alertmanager", "two_alerts")
    part = provider.parts(request.payload)[0]
    again = json.loads(json.dumps(part))
    resolved = json.loads(json.dumps(part).replace('"status": "firing", "labels"',
                                                   '"status": "resolved", "labels"'))  # fmt: skip
    keys = [read_event(provider, request.about(each)).id for each in (part, again, resolved)]
    assert keys[0] == keys[1] != keys[2]


def test_grafana_is_told_from_alertmanager_though_both_send_alike():
    found = likely_sender(sent("grafana", "alert_fires"))
    assert found is PROVIDERS["grafana"]
    assert likely_sender(sent("alertmanager", "two_alerts")) is PROVIDERS["alertmanager"]


def test_the_bearer_token_of_older_grafanas_counts_as_well():
    request = sent("grafana", "alert_fires")
    assert ask("grafana", request.with_header("authorization", "Bearer cup"), "cup")
    assert not ask("grafana", request.with_header("authorization", "Bearer pot"), "cup")
    both = request.with_header("authorization", "Bearer cup").with_header(
        "x-grafana-alerting-signature", "00"
    )
    assert not ask("grafana", both, "cup"), "a signature that is there must be right"


def test_trello_signs_the_address_as_it_was_registered():
    request = sent("trello", "card_moved", "cup")
    assert ask("trello", request, "cup")
    assert not ask("trello", replace(request, url=URL + "/"), "cup")


def test_a_classic_webhook_of_mollie_is_no_repeat_of_the_last():
    request = Request({"content-type": "application/x-www-form-urlencoded"}, b"id=tr_7UhSN1zuXS")
    assert read_event(PROVIDERS["mollie"], request) == ("classic", None)
