"""Mailgun: what became of sent mail, and mail that a route passes on.

Time, token and signature stand in the body, and the rest of the body is not signed. So that nobody
puts other words beside a signature that he has seen, a token belongs to the first body that came
with it (`once`). Source: mailgun/mailgun-go, webhooks.go; Mailgun's documentation.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rulebook.providers.contract import (
    Body,
    FirstOf,
    Joined,
    Present,
    Provider,
    Request,
    Sample,
    at,
    sample_body,
)
from rulebook.providers.schemes import Hmac, Verification

DATA = "$['event-data']"


def signed_field(name: str) -> FirstOf:
    """One of the three texts: within a group, or at the top of a route's form."""
    return FirstOf((Body(f"$.signature.{name}"), Body(f"$.{name}")))


@dataclass(frozen=True)
class OneBody(Hmac):
    """The signature, and that its token comes with one body only."""

    def verify(self, request: Request, secrets: Sequence[str], now: float) -> Verification:
        verified = super().verify(request, secrets, now)
        token = signed_field("token").read(request) or ""
        return replace(verified, once=token) if verified else verified


@dataclass(frozen=True)
class Failed:
    """failed, with how bad it is."""

    def read(self, request: Request) -> str | None:
        if at(request.payload, f"{DATA}.event") != "failed":
            return None
        return Joined((Body(f"{DATA}.event"), Body(f"{DATA}.severity"))).read(request)


PROVIDER = Provider(
    label="Mailgun",
    signature=OneBody(
        signed_field("signature"),
        "{timestamp}{token}",
        timestamp=signed_field("timestamp"),
        fields={"token": signed_field("token")},
    ),
    secret_label="HTTP webhook signing key",
    secret_hint="In Mailgun: Settings > API Security > HTTP webhook signing key.",
    not_secrets={"key-": "This is an API key, which can send mail. Take the webhook signing key."},
    event_type=(Failed(), Body(f"{DATA}.event"), Present("$['body-plain']", "inbound")),
    event_id=(
        Joined((Body(f"{DATA}.id"), Body(f"{DATA}.timestamp")), by="-"),
        Body("$['Message-Id']"),
        Body("$.token"),
    ),
    event_time=(Body(f"{DATA}.timestamp"), Body("$.timestamp")),
    types={
        "accepted": "Mail accepted",
        "clicked": "Link clicked",
        "complained": "Reported as spam",
        "delivered": "Mail delivered",
        "failed.permanent": "Mail failed",
        "failed.temporary": "Mail delayed",
        "inbound": "Mail came in",
        "opened": "Mail opened",
        "unsubscribed": "Unsubscribed",
    },
    names={
        f"{DATA}.event": "What happened",
        f"{DATA}.recipient": "Recipient",
        f"{DATA}.timestamp": "Time of the event",
        f"{DATA}.message.headers.subject": "Subject",
        f"{DATA}.message.headers.from": "From",
        f"{DATA}.severity": "How bad",
        f"{DATA}.reason": "Reason",
        f"{DATA}['delivery-status'].message": "What the other mail server said",
        f"{DATA}['delivery-status'].code": "Status code",
        f"{DATA}.tags[*]": "Tags",
        f"{DATA}.url": "Link",
        f"{DATA}.geolocation.country": "Country of the reader",
        "$.sender": "Sender",
        "$.recipient": "Recipient",
        "$.subject": "Subject",
        "$['stripped-text']": "Text without quotes",
    },
    gist=(
        "{{ payload['event-data'].recipient }}:"
        " {{ payload['event-data'].message.headers.subject }}",
        "{{ payload['event-data'].recipient }}",
        "{{ payload.subject }} from {{ payload.sender }}",
    ),
    steps=(
        "In Mailgun, open Send > Sending > Webhooks and choose the domain.",
        "Choose Add webhook and an event, and paste the web address of this hook.",
        "Do the same for every other event that you want.",
        "Open Settings > API Security, copy the HTTP webhook signing key and paste it here.",
    ),
    docs="https://documentation.mailgun.com/docs/mailgun/user-manual/events/webhooks",
    retries="Mailgun sends again by itself, 7 times over 8 hours.",
    detect=(Present("$['event-data']"), Present("$['stripped-text']")),
    samples=(
        Sample(
            "delivered",
            "Mail delivered: Your order LT-2291",
            sample_body("mailgun.delivered.json"),
            ids=("W3wpLindenTeaCupsAndPots",
                 "9c1f08e7b4d92a356f0c2b7e51d34a869c1f08e7b4d92a356f"),
        ),
        Sample(
            "failed",
            "Mail failed: the mailbox does not exist",
            sample_body("mailgun.failed.json"),
            ids=("d2b7c05e81fa4936d2b7c05e81fa4936d2b7c05e81fa4936d2",
                 "G9uKettleAndSaucerNoBox2"),
        ),
    ),
)  # fmt: skip
