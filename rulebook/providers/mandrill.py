"""Mandrill (Mailchimp Transactional): what became of e-mails you sent, and e-mails received.

Mandrill looks at the address before it tells the key, unsigned: once without a body, once with an
empty list. It signs the web address together with the fields of a form, exactly as the address was
entered there. One delivery holds many events. Source: django-anymail.
"""

from rulebook.providers.contract import (
    Body,
    Fixed,
    Handshake,
    Header,
    Joined,
    Provider,
    Reply,
    Request,
    Sample,
    sample_body,
)
from rulebook.providers.handshakes import say
from rulebook.providers.schemes import Hmac

FORM = {"content-type": "application/x-www-form-urlencoded"}

PROVIDER = Provider(
    label="Mandrill",
    signature=Hmac(
        Header("x-mandrill-signature"), "{url}{params}", algorithm="sha1", encoding="base64"
    ),
    secret_label="Webhook key",
    secret_hint="In Mandrill: Settings > Webhooks > your webhook > Key. There is one only once the "
    "webhook was made.",
    not_secrets={"md-": "This is an API key, which can send e-mails. The webhook has its own key."},
    event_type=(Body("$.event"), Body("$.type")),
    event_id=(Joined((Body("$._id"), Body("$.event"), Body("$.ts"), Body("$.url"))),),
    event_time=(Body("$.ts"),),
    detect=(Header("x-mandrill-signature"),),
    unwraps="mandrill_events",
    batches=((),),
    types={
        "blacklist": "Put on the rejection list",
        "click": "Link clicked",
        "deferral": "E-mail delayed",
        "delivered": "E-mail delivered",
        "hard_bounce": "E-mail bounced for good",
        "inbound": "E-mail received",
        "open": "E-mail opened",
        "reject": "E-mail rejected",
        "send": "E-mail sent",
        "soft_bounce": "E-mail bounced for now",
        "spam": "Marked as spam",
        "unsub": "Unsubscribed",
        "whitelist": "Put on the allow list",
    },
    names={
        "$.event": "Event type",
        "$.ts": "Time of the event",
        "$.msg.email": "Recipient",
        "$.msg.subject": "Subject",
        "$.msg.sender": "From",
        "$.msg.state": "State",
        "$.msg.bounce_description": "Kind of bounce",
        "$.msg.diag": "Why it bounced",
        "$.msg.tags[*]": "Tags",
        "$.msg.metadata.order": "Order number",
        "$.msg.template": "Template",
        "$.url": "Link clicked",
        "$.ip": "Internet address",
        "$.location.city": "City",
        "$.location.country": "Country",
        "$.user_agent": "Browser",
        "$.msg.from_email": "Received from",
        "$.msg.from_name": "Name of the sender",
        "$.msg.text": "Text received",
    },
    gist=(
        "{{ payload.msg.subject | truncate(80) }}, from {{ payload.msg.from_email }}",
        "{{ payload.msg.subject | truncate(80) }}, to {{ payload.msg.email }}",
    ),
    handshakes=(
        Handshake(
            "Mandrill looked whether the address is there",
            Fixed("yes"),
            say(Reply()),
            Request({}, b"", "https://h.example/in/x", "HEAD"),
            method="HEAD",
        ),
        Handshake(
            "Mandrill tried the address",
            Body("$.mandrill_events"),
            say(Reply()),
            Request(FORM, b"mandrill_events=%5B%5D"),
            equals="[]",
        ),
    ),
    steps=(
        "In Mandrill, open Settings > Webhooks > Add a Webhook.",
        "Tick the events you want, for example Message Is Bounced.",
        "Post To URL: paste the web address of this hook, letter for letter. Create the webhook.",
        "Copy its Key from the list of webhooks and paste it here.",
    ),
    docs="https://mailchimp.com/developer/transactional/docs/webhooks/",
    retries="Mandrill probably sends again by itself for hours.",
    samples=(
        Sample(
            "bounced",
            "E-mail bounced: Your order LT-2291",
            sample_body("mandrill.bounced.json"),
            "application/x-www-form-urlencoded",
            form="mandrill_events",
            ids=("9c41d07be5f28a36d0b7e1c4f95a2380", "f2d81b60c7a94e35b8d0176e9ac4f523"),
        ),
        Sample(
            "received",
            "E-mail received: Wholesale prices",
            sample_body("mandrill.received.json"),
            "application/x-www-form-urlencoded",
            form="mandrill_events",
            ids=("70be93d5c1f248a6b4e09d72f8a135c6",),
        ),
    ),
)  # fmt: skip
