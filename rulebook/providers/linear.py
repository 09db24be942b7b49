"""Linear: issues, comments, projects.

The time of sending stands in the signed body; more than a minute's distance to it is refused, as
Linear's own SDK does. Source: linear/linear, packages/sdk, webhooks.
"""

from rulebook.providers.contract import Body, FirstOf, Header, Joined, Provider, Sample, sample_body
from rulebook.providers.schemes import Hmac

DATA = "$.data"

PROVIDER = Provider(
    label="Linear",
    signature=Hmac(
        Header("linear-signature"),
        timestamp=FirstOf((Body("$.webhookTimestamp"), Header("linear-timestamp"))),
        unit="ms",
        tolerance=60,
    ),
    secret_hint="In Linear: Settings > API > Webhooks > your webhook > Signing secret.",
    not_secrets={"lin_api_": "This is an API key. The webhook has a signing secret of its own."},
    event_type=(Joined((Body("$.type"), Body("$.action"))), Header("linear-event")),
    event_id=(Header("linear-delivery"),),
    event_time=(Body("$.createdAt"), Body("$.webhookTimestamp")),
    detect=(Header("linear-event"), Header("linear-signature")),
    types={
        "Comment.create": "Comment added",
        "Comment.remove": "Comment removed",
        "Comment.update": "Comment changed",
        "Customer.create": "Customer created",
        "Cycle.update": "Cycle changed",
        "Issue.create": "Issue created",
        "Issue.remove": "Issue removed",
        "Issue.update": "Issue changed",
        "IssueLabel.create": "Label created",
        "Project.create": "Project created",
        "Project.update": "Project changed",
        "ProjectUpdate.create": "Project update written",
        "Reaction.create": "Reaction added",
    },
    names={
        "$.type": "Kind of thing",
        "$.action": "What happened",
        "$.createdAt": "Time of the event",
        "$.url": "Link",
        "$.actor.name": "Done by",
        "$.actor.email": "Email of who did it",
        f"{DATA}.identifier": "Issue number",
        f"{DATA}.title": "Title",
        f"{DATA}.description": "Text of the issue",
        f"{DATA}.state.name": "Status",
        f"{DATA}.priorityLabel": "Priority",
        f"{DATA}.assignee.name": "Assigned to",
        f"{DATA}.assignee.email": "Email of who it is assigned to",
        f"{DATA}.team.key": "Team",
        f"{DATA}.team.name": "Team name",
        f"{DATA}.labels[*].name": "Labels",
        f"{DATA}.dueDate": "Due on",
        f"{DATA}.estimate": "Estimate",
        f"{DATA}.body": "Comment",
        f"{DATA}.issue.identifier": "Issue of the comment",
        f"{DATA}.issue.title": "Title of that issue",
        f"{DATA}.name": "Project name",
        "$.updatedFrom.stateId": "Status before (its id)",
    },
    gist=(
        "{{ payload.data.identifier }} {{ payload.data.title | truncate(80) }}",
        "{{ payload.data.body | truncate(120) }}",
        "{{ payload.data.name }}",
    ),
    steps=(
        "In Linear, open Settings > API > Webhooks > New webhook (you must be an admin).",
        "URL: paste the web address of this hook.",
        "Tick what you want to hear of, for example Issues and Comments.",
        "Copy the signing secret shown there, paste it here, then save the webhook.",
    ),
    docs="https://linear.app/developers/webhooks",
    retries="Linear sends again by itself, probably 3 times within some hours.",
    switches_off="A webhook that keeps failing may be switched off by Linear.",
    samples=(
        Sample(
            "issue_created",
            "Issue created: Checkout fails for gift cards",
            sample_body("linear.issue_created.json"),
            "application/json; charset=utf-8",
            headers={
                "linear-delivery": "8e1b5f03-7c42-4d96-a0f8-25d9c6b7e314",
                "linear-event": "Issue",
                "user-agent": "Linear-Webhook",
            },
            ids=("8e1b5f03-7c42-4d96-a0f8-25d9c6b7e314", "c2a7d94e-16b0-4f58-8d3c-71e05b9f62a8"),
        ),
    ),
)
