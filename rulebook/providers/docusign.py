"""DocuSign Connect: envelopes sent, signed, declined.

DocuSign signs once with each key that is set up there, in headers numbered from 1 to 100: a match
with any of them is enough. Events have no id: it is made of the envelope, the recipient, what
happened and when. Choose the JSON format; XML, the older one, has other fields.
Source: docusign/code-examples-python.
"""

from rulebook.providers.contract import Body, Each, Header, Joined, Provider, Sample, sample_body
from rulebook.providers.schemes import Hmac, Plain

ENVELOPE = "$.data.envelopeSummary"
MOST_KEYS = 100

PROVIDER = Provider(
    label="DocuSign",
    signature=Hmac(
        Each(tuple(Header(f"x-docusign-signature-{n}") for n in range(1, MOST_KEYS + 1))),
        reads=Plain(separator=" "),
        encoding="base64",
    ),
    secret_label="HMAC key",
    secret_hint="In DocuSign: Settings > Connect > Connect Keys; shown once, when the key is made.",
    event_type=(Body("$.event"),),
    event_id=(
        Joined((
            Body("$.data.envelopeId"), Body("$.data.recipientId"), Body("$.event"),
            Body("$.generatedDateTime"),
        )),
    ),
    event_time=(Body("$.generatedDateTime"),),
    detect=(Header("x-docusign-signature-1"),),
    types={
        "envelope-completed": "Everybody signed",
        "envelope-created": "Envelope drafted",
        "envelope-declined": "Signing declined",
        "envelope-delivered": "Envelope opened by everybody",
        "envelope-sent": "Envelope sent",
        "envelope-voided": "Envelope voided",
        "recipient-authenticationfailed": "Recipient could not prove who they are",
        "recipient-autoresponded": "Mail to a recipient came back",
        "recipient-completed": "Recipient signed",
        "recipient-declined": "Recipient declined",
        "recipient-delivered": "Recipient opened it",
        "recipient-sent": "Sent to a recipient",
    },
    names={
        "$.event": "Event type",
        "$.generatedDateTime": "Time of the event",
        "$.data.envelopeId": "Envelope id",
        "$.data.recipientId": "Recipient id",
        f"{ENVELOPE}.status": "Status",
        f"{ENVELOPE}.emailSubject": "Subject",
        f"{ENVELOPE}.sentDateTime": "Sent at",
        f"{ENVELOPE}.deliveredDateTime": "Opened at",
        f"{ENVELOPE}.completedDateTime": "Completed at",
        f"{ENVELOPE}.declinedDateTime": "Declined at",
        f"{ENVELOPE}.voidedReason": "Why it was voided",
        f"{ENVELOPE}.sender.userName": "Sent by",
        f"{ENVELOPE}.sender.email": "Email of who sent it",
        f"{ENVELOPE}.recipients.signers[*].name": "Signers",
        f"{ENVELOPE}.recipients.signers[*].email": "Emails of the signers",
        f"{ENVELOPE}.recipients.signers[*].status": "Status of the signers",
        f"{ENVELOPE}.recipients.signers[0].name": "First signer",
        f"{ENVELOPE}.recipients.signers[*].declinedReason": "Why they declined",
        f"{ENVELOPE}.customFields.textCustomFields[*].value": "Own fields",
        "$.retryCount": "Attempt to deliver",
    },
    gist=(
        "{{ payload.data.envelopeSummary.emailSubject | truncate(80) }},"
        " {{ payload.data.envelopeSummary.recipients.signers[0].name }}",
        "{{ payload.data.envelopeSummary.emailSubject | truncate(100) }}",
    ),
    steps=(
        "In DocuSign, open Settings > Connect > Connect Keys, add a key and paste it here.",
        "Under Configurations choose Add Configuration > Custom.",
        "URL to publish: paste the web address of this hook. Data format: REST v2.1, JSON.",
        "Choose the events you want and include recipients in the data.",
        "Switch Include HMAC Signature on, and save.",
    ),
    docs="https://developers.docusign.com/platform/webhooks/connect/",
    retries="DocuSign sends again by itself, probably for up to 15 days, when the configuration "
    "says so.",
    samples=(
        Sample(
            "everybody_signed",
            "Everybody signed: Wholesale agreement",
            sample_body("docusign.everybody_signed.json"),
            ids=("5f0c1d8e-72b9-4a36-9e84-c6d1b07f25a3",),
        ),
        Sample(
            "declined",
            "Signing declined: Wholesale agreement",
            sample_body("docusign.declined.json"),
            ids=("c8a2e607-1f5d-43b9-b08c-94e7d06fa31b",),
        ),
    ),
)  # fmt: skip
