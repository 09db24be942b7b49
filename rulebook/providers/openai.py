"""OpenAI: work that takes long is finished: background answers, batches, fine-tunings.

OpenAI keeps to Standard Webhooks. An event holds little more than an id: what came out has to be
fetched. Its SDK takes a secret that does not begin with whsec_ as text.
Source: openai/openai-python, `webhooks`.
"""

from dataclasses import replace

from rulebook.providers.contract import Body, Header, Provider, Sample, Starting, sample_body
from rulebook.providers.schemes import STANDARD_OR_TEXT, STANDARD_WEBHOOKS

PROVIDER = Provider(
    label="OpenAI",
    signature=replace(STANDARD_WEBHOOKS, key=STANDARD_OR_TEXT),
    secret_hint="Begins with whsec_. It is shown once, when the webhook is made.",
    not_secrets={"sk-": "This is an API key, which costs money. OpenAI signs with another secret."},
    event_type=(Body("$.type"),),
    event_id=(Header("webhook-id"), Body("$.id")),
    event_time=(Body("$.created_at"),),
    detect=(Starting(Header("user-agent"), ("OpenAI/",)),),
    types={
        "batch.cancelled": "Batch cancelled",
        "batch.completed": "Batch finished",
        "batch.expired": "Batch expired",
        "batch.failed": "Batch failed",
        "eval.run.failed": "Evaluation failed",
        "eval.run.succeeded": "Evaluation finished",
        "fine_tuning.job.cancelled": "Fine-tuning cancelled",
        "fine_tuning.job.failed": "Fine-tuning failed",
        "fine_tuning.job.succeeded": "Fine-tuning finished",
        "realtime.call.incoming": "Call coming in",
        "response.cancelled": "Answer cancelled",
        "response.completed": "Answer finished",
        "response.failed": "Answer failed",
        "response.incomplete": "Answer incomplete",
    },
    names={
        "$.type": "Event type",
        "$.id": "Event id",
        "$.created_at": "Time of the event",
        "$.data.id": "Id of what is finished",
        "$.data.call_id": "Call id",
        "$.data.sip_headers[*].name": "Names of the call's headers",
        "$.data.sip_headers[*].value": "Values of the call's headers",
    },
    gist=("{{ payload.data.id }}", "{{ payload.data.call_id }}"),
    steps=(
        "In the OpenAI platform settings, open the project > Webhooks > Create.",
        "URL: paste the web address of this hook.",
        "Choose the events you want, for example batch.completed, and create it.",
        "Copy the signing secret, which is shown once, and paste it here.",
    ),
    docs="https://platform.openai.com/docs/guides/webhooks",
    retries="OpenAI sends again by itself after failures, probably for up to 3 days.",
    samples=(
        Sample(
            "batch_completed",
            "Batch finished",
            sample_body("openai.batch_completed.json"),
            headers={
                "user-agent": "OpenAI/1.0 (+https://platform.openai.com/docs/webhooks)",
                "webhook-id": "wh_68b1c07e52a4819097d3f60c41be8a25",
            },
            ids=("wh_68b1c07e52a4819097d3f60c41be8a25", "evt_68b1c07d90f8819082a6e51b7c40d93f",
                 "batch_68b1b5ef41c08190a7d2963be0f8c514"),
        ),
    ),
)  # fmt: skip
