"""Any tool that follows the Standard Webhooks specification.

The secret is base64 behind whsec_; a public key (whpk_) serves as well, for tools that sign with
Ed25519. The id stays the same over retries, time and signature change.
Source: standard-webhooks/standard-webhooks, specification 1.0.0.
"""

from rulebook.providers.contract import Body, Header, Provider, Sample, sample_body
from rulebook.providers.schemes import STANDARD_WEBHOOKS

PROVIDER = Provider(
    label="Standard Webhooks",
    signature=STANDARD_WEBHOOKS,
    secret_hint="Begins with whsec_, or with whpk_ (a public key). The tool shows it.",
    not_secrets={"whsk_": "This is the tool's own key. Paste the one that begins with whpk_."},
    event_type=(Body("$.type"), Body("$.event_type"), Body("$.event")),
    event_id=(Header("webhook-id"), Header("svix-id")),
    event_time=(Body("$.timestamp"), Header("webhook-timestamp"), Header("svix-timestamp")),
    detect=(Header("webhook-id"),),
    broad=True,
    types={
        "invoice.paid": "Invoice paid",
        "order.created": "Order placed",
        "user.created": "User created",
    },
    names={
        "$.type": "Event type",
        "$.timestamp": "Time of the event",
        "$.data.id": "Id",
        "$.data.amount": "Amount",
        "$.data.currency": "Currency",
        "$.data.status": "Status",
        "$.data.name": "Name",
        "$.data.email": "Email",
    },
    gist=(
        "{{ payload.data.name }}, {{ payload.data.amount }} {{ payload.data.currency }}",
        "{{ payload.data.name }}",
        "{{ payload.data.email }}",
    ),
    steps=(
        "In the tool, open its webhooks and add an endpoint.",
        "Paste the web address of this hook and choose the events you want.",
        "Copy the signing secret that is shown there and paste it here.",
    ),
    docs="https://www.standardwebhooks.com/",
    retries="Most of these tools try again for about a day, with growing pauses.",
    switches_off="Many of them stop after days of failures, or when they are answered 410.",
    samples=(
        Sample(
            "invoice_paid",
            "Invoice paid, 129.00 USD",
            sample_body("standard_webhooks.invoice_paid.json"),
            headers={"webhook-id": "msg_2QkLinden7Tea4Cup9Pot2Sd"},
            ids=("msg_2QkLinden7Tea4Cup9Pot2Sd", "inv_7Leaf4Kettle2Jar"),
            amounts=("129.00",),
        ),
    ),
)
