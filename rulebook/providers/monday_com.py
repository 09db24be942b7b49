"""monday.com: items, columns and updates of boards.

A webhook that somebody adds to a board is not signed. One that an app makes carries a signed
message (JWT): it shows the sender and the time, and says nothing about the body.
Source: monday.com's documentation, "Webhooks" and "Authorization header".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import jwt

from rulebook.providers.contract import (
    Body,
    Handshake,
    Header,
    Provider,
    Request,
    Sample,
    sample_body,
)
from rulebook.providers.handshakes import echo_as
from rulebook.providers.schemes import TEXT, TOLERANCE, Secrets, Verification
from rulebook.providers.schemes.tokens import well_written
from rulebook.providers.schemes.verdicts import (
    in_time,
    mismatch,
    no_secret,
    no_signature,
    unreadable,
)

PLACE = Header("authorization")


@dataclass(frozen=True)
class TimedJwt:
    """A JWT (HS256) that was made just now (`iat`); the body stands outside of it."""

    tolerance: int | None = TOLERANCE

    @property
    def covers(self) -> frozenset[str]:
        return frozenset({"time"})

    @property
    def shared(self) -> bool:
        return True

    def present(self, request: Request) -> bool:
        return PLACE.read(request) is not None

    def verify(self, request: Request, secrets: Sequence[str], now: float) -> Verification:
        given = PLACE.read(request)
        if not given:
            return no_signature(str(PLACE))
        if not any(secrets):
            return no_secret()
        try:
            jwt.get_unverified_header(given)
        except jwt.PyJWTError:
            return unreadable(str(PLACE))
        found = [made for secret in secrets if secret for made in _made(given, secret)]
        return in_time(found[0], now, self.tolerance) if found else mismatch()

    def sign(self, request: Request, secret: str, now: float) -> Request:
        claims = {"accountId": 4127, "userId": 70413, "aud": request.url,
                  "iat": int(now), "exp": int(now) + TOLERANCE}  # fmt: skip
        return PLACE.put(request, jwt.encode(claims, secret, "HS256"))

    def example(self, rng: Random) -> Secrets:
        made = TEXT.example(rng)
        return Secrets(made, made)


def _made(given: str, secret: str) -> list[float]:
    """When it was made, if it is by this secret; else nothing."""
    if not well_written(given):
        return []
    try:
        claims = jwt.decode(
            given, secret, ["HS256"],
            options={"verify_aud": False, "verify_exp": False, "verify_iat": False,
                     "verify_nbf": False, "enforce_minimum_key_length": False},
        )  # fmt: skip
    except jwt.PyJWTError:
        return []
    stated = claims.get("iat")  # judged against our own clock, with the hook's allowance
    return [float(stated)] if isinstance(stated, int | float) else []


PROVIDER = Provider(
    label="monday.com",
    signature=TimedJwt(),
    secret_hint="Only for webhooks that an app makes: the app's Signing Secret, in the Developer "
    "Center; leave it empty for a webhook of a board.",
    event_type=(Body("$.event.type"),),
    event_id=(Body("$.event.triggerUuid"),),
    event_time=(Body("$.event.triggerTime"),),
    detect=(Body("$.event.triggerUuid"),),
    handshakes=(
        Handshake(
            "The board checked the address",
            asks=Body("$.challenge"),
            answer=echo_as("challenge"),
            example=Request({"content-type": "application/json"}, b'{"challenge": "tEa7CuP4"}'),
        ),
    ),
    types={
        "archive_pulse": "Item archived",
        "change_column_value": "Column changed",
        "change_name": "Item renamed",
        "change_status_column_value": "Status changed",
        "create_column": "Column created",
        "create_pulse": "Item created",
        "create_subitem": "Subitem created",
        "create_update": "Update written",
        "delete_pulse": "Item deleted",
        "edit_update": "Update changed",
        "move_pulse_into_group": "Item moved to another group",
        "update_column_value": "Column changed",
        "update_name": "Item renamed",
    },
    names={
        "$.event.type": "Event type",
        "$.event.triggerTime": "Time of the event",
        "$.event.pulseName": "Item",
        "$.event.pulseId": "Item id",
        "$.event.boardId": "Board id",
        "$.event.groupName": "Group",
        "$.event.columnTitle": "Column",
        "$.event.columnType": "Kind of column",
        "$.event.value.label.text": "Status now",
        "$.event.previousValue.label.text": "Status before",
        "$.event.value.name": "Name now",
        "$.event.value.value": "Value now",
        "$.event.textBody": "Text of the update",
        "$.event.userId": "Id of who did it",
    },
    gist=(
        "{{ payload.event.pulseName | truncate(80) }},"
        " {{ payload.event.columnTitle }}: {{ payload.event.value.label.text }}",
        "{{ payload.event.pulseName | truncate(80) }}: {{ payload.event.textBody | truncate(80) }}",
        "{{ payload.event.pulseName | truncate(80) }}",
    ),
    steps=(
        "In monday.com, open the board > Automations > Integrations and search for Webhooks.",
        "Choose one of the recipes, for example When a status changes, send a webhook.",
        "Paste the web address of this hook; monday.com checks it at once.",
        "Fill in the rest of the recipe, then choose Add to board.",
    ),
    docs="https://developer.monday.com/api-reference/docs/webhooks",
    retries="monday.com sends again by itself, probably once a minute for half an hour.",
    samples=(
        Sample(
            "status_changed",
            "Status changed: Order new tins is done",
            sample_body("monday_com.status_changed.json"),
            ids=("b5e7f0c2943d1a68f0e2c7b95d3a4816", "9184420637"),
        ),
        Sample(
            "item_created",
            "Item created: Paint the shop window",
            sample_body("monday_com.item_created.json"),
            ids=("3c0a96d1f78e4b25a9d0e61f72c84b3d", "9184571209"),
        ),
    ),
)
