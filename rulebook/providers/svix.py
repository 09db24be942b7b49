"""Tools whose webhooks run on Svix.

Standard Webhooks under the header names svix-id, svix-timestamp and svix-signature; many of these
tools send the names webhook-... as well, and either counts.
Source: svix/svix-webhooks, Python library.
"""

from rulebook.providers.contract import Body, Header, Provider, Sample, sample_body
from rulebook.providers.schemes import SVIX

PROVIDER = Provider(
    label="Svix",
    signature=SVIX,
    secret_hint="Begins with whsec_. In the tool: Webhooks > your endpoint > Signing Secret.",
    event_type=(Body("$.type"), Body("$.eventType"), Body("$.event_type"), Body("$.event")),
    event_id=(Header("svix-id"), Header("webhook-id")),
    event_time=(Body("$.timestamp"), Header("svix-timestamp"), Header("webhook-timestamp")),
    detect=(Header("svix-id"),),
    broad=True,
    types={
        "customer.created": "Customer created",
        "invoice.paid": "Invoice paid",
        "subscription.renewed": "Subscription renewed",
    },
    names={
        "$.type": "Event type",
        "$.timestamp": "Time of the event",
        "$.data.id": "Id",
        "$.data.customer.name": "Customer name",
        "$.data.customer.email": "Customer email",
        "$.data.plan": "Plan",
        "$.data.price": "Price",
        "$.data.currency": "Currency",
    },
    gist=(
        "{{ payload.data.plan }}, {{ payload.data.price }} {{ payload.data.currency }}"
        " from {{ payload.data.customer.name }}",
        "{{ payload.data.customer.name }}",
    ),
    steps=(
        "In the tool, open Webhooks (the Svix portal) and choose Add Endpoint.",
        "Endpoint URL: paste the web address of this hook, and choose the events you want.",
        "Open the new endpoint, reveal its Signing Secret and paste it here.",
    ),
    docs="https://docs.svix.com/receiving/introduction",
    retries="Tools on Svix try again for about a day, with growing pauses.",
    switches_off="The endpoint may be switched off after days of nothing but failures.",
    samples=(
        Sample(
            "subscription_renewed",
            "Subscription renewed: Tea of the month",
            sample_body("svix.subscription_renewed.json"),
            headers={"svix-id": "msg_2RmSaucer8Mint5Tin1Wx6Bk"},
            ids=("msg_2RmSaucer8Mint5Tin1Wx6Bk", "sub_9Mint3Tin"),
            amounts=("24.00",),
        ),
    ),
)
