"""Typeform: answers to forms.

The digest is base64 although its prefix is that of a sender who writes hex. Without a secret
Typeform does not sign. Source: typeform.com/developers/webhooks.
"""

from rulebook.providers.contract import Body, Header, Provider, Sample, sample_body
from rulebook.providers.schemes import Hmac, Plain

RESPONSE = "$.form_response"

PROVIDER = Provider(
    label="Typeform",
    signature=Hmac(Header("typeform-signature"), reads=Plain("sha256="), encoding="base64"),
    secret_hint="Any long text of your own: the same here and in Typeform.",
    event_type=(Body("$.event_type"),),
    event_id=(Body("$.event_id"),),
    event_time=(Body(f"{RESPONSE}.submitted_at"),),
    detect=(Header("typeform-signature"),),
    types={
        "form_response": "Form answered",
        "form_response_partial": "Form answered in part",
    },
    names={
        f"{RESPONSE}.definition.title": "Form",
        f"{RESPONSE}.form_id": "Form id",
        f"{RESPONSE}.token": "Answer id",
        f"{RESPONSE}.submitted_at": "Time of the answer",
        f"{RESPONSE}.calculated.score": "Score",
        f"{RESPONSE}.answers[*].text": "Text answers",
        f"{RESPONSE}.answers[*].email": "Email answer",
        f"{RESPONSE}.answers[*].phone_number": "Phone answer",
        f"{RESPONSE}.answers[*].number": "Number answers",
        f"{RESPONSE}.answers[*].boolean": "Yes or no answers",
        f"{RESPONSE}.answers[*].date": "Date answers",
        f"{RESPONSE}.answers[*].choice.label": "Choices",
        f"{RESPONSE}.answers[*].choices.labels": "Multiple choices",
        f"{RESPONSE}.answers[*].payment.amount": "Payment",
        f"{RESPONSE}.answers[*].field.ref": "Question reference",
        f"{RESPONSE}.hidden.source": "Source",
    },
    steps=(
        "In Typeform, open the form > Connect > Webhooks > Add a webhook.",
        "Paste the web address of this hook and save.",
        "Choose Edit > Secret, invent a long one, and paste the same here and there.",
        "Switch the webhook on. Send test request shows whether it arrives.",
    ),
    docs="https://www.typeform.com/developers/webhooks/",
    retries="Typeform sends again by itself for some hours after most failures.",
    switches_off="Typeform switches a webhook off that answers 404 or 410.",
    samples=(
        Sample(
            "form_answered",
            "Form answered: Tasting evening",
            sample_body("typeform.form_answered.json"),
            ids=("01K92FTEACUPS7R5M3QX8VDZPN", "q8w3kd05tz1mh7xa6crn4yv92jbs"),
        ),
    ),
)
