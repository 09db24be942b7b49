"""Webflow: forms, orders, and items of collections.

The time is signed and in milliseconds. A webhook that an app makes is signed with the app's client
secret; one made in the site's settings has a secret of its own.
Source: Webflow's documentation, "Working with webhooks".
"""

from rulebook.providers.contract import Body, Header, Joined, Provider, Sample, sample_body
from rulebook.providers.schemes import Hmac

ABOUT = "$.payload"

PROVIDER = Provider(
    label="Webflow",
    signature=Hmac(
        Header("x-webflow-signature"),
        "{timestamp}:{body}",
        timestamp=Header("x-webflow-timestamp"),
        unit="ms",
    ),
    secret_hint="Shown when the webhook is made in Site settings > Apps & integrations; of an "
    "app's webhook, the app's client secret.",
    event_type=(Body("$.triggerType"),),
    # Of forms and items; orders are told apart by their number and state.
    event_id=(
        Joined((Body(f"{ABOUT}.id"), Body("$.triggerType"), Body(f"{ABOUT}.lastUpdated")), "/"),
        Joined((Body(f"{ABOUT}.orderId"), Body("$.triggerType"), Body(f"{ABOUT}.status")), "/"),
    ),
    event_time=(
        Body(f"{ABOUT}.submittedAt"),
        Body(f"{ABOUT}.lastUpdated"),
        Body(f"{ABOUT}.acceptedOn"),
    ),
    detect=(Header("x-webflow-signature"), Body("$.triggerType")),
    types={
        "collection_item_changed": "Item changed",
        "collection_item_created": "Item created",
        "collection_item_deleted": "Item deleted",
        "collection_item_published": "Item published",
        "comment_created": "Comment added",
        "ecomm_inventory_changed": "Stock changed",
        "ecomm_new_order": "Order placed",
        "ecomm_order_changed": "Order changed",
        "form_submission": "Form sent",
        "page_created": "Page created",
        "site_publish": "Site published",
        "user_account_added": "User account added",
    },
    names={
        "$.triggerType": "Event type",
        f"{ABOUT}.name": "Form",
        f"{ABOUT}.data.Name": "Name",
        f"{ABOUT}.data.Email": "Email",
        f"{ABOUT}.data.Phone": "Phone",
        f"{ABOUT}.data.Message": "Message",
        f"{ABOUT}.submittedAt": "Time of the answer",
        f"{ABOUT}.formId": "Form id",
        f"{ABOUT}.orderId": "Order number",
        f"{ABOUT}.status": "Status of the order",
        f"{ABOUT}.acceptedOn": "Time of the order",
        f"{ABOUT}.customerInfo.fullName": "Customer name",
        f"{ABOUT}.customerInfo.email": "Customer email",
        f"{ABOUT}.customerPaid.value": "Amount paid",
        f"{ABOUT}.customerPaid.unit": "Currency",
        f"{ABOUT}.customerPaid.string": "Amount paid in words",
        f"{ABOUT}.purchasedItems[*].productName": "Products",
        f"{ABOUT}.fieldData.name": "Item",
    },
    money={f"{ABOUT}.customerPaid.value": f"{ABOUT}.customerPaid.unit"},
    gist=(
        "{{ payload.payload.customerPaid.value | money(payload.payload.customerPaid.unit) }}"
        " from {{ payload.payload.customerInfo.fullName }}",
        "{{ payload.payload.name }}: {{ payload.payload.data.Name }}",
        "{{ payload.payload.fieldData.name }}",
        "{{ payload.payload.name }}",
    ),
    steps=(
        "In Webflow, open Site settings > Apps & integrations > Webhooks > Add webhook.",
        "Trigger type: choose the event, for example Form submission.",
        "Webhook URL: paste the web address of this hook, and save.",
        "Copy the secret that Webflow shows and paste it here.",
    ),
    docs="https://developers.webflow.com/data/docs/working-with-webhooks",
    retries="Webflow probably sends again by itself, a few times.",
    switches_off="Webflow may switch a webhook off that keeps failing.",
    samples=(
        Sample(
            "form_sent",
            "Form sent: A question about delivery",
            sample_body("webflow.form_sent.json"),
            ids=("6727f20b1c4e8d00073a95f6",),
        ),
        Sample(
            "new_order",
            "Order placed, $86.50",
            sample_body("webflow.new_order.json"),
            ids=("fb2-91c", "6727f1a4c95d3b0008e1d7a2"),
            amounts=("8650", "86.50"),
        ),
    ),
)
