"""Tally: answers to forms.

Only signed where a signing secret was set. What people answered stands in a list, one entry for
each question with its label. Source: Tally's help, "Webhooks".
"""

from rulebook.providers.contract import Body, Header, Provider, Sample, Starting, sample_body
from rulebook.providers.schemes import Hmac

PROVIDER = Provider(
    label="Tally",
    signature=Hmac(Header("tally-signature"), encoding="base64"),
    secret_hint="Any long text of your own: the same here and in Tally's field Signing secret.",
    event_type=(Body("$.eventType"),),
    event_id=(Body("$.eventId"),),
    event_time=(Body("$.createdAt"),),
    detect=(Header("tally-signature"), Starting(Body("$.eventType"), ("FORM_RESPONSE",))),
    types={"FORM_RESPONSE": "Form answered"},
    names={
        "$.eventType": "Event type",
        "$.createdAt": "Time of the answer",
        "$.data.formName": "Form",
        "$.data.formId": "Form id",
        "$.data.responseId": "Answer id",
        "$.data.respondentId": "Id of who answered",
        "$.data.submissionId": "Submission id",
        "$.data.fields[*].label": "Questions",
        "$.data.fields[*].value": "Answers",
        "$.data.fields[*].type": "Kinds of questions",
        "$.data.fields[*].options[*].text": "Choices there were",
    },
    gist=(
        "{{ payload.data.formName }}: {{ payload.data.fields[0].value }}",
        "{{ payload.data.formName }}",
    ),
    steps=(
        "In Tally, open the form > Integrations > Webhooks > Connect.",
        "Endpoint URL: paste the web address of this hook.",
        "Signing secret: choose to add one, invent a long one, and paste the same here and there.",
        "Choose Connect, then answer the form once to see whether it arrives.",
    ),
    docs="https://tally.so/help/webhooks",
    retries="Tally sends again by itself, probably 5 times over about a day.",
    samples=(
        Sample(
            "form_answered",
            "Form answered: Tasting evening",
            sample_body("tally.form_answered.json"),
            ids=("d49a7c03-5e1f-4b82-96d8-0f3b71c2ea65", "7Tea4CupPot", "9Leaf2JarLid"),
        ),
    ),
)
