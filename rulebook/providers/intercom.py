"""Intercom: conversations, contacts, tickets.

Intercom signs with SHA-1. The secret is the client secret of the app. Texts of messages are HTML.
Source: n8n; Intercom's documentation, "Webhooks".
"""

from rulebook.providers.contract import (
    Body,
    Fixed,
    Handshake,
    Header,
    Provider,
    Reply,
    Request,
    Sample,
    Starting,
    Where,
    sample_body,
)
from rulebook.providers.handshakes import say
from rulebook.providers.schemes import Hmac, Plain

ITEM = "$.data.item"

PROVIDER = Provider(
    label="Intercom",
    signature=Hmac(Header("x-hub-signature"), reads=Plain("sha1="), algorithm="sha1"),
    secret_label="Client secret",
    secret_hint="In Intercom's Developer Hub: your app > Basic information > Client secret.",
    event_type=(Body("$.topic"),),
    event_id=(Body("$.id"),),
    event_time=(Body("$.created_at"), Body("$.first_sent_at")),
    detect=(Where(Body("$.topic"), Starting(Body("$.type"), ("notification_event",))),),
    types={
        "contact.created": "Contact created",
        "contact.email.updated": "E-mail of a contact changed",
        "contact.lead.created": "Lead created",
        "contact.tag.created": "Contact tagged",
        "contact.user.created": "User created",
        "conversation.admin.assigned": "Conversation assigned",
        "conversation.admin.closed": "Conversation closed",
        "conversation.admin.noted": "Note added",
        "conversation.admin.opened": "Conversation opened again",
        "conversation.admin.replied": "Teammate replied",
        "conversation.rating.added": "Conversation rated",
        "conversation.user.created": "Conversation started",
        "conversation.user.replied": "Customer replied",
        "ping": "Test",
        "ticket.created": "Ticket created",
        "ticket.state.updated": "Ticket changed",
    },
    names={
        "$.topic": "Event type",
        "$.created_at": "Time of the event",
        "$.app_id": "Workspace id",
        f"{ITEM}.id": "Id",
        f"{ITEM}.source.body": "First message (HTML)",
        f"{ITEM}.source.subject": "Subject",
        f"{ITEM}.source.author.name": "Customer name",
        f"{ITEM}.source.author.email": "Customer email",
        f"{ITEM}.source.author.type": "Kind of author",
        f"{ITEM}.source.url": "Page it was written on",
        f"{ITEM}.conversation_parts.conversation_parts[*].body": "Replies (HTML)",
        f"{ITEM}.state": "State",
        f"{ITEM}.open": "Open",
        f"{ITEM}.priority": "Priority",
        f"{ITEM}.tags.tags[*].name": "Tags",
        f"{ITEM}.conversation_rating.rating": "Rating",
        f"{ITEM}.conversation_rating.remark": "Remark of the rating",
        f"{ITEM}.name": "Contact name",
        f"{ITEM}.email": "Contact email",
        f"{ITEM}.phone": "Contact phone",
        "$.delivery_attempts": "Attempt to deliver",
    },
    gist=(
        "{{ payload.data.item.source.author.name }}, {{ payload.data.item.source.author.email }}",
        "{{ payload.data.item.name }}, {{ payload.data.item.email }}",
        "{{ payload.data.item.source.author.email }}",
    ),
    handshakes=(
        Handshake(
            "Intercom looked whether the address is there",
            Fixed("yes"),
            say(Reply()),
            Request({}, b"", "https://h.example/in/x", "HEAD"),
            method="HEAD",
        ),
    ),
    steps=(
        "Open Intercom's Developer Hub > your app, or make one.",
        "Basic information: copy the Client secret and paste it here.",
        "Webhooks: paste the web address of this hook as the endpoint.",
        "Choose the topics you want, for example conversation.user.created, and save.",
    ),
    docs="https://developers.intercom.com/docs/webhooks",
    retries="Intercom probably tries once more by itself, after a minute.",
    switches_off="After failures in a row Intercom probably pauses the webhook for a while; an "
    "answer 410 would end it for good.",
    samples=(
        Sample(
            "conversation_started",
            "Conversation started: Marta Oliveira",
            sample_body("intercom.conversation_started.json"),
            "application/json; charset=utf-8",
            ids=(
                "notif_7c0e5b19-d2a4-4f68-93b7-e1d80f6c2a54",
                "215470913628",
                "6930f1c7d2b8e04a59c1f763",
            ),
        ),
    ),
)
