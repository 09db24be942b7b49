"""Discord: events of an app, and interactions (commands, buttons, forms).

Not the Incoming Webhooks of a channel, which go the other way. Discord sends wrong signatures on
purpose and takes the address away unless they are answered 401. Events are answered 204, commands
with a short note that only their author sees. Events carry no delivery id.
Source: discord/discord-api-docs, webhook events and interactions.
"""

from dataclasses import dataclass

from rulebook.providers.contract import (
    Body,
    Handshake,
    Header,
    Joined,
    Provider,
    Reply,
    Request,
    Sample,
    sample_body,
)
from rulebook.providers.handshakes import as_json, say
from rulebook.providers.schemes import Ed25519

RECEIVED = {"content": "Received.", "flags": 64}  # 64: only its author sees it
NOTHING = Reply(204, "", "application/json")


@dataclass(frozen=True)
class Ping:
    """The kind of a question whether anybody is there: "events" or "interactions"."""

    kind: str

    def read(self, request: Request) -> str | None:
        kind = Body("$.type").read(request)
        event = isinstance(request.payload, dict) and "event" in request.payload
        if kind == "0":
            return "yes" if self.kind == "events" else None
        return "yes" if kind == "1" and not event and self.kind == "interactions" else None


@dataclass(frozen=True)
class Interaction:
    """The kind of an interaction, with the name of its command or button."""

    def read(self, request: Request) -> str | None:
        kinds = {"2": "command", "3": "component", "4": "autocomplete", "5": "modal"}
        return kinds.get(Body("$.type").read(request) or "")


def reply_to(request: Request) -> Reply:
    """What Discord wants to hear within three seconds."""
    kind = Interaction().read(request)
    if kind in ("command", "modal"):
        return as_json({"type": 4, "data": RECEIVED})
    if kind == "component":
        return as_json({"type": 6})
    if kind == "autocomplete":
        return as_json({"type": 8, "data": {"choices": []}})
    return NOTHING


USER = "$.event.data.user"

PROVIDER = Provider(
    label="Discord",
    signature=Ed25519(
        Header("x-signature-ed25519"), timestamp=Header("x-signature-timestamp")
    ),
    secret_label="Public key",
    secret_hint="64 letters and digits. In the Developer Portal: your app > General Information > "
    "Public Key.",
    event_type=(Body("$.event.type"), Joined((Interaction(), Body("$.data.name")))),
    event_id=(Body("$.id"), Body("$.event.data.id"), Joined((Body("$.event.timestamp"),
              Body(f"{USER}.id")), by="-")),
    event_time=(Body("$.event.timestamp"), Header("x-signature-timestamp")),
    types={
        "APPLICATION_AUTHORIZED": "App added",
        "APPLICATION_DEAUTHORIZED": "App removed",
        "ENTITLEMENT_CREATE": "Purchase",
        "ENTITLEMENT_DELETE": "Purchase taken back",
        "ENTITLEMENT_UPDATE": "Purchase changed",
        "QUEST_USER_ENROLLMENT": "Quest joined",
        "command.order": "Command: order",
    },
    names={
        "$.event.type": "Event type",
        "$.event.timestamp": "Time of the event",
        f"{USER}.username": "User",
        f"{USER}.global_name": "Name of the user",
        "$.event.data.guild.name": "Server",
        "$.event.data.scopes[*]": "Rights",
        "$.event.data.sku_id": "Product id",
        "$.application_id": "App id",
        "$.data.name": "Command",
        "$.data.options[0].value": "First answer",
        "$.member.user.username": "User",
        "$.guild_id": "Server id",
        "$.channel_id": "Channel id",
    },
    gist=(
        "{{ payload.event.data.user.username }} on {{ payload.event.data.guild.name }}",
        "{{ payload.event.data.user.username }}",
        "/{{ payload.data.name }} by {{ payload.member.user.username }}",
    ),
    handshakes=(
        Handshake("Discord checked the address for events", Ping("events"), say(NOTHING),
                  Request({}, b'{"version": 1, "application_id": "1", "type": 0}'), signed=True),
        Handshake("Discord checked the address for interactions", Ping("interactions"),
                  say(as_json({"type": 1})),
                  Request({}, b'{"id": "1", "application_id": "1", "type": 1}'), signed=True),
    ),
    reply_to=reply_to,
    steps=(
        "In the Discord Developer Portal, open your app > General Information.",
        "Copy the Public Key and save it here first: Discord checks the address at once.",
        "For events: open Webhooks, paste the web address of this hook as Endpoint URL, choose the "
        "events and save.",
        "For commands and buttons: paste it under General Information as "
        "Interactions Endpoint URL.",
    ),
    docs="https://discord.com/developers/docs/events/webhook-events",
    retries="Discord tries an event again for up to 10 minutes; a command is not sent again.",
    switches_off="Discord stops after too many failures and tells you by mail, and refuses an "
    "address that takes a wrong signature.",
    hides=(Body("$.token"),),
    detect=(Header("x-signature-ed25519"),),
    samples=(
        Sample(
            "app_added",
            "App added by marta",
            sample_body("discord.app_added.json"),
            ids=("1301234567890123456",),
        ),
        Sample(
            "command",
            "Command: /order",
            sample_body("discord.command.json"),
            ids=("1301987654321098765",),
        ),
    ),
)  # fmt: skip
