"""What senders ask before they send, and exactly what they want to hear."""

import hashlib
import hmac
import json

import pytest

from rulebook.providers import PROVIDERS, Asked, Reply, Request

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
JSON = {"content-type": "application/json"}
FORM = {"content-type": "application/x-www-form-urlencoded"}


def ask(name, request, *secrets):
    found = PROVIDERS[name].handshake(request)
    assert found is not None
    shake, given = found
    return shake.answer(Asked(request, given, secrets))


def body(value):
    return Request(JSON, json.dumps(value).encode())


def test_slack_hears_its_challenge_as_text():
    asked = body({"token": "t", "challenge": "3eZbrw1aBm2r", "type": "url_verification"})
    assert ask("slack", asked) == Reply(200, "3eZbrw1aBm2r", "text/plain")
    found = PROVIDERS["slack"].handshake(asked)
    assert found and found[0].signed, "Slack signs the question as well"


def test_slack_hears_nothing_to_its_look_at_the_certificate():
    assert ask("slack", Request(FORM, b"ssl_check=1&token=t")) == Reply(200, "")
    other = Request(FORM, b"ssl_check=0&token=t&command=%2Fstock")
    assert PROVIDERS["slack"].handshake(other) is None


def test_zoom_hears_its_token_and_the_proof():
    asked = body({"event": "endpoint.url_validation", "payload": {"plainToken": "q9ibPhGeRZ6"}})
    proof = hmac.new(SECRET.encode(), b"q9ibPhGeRZ6", hashlib.sha256).hexdigest()
    reply = ask("zoom", asked, SECRET)
    assert (reply.status, reply.content_type) == (200, "application/json")
    assert json.loads(reply.text) == {"plainToken": "q9ibPhGeRZ6", "encryptedToken": proof}
    assert ask("zoom", asked).status == 401, "without the Secret Token nothing can be proved"


def test_woocommerce_hears_200_before_it_has_a_secret():
    assert ask("woocommerce", Request(FORM, b"webhook_id=14")) == Reply(200, "")


def test_twitch_hears_its_challenge_as_text():
    headers = JSON | {"twitch-eventsub-message-type": "webhook_callback_verification"}
    asked = Request(headers, b'{"challenge":"pogchamp-kappa-360noscope-vohiyo"}')
    reply = ask("twitch", asked)
    assert reply == Reply(200, "pogchamp-kappa-360noscope-vohiyo", "text/plain")
    notified = Request(headers | {"twitch-eventsub-message-type": "notification"}, asked.body)
    assert PROVIDERS["twitch"].handshake(notified) is None


def test_dropbox_hears_its_challenge_as_text_that_is_no_page():
    asked = Request({}, b"", "https://h.example/in/x?challenge=a%2Bb", "GET")
    reply = ask("dropbox", asked)
    assert (reply.status, reply.text, reply.content_type) == (200, "a+b", "text/plain")
    assert reply.headers == {"x-content-type-options": "nosniff"}


@pytest.mark.parametrize(
    ("name", "method", "body"),
    [("mandrill", "HEAD", b""), ("mandrill", "POST", b"mandrill_events=%5B%5D"),
     ("mailchimp", "GET", b""), ("intercom", "HEAD", b"")],
)  # fmt: skip
def test_who_only_looks_hears_200_before_there_is_a_secret(name, method, body):
    assert ask(name, Request(FORM, body, "https://h.example/in/x", method)) == Reply(200, "")


@pytest.mark.parametrize("name", ["slack", "zoom", "woocommerce", "twitch", "dropbox"])
def test_another_method_is_no_question(name):
    for shake in PROVIDERS[name].handshakes:
        other = Request(shake.example.headers, shake.example.body, method="PUT")
        assert PROVIDERS[name].handshake(other) is None
