"""A signature that does not cover the body comes with one body only, whichever process takes it."""

from __future__ import annotations

import json
import time
from random import Random
from typing import Any

import pytest
from flask import Flask

from rulebook.domain.delivery import Delivery
from rulebook.domain.diagnose import diagnose
from rulebook.domain.receive import receive_all
from rulebook.domain.replay import replay
from rulebook.domain.verify import REPEATED
from rulebook.errors import Conflict
from rulebook.providers import PROVIDERS, deliver
from rulebook.storage import db
from rulebook.storage.events import Event
from rulebook.storage.hooks import Hook
from tests.people import Person, make_hook
from tests.stories import events_of, path_of, send
from web import create_app


def signed(secret: str) -> bytes:
    """Mailgun's first sample, signed just now; the signature stands in the body."""
    provider = PROVIDERS["mailgun"]
    return deliver(provider, provider.samples[0], secret, time.time()).body


def other(body: bytes) -> bytes:
    """The same signature beside other words."""
    told: dict[str, Any] = json.loads(body)
    told["event-data"]["recipient"] = "mallory@shop.example"
    return json.dumps(told).encode()


@pytest.fixture
def secret() -> str:
    scheme = PROVIDERS["mailgun"].signature
    assert scheme is not None
    return scheme.example(Random(1)).sign


@pytest.fixture
def path(app: Flask, ada: Person, secret: str) -> str:
    with app.app_context():
        return path_of(make_hook(ada, provider="mailgun", secret=secret))


def test_another_process_knows_what_a_token_came_with(
    app: Flask, ada: Person, path: str, secret: str
) -> None:
    config = app.extensions["rulebook"].config
    process = create_app(config)  # shares nothing with the first but the database
    body = signed(secret)
    assert send(app, path, body).status_code == 200
    assert send(process, path, other(body)).status_code == 401
    assert send(process, path, body).status_code == 200  # the sender itself comes again
    states = [(event.state, event.reason.startswith(REPEATED)) for event in events_of(app, ada)]
    assert states == [("duplicate", False), ("refused", True), ("received", False)]
    with process.app_context():
        db.engine.dispose()
    process.extensions["bell"].queue.storage.close()


def test_of_two_bodies_in_one_commit_one_is_taken(
    app: Flask, ada: Person, path: str, secret: str
) -> None:
    body = signed(secret)
    token, headers = path.removeprefix("/in/"), [("Content-Type", "application/json")]
    with app.app_context():
        both = [Delivery(token, "POST", headers, each) for each in (body, other(body))]
        assert [receipt.status for receipt in receive_all(both, 100_000)] == [200, 401]
        [refused] = [event for event in events_of(app, ada) if event.state == "refused"]
        hook = db.session.get_one(Hook, refused.hook_id)
        assert diagnose(hook, db.session.get_one(Event, refused.id), other(body)) == REPEATED
        with pytest.raises(Conflict, match="another one"):
            replay(ada.actor, refused.id)
