"""Deepgram: what was said in a recording, sent back once it is written down.

Deepgram signs nothing: it shows the identifier of the API key (not the key) in the header dg-token.
There is no dashboard for it: the web address goes along with each request for a transcript. Calls
go to the ports 80, 443, 8080 and 8443 only. Messages of a live stream share one request id, so
only finished transcripts have an event id. Source: Deepgram's documentation, "Callback".
"""

from rulebook.providers.contract import Body, Header, Present, Provider, Sample, Where, sample_body
from rulebook.providers.schemes import Token

SAID = "$.results.channels[0].alternatives[0]"

PROVIDER = Provider(
    label="Deepgram",
    signature=Token(Header("dg-token")),
    secret_label="API Key Identifier",
    secret_hint="The identifier of the API key that asks for transcripts, not the key itself. In "
    "the Deepgram console: API Keys.",
    event_type=(
        Present("$.results", "transcript.finished"),
        Present("$.err_code", "transcript.failed"),
        Present("$.channel", "transcript.live"),
        Present("$.metadata", "transcript.other"),
    ),
    event_id=(Where(Body("$.metadata.request_id"), Present("$.results")), Body("$.request_id")),
    event_time=(Body("$.metadata.created"),),
    hides=(Header("dg-token"),),
    detect=(Header("dg-token"),),
    types={
        "transcript.failed": "Transcript failed",
        "transcript.finished": "Transcript finished",
        "transcript.live": "Piece of a live transcript",
        "transcript.other": "About a transcript",
    },
    names={
        f"{SAID}.transcript": "What was said",
        f"{SAID}.confidence": "Confidence",
        "$.results.channels[*].detected_language": "Language",
        "$.results.summary.short": "Summary",
        "$.results.utterances[*].transcript": "Utterances",
        "$.metadata.request_id": "Request id",
        "$.metadata.created": "Time of the request",
        "$.metadata.duration": "Length in seconds",
        "$.metadata.channels": "Number of channels",
        "$.metadata.tags[*]": "Tags",
        "$.err_code": "Error",
        "$.err_msg": "Why it failed",
    },
    gist=(
        "{{ payload.results.summary.short | truncate(120) }}",
        "{{ payload.results.channels[0].alternatives[0].transcript | truncate(120) }}",
        "{{ payload.err_msg | truncate(120) }}",
    ),
    steps=(
        "Wherever you ask Deepgram for a transcript, add callback= with the web address of this "
        "hook to the request.",
        "In the Deepgram console, open API Keys and copy the identifier of the key that asks.",
        "Paste the identifier here. Do not paste the key.",
    ),
    docs="https://developers.deepgram.com/docs/callback",
    retries="Deepgram sends again by itself, up to 10 times, 30 seconds apart.",
    samples=(
        Sample(
            "transcript_finished",
            "Transcript finished: a call about an order",
            sample_body("deepgram.transcript_finished.json"),
            ids=("d7b20f4e-1c69-4a83-b5e0-92f6a7c8310d",),
        ),
    ),
)  # fmt: skip
