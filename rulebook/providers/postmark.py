"""Postmark: what became of e-mails, and e-mails that come in.

Postmark signs nothing: it signs in with a name and password that you write into the address. An
event has no id of its own: the id of the message, the kind and the time tell it from others.
Source: Postmark's documentation, and django-anymail.
"""

from rulebook.providers.contract import (
    BasicLogin,
    Body,
    Joined,
    Present,
    Provider,
    Sample,
    sample_body,
)
from rulebook.providers.schemes import Token

PROVIDER = Provider(
    label="Postmark",
    signature=Token(BasicLogin()),
    secret_label="Name and password",
    secret_hint="A name and a long password of your own with a colon between, such as "
    "postmark:k3Jx; both stand in the address that Postmark calls as well.",
    event_type=(Body("$.RecordType"), Present("$.FromFull", "Inbound")),
    event_id=(
        Joined(
            (
                Body("$.MessageID"),
                Body("$.RecordType"),
                Body("$.Recipient"),
                Body("$.DeliveredAt"),
                Body("$.BouncedAt"),
                Body("$.ReceivedAt"),
                Body("$.ChangedAt"),
            ),
            by="/",
        ),
    ),
    event_time=(
        Body("$.DeliveredAt"),
        Body("$.BouncedAt"),
        Body("$.ReceivedAt"),
        Body("$.ChangedAt"),
    ),
    detect=(Body("$.RecordType"), Present("$.FromFull.MailboxHash")),
    types={
        "Bounce": "E-mail came back",
        "Click": "Link clicked",
        "Delivery": "E-mail delivered",
        "Inbound": "E-mail came in",
        "Open": "E-mail opened",
        "SpamComplaint": "Marked as spam",
        "SubscriptionChange": "Address blocked or allowed again",
    },
    names={
        "$.RecordType": "Event type",
        "$.Recipient": "Recipient",
        "$.Email": "Recipient",
        "$.Subject": "Subject",
        "$.Type": "Kind of bounce",
        "$.Description": "Why it came back",
        "$.Details": "Details",
        "$.Tag": "Tag",
        "$.MessageStream": "Message stream",
        "$.MessageID": "Message id",
        "$.DeliveredAt": "Time of delivery",
        "$.BouncedAt": "Time it came back",
        "$.ReceivedAt": "Time of the event",
        "$.OriginalLink": "Link that was clicked",
        "$.Metadata.order": "Order number",
        "$.FromFull.Email": "Sender's email",
        "$.FromFull.Name": "Sender's name",
        "$.TextBody": "Text of the e-mail",
        "$.StrippedTextReply": "Text of the answer alone",
        "$.MailboxHash": "What stands behind the plus sign of the address",
        "$.Attachments[*].Name": "Names of attached files",
    },
    gist=(
        "{{ payload.Subject | truncate(80) }}, from {{ payload.FromFull.Name }}",
        "{{ payload.Email }}: {{ payload.Description | truncate(80) }}",
        "{{ payload.Recipient }}",
    ),
    steps=(
        "Invent a name and a long password, and paste them here with a colon between.",
        "In Postmark, open the server > its message stream > Webhooks > Add webhook; for e-mails "
        "that come in, the stream Inbound > Settings.",
        "Paste the web address of this hook, with name:password@ written behind its https://.",
        "Choose the events, then Send test, and save.",
    ),
    docs="https://postmarkapp.com/developer/webhooks/webhooks-overview",
    retries="Postmark sends again by itself, probably 10 times over some hours for bounces and "
    "e-mails that come in, and 3 times for the others.",
    samples=(
        Sample(
            "bounced",
            "E-mail came back: order confirmation",
            sample_body("postmark.bounced.json"),
            ids=("c81f0d5a-6b24-4e97-93d0-5f7a2b8e4c61", "692560174"),
        ),
        Sample(
            "came_in",
            "E-mail came in: Do you ship to Lisbon?",
            sample_body("postmark.came_in.json"),
            ids=("7a4d93e2-15c8-4f06-b8ea-d02f6c71b395",),
        ),
    ),
)
