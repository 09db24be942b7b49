"""One delivery that carries many events: stored once, answered once, judged event by event."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from flask import Flask

from rulebook.domain.reading import opened
from rulebook.providers import PROVIDERS
from rulebook.providers.contract import MOST_PARTS
from rulebook.storage import events
from tests.fakes import Sink
from tests.people import Person, make_hook, make_rule
from tests.stories import events_of, path_of, runs_of, send
from tests.work import work

BOUNCE = {"event": "bounce", "email": "a@teacup.example", "sg_event_id": "one", "timestamp": 1}
OPEN = {"event": "open", "email": "b@teacup.example", "sg_event_id": "two", "timestamp": 1}


def test_each_event_of_a_batch_is_judged_on_its_own(app: Flask, ada: Person) -> None:
    with Sink() as sink:
        with app.app_context():
            hook = make_hook(ada, provider="sendgrid")
            make_rule(ada, hook, when={"all": [{"path": "$.event", "test": "text.is",
                                                "value": "bounce"}]},
                      then=[{"id": "call", "action": "http", "config": {
                          "url": f"{sink.url}/bounced", "method": "POST",
                          "body": '{"to": "{{ payload.email }}"}'}}])  # fmt: skip
            path = path_of(hook)
        body = json.dumps([BOUNCE, OPEN]).encode()
        assert send(app, path, body).status_code == 200
        work(app)
        second, first = events_of(app, ada)
        assert [first.event_type, second.event_type] == ["bounce", "open"]
        assert [first.provider_id, second.provider_id] == ["one", "two"]
        assert (first.part, first.part_of) == (0, None) and second.part_of == first.id
        assert [first.matched, second.matched] == [1, 0]
        assert [call.json for call in sink.requests] == [{"to": "a@teacup.example"}]
        with app.app_context():  # the bytes are kept once, and are those of the whole delivery
            assert events.body_of(first.id) == events.body_of(second.id) == body


def test_a_batch_that_comes_again_is_noted_event_by_event(app: Flask, ada: Person) -> None:
    with app.app_context():
        path = path_of(make_hook(ada, provider="sendgrid"))
    send(app, path, json.dumps([BOUNCE]).encode())
    again = send(app, path, json.dumps([BOUNCE, OPEN]).encode())
    assert again.status_code == 200
    states = sorted(event.state for event in events_of(app, ada))
    assert states == ["duplicate", "received", "received"]
    work(app)
    assert not runs_of(app, ada)


def test_a_batch_within_a_group_keeps_the_group(app: Flask, ada: Person) -> None:
    change: dict[str, Any] = {"field": "messages", "value": {"messaging_product": "whatsapp"}}
    entry = {"id": "1", "changes": [{**change, "n": 1}, {**change, "n": 2}]}
    payload = {"object": "whatsapp_business_account", "entry": [entry, {"id": "2", "changes": []}]}
    whole = opened(json.dumps(payload).encode(), "application/json", "meta").value
    parts: list[Any] = PROVIDERS["meta"].parts(whole)
    assert [part["entry"][0]["changes"][0]["n"] for part in parts] == [1, 2]
    assert all(part["object"] == "whatsapp_business_account" for part in parts)


def test_an_endless_batch_is_kept_as_one_event(app: Flask, ada: Person) -> None:
    with app.app_context():
        path = path_of(make_hook(ada, provider="sendgrid"))
    assert send(app, path, b"[" + b"{}," * MOST_PARTS + b"{}]").status_code == 200
    [event] = events_of(app, ada)
    assert event.part is None and "are kept as one" in event.reason
    assert send(app, path, b"[]").status_code == 200
    assert [each.part for each in events_of(app, ada)] == [None, None]


def test_json_in_a_form_is_opened_for_rules_and_kept_as_it_came(app: Flask, ada: Person) -> None:
    with app.app_context():
        path = path_of(make_hook(ada, provider="github"))
    said = {"action": "opened", "issue": {"title": "Tea"}}
    body = urlencode({"payload": json.dumps(said)}).encode()
    form = "application/x-www-form-urlencoded"
    assert send(app, path, body, content_type=form, headers={"X-GitHub-Event": "issues"})
    work(app)
    [event] = events_of(app, ada)
    assert event.event_type == "issues.opened" and "Tea" in event.gist
    with app.app_context():
        assert events.body_of(event.id) == body
