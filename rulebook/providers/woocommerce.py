"""WooCommerce: orders, customers, products, coupons.

When a webhook is saved, WooCommerce first posts its number, unsigned, and wants exactly 200 back.
It tries once and never again, and it names no id: the delivery id may be shared by two events.
Characters such as & in a secret are stored as markup by WordPress, so both forms of a secret are
tried. Amounts are decimal texts in whole units. An order changes often: look at its status too.
Source: woocommerce/woocommerce, class-wc-webhook.php.
"""

from rulebook.providers.contract import (
    Body,
    Handshake,
    Header,
    Provider,
    Reply,
    Request,
    Sample,
    sample_body,
)
from rulebook.providers.handshakes import say
from rulebook.providers.schemes import MARKUP, Hmac

PROVIDER = Provider(
    label="WooCommerce",
    signature=Hmac(Header("x-wc-webhook-signature"), encoding="base64", key=MARKUP),
    secret_hint="Any long text of your own: the same here and in WooCommerce.",
    not_secrets={
        "ck_": "This is a key for the REST API. The webhook has a field Secret of its own.",
        "cs_": "This is a secret for the REST API. The webhook has a field Secret of its own.",
    },
    event_type=(Header("x-wc-webhook-topic"),),
    event_time=(Body("$.date_modified_gmt"), Body("$.date_created_gmt")),
    detect=(Header("x-wc-webhook-topic"),),
    types={
        "coupon.created": "Coupon created",
        "customer.created": "Customer created",
        "customer.updated": "Customer changed",
        "order.created": "Order placed",
        "order.deleted": "Order deleted",
        "order.restored": "Order restored",
        "order.updated": "Order changed",
        "product.created": "Product created",
        "product.deleted": "Product deleted",
        "product.updated": "Product changed",
    },
    names={
        "$.number": "Order number",
        "$.status": "Status",
        "$.total": "Total",
        "$.currency": "Currency",
        "$.date_created_gmt": "Time of creation (UTC)",
        "$.billing.first_name": "Customer first name",
        "$.billing.last_name": "Customer last name",
        "$.billing.email": "Customer email",
        "$.billing.phone": "Customer phone",
        "$.billing.company": "Company",
        "$.shipping.city": "Ship to city",
        "$.shipping.country": "Ship to country",
        "$.shipping_total": "Shipping costs",
        "$.discount_total": "Discount",
        "$.payment_method_title": "Paid by",
        "$.customer_note": "Note from the customer",
        "$.line_items[*].name": "Products",
        "$.line_items[*].quantity": "Quantities",
        "$.line_items[*].total": "Product totals",
        "$.line_items[*].sku": "Product codes",
        "$.coupon_lines[*].code": "Coupons",
        "$.name": "Product name",
        "$.price": "Price",
        "$.stock_quantity": "In stock",
        "$.permalink": "Link to the product",
    },
    gist=(
        "#{{ payload.number }}, {{ payload.total }} {{ payload.currency }}"
        " from {{ payload.billing.first_name }} {{ payload.billing.last_name }}",
        "{{ payload.name }}, {{ payload.price }}",
        "{{ payload.name }}",
        "{{ payload.first_name }} {{ payload.last_name }}",
    ),
    handshakes=(
        Handshake(
            "WooCommerce checked the address",
            Body("$.webhook_id"),
            say(Reply()),
            Request({"content-type": "application/x-www-form-urlencoded"}, b"webhook_id=14"),
        ),
    ),
    steps=(
        "In WordPress, open WooCommerce > Settings > Advanced > Webhooks > Add webhook.",
        "Status: choose Active. Topic: choose what you want, for example Order created.",
        "Delivery URL: paste the web address of this hook.",
        "Secret: invent a long one, and paste the same here and there. Save the webhook.",
    ),
    docs="https://woocommerce.com/document/webhooks/",
    retries="WooCommerce does not send again by itself.",
    switches_off="After more than five failures in a row WooCommerce switches the webhook off: set "
    "its status to Active again.",
    samples=(
        Sample(
            "order_created",
            "Order placed, $64.00",
            sample_body("woocommerce.order_created.json"),
            headers={
                "x-wc-webhook-source": "https://shop.linden-tea.example/",
                "x-wc-webhook-topic": "order.created",
                "x-wc-webhook-resource": "order",
                "x-wc-webhook-event": "created",
                "x-wc-webhook-id": "14",
                "x-wc-webhook-delivery-id": "4c0d7e91b2a56f38d1e09c74b8a3f625",
            },
            ids=("4c0d7e91b2a56f38d1e09c74b8a3f625", "5127", "wc_order_k7Qd2Mv9XnTeA"),
            amounts=("64.00",),
        ),
        Sample(
            "product_updated",
            "Product changed: 4 tins left",
            sample_body("woocommerce.product_updated.json"),
            headers={
                "x-wc-webhook-source": "https://shop.linden-tea.example/",
                "x-wc-webhook-topic": "product.updated",
                "x-wc-webhook-resource": "product",
                "x-wc-webhook-event": "updated",
                "x-wc-webhook-id": "15",
                "x-wc-webhook-delivery-id": "9be2f07d1c34a586e0b7d93f52c861a4",
            },
            ids=("9be2f07d1c34a586e0b7d93f52c861a4",),
        ),
    ),
)
