"""Zendesk: tickets, users, organisations.

A webhook of events says what happened in Zendesk's own words; one that a trigger or automation
calls sends what its author wrote, be it JSON, XML or a form. Zendesk's Test button, before the
webhook is made, signs with a secret that is the same for everybody: it is told and not accepted.
Source: Zendesk's documentation, "Verifying webhook authenticity".
"""

from collections.abc import Sequence
from dataclasses import dataclass

from rulebook.providers.contract import (
    Body,
    Fixed,
    Header,
    Provider,
    Request,
    Sample,
    Starting,
    sample_body,
)
from rulebook.providers.schemes import Hmac, Verification

EVERYBODYS = "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=="


@dataclass(frozen=True)
class ButNotTheTest(Hmac):
    """As usual, with another word for a test that is signed with everybody's secret."""

    def verify(self, request: Request, secrets: Sequence[str], now: float) -> Verification:
        verified = super().verify(request, secrets, now)
        if verified or not any(secrets) or not super().verify(request, [EVERYBODYS], now):
            return verified
        return Verification(
            False,
            "This is the test that Zendesk sends before a webhook is made; everybody can sign it.",
            "Make the webhook in Zendesk, copy its signing secret, save it here, and test again.",
        )


PROVIDER = Provider(
    label="Zendesk",
    signature=ButNotTheTest(
        Header("x-zendesk-webhook-signature"),
        "{timestamp}{body}",
        encoding="base64",
        timestamp=Header("x-zendesk-webhook-signature-timestamp"),
        unit="iso",
        tolerance=None,
    ),
    secret_hint="In Zendesk: Admin Center > Apps and integrations > Webhooks > your webhook > "
    "Reveal secret.",
    event_type=(Starting(Body("$.type"), ("zen:event-type:",)), Fixed("trigger")),
    event_id=(Header("x-zendesk-webhook-invocation-id"),),
    event_time=(Body("$.time"), Body("$.updated_at")),
    detect=(
        Header("x-zendesk-webhook-id"),
        Header("x-zendesk-webhook-signature"),
        Starting(Body("$.type"), ("zen:event-type:",)),
    ),
    types={
        "trigger": "Sent by a trigger or automation",
        "zen:event-type:article.published": "Article published",
        "zen:event-type:organization.created": "Organisation created",
        "zen:event-type:ticket.agent_assignment_changed": "Ticket assigned to another",
        "zen:event-type:ticket.comment_added": "Comment added to a ticket",
        "zen:event-type:ticket.created": "Ticket created",
        "zen:event-type:ticket.csat_changed": "Customer rated a ticket",
        "zen:event-type:ticket.priority_changed": "Priority of a ticket changed",
        "zen:event-type:ticket.status_changed": "Status of a ticket changed",
        "zen:event-type:ticket.tags_changed": "Tags of a ticket changed",
        "zen:event-type:user.created": "User created",
        "zen:event-type:user.deleted": "User deleted",
    },
    names={
        "$.type": "Event type",
        "$.time": "Time of the event",
        "$.subject": "Subject",
        "$.account_id": "Zendesk account",
        "$.detail.id": "Ticket number",
        "$.detail.subject": "Subject of the ticket",
        "$.detail.description": "Text of the ticket",
        "$.detail.status": "Status",
        "$.detail.priority": "Priority",
        "$.detail.tags": "Tags",
        "$.detail.via.channel": "How it came in",
        "$.detail.requester_id": "Id of who asked",
        "$.detail.assignee_id": "Id of who it is assigned to",
        "$.event.current": "Value now",
        "$.event.previous": "Value before",
        "$.event.comment.body": "Comment",
        "$.ticket_id": "Ticket number",
        "$.ticket_url": "Link to the ticket",
        "$.description": "Text of the ticket",
        "$.status": "Status",
        "$.priority": "Priority",
        "$.requester_name": "Name of who asked",
        "$.requester_email": "Email of who asked",
    },
    gist=(
        "{{ payload.detail.subject | truncate(80) }}, ticket {{ payload.detail.id }}",
        "{{ payload.subject | truncate(80) }}, from {{ payload.requester_name }}",
        "{{ payload.subject | truncate(80) }}",
    ),
    steps=(
        "In Zendesk, open Admin Center > Apps and integrations > Webhooks > Create webhook.",
        "Choose Zendesk events and the events you want; or Trigger or automation.",
        "Endpoint URL: paste the web address of this hook. Request method: POST, format JSON.",
        "Create it, open it again, choose Reveal secret, copy it and paste it here.",
        "For a trigger: open it under Objects and rules, add the action Notify active webhook, and "
        "write which fields are sent.",
    ),
    docs="https://developer.zendesk.com/documentation/webhooks/",
    retries="Zendesk probably sends again by itself only where it is told to come back later.",
    switches_off="Zendesk may pause a webhook that keeps failing.",
    samples=(
        Sample(
            "ticket_created",
            "Ticket created: My teapot arrived broken",
            sample_body("zendesk.ticket_created.json"),
            "application/json; charset=utf-8",
            headers={
                "x-zendesk-account-id": "20418836",
                "x-zendesk-webhook-id": "01K7LINDENTEA4CUPS8POT2SD",
                "x-zendesk-webhook-invocation-id": "01K92FTEACUPS7R5M3QX8VDZPN",
            },
            ids=("01K92FTEACUPS7R5M3QX8VDZPN", "b46f0d93-2e7c-4a15-8d90-f3c57a1e628b", "5183"),
        ),
        Sample(
            "from_a_trigger",
            "Sent by a trigger: Where is my order?",
            sample_body("zendesk.from_a_trigger.json"),
            headers={
                "x-zendesk-account-id": "20418836",
                "x-zendesk-webhook-id": "01K7LINDENTEA9JARS3LEAF6M",
                "x-zendesk-webhook-invocation-id": "01K92FSAUCER5MINT8TINS1WXB",
            },
            ids=("01K92FSAUCER5MINT8TINS1WXB", "5190"),
        ),
    ),
)
