"""Calendly: bookings made, cancelled and missed.

There is no form for webhooks in Calendly: one request to its API sets them up. A delivery has no
id: it is made of the event, the invitee and the time of the last change. A booking that was moved
comes as a cancellation (rescheduled is true) and a new booking. Prices are in whole units.
Source: developer.calendly.com; n8n.
"""

from rulebook.providers.contract import Body, Header, Joined, Provider, Sample, sample_body
from rulebook.providers.schemes import Hmac, Pairs

INVITEE = "$.payload"

PROVIDER = Provider(
    label="Calendly",
    signature=Hmac(
        Header("calendly-webhook-signature"), "{timestamp}.{body}", Pairs("v1", time="t")
    ),
    secret_label="Signing key",
    secret_hint="Any long text of your own: the signing_key that you set the subscription up with.",
    not_secrets={"eyJ": "This is a personal access token. The signing key is a text of your own."},
    event_type=(Body("$.event"),),
    event_id=(
        Joined((Body(f"{INVITEE}.uri"), Body("$.event"), Body(f"{INVITEE}.updated_at"))),
    ),
    event_time=(Body("$.created_at"),),
    detect=(Header("calendly-webhook-signature"),),
    types={
        "invitee.canceled": "Booking cancelled",
        "invitee.created": "Booked",
        "invitee_no_show.created": "Did not come",
        "invitee_no_show.deleted": "Did come after all",
        "routing_form_submission.created": "Routing form answered",
    },
    names={
        "$.event": "Event type",
        "$.created_at": "Time of the event",
        f"{INVITEE}.name": "Name",
        f"{INVITEE}.first_name": "First name",
        f"{INVITEE}.last_name": "Last name",
        f"{INVITEE}.email": "Email",
        f"{INVITEE}.text_reminder_number": "Phone",
        f"{INVITEE}.timezone": "Time zone",
        f"{INVITEE}.scheduled_event.name": "What was booked",
        f"{INVITEE}.scheduled_event.start_time": "Start",
        f"{INVITEE}.scheduled_event.end_time": "End",
        f"{INVITEE}.scheduled_event.location.join_url": "Link to join",
        f"{INVITEE}.scheduled_event.location.location": "Place",
        f"{INVITEE}.questions_and_answers[*].question": "Questions",
        f"{INVITEE}.questions_and_answers[*].answer": "Answers",
        f"{INVITEE}.cancellation.reason": "Why it was cancelled",
        f"{INVITEE}.cancellation.canceled_by": "Cancelled by",
        f"{INVITEE}.rescheduled": "Moved to another time",
        f"{INVITEE}.cancel_url": "Link to cancel",
        f"{INVITEE}.reschedule_url": "Link to move it",
        f"{INVITEE}.payment.amount": "Payment",
        f"{INVITEE}.payment.currency": "Currency",
        f"{INVITEE}.tracking.utm_source": "Source",
    },
    gist=(
        "{{ payload.payload.name }}, {{ payload.payload.scheduled_event.name }}",
        "{{ payload.payload.name }}",
    ),
    steps=(
        "In Calendly, open Integrations > API & Webhooks and make a personal access token "
        "(webhooks need a paid plan).",
        "Invent a long signing key and paste it here.",
        "Send a POST request to https://api.calendly.com/webhook_subscriptions with the token, the "
        "web address of this hook as url, the signing_key and the events you want.",
        "Book a test appointment of your own to see it arrive.",
    ),
    docs="https://developer.calendly.com/api-docs/overview/webhooks",
    retries="Calendly sends again by itself, probably for 24 hours.",
    switches_off="A subscription that fails for a day is probably switched off by Calendly: make "
    "it again.",
    samples=(
        Sample(
            "booked",
            "Booked: Tea tasting",
            sample_body("calendly.booked.json"),
            ids=("6b2e0d94-71c8-4f35-a9b6-d8e4c1f0527a", "e0f3a718-95d2-46cb-8b40-2c7d9a61e5f8"),
        ),
        Sample(
            "cancelled",
            "Booking cancelled: Tea tasting",
            sample_body("calendly.cancelled.json"),
            ids=("1d7c5f20-b4e9-4836-90ad-e27f8b3c61d5", "a48e20c7-3f91-4db6-b75c-09d1e6f8a342"),
        ),
    ),
)  # fmt: skip
