"""Okta: sign-ins, users and groups (event hooks).

Okta signs nothing: it shows a text of yours in the Authorization header. A delivery may hold
several events; each is judged by itself. Source: Okta's documentation, "Event hooks".
"""

from rulebook.providers.contract import (
    Body,
    Handshake,
    Header,
    Provider,
    Request,
    Sample,
    sample_body,
)
from rulebook.providers.handshakes import echo_as
from rulebook.providers.schemes import Token

EVENT = "$.data.events[*]"

PROVIDER = Provider(
    label="Okta",
    signature=Token(Header("authorization")),
    secret_label="Authentication secret",
    secret_hint="Any long text of your own: the same here and in Okta's field Authentication "
    "secret, with Authorization as the field's name.",
    event_type=(Body("$.data.events[0].eventType"), Body("$.eventType")),
    event_id=(Body("$.data.events[0].uuid"), Body("$.eventId")),
    event_time=(Body("$.data.events[0].published"), Body("$.eventTime")),
    detect=(Body("$.data.events[0].uuid"), Header("x-okta-verification-challenge")),
    batches=(("data", "events"),),
    handshakes=(
        Handshake(
            "Okta checked the address",
            asks=Header("x-okta-verification-challenge"),
            answer=echo_as("verification"),
            method="GET",
            example=Request({"x-okta-verification-challenge": "k2Tea7Cup"}, method="GET"),
        ),
    ),
    types={
        "group.user_membership.add": "User added to a group",
        "group.user_membership.remove": "User taken out of a group",
        "policy.evaluate_sign_on": "Sign-in policy looked at",
        "user.account.lock": "Account locked",
        "user.account.update_password": "Password changed",
        "user.authentication.auth_via_mfa": "Second factor used",
        "user.lifecycle.activate": "User activated",
        "user.lifecycle.create": "User created",
        "user.lifecycle.deactivate": "User deactivated",
        "user.lifecycle.suspend": "User suspended",
        "user.mfa.factor.deactivate": "Second factor removed",
        "user.session.end": "User signed out",
        "user.session.start": "User signed in",
    },
    names={
        "$.eventId": "Id of the delivery",
        "$.eventTime": "Time of the delivery",
        "$.source": "Okta organisation",
        f"{EVENT}.eventType": "Event type",
        f"{EVENT}.displayMessage": "What happened",
        f"{EVENT}.severity": "Severity",
        f"{EVENT}.published": "Time of the event",
        f"{EVENT}.actor.displayName": "Done by",
        f"{EVENT}.actor.alternateId": "Email of who did it",
        f"{EVENT}.outcome.result": "Result",
        f"{EVENT}.outcome.reason": "Reason",
        f"{EVENT}.target[*].displayName": "Whom or what it concerns",
        f"{EVENT}.target[*].alternateId": "Email of whom it concerns",
        f"{EVENT}.client.ipAddress": "Internet address",
        f"{EVENT}.client.geographicalContext.city": "City",
        f"{EVENT}.client.geographicalContext.country": "Country",
        f"{EVENT}.client.device": "Device",
    },
    gist=(
        "{{ payload.data.events[0].displayMessage }}:"
        " {{ payload.data.events[0].target[0].displayName }}",
        "{{ payload.data.events[0].displayMessage }}:"
        " {{ payload.data.events[0].actor.displayName }}",
        "{{ payload.data.events[0].displayMessage }}",
    ),
    steps=(
        "In Okta's admin console, open Workflow > Event Hooks > Create Event Hook.",
        "URL: paste the web address of this hook.",
        "Authentication field: write Authorization. Authentication secret: invent a long one, and "
        "paste the same here and there.",
        "Choose the events, save, and choose Verify.",
    ),
    docs="https://developer.okta.com/docs/concepts/event-hooks/",
    retries="Okta sends again by itself, once, after errors of our side and when no answer came.",
    samples=(
        Sample(
            "user_locked",
            "Account locked: Théo Lambert",
            sample_body("okta.user_locked.json"),
            headers={"user-agent": "Okta-Hooks"},
            ids=("a83f0c5e-9b27-4d16-bc41-07e6d2f85a93", "d1c7b94e-2f60-4a8d-95e3-b60a18f3c72e"),
        ),
        Sample(
            "two_events",
            "User created and added to a group",
            sample_body("okta.two_events.json"),
            headers={"user-agent": "Okta-Hooks"},
            ids=("5e90b3d7-41fa-4c28-8d06-f3b7a5c2e914", "f26a8e01-7d5c-4b93-a0f4-3c9e61b8d570",
                 "0b48d3f9-c6e1-4752-8a9f-d27c05e4b386"),
        ),
    ),
)  # fmt: skip
