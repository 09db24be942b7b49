"""Payloads as real senders sent them: who sent them, what they are, and which event they are."""

import json
from dataclasses import replace

import pytest

from rulebook.providers import PROVIDERS, Request, likely_sender, read_event
from tests.shared_data import shared
from tests.test_payloads import headers_of, samples

DOCS = "_doc_derived"
# provider, file, type, id; headers beside those that were captured (the documents tell them).
KNOWN = [
    ("bitbucket", "bitbucket/repo_push.json", "repo:push",
     "831ba044-6864-4085-bf4c-ae829079e224", {}),
    ("cal_com", f"{DOCS}/cal-com/BOOKING_CREATED.json", "BOOKING_CREATED",
     "8f2b6c1a9d3e4a7fb5c21e6f9a0d4b7c.BOOKING_CREATED.2026-07-01T14:05:00.000Z", {}),
    ("calendly", f"{DOCS}/calendly/invitee.canceled.json", "invitee.canceled",
     "https://api.calendly.com/scheduled_events/8f2b6c1a-9d3e-4a7f-b5c2-1e6f9a0d4b7c/invitees/"
     "1a4d7e2b-5c8f-4a1d-9b3e-6f0c8d2a5b7e.invitee.canceled.2026-06-08T11:30:55.000000Z", {}),
    ("calendly", f"{DOCS}/calendly/invitee.created.json", "invitee.created",
     "https://api.calendly.com/scheduled_events/8f2b6c1a-9d3e-4a7f-b5c2-1e6f9a0d4b7c/invitees/"
     "1a4d7e2b-5c8f-4a1d-9b3e-6f0c8d2a5b7e.invitee.created.2026-06-01T15:22:41.000000Z", {}),
    ("coinbase_commerce", "coinbase_commerce/charge_created.signed.json", "charge:created",
     "24934862-d980-46cb-9402-43c81b0cdba6", {}),
    ("deepgram", "deepgram/transcription_result.json", "transcript.finished",
     "a847f427-4ad5-4d67-9b95-db801e58251c", {}),
    ("docusign", f"{DOCS}/docusign/envelope-sent.json", "envelope-sent",
     "3f9a2c1e-6b4d-4e2f-8a1c-9d3b5f7e2a6c.envelope-sent.2026-06-28T15:02:11.4471203Z", {}),
    ("gitlab", "gitlab/issue_hook.json", "issue", None, {}),
    ("gitlab", "gitlab/push_hook.json", "push", None, {}),
    ("jira", f"{DOCS}/jira/jira_issue_created.json", "jira:issue_created", "a-webhook",
     {"x-atlassian-webhook-identifier": "a-webhook"}),
    ("intercom", f"{DOCS}/intercom/conversation.user.created.json", "conversation.user.created",
     "notif_5f27a9e0-0e33-4a1e-8f7c-2b6d4a9c11f0", {}),
    ("linear", "linear/Comment.create.json", "Comment.create", "a-delivery",
     {"linear-delivery": "a-delivery"}),
    ("notion", f"{DOCS}/notion/page.created.json", "page.created",
     "6b6f6b8a-8e0d-4f2a-9f3d-2a6b1c4e7d9f", {}),
    ("paddle", "paddle/customer.created.signed.json", "customer.created",
     "evt_01hs0tqfme2xwb2hvwv87p8y3w", {}),
    ("postmark", "postmark/inbound.json", "Inbound", "00000000-0000-0000-0000-000000000000", {}),
    ("resend", f"{DOCS}/resend/email.sent.json", "email.sent", "msg_1", {"svix-id": "msg_1"}),
    ("sentry", f"{DOCS}/sentry/issue.created.json", "issue.created", "a-request",
     {"sentry-hook-resource": "issue", "request-id": "a-request"}),
    ("slack", "slack/message.json", "message", "Ev079SP4TP1P", {}),
    ("square", "square/webhooks.test_notification.signed.json", "webhooks.test_notification",
     "ac3ac95b-f97d-458c-a6e6-18981597e05f", {}),
    ("vercel", f"{DOCS}/vercel/deployment.created.json", "deployment.created",
     "5FQ3bE5aQhZ1Vv2c4vXYzP1LhqoT", {}),
    ("telegram", f"{DOCS}/telegram/message.json", "message", "397587257", {}),
    ("twitch", "twitch/channel.follow.signed.json", "channel.follow", "a-message",
     {"twitch-eventsub-message-id": "a-message"}),
    ("woocommerce", "woocommerce/product.created.json", "product.created", None, {}),
    ("zendesk", f"{DOCS}/zendesk/ticket.created.json", "trigger", "an-invocation",
     {"x-zendesk-webhook-invocation-id": "an-invocation"}),
    ("zoom", f"{DOCS}/zoom/meeting.started.json", "meeting.started",
     "1752562800000.meeting.started.4nR0i/L9Q2mfrfXtEWMnGA==.84392028671", {}),
    *(("github", f"github/{event}.json", event, "a-delivery",
       {"x-github-event": event.partition(".")[0], "x-github-delivery": "a-delivery"})
      for event in ("issues.opened", "ping", "pull_request.opened", "push")),
    ("hubspot", "hubspot/workflow_contact.json", "workflow", None, {}),
    ("meta", "whatsapp/message_text.json", "message.text", "wamid.xyzxyz", {}),
    ("paypal", "paypal/PAYMENT.SALE.COMPLETED.json", "PAYMENT.SALE.COMPLETED",
     "WH-2WR32451HC0233532-67976317FL4543714", {}),
    ("sendgrid", "sendgrid/events_batch.json", "processed", "sg_event_id", {}),
    ("shopify", "shopify/orders_create.json", "orders/create",
     "8a95126f-859a-4db9-b8f1-350e299e9ea0", {}),
    ("stripe", "stripe/checkout.session.completed.json", "checkout.session.completed",
     "evt_1MhUT6E0b6fckueSlc4GyvIi", {}),
    ("twilio", f"{DOCS}/twilio/message.inbound.json", "message.received",
     "SMe1e2b7c8f5a34d6d8b8c1a2b3c4d5e60", {}),
    ("twilio", f"{DOCS}/twilio/message.inbound-mms.json", "message.received",
     "MM2b3c4d5e6f7890a1b2c3d4e5f6071829", {}),
    ("typeform", f"{DOCS}/typeform/form_response.json", "form_response",
     "01HXQ3ZK9BCONTACT01", {}),
]  # fmt: skip
# A question, and a piece of an event.
NO_EVENTS = {"slack/url_verification.json", "paddle/transaction.completed.data.json"}


def sent(file, headers):
    path = shared("payloads/" + file)
    told = {name.lower(): value for name, value in headers_of(path).items()}
    return Request({"content-type": "application/json", **told, **headers}, path.read_bytes())


@pytest.mark.parametrize(("name", "file", "type_", "id_", "headers"), KNOWN)
def test_a_real_payload_is_recognised(name, file, type_, id_, headers):
    request = sent(file, headers)
    provider = PROVIDERS[name]
    payload = provider.opened(request.payload)
    first = (provider.parts(payload) or [payload])[0]
    told = read_event(provider, request.about(first))
    assert (told.type, told.id) == (type_, id_)
    assert told.type in PROVIDERS[name].types
    assert PROVIDERS[name].handshake(request) is None


def test_every_real_payload_is_examined():
    folder = shared("payloads")
    files = {str(path.relative_to(folder)) for path in samples(folder)}
    assert files == {file for _, file, *_ in KNOWN} | NO_EVENTS


@pytest.mark.parametrize("file", ["gitlab/issue_hook.json", "woocommerce/product.created.json",
                                  "gitlab/push_hook.json", "bitbucket/repo_push.json"])  # fmt: skip
def test_captured_headers_tell_who_sent_it(file):
    found = likely_sender(sent(file, {}))
    assert found is not None and found.name == file.partition("/")[0]


def test_the_question_of_a_real_sender_is_seen():
    asked = sent("slack/url_verification.json", {})
    shake = PROVIDERS["slack"].handshake(asked)
    assert shake is not None and shake[1] == json.loads(asked.body)["challenge"]


def test_a_secret_token_is_enough_where_nothing_is_signed():
    signature = PROVIDERS["gitlab"].signature
    assert signature is not None
    request = replace(sent("gitlab/issue_hook.json", {}), url="https://h.example/in/x")
    assert signature.verify(request, ["secrettoken"], 0)
    assert not signature.verify(request, ["another"], 0)
