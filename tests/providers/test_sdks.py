"""Senders' own libraries: what they sign we verify, and what we sign they verify."""

from __future__ import annotations

import base64
import json
import time
from datetime import UTC, datetime
from random import Random
from typing import Any

import nacl.signing
import pytest

from rulebook.providers import PROVIDERS, Request

BODY = '{"id": "evt_1", "event": {"id": "1"}, "amount": 60}'
URL = "https://hooks.linden.example/in/k3Jx?shop=1"
WHSEC = "whsec_" + base64.b64encode(b"linden tea leaves and cups of tea").decode()


def verifies(name: str, headers: dict[str, str], secret: str, body: str = BODY, url: str = URL):
    """Whether we take a request with these headers."""
    scheme = PROVIDERS[name].signature
    assert scheme is not None
    lower = {name.lower(): value for name, value in headers.items()}
    request = Request({"content-type": "application/json", **lower}, body.encode(), url)
    verified = scheme.verify(request, [secret], time.time())
    middle = len(secret) // 2  # at the end a letter may count in part, or be the one put there
    other = "1" if secret[middle] == "0" else "0"
    wrong = secret[:middle] + other + secret[middle + 1 :]
    assert not scheme.verify(request, [wrong], time.time())
    return verified.ok or verified.reason


def signed(name: str, secret: str, body: str = BODY, **headers: str) -> Request:
    """A request as we would send it in this sender's name."""
    scheme = PROVIDERS[name].signature
    assert scheme is not None
    given = {"content-type": "application/json", **headers}
    return scheme.sign(Request(given, body.encode(), URL), secret, time.time())


def test_stripe() -> None:
    import stripe

    now = int(time.time())
    made = stripe.WebhookSignature._compute_signature(f"{now}.{BODY}", "whsec_tea")
    assert verifies("stripe", {"Stripe-Signature": f"t={now},v1={made}"}, "whsec_tea") is True
    header = signed("stripe", "whsec_tea").headers["stripe-signature"]
    assert stripe.WebhookSignature.verify_header(BODY, header, "whsec_tea", 300)


@pytest.mark.parametrize("name", ["standard_webhooks", "openai", "gitlab"])
def test_standard_webhooks(name: str) -> None:
    from standardwebhooks.webhooks import Webhook

    now = datetime.now(UTC)
    made = Webhook(WHSEC).sign(msg_id="msg_1", timestamp=now, data=BODY)
    headers = {"webhook-id": "msg_1", "webhook-timestamp": str(int(now.timestamp())),
               "webhook-signature": made}  # fmt: skip
    assert verifies(name, headers, WHSEC) is True
    ours = signed(name, WHSEC, **{"webhook-id": "msg_1"})
    assert Webhook(WHSEC).verify(BODY, dict(ours.headers))


@pytest.mark.parametrize("name", ["svix", "clerk", "resend"])
def test_svix(name: str) -> None:
    import svix

    now = datetime.now(UTC)
    made = svix.Webhook(WHSEC).sign(msg_id="msg_1", timestamp=now, data=BODY)
    headers = {"svix-id": "msg_1", "svix-timestamp": str(int(now.timestamp())),
               "svix-signature": made}  # fmt: skip
    assert verifies(name, headers, WHSEC) is True
    ours = signed(name, WHSEC, **{"svix-id": "msg_1"})
    svix.Webhook(WHSEC).verify(BODY, dict(ours.headers))  # raises when it is wrong


def test_openai() -> None:
    import openai

    ours = signed("openai", WHSEC, **{"webhook-id": "msg_1"})
    client = openai.OpenAI(api_key="not-used", webhook_secret=WHSEC)
    client.webhooks.verify_signature(BODY, dict(ours.headers))


def test_slack() -> None:
    from slack_sdk.signature import SignatureVerifier

    verifier, now = SignatureVerifier("tea"), str(int(time.time()))
    made = verifier.generate_signature(timestamp=now, body=BODY) or ""
    headers = {"X-Slack-Request-Timestamp": now, "X-Slack-Signature": made}
    assert verifies("slack", headers, "tea") is True
    ours = signed("slack", "tea")
    assert verifier.is_valid_request(BODY, dict(ours.headers))


def test_discord() -> None:
    key, now = nacl.signing.SigningKey.generate(), str(int(time.time()))
    made = key.sign(now.encode() + BODY.encode()).signature.hex()
    public = key.verify_key.encode().hex()
    headers = {"X-Signature-Ed25519": made, "X-Signature-Timestamp": now}
    assert verifies("discord", headers, public) is True
    ours = signed("discord", key.encode().hex()).headers
    told = ours["x-signature-timestamp"].encode() + BODY.encode()
    assert key.verify_key.verify(told, bytes.fromhex(ours["x-signature-ed25519"]))


def test_sendgrid() -> None:
    from sendgrid.helpers.eventwebhook import EventWebhook

    scheme = PROVIDERS["sendgrid"].signature
    assert scheme is not None
    sign, check = scheme.example(Random(1))
    ours = signed("sendgrid", sign).headers
    assert EventWebhook(check).verify_signature(
        BODY,
        ours["x-twilio-email-event-webhook-signature"],
        ours["x-twilio-email-event-webhook-timestamp"],
    )


def test_twilio() -> None:
    from twilio.request_validator import RequestValidator

    validator = RequestValidator("12345")
    params = {"From": "+12025550143", "Body": "Do you have Sencha?", "To": "+12025550119"}
    form = "&".join(f"{name}={value}" for name, value in params.items()).replace(" ", "+")
    form = form.replace("=+", "=%2B")
    headers = {"X-Twilio-Signature": validator.compute_signature(URL, params),
               "content-type": "application/x-www-form-urlencoded"}  # fmt: skip
    assert verifies("twilio", headers, "12345", form) is True
    ours = signed("twilio", "12345")
    assert validator.validate(ours.url, BODY, ours.headers["x-twilio-signature"])


def test_square() -> None:
    from square.utils.webhooks_helper import verify_signature

    ours = signed("square", "tea").headers
    assert verify_signature(
        request_body=BODY, signature_header=ours["x-square-hmacsha256-signature"],
        signature_key="tea", notification_url=URL,
    )  # fmt: skip


def test_paddle() -> None:
    from paddle_billing.Notifications import Secret
    from paddle_billing.Notifications.PaddleSignature import PaddleSignature

    now = int(time.time())
    made = PaddleSignature.calculate_hmac("pdl_tea", f"{now}:{BODY}".encode()).hexdigest()
    assert verifies("paddle", {"Paddle-Signature": f"ts={now};h1={made}"}, "pdl_tea") is True
    header = signed("paddle", "pdl_tea").headers["paddle-signature"]
    assert PaddleSignature().verify(header, BODY, Secret("pdl_tea"))


@pytest.mark.parametrize("version", ["v1", "v2", "v3"])
def test_hubspot(version: str) -> None:
    from hubspot.utils.signature import Signature

    now = str(int(time.time() * 1000))
    made = Signature.get_signature("tea", BODY, version, URL, "POST", now)
    headers = {"X-HubSpot-Signature": made, "X-HubSpot-Signature-Version": version}
    if version == "v3":
        headers = {"X-HubSpot-Signature-v3": made, "X-HubSpot-Request-Timestamp": now}
    assert verifies("hubspot", headers, "tea") is True
    ours = signed("hubspot", "tea").headers
    assert Signature.is_valid(
        ours["x-hubspot-signature-v3"], "tea", BODY, URL, "POST", "v3",
        ours["x-hubspot-request-timestamp"],
    )  # fmt: skip


def test_adyen() -> None:
    from Adyen.util import (
        generate_notification_sig,
        generate_payload_sig,
        is_valid_hmac_notification,
    )

    key = "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056"
    sample = PROVIDERS["adyen"].samples[0]
    item: dict[str, Any] = json.loads(sample.body)["notificationItems"][0]
    notice = item["NotificationRequestItem"]
    made = generate_notification_sig(notice, key)
    notice["additionalData"]["hmacSignature"] = made if isinstance(made, str) else made.decode()
    body = json.dumps({"live": "false", "notificationItems": [item]})
    assert verifies("adyen", {}, key, body) is True
    whole = generate_payload_sig(BODY.encode(), key)
    header = whole if isinstance(whole, str) else whole.decode()
    assert verifies("adyen", {"HmacSignature": header}, key) is True
    ours = json.loads(signed("adyen", key, sample.body.decode()).body)
    assert is_valid_hmac_notification(ours["notificationItems"][0]["NotificationRequestItem"], key)


def test_razorpay() -> None:
    import razorpay

    header = signed("razorpay", "tea").headers["x-razorpay-signature"]
    client = razorpay.Client(auth=("key", "secret"))
    assert client.utility.verify_webhook_signature(BODY, header, "tea")


def test_mollie() -> None:
    from mollie.utils.webhooks.signature_validator import SignatureValidator

    made = SignatureValidator.create_signature(BODY, "tea")
    header = made if made.startswith("sha256=") else f"sha256={made}"
    assert verifies("mollie", {"X-Mollie-Signature": header}, "tea") is True
    ours = signed("mollie", "tea").headers["x-mollie-signature"]
    assert SignatureValidator("tea").validate_payload(BODY, [ours])


def test_workos() -> None:
    from workos.webhooks._verification import verify_header

    header = signed("workos", "tea").headers["workos-signature"]
    verify_header(event_body=BODY.encode(), event_signature=header, secret="tea")


def test_coinbase_commerce() -> None:
    from coinbase_commerce.webhook import Webhook, WebhookSignature

    made = WebhookSignature._compute_signature(BODY, "tea")
    assert verifies("coinbase_commerce", {"X-CC-Webhook-Signature": made}, "tea") is True
    ours = signed("coinbase_commerce", "tea").headers["x-cc-webhook-signature"]
    assert Webhook.construct_event(BODY, ours, "tea")


def test_box() -> None:
    from box_sdk_gen.managers.webhooks import WebhooksManager

    ours = {**signed("box", "tea").headers, "box-signature-version": "1",
            "box-signature-algorithm": "HmacSHA256"}  # fmt: skip
    assert WebhooksManager.validate_message(BODY, ours, "tea")
