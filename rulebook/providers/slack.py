"""Slack: messages, mentions, reactions, slash commands and clicks on buttons.

Slack asks whether the address is ours before it sends anything, and it signs that question too, so
the Signing Secret has to be saved here first. Commands and clicks come as forms. A rule for
messages should leave out those of apps ($.event.bot_id has a value): an app that answers itself
never stops.
Source: slackapi/python-slack-sdk and bolt-python.
"""

from rulebook.providers.contract import (
    Body,
    Handshake,
    Header,
    Joined,
    Present,
    Provider,
    Reply,
    Request,
    Sample,
    Where,
    sample_body,
)
from rulebook.providers.handshakes import echo, say
from rulebook.providers.schemes import Hmac, Plain

PROVIDER = Provider(
    label="Slack",
    signature=Hmac(
        Header("x-slack-signature"), "v0:{timestamp}:{body}", Plain("v0="),
        timestamp=Header("x-slack-request-timestamp"),
    ),
    secret_hint="32 letters and digits. In Slack: your app > Basic Information > App Credentials > "
    "Signing Secret.",
    not_secrets={
        "xox": "This is a token, which can act in Slack. The Signing Secret is another.",
        "xapp-": "This is an app-level token. The Signing Secret is another.",
    },
    event_type=(
        Joined((Body("$.event.type"), Body("$.event.subtype"))),
        Present("$.command", "command"),
        Body("$.type"),
    ),
    event_id=(Body("$.event_id"), Body("$.trigger_id")),
    event_time=(Body("$.event_time"), Body("$.event.event_ts"), Body("$.actions[0].action_ts")),
    hides=(Body("$.token"),),
    detect=(Header("x-slack-signature"),),
    unwraps="payload",
    types={
        "app_home_opened": "App page opened",
        "app_mention": "App mentioned",
        "block_actions": "Button pressed",
        "channel_created": "Channel created",
        "command": "Slash command",
        "file_shared": "File shared",
        "link_shared": "Link shared",
        "member_joined_channel": "Somebody joined a channel",
        "message": "Message",
        "message.bot_message": "Message of an app",
        "message.file_share": "Message with a file",
        "message.message_changed": "Message changed",
        "message.message_deleted": "Message deleted",
        "message_action": "Message menu used",
        "reaction_added": "Reaction added",
        "shortcut": "Shortcut used",
        "team_join": "Somebody joined the workspace",
        "view_submission": "Form sent",
    },
    names={
        "$.event.type": "Kind of event",
        "$.event.text": "Message",
        "$.event.user": "User id",
        "$.event.channel": "Channel id",
        "$.event.channel_type": "Kind of channel",
        "$.event.bot_id": "App that wrote it",
        "$.event.thread_ts": "Thread",
        "$.event.reaction": "Reaction",
        "$.event.user.profile.email": "Email of who joined",
        "$.event.user.profile.real_name": "Name of who joined",
        "$.event.files[*].name": "Files",
        "$.event_time": "Time of the event",
        "$.team_id": "Workspace id",
        "$.command": "Command",
        "$.text": "Text behind the command",
        "$.user_name": "User name",
        "$.channel_name": "Channel",
        "$.response_url": "Address to answer at",
        "$.user.username": "User name of who clicked",
        "$.channel.name": "Channel of the click",
        "$.actions[*].action_id": "Buttons",
        "$.actions[*].value": "Values of the buttons",
        "$.view.callback_id": "Form",
    },
    gist=(
        "{{ payload.command }} {{ payload.text | truncate(80) }} by {{ payload.user_name }}",
        "{{ payload.event.text | truncate(120) }}",
        "{{ payload.actions[0].value | truncate(80) }} by {{ payload.user.username }}",
        ":{{ payload.event.reaction }}:",
    ),
    handshakes=(
        Handshake(
            "Slack checked the address",
            Where(Body("$.challenge"), Present("$.token")),
            echo,
            Request({"content-type": "application/json"},
                    b'{"token":"t","challenge":"c4mellia","type":"url_verification"}'),
            signed=True,
        ),
        Handshake(
            "Slack checked the certificate",
            Where(Body("$.ssl_check"), Present("$.token")),
            say(Reply()),
            Request({"content-type": "application/x-www-form-urlencoded"}, b"ssl_check=1&token=t"),
            equals="1",
        ),
    ),
    steps=(
        "Open api.slack.com/apps and choose your app, or make one from scratch.",
        "Basic Information > App Credentials: show the Signing Secret and paste it here first.",
        "Event Subscriptions: switch them on and paste the web address of this hook. Slack checks "
        "it at once.",
        "Subscribe to bot events, for example message.channels; save, and install the app again.",
        "For commands and buttons, paste the same address under Slash Commands and Interactivity.",
    ),
    docs="https://docs.slack.dev/apis/events-api/",
    retries="Slack probably sends an event again by itself, 3 times within minutes; commands and "
    "clicks come once.",
    switches_off="When nearly all events of an hour fail, Slack probably switches them off.",
    samples=(
        Sample(
            "message",
            "Message: Do we have any Darjeeling left?",
            sample_body("slack.message.json"),
            ids=("Ev08LINDEN7T", "6f1d82c4-95be-4a07-8c3d-e07b41f9a562"),
        ),
        Sample(
            "command",
            "Slash command /stock",
            sample_body("slack.command.txt"),
            "application/x-www-form-urlencoded",
            form="",
            ids=("7310946285520.5820417736.b04e7d92c1f8365ae0d97c41b26f83e5",),
        ),
        Sample(
            "button_pressed",
            "Button pressed: Approve",
            sample_body("slack.button_pressed.json"),
            "application/x-www-form-urlencoded",
            form="payload",
            ids=("7310951174903.5820417736.9ce1f05a7b82d4631fe08b7d50a2c947",),
        ),
    ),
)  # fmt: skip
