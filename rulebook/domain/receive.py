"""A sender calls a hook's address: find it, check the signature, store the request, answer.

Only after the commit is there an answer of 2xx; what it promises is on disk, byte for byte.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from rulebook.domain.accounts import digest
from rulebook.domain.verify import verify
from rulebook.providers import PROVIDERS, read_event
from rulebook.storage import db, hooks, new_id, utcnow
from rulebook.storage.events import Event, add_event, claim_key
from rulebook.storage.hooks import Hook
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
    hook = hooks.hook_by_token(digest(delivery.token), delivery.received_at)
    if hook is None:
        return NOT_HERE
    if delivery.method not in METHODS:
        return NOT_THIS_WAY
    if delivery.header("content-encoding").strip().lower() not in ("", "identity"):
        return PACKED
    if len(delivery.body) > max_body:
        return too_large(max_body)
    event = _event(delivery, hook)
    event.sample = sample
    verified = verify(hook, delivery.headers, delivery.body, delivery.received_at)
    event.verification = "none" if verified is None else "verified" if verified.ok else "refused"
    if verified is not None and not verified.ok:
        event.state, event.reason = "refused", f"{verified.reason} {verified.fix}".strip()
    elif hook.paused:
        event.state, event.reason = "held", "The hook is paused: kept, not judged."
    add_event(event, delivery.body)
    if event.state != "refused":
        _drop_repeat(event, hook)
    db.session.commit()
    if event.state == "refused":
        return Receipt(401, "The signature is not right.\n", event_id=event.id)
    return _reply(hook, event)


def _event(delivery: Delivery, hook: Hook) -> Event:
    content_type = delivery.header("content-type")
    payload = read_payload(delivery.body, content_type)
    by_name = {name.lower(): value for name, value in delivery.headers}
    event_type, provider_id = read_event(PROVIDERS[hook.provider], by_name, payload.value)
    return Event(
        id=new_id("evt"),
        workspace_id=hook.workspace_id,
        hook_id=hook.id,
        received_at=delivery.received_at,
        state="received",
        method=delivery.method,
        query=_storable(delivery.query, 8000) or "",
        headers=[[_storable(n, 200), _storable(v, 8000)] for n, v in delivery.headers],
        address=delivery.address[:64],
        content_type=_storable(content_type, 200) or "",
        size=len(delivery.body),
        event_type=_storable(event_type, 200),
        provider_id=_storable(provider_id, 200),
    )


def _storable(text: str | None, most: int) -> str | None:
    """Without NUL, which PostgreSQL's text refuses."""
    return text.replace("\0", "\ufffd")[:most] if text else None


def _drop_repeat(event: Event, hook: Hook) -> None:
    """A sender's id that another event holds makes this one a duplicate of it."""
    if not event.provider_id:
        return
    now = event.received_at
    first = claim_key(hook.id, event.provider_id, event.id, now, now + KEYS_LAST)
    if first != event.id:
        event.state, event.duplicate_of = "duplicate", first
        event.reason = "This delivery was here before; it is noted and nothing is done twice."


def _reply(hook: Hook, event: Event) -> Receipt:
    reply = hook.settings.get("reply") or {}
    return Receipt(
        reply.get("status", 200),
        reply.get("text", ""),
        reply.get("type", "text/plain"),
        event_id=event.id,
        judge=event.id if event.state == "received" else None,
    )
