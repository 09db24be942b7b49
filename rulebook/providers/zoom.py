"""Zoom: meetings, webinars, recordings, participants.

Before it sends anything, and every 72 hours again, Zoom asks for a proof that the Secret Token is
known here, so the token has to be saved first. Events have no id: it is made of what happened, when
and to whom. Source: zoom/webhook-sample.
"""

from rulebook.providers.contract import (
    Body,
    Handshake,
    Header,
    Joined,
    Provider,
    Request,
    Sample,
    sample_body,
)
from rulebook.providers.handshakes import prove
from rulebook.providers.schemes import Hmac, Plain

OBJECT = "$.payload.object"

PROVIDER = Provider(
    label="Zoom",
    signature=Hmac(
        Header("x-zm-signature"), "v0:{timestamp}:{body}", Plain("v0="),
        timestamp=Header("x-zm-request-timestamp"),
    ),
    secret_label="Secret Token",
    secret_hint="In the Zoom App Marketplace: your app > Features > Access > Secret Token (not the "
    "verification token).",
    event_type=(Body("$.event"),),
    event_id=(
        Joined((
            Body("$.event_ts"), Body("$.event"), Body(f"{OBJECT}.uuid"), Body(f"{OBJECT}.id"),
            Body(f"{OBJECT}.participant.user_id"), Body(f"{OBJECT}.registrant.id"),
        )),
    ),
    event_time=(Body("$.event_ts"),),
    detect=(Header("x-zm-signature"),),
    types={
        "meeting.created": "Meeting planned",
        "meeting.deleted": "Meeting deleted",
        "meeting.ended": "Meeting ended",
        "meeting.participant_joined": "Somebody joined a meeting",
        "meeting.participant_left": "Somebody left a meeting",
        "meeting.registration_created": "Registered for a meeting",
        "meeting.started": "Meeting started",
        "meeting.updated": "Meeting changed",
        "recording.completed": "Recording ready",
        "recording.transcript_completed": "Transcript ready",
        "user.created": "User created",
        "webinar.ended": "Webinar ended",
        "webinar.participant_joined": "Somebody joined a webinar",
        "webinar.registration_created": "Registered for a webinar",
        "webinar.started": "Webinar started",
    },
    names={
        "$.event": "Event type",
        "$.event_ts": "Time of the event",
        "$.payload.account_id": "Account id",
        f"{OBJECT}.topic": "Topic",
        f"{OBJECT}.id": "Meeting number",
        f"{OBJECT}.start_time": "Start",
        f"{OBJECT}.end_time": "End",
        f"{OBJECT}.duration": "Planned minutes",
        f"{OBJECT}.timezone": "Time zone",
        f"{OBJECT}.host_email": "Host email",
        f"{OBJECT}.participant.user_name": "Participant name",
        f"{OBJECT}.participant.email": "Participant email",
        f"{OBJECT}.participant.join_time": "Time of joining",
        f"{OBJECT}.participant.leave_time": "Time of leaving",
        f"{OBJECT}.participant.leave_reason": "Why they left",
        f"{OBJECT}.registrant.first_name": "First name of who registered",
        f"{OBJECT}.registrant.last_name": "Last name of who registered",
        f"{OBJECT}.registrant.email": "Email of who registered",
        f"{OBJECT}.share_url": "Link to the recording",
        f"{OBJECT}.recording_files[*].download_url": "Links to the files",
    },
    gist=(
        "{{ payload.payload.object.participant.user_name }}, {{ payload.payload.object.topic }}",
        "{{ payload.payload.object.registrant.first_name }}"
        " {{ payload.payload.object.registrant.last_name }}, {{ payload.payload.object.topic }}",
        "{{ payload.payload.object.topic }}",
    ),
    handshakes=(
        Handshake(
            "Zoom checked the address",
            Body("$.payload.plainToken"),
            prove("encryptedToken", also="plainToken"),
            Request({"content-type": "application/json"},
                    b'{"event":"endpoint.url_validation","event_ts":1793614500000,'
                    b'"payload":{"plainToken":"c4mellia"}}'),
            signed=True,
        ),
    ),
    steps=(
        "Open marketplace.zoom.us > Develop and choose your app, or build one.",
        "Features > Access: copy the Secret Token and paste it here first.",
        "Switch Event Subscriptions on, add one and paste the web address of this hook.",
        "Choose Validate: Zoom asks this hook at once.",
        "Add the events you want, for example Recording completed, and save.",
    ),
    docs="https://developers.zoom.us/docs/api/webhooks/",
    retries="Zoom probably sends again by itself, 3 times within two hours.",
    switches_off="An address that no longer answers the check which comes every 72 hours is "
    "probably switched off.",
    samples=(
        Sample(
            "recording_completed",
            "Recording ready: Tasting evening",
            sample_body("zoom.recording_completed.json"),
            ids=("87104962318", "tQ7mXv2Wn4LpKz5cRb8Hdw"),
        ),
        Sample(
            "participant_joined",
            "Somebody joined: Marta Oliveira",
            sample_body("zoom.participant_joined.json"),
            ids=("84392157026", "16778240", "pD4nBk9Tz1VxHs6fGm3Qyw"),
        ),
    ),
)  # fmt: skip
