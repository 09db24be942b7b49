"""Mollie: payments, refunds, payouts.

These are Mollie's new webhooks, which are made in its dashboard and sign what they send. Classic
ones (webhookUrl of a payment) send nothing but the payment's id, unsigned: a hook without a secret
takes them, but there is little in them to judge. Amounts are decimal texts in whole units.
Source: Mollie's client for Python.
"""

from rulebook.providers.contract import (
    Body,
    Fixed,
    Header,
    Provider,
    Sample,
    Starting,
    sample_body,
)
from rulebook.providers.schemes import Hmac, Plain

ENTITY = "$._embedded.entity"

PROVIDER = Provider(
    label="Mollie",
    signature=Hmac(Header("x-mollie-signature"), reads=Plain("sha256=", separator=",")),
    secret_hint="Shown once, when the webhook is made in Mollie: Developers > Webhooks.",
    not_secrets={
        "live_": "This is an API key. Mollie signs with the secret of the webhook.",
        "test_": "This is an API key. Mollie signs with the secret of the webhook.",
        "access_": "This is an access token. Mollie signs with the secret of the webhook.",
    },
    event_type=(Body("$.type"), Fixed("classic")),
    # A classic webhook says the payment's id each time that its status changes.
    event_id=(Starting(Body("$.id"), ("event_",)),),
    event_time=(Body("$.createdAt"),),
    detect=(Header("x-mollie-signature"), Starting(Body("$.id"), ("tr_",))),
    types={
        "chargeback.received": "Payment charged back",
        "classic": "A payment changed (classic webhook)",
        "hook.ping": "Test from Mollie",
        "payment-link.paid": "Payment link paid",
        "payment.canceled": "Payment cancelled",
        "payment.expired": "Payment expired",
        "payment.failed": "Payment failed",
        "payment.paid": "Payment succeeded",
        "payout.completed": "Payout made",
        "refund.failed": "Refund failed",
        "refund.refunded": "Refund made",
        "sales-invoice.paid": "Invoice paid",
    },
    names={
        "$.type": "Event type",
        "$.createdAt": "Time of the event",
        "$.entityId": "Id of what it is about",
        f"{ENTITY}.amount.value": "Amount",
        f"{ENTITY}.amount.currency": "Currency",
        f"{ENTITY}.description": "Description",
        f"{ENTITY}.status": "Status",
        f"{ENTITY}.method": "Way of paying",
        f"{ENTITY}.mode": "Live or test",
        f"{ENTITY}.paidAt": "Time of the payment",
        f"{ENTITY}.metadata.order": "Order number",
        f"{ENTITY}.details.consumerName": "Customer name",
        f"{ENTITY}.details.cardHolder": "Name on the card",
    },
    gist=(
        "{{ payload._embedded.entity.amount.value }} {{ payload._embedded.entity.amount.currency }}"
        ", {{ payload._embedded.entity.description }}",
        "{{ payload.entityId }}",
    ),
    steps=(
        "In Mollie, open Developers > Webhooks > Create webhook.",
        "Paste the web address of this hook and choose the events, for example payment.paid.",
        "Create it, copy the secret that is shown once, and paste it here.",
        "Choose Test in Mollie to see whether a signed event arrives.",
    ),
    docs="https://docs.mollie.com/reference/webhooks-new",
    retries="Mollie probably sends again by itself, several times over about a day.",
    samples=(
        Sample(
            "payment_paid",
            "Payment succeeded, 86.50 EUR",
            sample_body("mollie.payment_paid.json"),
            "application/json; charset=utf-8",
            ids=("event_GvJ8WHrp5isUdRub9CJyH", "tr_7UhSN1zuXS4Tea"),
            amounts=("86.50",),
        ),
    ),
)
