"""What senders ask before they send: answered exactly, kept in the history, judged by no rule."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from random import Random

import pytest
from flask import Flask

from rulebook.domain import hooks as verbs
from rulebook.domain.delivery import Delivery
from rulebook.domain.receive import receive, receive_all
from rulebook.providers import PROVIDERS, Request, fetching, verify_word
from rulebook.storage import hooks
from tests.people import Person, make_hook
from tests.stories import events_of, path_of, send
from tests.work import work

pytestmark = pytest.mark.parametrize("app", ["sqlite"], indirect=True)


def new_hook(app: Flask, person: Person, provider: str, secret: str = "") -> tuple[str, str]:
    """A hook's id and the path of its address."""
    with app.app_context():
        hook = make_hook(person, provider=provider, secret=secret)
        return hook.id, path_of(hook)


def test_x_is_shown_that_the_secret_is_known(app: Flask, ada: Person) -> None:
    _, path = new_hook(app, ada, "x", "consumer-secret")
    answer = send(app, f"{path}?crc_token=tea", b"", method="GET")
    made = hmac.new(b"consumer-secret", b"tea", hashlib.sha256).digest()
    proof = "sha256=" + base64.b64encode(made).decode()
    assert (answer.status_code, answer.json) == (200, {"response_token": proof})
    assert answer.content_type.startswith("application/json")
    [event] = events_of(app, ada)
    assert event.state == "handshake" and event.reason.startswith("X asked whether")
    work(app)
    assert events_of(app, ada)[0].judged_at is None


def test_without_a_secret_x_gets_no_proof_and_the_history_says_so(app: Flask, ada: Person) -> None:
    _, path = new_hook(app, ada, "x")
    assert send(app, f"{path}?crc_token=tea", b"", method="GET").status_code == 401
    [event] = events_of(app, ada)
    assert event.state == "refused" and "No secret is saved here yet" in event.reason


def test_meta_gets_its_challenge_for_the_word_that_the_hook_shows(app: Flask, ada: Person) -> None:
    _, path = new_hook(app, ada, "meta")
    word = verify_word(path.rpartition("/")[2])
    asked = f"{path}?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token="
    right = send(app, asked + word, b"", method="GET")
    assert (right.status_code, right.text) == (200, "1158201444")
    assert right.content_type.startswith("text/plain")
    assert send(app, asked + "guessed", b"", method="GET").status_code == 403
    assert send(app, path, b"", method="GET").status_code == 405  # no question, no handshake


def test_discord_is_answered_only_when_its_signature_is_right(app: Flask, ada: Person) -> None:
    scheme = PROVIDERS["discord"].signature
    assert scheme is not None
    sign, check = scheme.example(Random(1))
    _, path = new_hook(app, ada, "discord", check)
    body = b'{"id": "1", "application_id": "1", "type": 1}'
    signed = scheme.sign(Request({"content-type": "application/json"}, body), sign, time.time())
    right = send(app, path, body, headers=dict(signed.headers))
    assert (right.status_code, right.json) == (200, {"type": 1})
    wrong = send(app, path, body + b" ", headers=dict(signed.headers))
    assert wrong.status_code == 401
    assert [event.state for event in events_of(app, ada)] == ["refused", "handshake"]


def test_a_secret_that_a_sender_hands_over_is_kept_once(app: Flask, ada: Person) -> None:
    """A stranger who knows the address cannot put his own in its place."""
    hook_id, path = new_hook(app, ada, "notion")
    first = send(app, path, json.dumps({"verification_token": "secret_tea"}).encode())
    assert first.status_code == 200
    with app.app_context():
        hook = verbs.find_hook(ada.actor, hook_id)
        assert verbs.secrets_of(hook) == ["secret_tea"]
        assert hook.settings["allow_unverified"] is False
    again = send(app, path, json.dumps({"verification_token": "secret_of_a_thief"}).encode())
    assert again.status_code == 403
    with app.app_context():
        assert verbs.secrets_of(verbs.find_hook(ada.actor, hook_id)) == ["secret_tea"]


def test_of_two_secrets_in_one_moment_the_first_is_kept(app: Flask, ada: Person) -> None:
    """Both are stored in one commit, and only one may be told that its secret counts."""
    hook_id, path = new_hook(app, ada, "notion")
    both = [
        Delivery(path[4:], "POST", [("Content-Type", "application/json")],
                 _body({"verification_token": f"secret_{name}"}))
        for name in ("tea", "thief")
    ]  # fmt: skip
    with app.app_context():
        assert [receipt.status for receipt in receive_all(both, 10_000)] == [200, 403]
        assert verbs.secrets_of(verbs.find_hook(ada.actor, hook_id)) == ["secret_tea"]


def test_a_subscription_is_confirmed_by_calling_amazons_page(app: Flask, ada: Person) -> None:
    """Nothing is kept or promised before the page was called; a page elsewhere is not called."""
    _, path = new_hook(app, ada, "aws_sns")
    page = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=1"
    asked = {"Type": "SubscriptionConfirmation", "SubscribeURL": page, "TopicArn": "arn"}
    delivery = Delivery(path[4:], "POST", [("Content-Type", "text/plain")], _body(asked))
    with app.app_context():
        receipt = receive(delivery, 10_000)
        assert receipt.status == 503 and receipt.fetch == fetching.Fetch(page)
    assert not events_of(app, ada)
    fetching._remember(fetching._seen, page, None)
    with app.app_context():
        assert receive(delivery, 10_000).status == 200
    assert [event.state for event in events_of(app, ada)] == ["handshake"]
    elsewhere = {**asked, "SubscribeURL": "https://sns.eu-west-1.amazonaws.com.evil.example/"}
    assert send(app, path, _body(elsewhere)).status_code == 403


def _body(value: object) -> bytes:
    return json.dumps(value).encode()


def test_a_hook_of_another_sender_knows_no_such_question(app: Flask, ada: Person) -> None:
    _, path = new_hook(app, ada, "generic")
    assert send(app, f"{path}?crc_token=tea", b"", method="GET").status_code == 405
    with app.app_context():
        assert hooks.hooks(ada.workspace_id)[0].secrets_sealed is None
