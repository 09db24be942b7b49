"""Square: payments, refunds, orders, bookings, invoices.

Square signs the web address together with the body, exactly as it was entered there: change one
letter of it and nothing matches. Some events hold ids only. Amounts are in minor units (cents).
Source: square/square-python-sdk, webhooks_helper.py.
"""

from rulebook.providers.contract import Body, Header, Provider, Sample, sample_body
from rulebook.providers.schemes import Hmac

THING = "$.data.object"
WITH_MONEY = {
    "payment.amount_money": "Amount",
    "payment.total_money": "Total with tip",
    "payment.tip_money": "Tip",
    "payment.refunded_money": "Refunded",
    "refund.amount_money": "Refund",
    "dispute.amount_money": "Disputed amount",
}

PROVIDER = Provider(
    label="Square",
    signature=Hmac(
        Header("x-square-hmacsha256-signature"), "{url}{body}", encoding="base64", tolerance=None
    ),
    secret_label="Signature key",
    secret_hint="In the Square developer console: your app > Webhooks > the subscription > "
    "Signature key > Show.",
    not_secrets={
        "EAAA": "This is an access token, which can move money. The signature key is another.",
        "sq0": "This belongs to the app's sign-in. The signature key is another.",
    },
    event_type=(Body("$.type"),),
    event_id=(Body("$.event_id"),),
    event_time=(Body("$.created_at"),),
    detect=(Header("x-square-hmacsha256-signature"),),
    types={
        "booking.created": "Booked",
        "booking.updated": "Booking changed",
        "customer.created": "Customer created",
        "customer.updated": "Customer changed",
        "dispute.created": "Payment disputed",
        "inventory.count.updated": "Stock changed",
        "invoice.created": "Invoice created",
        "invoice.payment_made": "Invoice paid",
        "order.created": "Order placed",
        "order.updated": "Order changed",
        "payment.created": "Payment started",
        "payment.updated": "Payment changed",
        "refund.created": "Refund started",
        "refund.updated": "Refund changed",
        "subscription.created": "Subscription started",
        "subscription.updated": "Subscription changed",
        "webhooks.test_notification": "Test",
    },
    names={
        "$.type": "Event type",
        "$.created_at": "Time of the event",
        "$.merchant_id": "Merchant id",
        "$.data.id": "Id",
        **{f"{THING}.{where}.amount": words for where, words in WITH_MONEY.items()},
        f"{THING}.payment.amount_money.currency": "Currency",
        f"{THING}.payment.status": "Payment status",
        f"{THING}.payment.buyer_email_address": "Customer email",
        f"{THING}.payment.note": "Note",
        f"{THING}.payment.source_type": "Kind of payment",
        f"{THING}.payment.card_details.card.card_brand": "Card",
        f"{THING}.payment.receipt_url": "Link to the receipt",
        f"{THING}.payment.location_id": "Location id",
        f"{THING}.refund.reason": "Reason of the refund",
        f"{THING}.dispute.reason": "Reason of the dispute",
        f"{THING}.invoice.invoice_number": "Invoice number",
        f"{THING}.invoice.primary_recipient.email_address": "Invoice sent to",
        f"{THING}.customer.email_address": "New customer's email",
        f"{THING}.customer.given_name": "New customer's first name",
        f"{THING}.booking.start_at": "Booked for",
    },
    money={f"{THING}.{where}.amount": f"{THING}.{where}.currency" for where in WITH_MONEY},
    gist=(
        "{{ payload.data.object.payment.amount_money.amount"
        " | money(payload.data.object.payment.amount_money.currency) }}"
        " from {{ payload.data.object.payment.buyer_email_address }}",
        "{{ payload.data.object.payment.amount_money.amount"
        " | money(payload.data.object.payment.amount_money.currency) }}",
        "{{ payload.data.object.refund.amount_money.amount"
        " | money(payload.data.object.refund.amount_money.currency) }}",
        "{{ payload.data.object.customer.given_name }}"
        " {{ payload.data.object.customer.family_name }}",
    ),
    steps=(
        "Open developer.squareup.com > your app > Webhooks > Subscriptions > Add subscription.",
        "Paste the web address of this hook, letter for letter.",
        "Choose the events you want, for example payment.updated, and save.",
        "Under Signature key choose Show, copy it and paste it here.",
    ),
    docs="https://developer.squareup.com/docs/webhooks/overview",
    retries="Square sends again by itself for 24 hours, with growing pauses.",
    samples=(
        Sample(
            "payment_completed",
            "Payment completed, $42.00",
            sample_body("square.payment_completed.json"),
            headers={
                "square-environment": "Production",
                "square-initial-delivery-timestamp": "2026-11-02T10:15:00Z",
            },
            ids=(
                "3f9c1d07-5b82-4e6a-90d4-c7b1a2e8f356",
                "hYy9pRFVxpDsO1FB05SunFWUe9J",
                "03O3USaPaAaFnI6kkwB1JxGgB0Y",
            ),
            amounts=("4200",),
        ),
    ),
)
