"""Paddle Billing: transactions, subscriptions, customers, refunds.

Amounts are in minor units (cents), written as text. A transaction names no e-mail address: it
stands with the customer. While a secret is replaced, Paddle sends two signatures. Paddle Classic,
the older product, signs in another way and is not meant here. Source: PaddleHQ/paddle-python-sdk.
"""

from rulebook.providers.contract import Body, Header, Provider, Sample, sample_body
from rulebook.providers.schemes import Hmac, Pairs

TOTALS = "$.data.details.totals"

PROVIDER = Provider(
    label="Paddle",
    signature=Hmac(
        Header("paddle-signature"), "{timestamp}:{body}", Pairs("h1", time="ts", separator=";")
    ),
    secret_label="Secret key",
    secret_hint="Begins with pdl_ntfset_. In Paddle: Developer Tools > Notifications > the "
    "destination > Edit destination.",
    not_secrets={
        "pdl_live_": "This is an API key, which can move money. The destination has its own.",
        "pdl_sdbx_": "This is an API key of the sandbox. The destination has its own.",
        "ntfset_": "This is the id of the destination. The secret key begins with pdl_ntfset_.",
    },
    event_type=(Body("$.event_type"),),
    event_id=(Body("$.event_id"),),
    event_time=(Body("$.occurred_at"),),
    detect=(Header("paddle-signature"),),
    types={
        "adjustment.created": "Refund or credit made",
        "adjustment.updated": "Refund or credit changed",
        "customer.created": "Customer created",
        "customer.updated": "Customer changed",
        "subscription.activated": "Subscription active",
        "subscription.canceled": "Subscription ended",
        "subscription.created": "Subscription started",
        "subscription.past_due": "Subscription unpaid",
        "subscription.paused": "Subscription paused",
        "subscription.trialing": "Trial started",
        "subscription.updated": "Subscription changed",
        "transaction.completed": "Transaction completed",
        "transaction.paid": "Transaction paid",
        "transaction.payment_failed": "Payment failed",
    },
    names={
        "$.event_type": "Event type",
        "$.occurred_at": "Time of the event",
        "$.data.id": "Id",
        "$.data.status": "Status",
        f"{TOTALS}.grand_total": "Total",
        f"{TOTALS}.subtotal": "Total before tax",
        f"{TOTALS}.tax": "Tax",
        f"{TOTALS}.discount": "Discount",
        f"{TOTALS}.fee": "Fee of Paddle",
        f"{TOTALS}.earnings": "What is left for you",
        "$.data.currency_code": "Currency",
        "$.data.customer_id": "Customer id",
        "$.data.invoice_number": "Invoice number",
        "$.data.items[*].price.name": "Prices",
        "$.data.items[*].price.description": "What was bought",
        "$.data.items[*].quantity": "Quantities",
        "$.data.next_billed_at": "Next bill",
        "$.data.items[0].price.unit_price.amount": "Price",
        "$.data.email": "Customer email",
        "$.data.name": "Customer name",
        "$.data.action": "Refund or credit",
        "$.data.reason": "Reason",
        "$.data.totals.total": "Refunded",
    },
    money={
        **{
            f"{TOTALS}.{amount}": "$.data.currency_code"
            for amount in ("grand_total", "subtotal", "tax", "discount", "fee", "earnings")
        },
        "$.data.items[0].price.unit_price.amount":
            "$.data.items[0].price.unit_price.currency_code",
        "$.data.totals.total": "$.data.currency_code",
    },
    gist=(
        "{{ payload.data.details.totals.grand_total | money(payload.data.currency_code) }}"
        " for {{ payload.data.items[0].price.description }}",
        "{{ payload.data.details.totals.grand_total | money(payload.data.currency_code) }}",
        "{{ payload.data.name }}, {{ payload.data.email }}",
        "{{ payload.data.items[0].price.description }}",
        "{{ payload.data.email }}",
    ),
    steps=(
        "In Paddle, open Developer Tools > Notifications > New destination.",
        "Type: URL. Paste the web address of this hook, and tick the events you want.",
        "Save, then open the menu of the new destination > Edit destination.",
        "Copy its secret key and paste it here.",
    ),
    docs="https://developer.paddle.com/webhooks/overview",
    retries="Paddle sends again by itself: 60 times within 3 days, in the sandbox 3 times within "
    "15 minutes.",
    samples=(
        Sample(
            "transaction_completed",
            "Transaction completed, $36.00",
            sample_body("paddle.transaction_completed.json"),
            ids=("evt_01k92f3m7q0tvx8zc5r1hdnyw4", "ntf_01k92f3md5w2gk6bq9e8sjvh0a",
                 "txn_01k92f2zt4m8cx0rj6v1n9k5pd"),
            amounts=("3600",),
        ),
        Sample(
            "subscription_canceled",
            "Subscription ended: Tea of the month",
            sample_body("paddle.subscription_canceled.json"),
            ids=("evt_01k92f7b0c3rwe5xh2t8kvn6qs", "ntf_01k92f7b4y9mzd1pg6a0jc8fur",
                 "sub_01k6m2q8v5t0ha7xw9e3cdr4nz"),
        ),
    ),
)  # fmt: skip
