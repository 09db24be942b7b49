"""PagerDuty: incidents (webhooks of version 3).

While a secret is replaced, PagerDuty sends several signatures. Source: PagerDuty's client for Go.
"""

from rulebook.providers.contract import Body, Header, Provider, Sample, sample_body
from rulebook.providers.schemes import Hmac, Pairs

DATA = "$.event.data"

PROVIDER = Provider(
    label="PagerDuty",
    signature=Hmac(Header("x-pagerduty-signature"), reads=Pairs("v1")),
    secret_hint="Shown once, when the webhook is made in PagerDuty: Integrations > Generic "
    "Webhooks (v3).",
    event_type=(Body("$.event.event_type"),),
    event_id=(Body("$.event.id"),),
    event_time=(Body("$.event.occurred_at"),),
    detect=(Header("x-pagerduty-signature"),),
    types={
        "incident.acknowledged": "Incident acknowledged",
        "incident.annotated": "Note added to an incident",
        "incident.delegated": "Incident delegated",
        "incident.escalated": "Incident escalated",
        "incident.priority_updated": "Priority changed",
        "incident.reassigned": "Incident reassigned",
        "incident.reopened": "Incident opened again",
        "incident.resolved": "Incident resolved",
        "incident.responder.added": "Responder added",
        "incident.triggered": "Incident triggered",
        "incident.unacknowledged": "Incident no longer acknowledged",
        "pagey.ping": "Test from PagerDuty",
        "service.created": "Service created",
        "service.updated": "Service changed",
    },
    names={
        "$.event.event_type": "Event type",
        "$.event.occurred_at": "Time of the event",
        "$.event.agent.summary": "Done by",
        f"{DATA}.title": "Title of the incident",
        f"{DATA}.number": "Incident number",
        f"{DATA}.status": "Status",
        f"{DATA}.urgency": "Urgency",
        f"{DATA}.priority.summary": "Priority",
        f"{DATA}.html_url": "Link to the incident",
        f"{DATA}.created_at": "Time of the incident",
        f"{DATA}.service.summary": "Service",
        f"{DATA}.assignees[*].summary": "Assigned to",
        f"{DATA}.teams[*].summary": "Teams",
        f"{DATA}.escalation_policy.summary": "Escalation policy",
        f"{DATA}.resolve_reason": "Why it was resolved",
        f"{DATA}.content": "Note",
    },
    gist=(
        "{{ payload.event.data.title | truncate(80) }}, {{ payload.event.data.service.summary }}",
        "{{ payload.event.data.title | truncate(80) }}",
        "{{ payload.event.data.content | truncate(80) }}",
    ),
    steps=(
        "In PagerDuty, open Integrations > Generic Webhooks (v3) > New Webhook.",
        "Webhook URL: paste the web address of this hook.",
        "Choose the account, a team or a service, and the events, then Add Webhook.",
        "Copy the secret that is shown once and paste it here.",
        "Open the webhook again and choose Send Test Event.",
    ),
    docs="https://developer.pagerduty.com/docs/webhooks-overview",
    retries="PagerDuty probably sends again by itself, up to 10 times over two days.",
    switches_off="PagerDuty probably switches a webhook off for a while after many failures.",
    samples=(
        Sample(
            "incident_triggered",
            "Incident triggered: The shop answers slowly",
            sample_body("pagerduty.incident_triggered.json"),
            "application/json; charset=utf-8",
            headers={"x-webhook-subscription": "PLTEA7C"},
            ids=("01FC7Q2TEA8CUPS5POT4LEAF3J", "Q0TEACUPS7LINDEN4"),
        ),
        Sample(
            "incident_resolved",
            "Incident resolved: The shop answers slowly",
            sample_body("pagerduty.incident_resolved.json"),
            "application/json; charset=utf-8",
            headers={"x-webhook-subscription": "PLTEA7C"},
            ids=("01FC7R9TEA2JARS6KETTLE8LIDS", "Q1TEACUPS2LINDEN8"),
        ),
    ),
)
