"""What senders ask before they send: answered to the letter, at the real address."""

import json
from typing import Any

import pytest

from rulebook.domain.hooks import secrets_of
from rulebook.providers import PROVIDERS, Request, deliver
from rulebook.storage import db
from rulebook.storage.hooks import Hook
from tests.people import make_hook
from tests.stories import events_of, path_of, send

SECRET = "b537207f20cbfa02357cf448134da559e8bd39d61597dcd5"


def hook_at(app, person, provider, **more):
    with app.app_context():
        hook = make_hook(person, provider=provider, **more)
        return hook.id, path_of(hook)


def kept_secrets(app, hook_id):
    with app.app_context():
        return secrets_of(db.session.get_one(Hook, hook_id))


QUESTIONS: list[tuple[str, str, dict[str, Any], str, str]] = [
    ("microsoft_graph", "?validationToken=Validation%3A+Tea%207", {"method": "POST", "data": b""},
     "Validation: Tea 7", "text/plain"),
    ("okta", "", {"method": "GET", "headers": {"X-Okta-Verification-Challenge": "k2Tea7Cup"}},
     '{"verification": "k2Tea7Cup"}', "application/json"),
    ("monday_com", "", {"method": "POST", "data": b'{"challenge":"tEa7CuP4"}',
                        "content_type": "application/json"},
     '{"challenge": "tEa7CuP4"}', "application/json"),
    ("trello", "", {"method": "HEAD"}, "", "text/plain"),
    ("notion", "", {"method": "POST", "data": b'{"verification_token":"secret_tLindenTea7"}',
                    "content_type": "application/json"}, "", "text/plain"),
    ("asana", "", {"method": "POST", "data": b"{}", "headers": {"X-Hook-Secret": SECRET}},
     "", "text/plain"),
]  # fmt: skip


@pytest.mark.parametrize("app", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("provider", "query", "request_", "text", "kind"), QUESTIONS, ids=lambda v: str(v)[:12]
)
def test_a_question_is_answered_to_the_letter(app, ada, provider, query, request_, text, kind):
    _, path = hook_at(app, ada, provider)
    answer = app.test_client().open(path + query, **request_)
    assert (answer.status_code, answer.text) == (200, text)
    assert answer.content_type.partition(";")[0] == kind
    [event] = events_of(app, ada)
    assert event.state == "handshake" and "was answered" in event.reason


@pytest.mark.parametrize("app", ["sqlite"], indirect=True)
def test_a_secret_that_asana_hands_over_checks_its_batches_from_then_on(app, ada):
    hook_id, path = hook_at(app, ada, "asana")
    answer = send(app, path, b"", headers={"X-Hook-Secret": SECRET})
    assert answer.headers["X-Hook-Secret"] == SECRET
    assert kept_secrets(app, hook_id) == [SECRET]
    asana = PROVIDERS["asana"]
    now = int(events_of(app, ada)[0].received_at.timestamp())
    request = deliver(asana, asana.samples[0], SECRET, now)
    assert send(app, path, request.body, headers=dict(request.headers)).status_code == 200
    told = [(e.event_type, e.verification, e.part) for e in events_of(app, ada)[:2]]
    assert sorted(told) == [("story.added", "verified", 1), ("task.changed", "verified", 0)]
    repeated = send(app, path, request.body, headers=dict(request.headers))
    assert repeated.status_code == 200
    assert {e.state for e in events_of(app, ada)[:2]} == {"duplicate"}


@pytest.mark.parametrize("app", ["sqlite"], indirect=True)
def test_a_stranger_cannot_hand_over_another_secret_nor_forge_a_sign_of_life(app, ada):
    hook_id, path = hook_at(app, ada, "asana")
    send(app, path, b"", headers={"X-Hook-Secret": SECRET})
    refused = send(app, path, b"", headers={"X-Hook-Secret": "of a stranger"})
    assert refused.status_code == 403 and "X-Hook-Secret" not in refused.headers
    assert send(app, path, b'{"events": []}').status_code == 401
    assert kept_secrets(app, hook_id) == [SECRET]
    scheme = PROVIDERS["asana"].signature
    assert scheme
    signed = scheme.sign(Request({}, b'{"events": []}'), SECRET, 0)
    alive = send(app, path, signed.body, headers=dict(signed.headers))
    assert alive.status_code == 200
    assert events_of(app, ada)[0].state == "handshake", "no rule is told of a sign of life"


@pytest.mark.parametrize("app", ["sqlite"], indirect=True)
def test_okta_shows_its_text_and_each_event_of_a_delivery_stands_alone(app, ada):
    _, path = hook_at(app, ada, "okta", secret="a long text of ours")
    okta = PROVIDERS["okta"]
    request = deliver(okta, okta.sample("two_events"), "a long text of ours", 1_800_000_000)
    assert send(app, path, request.body, headers=dict(request.headers)).status_code == 200
    found = [(e.event_type, e.provider_id) for e in reversed(events_of(app, ada))]
    uuids = [each["uuid"] for each in json.loads(request.body)["data"]["events"]]
    assert sorted(found) == sorted(
        zip(["user.lifecycle.create", "group.user_membership.add"], uuids, strict=True)
    )
    wrong = {**request.headers, "authorization": "another text"}
    assert send(app, path, request.body, headers=wrong).status_code == 401
