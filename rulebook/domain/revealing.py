"""The exact bytes of an event in which something is hidden: for owners, and it is noted."""

from __future__ import annotations

from rulebook.domain.actor import Actor
from rulebook.domain.hiding import hiding_of
from rulebook.domain.replay import find_event
from rulebook.errors import NotAllowed, NotFound
from rulebook.storage import db, events
from rulebook.storage.events import Event
from rulebook.storage.hooks import Hook


def exact_bytes(actor: Actor, event: Event, body: bytes) -> bytes:
    """The bytes of a body in which nothing is hidden. Raises NotAllowed."""
    if hiding_of(db.session.get_one(Hook, event.hook_id), event, body).of_body:
        raise NotAllowed(
            "These bytes hold something that is hidden here.",
            "An owner may show them on the event's page, or read them with a token of theirs.",
        )
    return body


def reveal(actor: Actor, event_id: str) -> tuple[Event, bytes]:
    """The event with its exact bytes, for an owner; noted in the audit. Commits. Raises NotFound,
    NotAllowed."""
    event = find_event(actor, event_id)
    actor.must("own")
    body = events.body_of(event.id)
    if body is None:
        raise NotFound("body")
    actor.note("event.reveal", event.id)
    db.session.commit()
    return event, body


def note_read(actor: Actor, event: Event, body: bytes) -> None:
    """An owner reads the bytes of a body by a token; noted where something is hidden in them."""
    if hiding_of(db.session.get_one(Hook, event.hook_id), event, body).of_body:
        actor.note("event.reveal", event.id)
        db.session.commit()
