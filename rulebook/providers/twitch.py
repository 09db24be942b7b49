"""Twitch EventSub: streams, followers, subscriptions, raids.

There is no dashboard for it: one request to the API sets a subscription up, and Twitch then asks
for a challenge to be said back. When Twitch takes a subscription back, it says so in an event of
its own, "revocation". Source: twitchdev/twitch-cli.
"""

from rulebook.providers.contract import (
    Body,
    Handshake,
    Header,
    Provider,
    Request,
    Sample,
    Starting,
    Where,
    sample_body,
)
from rulebook.providers.handshakes import echo
from rulebook.providers.schemes import Hmac, Plain

KIND = Header("twitch-eventsub-message-type")

PROVIDER = Provider(
    label="Twitch",
    signature=Hmac(
        Header("twitch-eventsub-message-signature"), "{id}{timestamp}{body}", Plain("sha256="),
        timestamp=Header("twitch-eventsub-message-timestamp"), unit="iso", tolerance=600,
        fields={"id": Header("twitch-eventsub-message-id")},
    ),
    secret_label="Secret",
    secret_hint="Any text of your own of 10 to 100 letters and digits: the secret that you set the "
    "subscription up with.",
    event_type=(
        Starting(KIND, ("revocation",)),
        Header("twitch-eventsub-subscription-type"),
        Body("$.subscription.type"),
    ),
    event_id=(Header("twitch-eventsub-message-id"),),
    event_time=(Header("twitch-eventsub-message-timestamp"), Body("$.subscription.created_at")),
    detect=(KIND,),
    types={
        "channel.ad_break.begin": "Ads begin",
        "channel.channel_points_custom_reward_redemption.add": "Reward redeemed",
        "channel.charity_campaign.donate": "Donation",
        "channel.chat.message": "Chat message",
        "channel.cheer": "Bits cheered",
        "channel.follow": "New follower",
        "channel.hype_train.begin": "Hype train begins",
        "channel.raid": "Raid",
        "channel.subscribe": "New subscriber",
        "channel.subscription.gift": "Subscriptions given away",
        "channel.subscription.message": "Subscriber stays on",
        "channel.update": "Title or category changed",
        "revocation": "Twitch took the subscription back",
        "stream.offline": "Stream ended",
        "stream.online": "Stream started",
    },
    names={
        "$.subscription.type": "Event type",
        "$.subscription.status": "Status of the subscription",
        "$.event.user_name": "Who",
        "$.event.broadcaster_user_name": "Channel",
        "$.event.followed_at": "Followed at",
        "$.event.started_at": "Time of the start",
        "$.event.tier": "Tier",
        "$.event.is_gift": "Given away",
        "$.event.total": "How many",
        "$.event.cumulative_months": "Months in all",
        "$.event.message.text": "Message",
        "$.event.bits": "Bits",
        "$.event.from_broadcaster_user_name": "Raid from",
        "$.event.viewers": "Viewers",
        "$.event.reward.title": "Reward",
        "$.event.reward.cost": "Points it costs",
        "$.event.user_input": "What they wrote",
        "$.event.title": "Title of the stream",
        "$.event.category_name": "Category",
    },
    gist=(
        "{{ payload.event.reward.title }}, by {{ payload.event.user_name }}",
        "{{ payload.event.viewers }} viewers from {{ payload.event.from_broadcaster_user_name }}",
        "{{ payload.event.user_name }}, on {{ payload.event.broadcaster_user_name }}",
        "{{ payload.event.broadcaster_user_name }}",
        "{{ payload.subscription.type }}, {{ payload.subscription.status }}",
    ),
    handshakes=(
        Handshake(
            "Twitch checked the address",
            Where(Body("$.challenge"), Starting(KIND, ("webhook_callback_verification",))),
            echo,
            Request({"content-type": "application/json",
                     "twitch-eventsub-message-type": "webhook_callback_verification"},
                    b'{"challenge":"c4mellia","subscription":{"type":"stream.online"}}'),
            signed=True,
        ),
    ),
    steps=(
        "Open dev.twitch.tv/console and register an application, for its client id and an app "
        "access token.",
        "Invent a secret of 10 to 100 letters and digits and paste it here first.",
        "Send a POST request to https://api.twitch.tv/helix/eventsub/subscriptions with the event "
        "type, and as transport: method webhook, the web address of this hook as callback, and the "
        "secret.",
        "Twitch checks the address at once; the check shows in the history of this hook.",
    ),
    docs="https://dev.twitch.tv/docs/eventsub/",
    retries="Twitch sends again by itself when there was no answer, probably a few times.",
    switches_off="After too many failures Twitch takes the subscription back; make it again.",
    samples=(
        Sample(
            "new_follower",
            "New follower: theo_lambert",
            sample_body("twitch.new_follower.json"),
            headers={
                "twitch-eventsub-message-id": "b8e1d4c0-57a2-4f93-86bd-3e09c7f1a245",
                "twitch-eventsub-message-retry": "0",
                "twitch-eventsub-message-type": "notification",
                "twitch-eventsub-subscription-type": "channel.follow",
                "twitch-eventsub-subscription-version": "2",
            },
            ids=("b8e1d4c0-57a2-4f93-86bd-3e09c7f1a245", "518203746"),
        ),
        Sample(
            "stream_started",
            "Stream started: linden_tea",
            sample_body("twitch.stream_started.json"),
            headers={
                "twitch-eventsub-message-id": "0c5f9a72-e3d8-4b16-97c4-a82d61e0b7f5",
                "twitch-eventsub-message-retry": "0",
                "twitch-eventsub-message-type": "notification",
                "twitch-eventsub-subscription-type": "stream.online",
                "twitch-eventsub-subscription-version": "1",
            },
            ids=("0c5f9a72-e3d8-4b16-97c4-a82d61e0b7f5", "40718265139"),
        ),
    ),
)  # fmt: skip
