"""A sender calls a hook's address: find it, check the signature, store the request, answer.

Only after the commit is there an answer of 2xx; what it promises is on disk, byte for byte.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from rulebook.domain.accounts import digest
from rulebook.domain.tallying import count_stored
from rulebook.domain.verify import verify
from rulebook.failpoints import reach
from rulebook.providers import PROVIDERS, read_event
from rulebook.storage import db, deliveries, events, hooks, new_id, utcnow
from rulebook.storage.hooks import HookAtDoor
from rules.payload import read_payload

METHODS = ("POST", "PUT", "PATCH")
KEYS_LAST = timedelta(hours=24)


@dataclass(frozen=True)
class Delivery:
    """A request as it came in; headers as received, in order."""

    token: str
    method: str
    headers: Sequence[tuple[str, str]]
    body: bytes
    query: str = ""
    address: str = ""
    received_at: datetime = field(default_factory=utcnow)

    def header(self, name: str) -> str:
        """The first header of this name, or empty."""
        return next((v for n, v in self.headers if n.lower() == name), "")


@dataclass(frozen=True)
class Receipt:
    """What the sender is answered; `judge` is the id of the event to be judged, if any."""

    status: int
    text: str = ""
    content_type: str = "text/plain"
    event_id: str | None = None
    judge: str | None = None


NOT_HERE = Receipt(404, "There is no hook at this address.\n")
NOT_THIS_WAY = Receipt(405, "This is a hook: senders POST to it.\n")
PACKED = Receipt(415, "Send the body as it is, without Content-Encoding.\n")
NOT_STORED = Receipt(503, "This could not be stored just now. Please send it again.\n")


def too_large(max_body: int) -> Receipt:
    """The answer to a body beyond the cap, which is given in bytes."""
    return Receipt(413, f"The body is larger than {max_body} bytes.\n")


def receive(delivery: Delivery, max_body: int, sample: bool = False) -> Receipt:
    """Store one request and say what to answer. Commits before it returns a 2xx."""
    return receive_all([delivery], max_body, sample)[0]


def receive_all(
    deliveries: Sequence[Delivery], max_body: int, sample: bool = False
) -> list[Receipt]:
    """Store many requests in one commit and say what to answer each. All or none are stored."""
    tokens = {digest(delivery.token) for delivery in deliveries}
    now = max(delivery.received_at for delivery in deliveries)
    found = hooks.hooks_by_token(tokens, now)
    taken = [_take(d, found.get(digest(d.token)), max_body, sample) for d in deliveries]
    stored = [one for one in taken if isinstance(one, Taken)]
    if stored:
        _mark_repeats(stored, now)
        events.add_events([one.event for one in stored], [one.body for one in stored])
        count_stored(one.event for one in stored)
        reach("after_insert")
        db.session.commit()
        reach("after_commit")
    return [one if isinstance(one, Receipt) else _receipt(one) for one in taken]


@dataclass(frozen=True)
class Taken:
    """A request that is to be stored: its row, its bytes, its hook."""

    event: dict[str, Any]
    body: bytes
    hook: HookAtDoor


def _take(
    delivery: Delivery, hook: HookAtDoor | None, max_body: int, sample: bool
) -> Taken | Receipt:
    if hook is None:
        return NOT_HERE
    if delivery.method not in METHODS:
        return NOT_THIS_WAY
    if _packed(delivery):
        return PACKED
    if len(delivery.body) > max_body:
        return too_large(max_body)
    return Taken(_event(delivery, hook, sample), delivery.body, hook)


def _packed(delivery: Delivery) -> bool:
    """Whether any header of several says that the body is compressed."""
    stated = [value for name, value in delivery.headers if name.lower() == "content-encoding"]
    codings = {coding.strip().lower() for value in stated for coding in value.split(",")}
    return bool(codings - {"", "identity"})


def _event(delivery: Delivery, hook: HookAtDoor, sample: bool) -> dict[str, Any]:
    content_type = delivery.header("content-type")
    payload = read_payload(delivery.body, content_type)
    by_name = {name.lower(): value for name, value in delivery.headers}
    event_type, provider_id = read_event(PROVIDERS[hook.provider], by_name, payload.value)
    state, verification, reason = _judged_at_the_door(delivery, hook)
    return {
        "id": new_id("evt"),
        "workspace_id": hook.workspace_id,
        "hook_id": hook.id,
        "received_at": delivery.received_at,
        "state": state,
        "verification": verification,
        "reason": reason,
        "method": delivery.method,
        "query": _storable(delivery.query, 8000),
        "headers": [[_storable(n, 200), _storable(v, 8000)] for n, v in delivery.headers],
        "address": delivery.address[:64],
        "content_type": _storable(content_type, 200),
        "size": len(delivery.body),
        "event_type": _storable(event_type, 200) or None,
        "provider_id": _storable(provider_id, 200) or None,
        "sample": sample,
        "duplicate_of": None,
    }


def _judged_at_the_door(delivery: Delivery, hook: HookAtDoor) -> tuple[str, str, str]:
    """State, verification and reason, as far as the door can tell."""
    verified = verify(hook, delivery.headers, delivery.body, delivery.received_at)
    if verified is not None and not verified.ok:
        return "refused", "refused", f"{verified.reason} {verified.fix}".strip()
    verification = "none" if verified is None else "verified"
    if hook.paused:
        return "held", verification, "The hook is paused: kept, not judged."
    return "received", verification, ""


def _storable(text: str | None, most: int) -> str:
    """Without NUL, which PostgreSQL's text refuses."""
    return text.replace("\0", "\ufffd")[:most] if text else ""


def _mark_repeats(stored: list[Taken], now: datetime) -> None:
    """A sender's id that another event holds makes this one a duplicate of it. Refused requests
    claim nothing: a stranger cannot take a real delivery's place."""
    claims = {
        one.event["id"]: (one.hook.id, one.event["provider_id"])
        for one in stored
        if one.event["provider_id"] and one.event["state"] != "refused"
    }
    holders = deliveries.claim_keys(claims, now, now + KEYS_LAST)
    for one in stored:
        first = holders.get(one.event["id"], one.event["id"])
        if first != one.event["id"]:
            one.event["state"], one.event["duplicate_of"] = "duplicate", first
            one.event["reason"] = (
                "This delivery was here before; it is noted and nothing is done twice."
            )


def _receipt(one: Taken) -> Receipt:
    event = one.event
    if event["state"] == "refused":
        return Receipt(401, "The signature is not right.\n", event_id=event["id"])
    reply = one.hook.settings.get("reply") or {}
    return Receipt(
        reply.get("status", 200),
        reply.get("text", ""),
        reply.get("type", "text/plain"),
        event_id=event["id"],
        judge=event["id"] if event["state"] == "received" else None,
    )
