"""WorkOS: users, organisations, directories, single sign-on.

The time is signed and in milliseconds; WorkOS itself allows 3 minutes. Source: WorkOS's client for
Python.
"""

from rulebook.providers.contract import Body, Header, Provider, Sample, sample_body
from rulebook.providers.schemes import Hmac, Pairs

PROVIDER = Provider(
    label="WorkOS",
    signature=Hmac(
        Header("workos-signature"),
        "{timestamp}.{body}",
        Pairs("v1", time="t", space=" "),
        unit="ms",
        tolerance=180,
    ),
    secret_hint="In WorkOS: Webhooks > your endpoint > Signing secret.",
    not_secrets={
        "sk_": "This is an API key. WorkOS signs with the secret of the webhook's endpoint.",
        "client_": "This is the client id. WorkOS signs with the secret of the webhook's endpoint.",
    },
    event_type=(Body("$.event"),),
    event_id=(Body("$.id"),),
    event_time=(Body("$.created_at"),),
    detect=(Header("workos-signature"),),
    types={
        "authentication.email_verification_failed": "E-mail not confirmed",
        "authentication.password_failed": "Wrong password",
        "authentication.sso_failed": "Single sign-on failed",
        "connection.activated": "Single sign-on switched on",
        "connection.deactivated": "Single sign-on switched off",
        "dsync.group.user_added": "Directory user added to a group",
        "dsync.user.created": "Directory user added",
        "dsync.user.deleted": "Directory user removed",
        "dsync.user.updated": "Directory user changed",
        "invitation.accepted": "Invitation accepted",
        "organization.created": "Organisation created",
        "organization_membership.created": "User joined an organisation",
        "session.created": "User signed in",
        "user.created": "User created",
        "user.deleted": "User deleted",
        "user.updated": "User changed",
    },
    names={
        "$.event": "Event type",
        "$.created_at": "Time of the event",
        "$.data.id": "Id of what it is about",
        "$.data.email": "Email",
        "$.data.first_name": "First name",
        "$.data.last_name": "Last name",
        "$.data.email_verified": "Email confirmed",
        "$.data.name": "Name",
        "$.data.state": "State",
        "$.data.status": "Status",
        "$.data.connection_type": "Kind of sign-on",
        "$.data.organization_id": "Organisation id",
        "$.data.directory_id": "Directory id",
        "$.data.job_title": "Job title",
        "$.data.ip_address": "Internet address",
        "$.data.domains[*].domain": "Domains",
    },
    gist=(
        "{{ payload.data.first_name }} {{ payload.data.last_name }}, {{ payload.data.email }}",
        "{{ payload.data.email }}",
        "{{ payload.data.name }}",
    ),
    steps=(
        "In the WorkOS dashboard, open Webhooks > Create Webhook.",
        "Endpoint URL: paste the web address of this hook.",
        "Choose the events, for example user.created, and choose Create Webhook.",
        "Copy the signing secret of the new endpoint and paste it here.",
    ),
    docs="https://workos.com/docs/events/data-syncing/webhooks",
    retries="WorkOS probably sends again by itself, several times over a few days.",
    samples=(
        Sample(
            "user_created",
            "User created: Ida Bauer",
            sample_body("workos.user_created.json"),
            ids=("event_01K92FTEACUPS7R5M3QX8VDZPN", "user_01K92FTEAPOTS4LEAF2JARS9KET"),
        ),
    ),
)
