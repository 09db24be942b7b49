"""What rules and messages see of a stored event."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

from rulebook.providers import PROVIDERS
from rulebook.storage.event_claims import AtWork
from rulebook.storage.events import Event
from rulebook.storage.hooks import Hook, HookAtWork
from rules.payload import Payload, read_payload


def seen_by_rules(
    event: Event | AtWork, hook: Hook | HookAtWork, body: bytes
) -> tuple[dict[str, Any], Payload]:
    """The event as `rules` wants it, and how its body was read."""
    payload = payload_of(event, hook.provider, body)
    headers: dict[str, str] = {}
    for name, value in event.headers:
        headers[name.lower()] = f"{headers[name.lower()]}, {value}" if name in headers else value
    return {
        "payload": payload.value,
        "headers": headers,
        "query": dict(parse_qsl(event.query, keep_blank_values=True)) if event.query else {},
        "event": {
            "type": event.event_type,
            "id": event.provider_id or event.id,
            "provider": hook.provider,
            "verified": event.verification == "verified",
            "received_at": event.received_at.isoformat(),
            "method": event.method,
            "content_type": event.content_type,
        },
    }, payload


def payload_of(event: Event | AtWork, provider: str, body: bytes) -> Payload:
    """What the body of an event says: as its provider packs it, and of a batch its own part."""
    return payload_in(body, event.content_type, provider, event.part)


def payload_in(body: bytes, content_type: str, provider: str, part: int | None) -> Payload:
    """The same, from what was read of an event."""
    if part is None:
        return opened(body, content_type, provider)
    whole, parts = _batch(body, content_type, provider)
    # Where the hook's provider was changed since, the parts may be others: then it is the whole.
    value = parts[part] if part < len(parts) else whole.value
    return replace(whole, value=value)


def opened(body: bytes, content_type: str, provider: str) -> Payload:
    """A body as its provider packs it."""
    payload = read_payload(body, content_type)
    value = PROVIDERS[provider].opened(payload.value)
    return payload if value is payload.value else replace(payload, value=value)


@lru_cache(maxsize=2)
def _batch(body: bytes, content_type: str, provider: str) -> tuple[Payload, list[object]]:
    """A batch and its parts, which are asked for one after the other."""
    whole = opened(body, content_type, provider)
    return whole, PROVIDERS[provider].parts(whole.value)
