"""Coinbase Commerce: payments in crypto currencies.

The id at the top names one attempt to deliver; the event has one of its own, which stays. Prices
are decimal texts in whole units. Source: coinbase/coinbase-commerce-python.
"""

from rulebook.providers.contract import Body, Header, Provider, Sample, sample_body
from rulebook.providers.schemes import Hmac

CHARGE = "$.event.data"

PROVIDER = Provider(
    label="Coinbase Commerce",
    signature=Hmac(Header("x-cc-webhook-signature")),
    secret_label="Shared secret",
    secret_hint="In Coinbase Commerce: Settings > Notifications > Show shared secret.",
    event_type=(Body("$.event.type"),),
    event_id=(Body("$.event.id"),),
    event_time=(Body("$.event.created_at"),),
    detect=(Header("x-cc-webhook-signature"),),
    types={
        "charge:confirmed": "Payment confirmed",
        "charge:created": "Payment asked for",
        "charge:delayed": "Payment came late",
        "charge:failed": "Payment failed",
        "charge:pending": "Payment seen, not yet confirmed",
        "charge:resolved": "Payment settled",
    },
    names={
        "$.event.type": "Event type",
        "$.event.created_at": "Time of the event",
        f"{CHARGE}.code": "Code",
        f"{CHARGE}.name": "What is paid for",
        f"{CHARGE}.description": "Description",
        f"{CHARGE}.pricing.local.amount": "Price",
        f"{CHARGE}.pricing.local.currency": "Currency",
        f"{CHARGE}.pricing_type": "Kind of price",
        f"{CHARGE}.metadata.customer_name": "Customer name",
        f"{CHARGE}.metadata.customer_email": "Customer email",
        f"{CHARGE}.metadata.order": "Order number",
        f"{CHARGE}.hosted_url": "Link to the payment",
        f"{CHARGE}.expires_at": "Ends at",
        f"{CHARGE}.payments[*].network": "Networks",
        f"{CHARGE}.payments[*].status": "Status of the payments",
        f"{CHARGE}.timeline[*].status": "What has happened",
        "$.attempt_number": "Attempt to deliver",
    },
    gist=(
        "{{ payload.event.data.pricing.local.amount }}"
        " {{ payload.event.data.pricing.local.currency }} for {{ payload.event.data.name }}",
        "{{ payload.event.data.name }}",
    ),
    steps=(
        "In Coinbase Commerce, open Settings > Notifications.",
        "Add an endpoint and paste the web address of this hook.",
        "Choose Show shared secret, copy it and paste it here.",
        "Send a test from the same page to see it arrive.",
    ),
    docs="https://docs.cdp.coinbase.com/commerce/docs/webhooks",
    retries="Coinbase Commerce sends again by itself, probably for 3 days.",
    samples=(
        Sample(
            "payment_confirmed",
            "Payment confirmed, 54.00 USD",
            sample_body("coinbase_commerce.payment_confirmed.json"),
            ids=("e17b0c94-63d2-4fa8-95c7-08b4d2e1f63a", "d4c8f720-9ae1-4b56-83d0-7e2f60b9a51c",
                 "7QTEA4P2"),
            amounts=("54.00",),
        ),
    ),
)  # fmt: skip
