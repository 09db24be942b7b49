"""HubSpot: contacts, deals, tickets; and workflows that send a webhook.

Three ways of signing: v3 (an HMAC that covers method, address, body and time), and the older v2 and
v1, plain digests of secret and request. The strongest that a request carries counts. Up to 100
events come in one delivery and hold ids only; a workflow sends the whole object.
Source: HubSpot/hubspot-api-python, utils/signature.py.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from rulebook.providers.contract import (
    Body,
    Header,
    Joined,
    Present,
    Provider,
    Request,
    Sample,
    sample_body,
)
from rulebook.providers.schemes import Either, Hmac

_DECODED = re.compile("%(?:3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)", re.IGNORECASE)


def as_signed(url: str) -> Sequence[str]:
    """The address as it is, and with the few escapes undone that HubSpot undoes."""
    return tuple(dict.fromkeys((url, _DECODED.sub(lambda found: unquote(found[0]), url))))


@dataclass(frozen=True)
class Version:
    """The header of the older signatures, where it is of this version."""

    version: str

    def read(self, request: Request) -> str | None:
        if request.headers.get("x-hubspot-signature-version", "").lower() != self.version:
            return None
        return Header("x-hubspot-signature").read(request)

    def put(self, request: Request, text: str) -> Request:
        request = request.with_header("x-hubspot-signature-version", self.version)
        return request.with_header("x-hubspot-signature", text)

    def __str__(self) -> str:
        return "header (x-hubspot-signature)"


PROVIDER = Provider(
    label="HubSpot",
    signature=Either(
        (
            Hmac(
                Header("x-hubspot-signature-v3"),
                "{method}{url}{body}{timestamp}",
                encoding="base64",
                timestamp=Header("x-hubspot-request-timestamp"),
                unit="ms",
                urls=as_signed,
            ),
            Hmac(Version("v2"), "{method}{url}{body}", urls=as_signed, keyed=False),
            Hmac(Version("v1"), keyed=False),
        )
    ),
    secret_label="Client secret",
    secret_hint="In HubSpot: your app > Auth > Client secret.",
    not_secrets={"pat-": "This is an access token. The client secret stands on the Auth tab."},
    event_type=(Body("$.subscriptionType"), Present("$.properties", "workflow")),
    event_id=(
        Joined(
            (
                Body("$.eventId"),
                Body("$.subscriptionId"),
                Body("$.objectId"),
                Body("$.occurredAt"),
                Body("$.propertyName"),
            ),
            by="-",
        ),
    ),
    event_time=(Body("$.occurredAt"), Header("x-hubspot-request-timestamp")),
    types={
        "company.creation": "Company created",
        "contact.creation": "Contact created",
        "contact.deletion": "Contact deleted",
        "contact.propertyChange": "Contact changed",
        "conversation.newMessage": "New message",
        "deal.creation": "Deal created",
        "deal.propertyChange": "Deal changed",
        "object.creation": "Object created",
        "ticket.creation": "Ticket created",
        "workflow": "Sent by a workflow",
    },
    names={
        "$.subscriptionType": "Event type",
        "$.objectId": "Object id",
        "$.propertyName": "Changed field",
        "$.propertyValue": "New value",
        "$.occurredAt": "Time of the event",
        "$.changeSource": "Changed by",
        "$.portalId": "Account id",
        "$.attemptNumber": "Repeats of this delivery",
        "$.properties.email.value": "Email",
        "$.properties.firstname.value": "First name",
        "$.properties.lastname.value": "Last name",
        "$.properties.phone.value": "Phone",
        "$.properties.company.value": "Company",
    },
    gist=(
        "{{ payload.propertyName }} is {{ payload.propertyValue }}",
        "{{ payload.properties.firstname.value }} {{ payload.properties.lastname.value }}",
        "{{ payload.subscriptionType }} {{ payload.objectId }}",
    ),
    batches=((),),
    steps=(
        "In HubSpot, open your app (or private app) > Webhooks.",
        "Target URL: paste the web address of this hook.",
        "Create subscriptions for the events you want, and switch them on.",
        "Open the Auth tab, copy the Client secret and paste it here.",
    ),
    docs="https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/"
    "request-validation",
    retries="HubSpot sends again by itself, probably 10 times over a day.",
    detect=(Header("x-hubspot-signature-v3"), Header("x-hubspot-signature"),
            Body("$[0].subscriptionType")),
    samples=(
        Sample(
            "deal_changed",
            "Two events: deal won, contact created",
            sample_body("hubspot.deal_changed.json"),
            ids=("3816279340", "2718304561"),
        ),
    ),
)  # fmt: skip
