"""Pinning: an event that somebody wants to keep survives the time after which others go."""

from __future__ import annotations

from rulebook.domain.actor import Actor
from rulebook.domain.replay import find_event
from rulebook.storage import db
from rulebook.storage.events import Event


def pin_event(actor: Actor, event_id: str, pinned: bool = True) -> Event:
    """Keep what was sent for as long as the pin stays, or let it go with the others again."""
    actor.must("write")
    event = find_event(actor, event_id)
    if event.pinned != pinned:
        event.pinned = pinned
        actor.note("event.pin" if pinned else "event.unpin", event.id)
    db.session.commit()
    return event
