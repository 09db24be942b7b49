"""Gumroad: sales, refunds, disputes, subscriptions.

Nothing is signed: who knows the web address can send, so give it to Gumroad alone. A ping is a sale
and does not say so; other events come to addresses that were subscribed to by Gumroad's API.
Prices are in cents. Source: Gumroad's documentation, "Ping" and "Resource subscriptions".
"""

from rulebook.providers.contract import Body, Fixed, Joined, Present, Provider, Sample, sample_body

PROVIDER = Provider(
    label="Gumroad",
    event_type=(Body("$.resource_name"), Fixed("sale")),
    event_id=(
        Joined((Body("$.sale_id"), Body("$.resource_name")), "/"),
        Joined(
            (
                Body("$.subscription_id"),
                Body("$.resource_name"),
                Body("$.cancelled_at"),
                Body("$.ended_at"),
                Body("$.restarted_at"),
                Body("$.effective_as_of"),
            ),
            by="/",
        ),
    ),
    event_time=(Body("$.sale_timestamp"), Body("$.cancelled_at"), Body("$.ended_at")),
    detect=(Body("$.product_permalink"), Present("$.short_product_id")),
    brackets=True,
    types={
        "cancellation": "Subscription cancelled",
        "dispute": "Payment disputed",
        "dispute_won": "Dispute won",
        "refund": "Sale refunded",
        "sale": "Product sold",
        "subscription_ended": "Subscription ended",
        "subscription_restarted": "Subscription restarted",
        "subscription_updated": "Subscription changed",
    },
    names={
        "$.product_name": "Product",
        "$.price": "Price",
        "$.currency": "Currency",
        "$.quantity": "Quantity",
        "$.email": "Customer email",
        "$.full_name": "Customer name",
        "$.order_number": "Order number",
        "$.sale_id": "Sale id",
        "$.sale_timestamp": "Time of the sale",
        "$.ip_country": "Country",
        "$.referrer": "Came from",
        "$.offer_code": "Discount code",
        "$.variants.Version": "Version",
        "$.url_params.campaign": "Campaign",
        "$.recurrence": "How often a subscription is paid",
        "$.is_recurring_charge": "Paid again by a subscription",
        "$.refunded": "Refunded",
        "$.disputed": "Disputed",
        "$.license_key": "License key",
        "$.test": "Test, not a sale",
    },
    money={"$.price": "$.currency"},
    gist=(
        "{{ payload.price | money(payload.currency) }} from {{ payload.full_name }},"
        " {{ payload.product_name }}",
        "{{ payload.price | money(payload.currency) }} from {{ payload.email }}",
        "{{ payload.user_email }}",
    ),
    steps=(
        "In Gumroad, open Settings > Advanced.",
        "Ping endpoint: paste the web address of this hook.",
        "Choose Send test ping, then Update settings.",
    ),
    docs="https://gumroad.com/ping",
    retries="Gumroad probably sends again by itself, up to 3 times, once an hour.",
    samples=(
        Sample(
            "sale",
            "Product sold, $24.00",
            sample_body("gumroad.sale.txt"),
            "application/x-www-form-urlencoded",
            form="",
            ids=("tEa7CuPs4PoT9LeAf2==", "613820475"),
            amounts=("2400",),
        ),
    ),
)
