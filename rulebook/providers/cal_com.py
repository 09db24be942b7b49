"""Cal.com: bookings made, moved, cancelled and paid.

Without a secret the header of the signature probably holds a placeholder, which is refused. Where
the webhook has a payload template of its own, the fields are what it says. Prices are in minor
units (cents). Source: n8n; cal.com's documentation.
"""

from rulebook.providers.contract import Body, Header, Joined, Provider, Sample, sample_body
from rulebook.providers.schemes import Hmac

BOOKING = "$.payload"

PROVIDER = Provider(
    label="Cal.com",
    signature=Hmac(Header("x-cal-signature-256")),
    secret_hint="Any long text of your own: the same here and in Cal.com.",
    not_secrets={"cal_": "This is an API key. The webhook has a field Secret of its own."},
    event_type=(Body("$.triggerEvent"),),
    event_id=(
        Joined((Body(f"{BOOKING}.uid"), Body("$.triggerEvent"), Body("$.createdAt"))),
    ),
    event_time=(Body("$.createdAt"),),
    detect=(Header("x-cal-signature-256"),),
    types={
        "BOOKING_CANCELLED": "Booking cancelled",
        "BOOKING_CREATED": "Booked",
        "BOOKING_NO_SHOW_UPDATED": "Did not come",
        "BOOKING_PAID": "Booking paid",
        "BOOKING_PAYMENT_INITIATED": "Payment started",
        "BOOKING_REJECTED": "Booking rejected",
        "BOOKING_REQUESTED": "Booking asked for",
        "BOOKING_RESCHEDULED": "Booking moved",
        "FORM_SUBMITTED": "Form sent",
        "MEETING_ENDED": "Meeting ended",
        "MEETING_STARTED": "Meeting started",
        "OOO_CREATED": "Away",
        "PING": "Test",
        "RECORDING_READY": "Recording ready",
    },
    names={
        "$.triggerEvent": "Event type",
        "$.createdAt": "Time of the event",
        f"{BOOKING}.title": "Title",
        f"{BOOKING}.type": "Kind of booking",
        f"{BOOKING}.startTime": "Start",
        f"{BOOKING}.endTime": "End",
        f"{BOOKING}.location": "Place",
        f"{BOOKING}.status": "Status",
        f"{BOOKING}.attendees[0].name": "Name",
        f"{BOOKING}.attendees[0].email": "Email",
        f"{BOOKING}.attendees[0].timeZone": "Time zone",
        f"{BOOKING}.organizer.name": "Host",
        f"{BOOKING}.organizer.email": "Host email",
        f"{BOOKING}.responses.notes.value": "Notes",
        f"{BOOKING}.additionalNotes": "More notes",
        f"{BOOKING}.cancellationReason": "Why it was cancelled",
        f"{BOOKING}.rescheduleStartTime": "Start before it was moved",
        f"{BOOKING}.price": "Price",
        f"{BOOKING}.currency": "Currency",
        f"{BOOKING}.uid": "Booking id",
    },
    money={f"{BOOKING}.price": f"{BOOKING}.currency"},
    gist=(
        "{{ payload.payload.attendees[0].name }}, {{ payload.payload.type }}",
        "{{ payload.payload.title }}",
    ),
    steps=(
        "In Cal.com, open Settings > Developer > Webhooks > New.",
        "Subscriber URL: paste the web address of this hook.",
        "Choose the event triggers you want.",
        "Secret: invent a long one, and paste the same here and there.",
        "Use Ping test to see it arrive, then create the webhook.",
    ),
    docs="https://cal.com/docs/developing/guides/automation/webhooks",
    retries="Cal.com probably does not send again by itself.",
    samples=(
        Sample(
            "booked",
            "Booked: Tea tasting",
            sample_body("cal_com.booked.json"),
            ids=("kQ7mXv2Wn4LpTz5cRb8Hd1", "5813047"),
            amounts=("4500",),
        ),
        Sample(
            "cancelled",
            "Booking cancelled: Tea tasting",
            sample_body("cal_com.cancelled.json"),
            ids=("nP3sJf8Ge1DqYw6tVu9Ka2", "5813052"),
            amounts=("4500",),
        ),
    ),
)  # fmt: skip
