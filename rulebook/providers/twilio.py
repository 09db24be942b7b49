"""Twilio: text messages and calls that come in, and reports about those that went out.

The signature covers the address as well, with and without its port, and the fields of the form in
order; a JSON body is covered by its hash in the address. Twilio states no kind of event: it is made
of the fields, as message.received or call.completed. What answers is TwiML; an empty one says
nothing. The account's Auth Token is the key; keys made for the API do not work.
Source: twilio/twilio-python, request_validator.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from rulebook.providers.contract import (
    Body,
    FirstOf,
    Header,
    Joined,
    Provider,
    Query,
    Reply,
    Request,
    Sample,
    sample_body,
)
from rulebook.providers.schemes import Hmac, Verification
from rulebook.providers.schemes.verdicts import mismatch

HASH = Query("bodySHA256")
PORTS = {"https": 443, "http": 80}


def with_and_without_port(url: str) -> Sequence[str]:
    """The address as it is, without a port, and with the usual one."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    ported = f"{host}:{parts.port or PORTS.get(parts.scheme, 443)}"
    forms = (
        url,
        urlunsplit(parts._replace(netloc=host)),
        urlunsplit(parts._replace(netloc=ported)),
    )
    return tuple(dict.fromkeys(forms))


@dataclass(frozen=True)
class Signed(Hmac):
    """Twilio's signature, and the hash of a body that is no form."""

    def verify(self, request: Request, secrets: Sequence[str], now: float) -> Verification:
        verified = super().verify(request, secrets, now)
        if not verified or not request.body or request.form:
            return verified
        hashed = hashlib.sha256(request.body).hexdigest()
        return verified if HASH.read(request) == hashed else mismatch(request.url)

    def sign(self, request: Request, secret: str, now: float) -> Request:
        if request.body and not request.form:
            request = HASH.put(request, hashlib.sha256(request.body).hexdigest())
        return super().sign(request, secret, now)


def field(name: str) -> FirstOf:
    """A field of the form, or of the address where Twilio was told to GET."""
    return FirstOf((Body(f"$.{name}"), Query(name)))


@dataclass(frozen=True)
class Kind:
    """What happened, made of the fields that say how it stands."""

    def read(self, request: Request) -> str | None:
        for what, name in (("recording", "RecordingStatus"), ("message", "MessageStatus"),
                           ("message", "SmsStatus"), ("call", "CallStatus")):  # fmt: skip
            status = field(name).read(request)
            if status:
                return f"{what}.{status}"
        return "message.received" if field("Body").read(request) else None


def by_sid(name: str, status: str) -> Joined:
    return Joined((field(name), field(status)), by="-")


PROVIDER = Provider(
    label="Twilio",
    signature=Signed(
        Header("x-twilio-signature"),
        "{url}{params}",
        algorithm="sha1",
        encoding="base64",
        urls=with_and_without_port,
    ),
    secret_label="Auth Token",
    secret_hint="32 letters and digits, on the home page of the Twilio Console.",
    not_secrets={
        "AC": "This is the Account SID. The Auth Token stands below it.",
        "SK": "This is an API key. Twilio signs with the Auth Token only.",
    },
    event_type=(Kind(), Body("$.Type"), Body("$.type")),
    event_id=(
        Header("i-twilio-idempotency-token"),
        by_sid("RecordingSid", "RecordingStatus"),
        by_sid("MessageSid", "MessageStatus"),
        by_sid("MessageSid", "SmsStatus"),
        by_sid("CallSid", "CallStatus"),
    ),
    types={
        "call.busy": "Call: busy",
        "call.completed": "Call ended",
        "call.failed": "Call failed",
        "call.in-progress": "Call answered",
        "call.no-answer": "Call not answered",
        "call.ringing": "Call comes in",
        "message.delivered": "Text delivered",
        "message.failed": "Text failed",
        "message.queued": "Text queued",
        "message.read": "Text read",
        "message.received": "Text came in",
        "message.sent": "Text sent",
        "message.undelivered": "Text not delivered",
        "recording.completed": "Recording ready",
    },
    names={
        "$.From": "From",
        "$.To": "To",
        "$.Body": "Text",
        "$.NumMedia": "Pictures",
        "$.MediaUrl0": "Link to the first picture",
        "$.ProfileName": "Name on WhatsApp",
        "$.FromCity": "City of the sender",
        "$.FromState": "State of the sender",
        "$.FromCountry": "Country of the sender",
        "$.MessageStatus": "How the text stands",
        "$.SmsStatus": "How the text stands",
        "$.ErrorCode": "Error code",
        "$.CallStatus": "How the call stands",
        "$.CallDuration": "Length of the call in seconds",
        "$.RecordingUrl": "Link to the recording",
        "$.Digits": "Keys pressed",
        "$.SpeechResult": "What was said",
        "$.MessageSid": "Message id",
        "$.CallSid": "Call id",
    },
    gist=(
        "{{ payload.From }}: {{ payload.Body }}",
        "Call from {{ payload.From }} to {{ payload.To }}",
        "{{ payload.MessageStatus }}: {{ payload.To }}",
    ),
    reply=Reply(text='<?xml version="1.0" encoding="UTF-8"?><Response/>', content_type="text/xml"),
    methods=("POST", "GET"),
    steps=(
        "In the Twilio Console, copy the Auth Token from the home page and paste it here.",
        "Open Phone Numbers > Manage > Active numbers and choose the number.",
        "Under A message comes in (or A call comes in) choose Webhook, paste the web address of "
        "this hook, and choose HTTP POST.",
        "Save, and send a text to that number.",
    ),
    docs="https://www.twilio.com/docs/usage/webhooks/webhooks-security",
    retries="Twilio does not send again by itself, unless a fallback address is set.",
    detect=(Header("x-twilio-signature"),),
    samples=(
        Sample(
            "text_came_in",
            "Text came in: Do you have Sencha?",
            sample_body("twilio.text_came_in.txt"),
            "application/x-www-form-urlencoded; charset=UTF-8",
            form="",
            headers={"i-twilio-idempotency-token": "6f0c2b7e-51d3-4a86-9c1f-08e7b4d92a35"},
            ids=("SM7f3a9c51e0b24d68a17c5e92f4b80d36", "6f0c2b7e-51d3-4a86-9c1f-08e7b4d92a35"),
        ),
        Sample(
            "text_not_delivered",
            "Text not delivered, error 30003",
            sample_body("twilio.text_not_delivered.txt"),
            "application/x-www-form-urlencoded; charset=UTF-8",
            form="",
            ids=("SM2c8e0f74b19d4a53962b7d01e6a4c8f5",),
        ),
    ),
)
