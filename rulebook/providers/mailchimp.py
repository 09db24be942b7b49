"""Mailchimp (Marketing): people who subscribe, leave or change their details.

Mailchimp signs nothing, so whoever knows the web address can send: keep it to yourself. It looks at
the address before it saves it. Fields come as a form with names such as data[email]; they are
opened into groups. Events have no id. Source: Mailchimp's documentation, "Sync Audience Data with
Webhooks".
"""

from rulebook.providers.contract import (
    Body,
    Fixed,
    Handshake,
    Present,
    Provider,
    Reply,
    Request,
    Sample,
    Where,
    sample_body,
)
from rulebook.providers.handshakes import say

PROVIDER = Provider(
    label="Mailchimp",
    event_type=(Body("$.type"),),
    event_time=(Body("$.fired_at"),),
    detect=(Where(Body("$.fired_at"), Present("$['data[list_id]']")),),
    brackets=True,
    types={
        "campaign": "Campaign sent",
        "cleaned": "Address taken off",
        "profile": "Details changed",
        "subscribe": "Subscribed",
        "unsubscribe": "Unsubscribed",
        "upemail": "E-mail address changed",
    },
    names={
        "$.type": "Event type",
        "$.fired_at": "Time of the event (UTC)",
        "$.data.email": "Email",
        "$.data.email_type": "Kind of e-mail",
        "$.data.list_id": "Audience id",
        "$.data.merges.FNAME": "First name",
        "$.data.merges.LNAME": "Last name",
        "$.data.merges.PHONE": "Phone",
        "$.data.merges.BIRTHDAY": "Birthday",
        "$.data.ip_opt": "Internet address",
        "$.data.action": "What was done",
        "$.data.reason": "Why",
        "$.data.campaign_id": "Campaign id",
        "$.data.new_email": "New email address",
        "$.data.old_email": "Old email address",
        "$.data.subject": "Subject of the campaign",
        "$.data.status": "Status of the campaign",
    },
    gist=(
        "{{ payload.data.merges.FNAME }} {{ payload.data.merges.LNAME }}, {{ payload.data.email }}",
        "{{ payload.data.email }}",
        "{{ payload.data.new_email }}",
        "{{ payload.data.subject }}",
    ),
    handshakes=(
        Handshake(
            "Mailchimp looked whether the address is there",
            Fixed("yes"),
            say(Reply()),
            Request({}, b"", "https://h.example/in/x", "GET"),
            method="GET",
        ),
    ),
    steps=(
        "In Mailchimp, open Audience > All contacts > Settings > Webhooks.",
        "Choose Create New Webhook and paste the web address of this hook.",
        "Tick the events you want, and whose changes count: a subscriber, an admin, the API.",
        "Save. Mailchimp looks at the address at once.",
    ),
    docs="https://mailchimp.com/developer/marketing/guides/sync-audience-data-webhooks/",
    retries="Mailchimp sends again by itself, probably for up to a day.",
    samples=(
        Sample(
            "subscribed",
            "Subscribed: Marta Oliveira",
            sample_body("mailchimp.subscribed.txt"),
            "application/x-www-form-urlencoded",
            form="",
            ids=("8c1e0f7ba4", "417360928"),
        ),
        Sample(
            "unsubscribed",
            "Unsubscribed: Théo Lambert",
            sample_body("mailchimp.unsubscribed.txt"),
            "application/x-www-form-urlencoded",
            form="",
            ids=("d07b52e9c6", "417361504"),
        ),
    ),
)
