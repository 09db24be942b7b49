"""Clerk: users, sessions, organisations.

Clerk sends by Svix. The first address of a user need not be the main one: the main one is named by
primary_email_address_id. Source: Clerk's documentation, "Webhooks overview".
"""

from rulebook.providers.contract import (
    Body,
    Header,
    Present,
    Provider,
    Sample,
    Where,
    sample_body,
)
from rulebook.providers.schemes import SVIX

PROVIDER = Provider(
    label="Clerk",
    signature=SVIX,
    secret_hint="Begins with whsec_. In Clerk: Webhooks > your endpoint > Signing Secret.",
    not_secrets={
        "sk_": "This is an API key, which can change users. Clerk signs with another secret.",
        "pk_": "This is a publishable key. Clerk signs with another secret.",
        "ep_": "This is the id of the endpoint. Its Signing Secret stands on its page.",
    },
    event_type=(Body("$.type"),),
    event_id=(Header("svix-id"), Header("webhook-id")),
    event_time=(Body("$.timestamp"),),
    hides=(Body("$.data.data.otp_code"),),
    detect=(Where(Header("svix-id"), Present("$.event_attributes")),),
    types={
        "email.created": "E-mail written",
        "organization.created": "Organisation created",
        "organization.deleted": "Organisation deleted",
        "organizationInvitation.accepted": "Invitation accepted",
        "organizationMembership.created": "Somebody joined an organisation",
        "organizationMembership.deleted": "Somebody left an organisation",
        "paymentAttempt.updated": "Payment changed",
        "session.created": "Signed in",
        "session.ended": "Signed out",
        "sms.created": "Text message written",
        "subscription.created": "Subscription created",
        "subscription.updated": "Subscription changed",
        "user.created": "User created",
        "user.deleted": "User deleted",
        "user.updated": "User changed",
    },
    names={
        "$.type": "Event type",
        "$.timestamp": "Time of the event",
        "$.data.id": "Id",
        "$.data.first_name": "First name",
        "$.data.last_name": "Last name",
        "$.data.username": "User name",
        "$.data.email_addresses[*].email_address": "E-mail addresses",
        "$.data.email_addresses[0].email_address": "Email",
        "$.data.phone_numbers[0].phone_number": "Phone",
        "$.data.created_at": "Time of creation",
        "$.data.last_sign_in_at": "Last signed in",
        "$.data.name": "Organisation",
        "$.data.slug": "Short name of the organisation",
        "$.data.role": "Role",
        "$.data.organization.name": "Organisation joined",
        "$.data.public_user_data.identifier": "Who joined",
        "$.data.status": "Status",
        "$.data.user_id": "User id",
        "$.event_attributes.http_request.client_ip": "Internet address",
    },
    gist=(
        "{{ payload.data.first_name }} {{ payload.data.last_name }},"
        " {{ payload.data.email_addresses[0].email_address }}",
        "{{ payload.data.email_addresses[0].email_address }}",
        "{{ payload.data.public_user_data.identifier }}, {{ payload.data.organization.name }}",
        "{{ payload.data.name }}",
    ),
    steps=(
        "In the Clerk dashboard, open Configure > Webhooks and choose Add Endpoint.",
        "Endpoint URL: paste the web address of this hook.",
        "Subscribe to the events you want, for example user.created, and create it.",
        "On the endpoint's page, reveal the Signing Secret and paste it here.",
    ),
    docs="https://clerk.com/docs/webhooks/overview",
    retries="Clerk sends by Svix, which tries again by itself for more than a day, with growing "
    "pauses.",
    switches_off="The endpoint may be switched off after days of nothing but failures.",
    samples=(
        Sample(
            "user_created",
            "User created: Marta Oliveira",
            sample_body("clerk.user_created.json"),
            headers={"svix-id": "msg_3XkUserLeaf5Cup8Pot1Mj2Qd"},
            ids=("msg_3XkUserLeaf5Cup8Pot1Mj2Qd", "user_3XkMarta7Tea4Leaf9Pot2Sdx",
                 "idn_3XkMarta8Mail5Cup6Tin3Wzr"),
        ),
    ),
)  # fmt: skip
