"""SendGrid: what became of sent mail (Event Webhook), and mail that came in (Inbound Parse).

One delivery carries many events; each is judged on its own. The signature covers the body to its
last byte, a CR LF included. SendGrid publishes no limit for the age of a delivery and holds some
back, so that the time is not judged. Inbound Parse is a form and as a rule not signed.
Source: sendgrid/sendgrid-python, helpers/eventwebhook; SendGrid's documentation of events.
"""

from rulebook.providers.contract import Body, Header, Present, Provider, Sample, sample_body
from rulebook.providers.schemes import EcdsaP256

PROVIDER = Provider(
    label="SendGrid",
    signature=EcdsaP256(
        Header("x-twilio-email-event-webhook-signature"),
        "{timestamp}{body}",
        timestamp=Header("x-twilio-email-event-webhook-timestamp"),
        encoding="base64",
        key_coding="base64",
        tolerance=None,
    ),
    secret_label="Verification key",
    secret_hint="A long text that begins with MF. In SendGrid: Mail Settings > Event Webhook > "
    "Signed Event Webhook.",
    not_secrets={
        "SG.": "This is an API key, which can send mail. The verification key is another."
    },
    event_type=(Body("$.event"), Present("$.envelope", "inbound")),
    event_id=(Body("$.sg_event_id"),),
    event_time=(Body("$.timestamp"),),
    types={
        "bounce": "Mail bounced",
        "click": "Link clicked",
        "deferred": "Mail delayed",
        "delivered": "Mail delivered",
        "dropped": "Mail not sent",
        "group_resubscribe": "Subscribed again",
        "group_unsubscribe": "Left a group",
        "inbound": "Mail came in",
        "open": "Mail opened",
        "processed": "Mail accepted",
        "spamreport": "Reported as spam",
        "unsubscribe": "Unsubscribed",
    },
    names={
        "$.event": "What happened",
        "$.email": "Recipient",
        "$.timestamp": "Time of the event",
        "$.reason": "Reason",
        "$.status": "Status code",
        "$.type": "Kind of bounce",
        "$.url": "Link",
        "$.category": "Category",
        "$.subject": "Subject",
        "$.useragent": "Program of the reader",
        "$.ip": "Address of the reader",
        "$.attempt": "Attempt",
        "$.from": "From",
        "$.to": "To",
        "$.text": "Text of the mail",
        "$.envelope.from": "Sender on the envelope",
        "$.spam_score": "Spam score",
    },
    gist=(
        "{{ payload.email }}: {{ payload.reason }}",
        "{{ payload.email }}: {{ payload.url }}",
        "{{ payload.email }}",
        "{{ payload.subject }} from {{ payload.from }}",
    ),
    batches=((),),
    json_in=("envelope", "charsets"),
    steps=(
        "In SendGrid, open Settings > Mail Settings > Event Webhook and create one.",
        "Post URL: paste the web address of this hook, and choose the events you want.",
        "Under Security features, switch Signed Event Webhook on and save.",
        "Open it again, copy the verification key and paste it here.",
        "Choose Test Your Integration to send one event of each kind.",
    ),
    docs="https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event",
    retries="SendGrid sends again by itself, for up to 24 hours after each event.",
    detect=(Header("x-twilio-email-event-webhook-signature"), Body("$[0].sg_event_id")),
    samples=(
        Sample(
            "delivered_and_bounced",
            "Two events: mail delivered, mail bounced",
            sample_body("sendgrid.delivered_and_bounced.json"),
            ids=(
                "TGluZGVuVGVhRGVsaXZlcmVk",
                "TGluZGVuVGVhQm91bmNlZA",
                "kettle14c5d75ce93.dfd.64b469",
            ),
        ),
    ),
)
