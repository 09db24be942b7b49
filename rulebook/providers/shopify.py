"""Shopify: orders, refunds, customers.

Amounts are decimal texts in whole units. The webhook id stays the same when Shopify sends again;
the event id does not serve, it groups several topics of one action.
Source: shopify.dev, "Verify deliveries".
"""

from rulebook.providers.contract import FirstOf, Header, Provider, Sample, sample_body
from rulebook.providers.schemes import Hmac

PROVIDER = Provider(
    label="Shopify",
    signature=Hmac(
        FirstOf((Header("x-shopify-hmac-sha256"), Header("shopify-hmac-sha256"))),
        encoding="base64",
    ),
    secret_hint="The key at the bottom of Settings > Notifications > Webhooks; for an app, "
    "its client secret.",
    event_type=(Header("x-shopify-topic"), Header("shopify-topic")),
    event_id=(Header("x-shopify-webhook-id"), Header("shopify-webhook-id")),
    event_time=(Header("x-shopify-triggered-at"), Header("shopify-triggered-at")),
    detect=(Header("x-shopify-topic"), Header("shopify-topic")),
    types={
        "app/uninstalled": "App removed",
        "checkouts/create": "Checkout started",
        "customers/create": "Customer created",
        "fulfillments/create": "Order shipped",
        "inventory_levels/update": "Stock changed",
        "orders/cancelled": "Order cancelled",
        "orders/create": "Order placed",
        "orders/fulfilled": "Order fulfilled",
        "orders/paid": "Order paid",
        "orders/updated": "Order changed",
        "products/update": "Product changed",
        "refunds/create": "Refund made",
    },
    names={
        "$.name": "Order number",
        "$.email": "Customer email",
        "$.phone": "Customer phone",
        "$.created_at": "Time of the order",
        "$.currency": "Currency",
        "$.total_price": "Total",
        "$.subtotal_price": "Total before shipping",
        "$.total_tax": "Tax",
        "$.total_discounts": "Discount",
        "$.financial_status": "Payment status",
        "$.fulfillment_status": "Shipping status",
        "$.note": "Note from the customer",
        "$.tags": "Tags",
        "$.test": "Test order",
        "$.customer.first_name": "Customer first name",
        "$.customer.last_name": "Customer last name",
        "$.customer.email": "Customer account email",
        "$.customer.phone": "Customer account phone",
        "$.line_items[*].title": "Products",
        "$.line_items[*].sku": "Product codes",
        "$.line_items[*].quantity": "Quantities",
        "$.line_items[*].price": "Product prices",
        "$.shipping_address.city": "Ship to city",
        "$.shipping_address.country_code": "Ship to country",
        "$.order_status_url": "Link to the order status",
    },
    gist=(
        "{{ payload.name }}, {{ payload.total_price }} {{ payload.currency }}"
        " from {{ payload.customer.first_name }} {{ payload.customer.last_name }}",
        "{{ payload.name }}, {{ payload.total_price }} {{ payload.currency }}",
    ),
    steps=(
        "In Shopify, open Settings > Notifications > Webhooks > Create webhook.",
        "Choose the event, for example Order creation, and the format JSON.",
        "URL: paste the web address of this hook. Choose the newest version and save.",
        "Copy the key shown at the bottom of that page and paste it here.",
    ),
    docs="https://shopify.dev/docs/apps/build/webhooks",
    retries="Shopify sends again by itself, 8 times over 4 hours; after that it may remove "
    "webhooks that an app made.",
    samples=(
        Sample(
            "order_created",
            "Order placed, $86.50",
            sample_body("shopify.order_created.json"),
            headers={
                "x-shopify-topic": "orders/create",
                "x-shopify-webhook-id": "b1f8a6d4-70c3-4e59-92a5-6c0e8d4f17b2",
                "x-shopify-event-id": "e63d0c95-48a1-4b7f-8f2d-19b7c5a0e384",
                "x-shopify-shop-domain": "linden-tea.example",
                "x-shopify-api-version": "2026-10",
                "x-shopify-triggered-at": "2026-11-02T10:15:00.417283905Z",
                "x-shopify-test": "true",
            },
            ids=("b1f8a6d4-70c3-4e59-92a5-6c0e8d4f17b2", "e63d0c95-48a1-4b7f-8f2d-19b7c5a0e384",
                 "6184920375218", "15720938461106", "15720938461107",
                 "7d2e5c90f1a84b63a5d0e9c4b8f73126", "1042"),
            amounts=("86.50", "80.50", "48.00"),
        ),
    ),
)  # fmt: skip
