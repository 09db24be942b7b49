"""Resend: what became of the e-mails you sent, and e-mails received.

Resend sends by Svix. The time at the top is that of the event, the one in data that of the e-mail.
Source: Resend's SDK; django-anymail.
"""

from rulebook.providers.contract import Body, Header, Provider, Sample, Where, sample_body
from rulebook.providers.schemes import SVIX

PROVIDER = Provider(
    label="Resend",
    signature=SVIX,
    secret_hint="Begins with whsec_. In Resend: Webhooks > your webhook > Signing Secret.",
    not_secrets={"re_": "This is an API key, which can send e-mails. Resend signs with another."},
    event_type=(Body("$.type"),),
    event_id=(Header("svix-id"), Header("webhook-id")),
    event_time=(Body("$.created_at"),),
    detect=(Where(Header("svix-id"), Body("$.data.email_id")),),
    types={
        "contact.created": "Contact created",
        "contact.deleted": "Contact deleted",
        "contact.updated": "Contact changed",
        "domain.created": "Domain added",
        "domain.updated": "Domain changed",
        "email.bounced": "E-mail bounced",
        "email.clicked": "Link clicked",
        "email.complained": "Marked as spam",
        "email.delivered": "E-mail delivered",
        "email.delivery_delayed": "E-mail delayed",
        "email.failed": "E-mail not sent",
        "email.opened": "E-mail opened",
        "email.received": "E-mail received",
        "email.scheduled": "E-mail scheduled",
        "email.sent": "E-mail sent",
    },
    names={
        "$.type": "Event type",
        "$.created_at": "Time of the event",
        "$.data.email_id": "E-mail id",
        "$.data.subject": "Subject",
        "$.data.from": "From",
        "$.data.to[*]": "To",
        "$.data.to[0]": "First recipient",
        "$.data.created_at": "Time of the e-mail",
        "$.data.bounce.message": "Why it bounced",
        "$.data.bounce.type": "Kind of bounce",
        "$.data.bounce.subType": "Finer kind of bounce",
        "$.data.failed.reason": "Why it was not sent",
        "$.data.click.link": "Link clicked",
        "$.data.click.ipAddress": "Internet address of the click",
        "$.data.tags.category": "Category",
        "$.data.broadcast_id": "Broadcast id",
        "$.data.email": "Contact email",
    },
    gist=(
        "{{ payload.data.subject | truncate(80) }}, to {{ payload.data.to[0] }}",
        "{{ payload.data.email }}",
    ),
    steps=(
        "In Resend, open Webhooks and choose Add Webhook.",
        "Endpoint URL: paste the web address of this hook.",
        "Choose the events you want, for example email.bounced, and add it.",
        "Open the new webhook, copy its Signing Secret and paste it here.",
    ),
    docs="https://resend.com/docs/webhooks/introduction",
    retries="Resend sends by Svix, which tries again by itself for more than a day, with growing "
    "pauses.",
    switches_off="The webhook may be switched off after days of nothing but failures.",
    samples=(
        Sample(
            "email_bounced",
            "E-mail bounced: Your order LT-2291",
            sample_body("resend.email_bounced.json"),
            headers={"svix-id": "msg_3XmBounce6Leaf2Cup9Pot4Kw"},
            ids=("msg_3XmBounce6Leaf2Cup9Pot4Kw", "b7c40d1e-82f6-4a95-9d03-6e51f8a2c7b4"),
        ),
        Sample(
            "email_delivered",
            "E-mail delivered: Your order LT-2294",
            sample_body("resend.email_delivered.json"),
            headers={"svix-id": "msg_3XnArrive4Leaf7Cup1Pot5Zy"},
            ids=("msg_3XnArrive4Leaf7Cup1Pot5Zy", "f29a6d53-0b7e-4c18-a4d9-83c1e7506fb2"),
        ),
    ),
)
