"""X (formerly Twitter): posts, followers and direct messages of accounts that allowed it.

X asks again and again whether the address still knows the secret (a CRC, by GET), at least once a
day; without a saved secret it is answered 401 and X gives the address up. The signature is base64
behind sha256=, not hex. There is no delivery id; the id of what happened serves.
Source: X developer platform, webhooks and Account Activity API.
"""

from dataclasses import dataclass

from rulebook.providers.contract import (
    Body,
    Handshake,
    Header,
    KeyBeside,
    Provider,
    Query,
    Request,
    Sample,
    sample_body,
)
from rulebook.providers.handshakes import prove
from rulebook.providers.schemes import Hmac, Plain

BESIDE = ("for_user_id", "users", "apps", "user_has_blocked")


@dataclass(frozen=True)
class OfFirst:
    """A text of the first thing that happened, under whatever name its list stands."""

    fields: tuple[str, ...]

    def read(self, request: Request) -> str | None:
        kind = KeyBeside(BESIDE).read(request)
        found = (Body(f"$.{kind}[0].{field}").read(request) for field in self.fields if kind)
        return next((text for text in found if text), None)


POST = "$.tweet_create_events[0]"
MESSAGE = "$.direct_message_events[0].message_create"

PROVIDER = Provider(
    label="X",
    signature=Hmac(
        Header("x-twitter-webhooks-signature"), reads=Plain("sha256="), encoding="base64"
    ),
    secret_label="API key secret",
    secret_hint="The API Key Secret (consumer secret) of your app, under Keys and tokens.",
    event_type=(KeyBeside(BESIDE),),
    event_id=(OfFirst(("id_str", "id")),),
    event_time=(OfFirst(("timestamp_ms", "created_timestamp", "created_at")),),
    types={
        "block_events": "Account blocked",
        "direct_message_events": "Direct message",
        "direct_message_indicate_typing_events": "Somebody is typing",
        "favorite_events": "Post liked",
        "follow_events": "New follower",
        "mute_events": "Account muted",
        "tweet_create_events": "Post, reply or mention",
        "tweet_delete_events": "Post deleted",
        "user_event": "Access ended",
    },
    names={
        "$.for_user_id": "Account id",
        f"{POST}.text": "Text of the post",
        f"{POST}.user.screen_name": "Posted by",
        f"{POST}.user.name": "Name of who posted",
        f"{POST}.user.followers_count": "Followers of who posted",
        f"{POST}.id_str": "Post id",
        f"{POST}.in_reply_to_screen_name": "Reply to",
        f"{POST}.lang": "Language",
        f"{MESSAGE}.message_data.text": "Text of the message",
        f"{MESSAGE}.sender_id": "Sender id",
        "$.follow_events[0].source.screen_name": "New follower",
        "$.favorite_events[0].user.screen_name": "Liked by",
    },
    gist=(
        "{{ payload.tweet_create_events[0].user.name }}: {{ payload.tweet_create_events[0].text }}",
        "{{ payload.direct_message_events[0].message_create.message_data.text }}",
        "{{ payload.follow_events[0].source.screen_name }} follows",
    ),
    handshakes=(
        Handshake(
            "X asked whether the secret is known here (CRC)",
            asks=Query("crc_token"),
            method="GET",
            answer=prove("response_token", prefix="sha256=", encoding="base64"),
            example=Request({}, b"", "https://hooks.example/in/k?crc_token=tea-leaves", "GET"),
        ),
    ),
    steps=(
        "In the X developer console, open your project and app, then Keys and tokens.",
        "Copy the API Key Secret and save it here first: X checks the address at once.",
        "Register the web address of this hook with POST /2/webhooks; there is no form for it.",
        "Subscribe the accounts whose events you want.",
    ),
    docs="https://docs.x.com/x-api/webhooks/introduction",
    retries="X may send again what was not answered within 10 seconds; for how long is not stated.",
    switches_off="X stops calling when its check of the secret is answered wrongly, or not at all "
    "for more than a day.",
    detect=(Header("x-twitter-webhooks-signature"),),
    samples=(
        Sample(
            "mention",
            "Mention: Is the spring harvest in?",
            sample_body("x.mention.json"),
            ids=("1985412070316544103",),
        ),
    ),
)
