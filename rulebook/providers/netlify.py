"""Netlify: deploys of web sites, and forms that visitors sent.

The signature is a small signed message (JWT) that holds the digest of the body. Each notification
in Netlify is for one kind of event: add one for each that you want, all with the same secret.
Source: Netlify's documentation, "Payload signature".
"""

from rulebook.providers.contract import (
    Body,
    Header,
    Joined,
    Present,
    Provider,
    Sample,
    sample_body,
)
from rulebook.providers.schemes import BodyJwt

PROVIDER = Provider(
    label="Netlify",
    signature=BodyJwt(Header("x-webhook-signature"), issuer="netlify"),
    secret_label="JWS secret token",
    secret_hint="Any long text of your own: the same here and in Netlify's field JWS secret token.",
    event_type=(
        Header("x-netlify-event"),
        Body("$.state"),
        Present("$.form_name", "submission_created"),
    ),
    event_id=(Joined((Body("$.id"), Body("$.state")), "/"),),
    event_time=(Body("$.updated_at"), Body("$.created_at")),
    detect=(Header("x-netlify-event"), Present("$.deploy_ssl_url"), Header("x-webhook-signature")),
    types={
        "building": "Deploy started",
        "deploy_building": "Deploy started",
        "deploy_created": "Deploy succeeded",
        "deploy_failed": "Deploy failed",
        "deploy_locked": "Deploys locked",
        "deploy_unlocked": "Deploys unlocked",
        "error": "Deploy failed",
        "ready": "Deploy succeeded",
        "submission_created": "Form sent",
    },
    names={
        "$.name": "Site",
        "$.state": "State of the deploy",
        "$.url": "Address of the site",
        "$.deploy_ssl_url": "Address of this deploy",
        "$.admin_url": "Link to the site in Netlify",
        "$.branch": "Branch",
        "$.context": "Kind of deploy",
        "$.title": "Title of the deploy",
        "$.commit_ref": "Commit",
        "$.commit_url": "Link to the commit",
        "$.committer": "Committed by",
        "$.error_message": "Why it failed",
        "$.deploy_time": "Seconds it took",
        "$.published_at": "Time of publishing",
        "$.form_name": "Form",
        "$.number": "Number of the answer",
        "$.data.name": "Name",
        "$.data.email": "Email",
        "$.data.message": "Message",
        "$.created_at": "Time of the event",
    },
    gist=(
        "{{ payload.form_name }}: {{ payload.data.name }}",
        "{{ payload.name }}: {{ payload.error_message | truncate(100) }}",
        "{{ payload.name }}, {{ payload.branch }}",
    ),
    steps=(
        "In Netlify, open the site > Project configuration > Notifications.",
        "Choose Add notification > HTTP POST request, under Deploy notifications or Form "
        "submission notifications.",
        "Choose the event and paste the web address of this hook.",
        "JWS secret token: invent a long one, and paste the same here and there.",
    ),
    docs="https://docs.netlify.com/site-deploys/notifications/#payload-signature",
    retries="Whether Netlify sends again by itself is not promised: look at its log of deploys "
    "after an outage.",
    switches_off="Netlify probably switches a notification off after 6 failures in a row.",
    samples=(
        Sample(
            "deploy_failed",
            "Deploy failed: linden-tea",
            sample_body("netlify.deploy_failed.json"),
            headers={"x-netlify-event": "deploy_failed"},
            ids=("6727f1a4c95d3b0008e1d7a2", "6727f1a4c95d3b0008e1d7a0",
                 "b07d93e5a1f84b62b9e6430fd2c58a71964eb05f"),
        ),
        Sample(
            "form_sent",
            "Form sent: A question about delivery",
            sample_body("netlify.form_sent.json"),
            headers={"x-netlify-event": "submission_created"},
            ids=("6727f20b1c4e8d00073a95f6",),
        ),
    ),
)  # fmt: skip
