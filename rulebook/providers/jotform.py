"""Jotform: answers to forms.

Nothing is signed: who knows the web address can send, so give it to Jotform alone. The answers
stand in rawRequest, each under the name of its question. Source: Jotform's help, "How to set up a
webhook".
"""

from rulebook.providers.contract import Body, Fixed, Provider, Sample, sample_body

RAW = "$.rawRequest"

PROVIDER = Provider(
    label="Jotform",
    event_type=(Fixed("submission"),),
    event_id=(Body("$.submissionID"),),
    detect=(Body(RAW),),
    json_in=("rawRequest",),
    types={"submission": "Form answered"},
    names={
        "$.formTitle": "Form",
        "$.formID": "Form id",
        "$.submissionID": "Answer id",
        "$.username": "Jotform user",
        "$.pretty": "All answers in words",
        "$.ip": "Internet address",
        f"{RAW}.q3_name.first": "First name",
        f"{RAW}.q3_name.last": "Last name",
        f"{RAW}.q4_email": "Email",
        f"{RAW}.q5_phone.full": "Phone",
        f"{RAW}.q6_message": "Message",
        f"{RAW}.submitDate": "Time of the answer",
    },
    gist=(
        "{{ payload.formTitle }}: {{ payload.rawRequest.q3_name.first }}"
        " {{ payload.rawRequest.q3_name.last }}",
        "{{ payload.formTitle }}: {{ payload.pretty | truncate(100) }}",
        "{{ payload.formTitle }}",
    ),
    steps=(
        "In Jotform, open the form > Settings > Integrations and search for WebHooks.",
        "Paste the web address of this hook and choose Complete Integration.",
        "Answer the form once to see whether it arrives.",
    ),
    docs="https://www.jotform.com/help/245-how-to-setup-a-webhook-with-jotform/",
    retries="Jotform probably does not send again by itself: look at its table of answers after an "
    "outage.",
    samples=(
        Sample(
            "form_answered",
            "Form answered: Tasting evening",
            sample_body("jotform.form_answered.txt"),
            "multipart/form-data; boundary=------------------------7TeaCups4Pot9Leaf",
            form="",
            ids=("6084412637519028365",),
        ),
    ),
)
