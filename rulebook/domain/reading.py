"""What rules and messages see of a stored event."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from rulebook.storage.events import Event
from rulebook.storage.hooks import Hook
from rules.payload import Payload, read_payload


def seen_by_rules(event: Event, hook: Hook, body: bytes) -> tuple[dict[str, Any], Payload]:
    """The event as `rules` wants it, and how its body was read."""
    payload = read_payload(body, event.content_type)
    headers: dict[str, str] = {}
    for name, value in event.headers:
        headers[name.lower()] = f"{headers[name.lower()]}, {value}" if name in headers else value
    return {
        "payload": payload.value,
        "headers": headers,
        "query": dict(parse_qsl(event.query, keep_blank_values=True)),
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
