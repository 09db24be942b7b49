"""Razorpay: payments, orders, refunds, subscriptions.

Amounts are in the smallest unit (paise). Signed with the secret of the webhook, which is not the
secret of an API key. Source: Razorpay's client for Python.
"""

from rulebook.providers.contract import Body, Header, Provider, Sample, sample_body
from rulebook.providers.schemes import Hmac

PAYMENT = "$.payload.payment.entity"
REFUND = "$.payload.refund.entity"
ORDER = "$.payload.order.entity"
LINK = "$.payload.payment_link.entity"

PROVIDER = Provider(
    label="Razorpay",
    signature=Hmac(Header("x-razorpay-signature")),
    secret_hint="Any long text of your own: the same here and in the webhook's field Secret.",
    not_secrets={
        "rzp_": "This is the id of an API key. Razorpay signs with the secret of the webhook.",
    },
    event_type=(Body("$.event"),),
    event_id=(Header("x-razorpay-event-id"),),
    event_time=(Body("$.created_at"),),
    detect=(Header("x-razorpay-signature"), Header("x-razorpay-event-id")),
    types={
        "invoice.paid": "Invoice paid",
        "order.paid": "Order paid",
        "payment.authorized": "Payment authorised",
        "payment.captured": "Payment succeeded",
        "payment.dispute.created": "Payment disputed",
        "payment.failed": "Payment failed",
        "payment_link.paid": "Payment link paid",
        "refund.created": "Refund begun",
        "refund.failed": "Refund failed",
        "refund.processed": "Refund made",
        "settlement.processed": "Money paid out",
        "subscription.cancelled": "Subscription cancelled",
        "subscription.charged": "Subscription paid",
        "subscription.halted": "Subscription halted",
    },
    names={
        "$.event": "Event type",
        "$.created_at": "Time of the event",
        f"{PAYMENT}.id": "Payment id",
        f"{PAYMENT}.amount": "Amount",
        f"{PAYMENT}.currency": "Currency",
        f"{PAYMENT}.status": "Status of the payment",
        f"{PAYMENT}.method": "Way of paying",
        f"{PAYMENT}.email": "Customer email",
        f"{PAYMENT}.contact": "Customer phone",
        f"{PAYMENT}.description": "Description",
        f"{PAYMENT}.order_id": "Order id",
        f"{PAYMENT}.notes.order": "Order number",
        f"{PAYMENT}.fee": "Fee",
        f"{PAYMENT}.international": "From another country",
        f"{PAYMENT}.error_description": "Why it failed",
        f"{ORDER}.receipt": "Receipt of the order",
        f"{ORDER}.amount_paid": "Amount paid",
        f"{REFUND}.amount": "Amount of the refund",
        f"{LINK}.reference_id": "Reference of the payment link",
    },
    money={
        f"{PAYMENT}.amount": f"{PAYMENT}.currency",
        f"{PAYMENT}.fee": f"{PAYMENT}.currency",
        f"{ORDER}.amount_paid": f"{ORDER}.currency",
        f"{REFUND}.amount": f"{REFUND}.currency",
    },
    gist=(
        "{{ payload.payload.refund.entity.amount | money(payload.payload.refund.entity.currency) }}"
        " refunded",
        "{{ payload.payload.payment.entity.amount"
        " | money(payload.payload.payment.entity.currency) }}"
        " from {{ payload.payload.payment.entity.email }}",
        "{{ payload.payload.payment.entity.amount"
        " | money(payload.payload.payment.entity.currency) }}",
    ),
    steps=(
        "In Razorpay, open Account & Settings > Webhooks > Add New Webhook.",
        "Webhook URL: paste the web address of this hook.",
        "Secret: invent a long one, and paste the same here and there.",
        "Choose the events, for example payment.captured, and choose Create Webhook.",
    ),
    docs="https://razorpay.com/docs/webhooks/",
    retries="Razorpay sends again by itself, probably for 24 hours.",
    switches_off="Razorpay probably switches a webhook off that failed for 24 hours.",
    samples=(
        Sample(
            "payment_captured",
            "Payment succeeded, 4,599.00 INR",
            sample_body("razorpay.payment_captured.json"),
            headers={"x-razorpay-event-id": "evt_Q7LindenTea4Cup"},
            ids=("evt_Q7LindenTea4Cup", "pay_Q7Kettle9Leaf2J", "order_Q7Saucer3Mint5"),
            amounts=("459900",),
        ),
        Sample(
            "payment_failed",
            "Payment failed, 1,250.00 INR",
            sample_body("razorpay.payment_failed.json"),
            headers={"x-razorpay-event-id": "evt_Q7LindenTea8Jar"},
            ids=("evt_Q7LindenTea8Jar", "pay_Q7Teapot4Lid6Ch", "order_Q7Biscuit1Tin"),
            amounts=("125000",),
        ),
    ),
)
