"""Microsoft Graph: changes of mail, calendars, files, chats, users.

Graph signs nothing: it repeats the clientState that was given when the subscription was made. A
delivery may hold many changes, and every one of them must say it. An event says what changed, not
what stands in it. Subscriptions end after minutes to days, so something has to renew them.
Source: Microsoft's documentation, "Receive change notifications through webhooks".
"""

import json
from dataclasses import dataclass, replace

from rulebook.providers.contract import (
    Body,
    Handshake,
    Joined,
    Provider,
    Query,
    Request,
    Sample,
    at,
    sample_body,
)
from rulebook.providers.handshakes import echo
from rulebook.providers.schemes import Token

FIRST = "$.value[0]"
CHANGE = "$.value[*]"


@dataclass(frozen=True)
class ClientState:
    """The clientState of every change. Where they differ, or one has none, all of them together,
    which is nobody's secret."""

    def read(self, request: Request) -> str | None:
        changes = at(request.payload, "$.value")
        found = [
            str(change.get("clientState") or "") if isinstance(change, dict) else ""
            for change in (changes if isinstance(changes, list) else ())
        ]
        if len(set(found)) > 1:
            return json.dumps(sorted(set(found)))
        return (found or [""])[0] or None

    def put(self, request: Request, text: str) -> Request:
        whole = json.loads(request.body)
        changes = [{**change, "clientState": text} for change in whole["value"]]
        return replace(request, body=json.dumps({**whole, "value": changes}).encode())

    def __str__(self) -> str:
        return "field clientState of each change"


PROVIDER = Provider(
    label="Microsoft Graph",
    signature=Token(ClientState()),
    secret_label="Client state",
    secret_hint="Any text of your own with at most 128 characters: the same here and in the "
    "clientState of the subscription.",
    event_type=(Body(f"{FIRST}.changeType"), Body(f"{FIRST}.lifecycleEvent")),
    # Without either there is no telling one change of a thing from the next.
    event_id=(
        Body(f"{FIRST}.id"),
        Joined(
            (
                Body(f"{FIRST}.resourceData['@odata.etag']"),
                Body(f"{FIRST}.resource"),
                Body(f"{FIRST}.changeType"),
                Body(f"{FIRST}.subscriptionId"),
            ),
            by="/",
        ),
    ),
    hides=(Body(f"{CHANGE}.clientState"),),
    detect=(Body(f"{FIRST}.subscriptionExpirationDateTime"), Query("validationToken")),
    batches=(("value",),),
    handshakes=(
        Handshake(
            "Microsoft Graph checked the address",
            asks=Query("validationToken"),
            answer=echo,
            example=Request(
                {"content-type": "text/plain; charset=utf-8"},
                url="https://h.example/in/x?validationToken=Validation%3A+Tea+7",
            ),
        ),
    ),
    types={
        "created": "Something new",
        "deleted": "Something deleted",
        "missed": "Some changes were not told",
        "reauthorizationRequired": "The subscription has to be authorised again",
        "subscriptionRemoved": "The subscription was removed",
        "updated": "Something changed",
    },
    names={
        f"{CHANGE}.changeType": "What happened",
        f"{CHANGE}.resource": "What it happened to",
        f"{CHANGE}.resourceData.id": "Id of what changed",
        f"{CHANGE}.resourceData['@odata.type']": "Kind of thing",
        f"{CHANGE}.subscriptionId": "Subscription id",
        f"{CHANGE}.subscriptionExpirationDateTime": "The subscription ends",
        f"{CHANGE}.tenantId": "Organisation id",
        f"{CHANGE}.lifecycleEvent": "News about the subscription",
    },
    gist=(
        "{{ payload.value[0].changeType }}: {{ payload.value[0].resource }}",
        "{{ payload.value[0].lifecycleEvent }}",
    ),
    steps=(
        "Invent a long text as client state and paste it here.",
        "Make a subscription by a call to https://graph.microsoft.com/v1.0/subscriptions (POST), "
        "for example in Graph Explorer.",
        "Give it a resource, the changeType, an expirationDateTime, the same clientState, and as "
        "notificationUrl paste the web address of this hook.",
        "Give the same address as lifecycleNotificationUrl to hear when the subscription ends.",
        "Have something renew the subscription before it ends.",
    ),
    docs="https://learn.microsoft.com/graph/change-notifications-delivery-webhooks",
    retries="Microsoft Graph sends again by itself for up to 4 hours.",
    switches_off="Microsoft Graph stops when the subscription ends, which is after minutes to days "
    "if nothing renews it.",
    samples=(
        Sample(
            "mail_came_in",
            "A mail came in",
            sample_body("microsoft_graph.mail_came_in.json"),
            "application/json; charset=utf-8",
            ids=("d4b1f70c-8e25-4a93-b6d0-52c9e37a18f4", "AAMkAGTeaCups7Pot4Leaf2Jar9Kettle8AAA"),
        ),
        Sample(
            "two_changes",
            "Two meetings changed",
            sample_body("microsoft_graph.two_changes.json"),
            "application/json; charset=utf-8",
            ids=("07c3e9a5-4f16-4d82-9b70-e1a8d52f36bc", "5e82b0d7-91c4-4f3a-8a65-c70f3d1e94b2",
                 "AAMkAGLindenTasting3Evening5AAA", "AAMkAGLindenKettle6Meeting1AAA"),
        ),
    ),
)  # fmt: skip
