"""Lemon Squeezy: orders, subscriptions, license keys.

Amounts are in cents. An event has no id of its own: its kind, the id of what it is about and the
time of that thing's last change tell it from others. Source: Lemon Squeezy's package for Laravel.
"""

from rulebook.providers.contract import Body, Header, Joined, Provider, Sample, sample_body
from rulebook.providers.schemes import Hmac

ABOUT = "$.data.attributes"

PROVIDER = Provider(
    label="Lemon Squeezy",
    signature=Hmac(Header("x-signature")),
    secret_hint="A text of your own with 6 to 40 characters: the same here and in the webhook's "
    "field Signing secret.",
    event_type=(Body("$.meta.event_name"),),
    event_id=(
        Joined((Body("$.meta.event_name"), Body("$.data.id"), Body(f"{ABOUT}.updated_at")), "/"),
    ),
    event_time=(Body(f"{ABOUT}.updated_at"), Body(f"{ABOUT}.created_at")),
    detect=(Body("$.meta.event_name"),),
    types={
        "license_key_created": "License key created",
        "order_created": "Order placed",
        "order_refunded": "Order refunded",
        "subscription_cancelled": "Subscription cancelled",
        "subscription_created": "Subscription started",
        "subscription_expired": "Subscription ended",
        "subscription_paused": "Subscription paused",
        "subscription_payment_failed": "Subscription payment failed",
        "subscription_payment_recovered": "Subscription payment made up for",
        "subscription_payment_refunded": "Subscription payment refunded",
        "subscription_payment_success": "Subscription paid",
        "subscription_resumed": "Subscription resumed",
        "subscription_unpaused": "Subscription no longer paused",
        "subscription_updated": "Subscription changed",
    },
    names={
        "$.meta.event_name": "Event type",
        "$.meta.test_mode": "Test, not live",
        f"{ABOUT}.order_number": "Order number",
        f"{ABOUT}.user_name": "Customer name",
        f"{ABOUT}.user_email": "Customer email",
        f"{ABOUT}.status": "Status",
        f"{ABOUT}.status_formatted": "Status in words",
        f"{ABOUT}.currency": "Currency",
        f"{ABOUT}.total": "Total",
        f"{ABOUT}.subtotal": "Total before tax",
        f"{ABOUT}.tax": "Tax",
        f"{ABOUT}.discount_total": "Discount",
        f"{ABOUT}.total_formatted": "Total in words",
        f"{ABOUT}.first_order_item.product_name": "Product",
        f"{ABOUT}.first_order_item.variant_name": "Variant",
        f"{ABOUT}.first_order_item.quantity": "Quantity",
        f"{ABOUT}.product_name": "Product of the subscription",
        f"{ABOUT}.renews_at": "Renews on",
        f"{ABOUT}.ends_at": "Ends on",
        f"{ABOUT}.refunded": "Refunded",
        f"{ABOUT}.urls.receipt": "Link to the receipt",
    },
    money={
        f"{ABOUT}.{amount}": f"{ABOUT}.currency"
        for amount in ("total", "subtotal", "tax", "discount_total")
    },
    gist=(
        "{{ payload.data.attributes.total | money(payload.data.attributes.currency) }}"
        " from {{ payload.data.attributes.user_name }}",
        "{{ payload.data.attributes.product_name }}, {{ payload.data.attributes.user_email }}",
        "{{ payload.data.attributes.user_email }}",
    ),
    steps=(
        "In Lemon Squeezy, open Settings > Webhooks and choose the plus sign.",
        "Callback URL: paste the web address of this hook.",
        "Signing secret: invent one with 6 to 40 characters, and paste the same here and there.",
        "Choose the events you want, for example order_created, and save.",
    ),
    docs="https://docs.lemonsqueezy.com/help/webhooks",
    retries="Lemon Squeezy probably sends again by itself, up to 3 times within minutes; after "
    "that, its page of the webhook can send again.",
    samples=(
        Sample(
            "order_created",
            "Order placed, $42.00",
            sample_body("lemon_squeezy.order_created.json"),
            headers={"x-event-name": "order_created"},
            ids=("4827163", "9b7d31c6-0f58-4e2a-a4c7-d15e82f60b93", "5104882"),
            amounts=("4200", "42.00"),
        ),
        Sample(
            "subscription_cancelled",
            "Subscription cancelled",
            sample_body("lemon_squeezy.subscription_cancelled.json"),
            headers={"x-event-name": "subscription_cancelled"},
            ids=("918264", "4790332", "4955217"),
        ),
    ),
)
