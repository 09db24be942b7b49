"""Sentry: new issues, alerts, comments.

What an event is about stands in a header, what happened in the body. The answer must come within
about a second, which it does: rules are judged afterwards. Source: getsentry/integration-platform-
example; docs.sentry.io.
"""

from rulebook.providers.contract import Body, FirstOf, Header, Joined, Provider, Sample, sample_body
from rulebook.providers.schemes import Hmac

PROVIDER = Provider(
    label="Sentry",
    signature=Hmac(FirstOf((Header("sentry-hook-signature"), Header("sentry-app-signature")))),
    secret_label="Client Secret",
    secret_hint="In Sentry: Settings > Developer Settings > your integration > Client Secret, at "
    "the bottom; shown in full only when the integration is made.",
    not_secrets={
        "sntry": "This is a token, which can read projects. The Client Secret is another."
    },
    event_type=(Joined((Header("sentry-hook-resource"), Body("$.action"))), Body("$.action")),
    event_id=(Header("request-id"),),
    event_time=(Header("sentry-hook-timestamp"),),
    hides=(Body("$.data.installation.code"),),
    detect=(Header("sentry-hook-resource"),),
    types={
        "comment.created": "Comment added",
        "error.created": "Error seen",
        "event_alert.triggered": "Alert for an issue",
        "installation.created": "Integration installed",
        "installation.deleted": "Integration removed",
        "issue.archived": "Issue archived",
        "issue.assigned": "Issue assigned",
        "issue.created": "New issue",
        "issue.resolved": "Issue resolved",
        "issue.unresolved": "Issue open again",
        "metric_alert.critical": "Alert: critical",
        "metric_alert.resolved": "Alert over",
        "metric_alert.warning": "Alert: warning",
    },
    names={
        "$.action": "What happened",
        "$.actor.name": "Done by",
        "$.data.issue.title": "Issue",
        "$.data.issue.shortId": "Issue number",
        "$.data.issue.culprit": "Where in the code",
        "$.data.issue.level": "Level",
        "$.data.issue.status": "Status",
        "$.data.issue.priority": "Priority",
        "$.data.issue.count": "How often",
        "$.data.issue.userCount": "Users affected",
        "$.data.issue.firstSeen": "First seen",
        "$.data.issue.lastSeen": "Last seen",
        "$.data.issue.project.slug": "Project",
        "$.data.issue.permalink": "Link to the issue",
        "$.data.issue.web_url": "Link to the issue's page",
        "$.data.event.title": "Error of the alert",
        "$.data.event.web_url": "Link to that error",
        "$.data.event.environment": "Environment",
        "$.data.triggered_rule": "Alert rule",
        "$.data.description_title": "Alert",
        "$.data.description_text": "Alert in words",
        "$.data.web_url": "Link to the alert",
        "$.data.comment": "Comment",
    },
    gist=(
        "{{ payload.data.issue.title | truncate(80) }}, in {{ payload.data.issue.project.slug }}",
        "{{ payload.data.event.title | truncate(120) }}",
        "{{ payload.data.description_title | truncate(120) }}",
        "{{ payload.data.comment | truncate(120) }}",
    ),
    steps=(
        "In Sentry, open Settings > Developer Settings > Custom Integrations > Create New "
        "Integration > Internal Integration.",
        "Webhook URL: paste the web address of this hook.",
        "Give it read access to Issue & Event, and tick the resources you want, for example issue.",
        "Switch Alert Rule Action on if alert rules should call this hook. Save.",
        "Copy the Client Secret from the bottom of the page and paste it here.",
    ),
    docs="https://docs.sentry.io/organization/integrations/integration-platform/webhooks/",
    retries="Sentry probably does not send again by itself; failures show on the integration's "
    "dashboard.",
    samples=(
        Sample(
            "issue_created",
            "New issue: TypeError in the checkout",
            sample_body("sentry.issue_created.json"),
            headers={
                "request-id": "5a9e1c7f-20d4-4b83-96f7-c8e03b1d5a42",
                "sentry-hook-resource": "issue",
                "sentry-hook-timestamp": "1793614500",
            },
            ids=("5a9e1c7f-20d4-4b83-96f7-c8e03b1d5a42", "6830174295"),
        ),
    ),
)
