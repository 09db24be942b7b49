"""Stripe: payments, invoices, subscriptions.

The secret is used as text, `whsec_` included; other senders decode secrets that look the same.
While a secret is rolled, Stripe sends two signatures. Source: docs.stripe.com/webhooks.
"""

from rulebook.providers.contract import Body, Header, Is, Provider, Sample, sample_body
from rulebook.providers.schemes import Hmac, Pairs

OBJECT = "$.data.object"

PROVIDER = Provider(
    label="Stripe",
    signature=Hmac(
        Header("stripe-signature"), message="{timestamp}.{body}", reads=Pairs("v1", time="t")
    ),
    secret_hint="Begins with whsec_. In Stripe: Webhooks > your destination > Signing secret.",
    not_secrets={
        "sk_": "This is an API key, which can move money. Stripe signs with another secret.",
        "rk_": "This is a restricted API key. Stripe signs with another secret.",
        "pk_": "This is a publishable key. Stripe signs with another secret.",
        "we_": "This is the id of the destination. The secret is revealed on its page.",
    },
    if_wrong=(
        (Is("$.livemode", False), "This event is of test mode, which has a signing secret of its "
         "own; the command `stripe listen` has another one still."),
    ),
    event_type=(Body("$.type"),),
    event_id=(Body("$.id"),),
    event_time=(Body("$.created"),),
    hides=(Body("$.data.object.client_secret"),),
    detect=(Header("stripe-signature"),),
    types={
        "charge.dispute.created": "Payment disputed",
        "charge.refunded": "Payment refunded",
        "checkout.session.completed": "Checkout completed",
        "customer.created": "Customer created",
        "customer.subscription.created": "Subscription started",
        "customer.subscription.deleted": "Subscription ended",
        "customer.subscription.trial_will_end": "Trial ends soon",
        "customer.subscription.updated": "Subscription changed",
        "invoice.paid": "Invoice paid",
        "invoice.payment_failed": "Invoice payment failed",
        "payment_intent.payment_failed": "Payment failed",
        "payment_intent.succeeded": "Payment succeeded",
        "payout.failed": "Payout failed",
        "payout.paid": "Payout paid",
    },
    names={
        "$.type": "Event type",
        "$.created": "Time of the event",
        "$.livemode": "Live, not a test",
        f"{OBJECT}.amount": "Amount",
        f"{OBJECT}.amount_received": "Amount received",
        f"{OBJECT}.amount_refunded": "Amount refunded",
        f"{OBJECT}.amount_total": "Total",
        f"{OBJECT}.amount_paid": "Amount paid",
        f"{OBJECT}.amount_due": "Amount due",
        f"{OBJECT}.currency": "Currency",
        f"{OBJECT}.status": "Status",
        f"{OBJECT}.description": "Description",
        f"{OBJECT}.receipt_email": "Customer email",
        f"{OBJECT}.shipping.name": "Customer name",
        f"{OBJECT}.shipping.phone": "Customer phone",
        f"{OBJECT}.customer_details.email": "Customer email",
        f"{OBJECT}.customer_details.name": "Customer name",
        f"{OBJECT}.customer_details.phone": "Customer phone",
        f"{OBJECT}.customer_email": "Customer email",
        f"{OBJECT}.customer_name": "Customer name",
        f"{OBJECT}.customer_phone": "Customer phone",
        f"{OBJECT}.metadata.order": "Order number",
        f"{OBJECT}.last_payment_error.message": "Why it failed",
        f"{OBJECT}.number": "Invoice number",
        f"{OBJECT}.lines.data": "Line items",
        f"{OBJECT}.lines.data[*].amount": "Line item amount",
        f"{OBJECT}.lines.data[*].description": "Line item description",
        f"{OBJECT}.lines.data[*].quantity": "Line item quantity",
        f"{OBJECT}.customer_address.country": "Country",
        f"{OBJECT}.attempt_count": "Attempts",
        f"{OBJECT}.hosted_invoice_url": "Link to the invoice",
        f"{OBJECT}.reason": "Reason",
    },
    money={
        f"{OBJECT}.{amount}": f"{OBJECT}.currency"
        for amount in (
            "amount",
            "amount_received",
            "amount_refunded",
            "amount_total",
            "amount_paid",
            "amount_due",
            "lines.data[*].amount",
        )
    },
    gist=(
        "{{ payload.data.object.amount | money(payload.data.object.currency) }}"
        " from {{ payload.data.object.shipping.name }}",
        "{{ payload.data.object.amount | money(payload.data.object.currency) }}"
        " from {{ payload.data.object.receipt_email }}",
        "{{ payload.data.object.amount_total | money(payload.data.object.currency) }}"
        " from {{ payload.data.object.customer_details.name }}",
        "{{ payload.data.object.amount_paid | money(payload.data.object.currency) }}"
        " from {{ payload.data.object.customer_name }}",
        "{{ payload.data.object.amount | money(payload.data.object.currency) }}",
    ),
    steps=(
        "In Stripe, open Developers (or Workbench) > Webhooks.",
        "Choose Add destination, then the events you want, for example payment_intent.succeeded.",
        "Choose Webhook endpoint and paste the web address of this hook.",
        "Open the new destination, reveal its Signing secret and paste it here.",
    ),
    docs="https://docs.stripe.com/webhooks",
    retries="Stripe sends again by itself, for up to 3 days.",
    samples=(
        Sample(
            "payment_succeeded",
            "Payment succeeded, $129.00",
            sample_body("stripe.payment_succeeded.json"),
            "application/json; charset=utf-8",
            ids=("evt_3QkLinden7Tea4Cup9Pot2Sd", "pi_3QkLinden7Tea4Cup9Pot2Sd",
                 "ch_3QkLinden7Tea4Cup9Pot2Sd", "req_Kq7mXv2Wn4Lp"),
            amounts=("12900",),
        ),
        Sample(
            "small_payment_succeeded",
            "Small payment succeeded, $18.00",
            sample_body("stripe.small_payment_succeeded.json"),
            "application/json; charset=utf-8",
            ids=("evt_3QmSaucer8Mint5Tin1Wx6Bk", "pi_3QmSaucer8Mint5Tin1Wx6Bk",
                 "ch_3QmSaucer8Mint5Tin1Wx6Bk", "req_Zt5cRb8Hd1Gy"),
            amounts=("1800",),
        ),
        Sample(
            "payment_failed",
            "Payment failed, $89.00",
            sample_body("stripe.payment_failed.json"),
            "application/json; charset=utf-8",
            ids=("evt_3QnKettle2Leaf6Jar3Yz8Hm", "pi_3QnKettle2Leaf6Jar3Yz8Hm",
                 "ch_3QnKettle2Leaf6Jar3Yz8Hm", "req_Pw9dJs3Fk6Qe"),
            amounts=("8900",),
        ),
    ),
)  # fmt: skip
