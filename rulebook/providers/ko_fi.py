"""Ko-fi: donations, memberships, commissions, shop orders.

Nothing is signed; a verification token in the body shows who sends. Amounts are decimal texts in
whole units. Source: Ko-fi's page Manage > Webhooks.
"""

import json
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from rulebook.providers.contract import Body, Provider, Request, Sample, at, sample_body
from rulebook.providers.schemes import Token
from rules.payload import read_payload


@dataclass(frozen=True)
class InTheForm:
    """A name at the top of the JSON that stands in the form's field `data`."""

    name: str

    def read(self, request: Request) -> str | None:
        data = at(request.payload, "$.data")
        inside = read_payload(data.encode(), "application/json") if isinstance(data, str) else None
        found = at(inside.value, f"$.{self.name}") if inside else None
        return found if isinstance(found, str) and found else None

    def put(self, request: Request, text: str) -> Request:
        data = json.loads(dict(request.form)["data"]) | {self.name: text}
        return replace(request, body=urlencode({"data": json.dumps(data)}).encode())

    def __str__(self) -> str:
        return f"field {self.name}"


PROVIDER = Provider(
    label="Ko-fi",
    signature=Token(InTheForm("verification_token")),
    secret_label="Verification token",
    secret_hint="In Ko-fi: Manage > Webhooks > Advanced > Verification token.",
    event_type=(Body("$.type"),),
    event_id=(Body("$.message_id"),),
    event_time=(Body("$.timestamp"),),
    unwraps="data",
    hides=(Body("$.verification_token"),),
    detect=(InTheForm("kofi_transaction_id"),),
    types={
        "Commission": "Commission ordered",
        "Donation": "Donation",
        "Shop Order": "Shop order",
        "Subscription": "Membership paid",
    },
    names={
        "$.type": "Event type",
        "$.timestamp": "Time of the event",
        "$.from_name": "Name",
        "$.email": "Email",
        "$.message": "Message",
        "$.is_public": "May be shown to others",
        "$.amount": "Amount",
        "$.currency": "Currency",
        "$.is_subscription_payment": "Membership payment",
        "$.is_first_subscription_payment": "First membership payment",
        "$.tier_name": "Membership tier",
        "$.shop_items[*].variation_name": "Shop items",
        "$.shop_items[*].quantity": "Quantities",
        "$.shipping.full_name": "Ship to",
        "$.shipping.city": "Ship to city",
        "$.url": "Link",
    },
    gist=(
        "{{ payload.amount }} {{ payload.currency }} from {{ payload.from_name }}:"
        " {{ payload.message | truncate(80) }}",
        "{{ payload.amount }} {{ payload.currency }} from {{ payload.from_name }}",
    ),
    steps=(
        "In Ko-fi, open Manage > Webhooks (ko-fi.com/manage/webhooks).",
        "Webhook URL: paste the web address of this hook, and choose Update.",
        "Open Advanced, copy the verification token and paste it here.",
        "Choose one of the test buttons to see whether it arrives.",
    ),
    docs="https://ko-fi.com/manage/webhooks",
    retries="Ko-fi probably sends again by itself when it got no answer.",
    samples=(
        Sample(
            "donation",
            "Donation, 5.00 USD",
            sample_body("ko_fi.donation.json"),
            "application/x-www-form-urlencoded",
            form="data",
            ids=("8d3f51c0-7e94-4b2a-a06d-c15f9e82b347", "00000000-1111-4222-8333-7ea4c0b5d691"),
            amounts=("5.00",),
        ),
        Sample(
            "shop_order",
            "Shop order, 18.50 USD",
            sample_body("ko_fi.shop_order.json"),
            "application/x-www-form-urlencoded",
            form="data",
            ids=("f1b6039e-4c8d-4e75-9b2a-60d7c3a8f512", "00000000-1111-4222-8333-9f3d0c6e1b78"),
            amounts=("18.50",),
        ),
    ),
)  # fmt: skip
