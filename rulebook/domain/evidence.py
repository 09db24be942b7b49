"""Evidence links: show one event, masked, to somebody without an account, for seven days."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from rulebook.domain.accounts import digest
from rulebook.domain.actor import Actor
from rulebook.domain.replay import find_event
from rulebook.errors import Conflict, NotFound
from rulebook.storage import db, events, evidence, utcnow
from rulebook.storage.events import Event
from rulebook.storage.evidence import Evidence

LASTS = timedelta(days=7)
MOST_LINKS = 20
_TOKEN = 32  # bytes


def make_link(actor: Actor, event_id: str, now: datetime | None = None) -> tuple[Evidence, str]:
    """A new link to an event and its token, which nobody can read again."""
    actor.must("write")
    event, now = find_event(actor, event_id), now or utcnow()
    if len(evidence.links_of(event.id, now)) >= MOST_LINKS:
        raise Conflict(f"This event has {MOST_LINKS} links already.", "Revoke one first.")
    token = secrets.token_urlsafe(_TOKEN)
    link = Evidence(
        workspace_id=actor.workspace_id,
        event_id=event.id,
        token_hash=digest(token),
        made_by=actor.user_id,
        created_at=now,
        expires_at=now + LASTS,
    )
    db.session.add(link)
    db.session.flush()
    actor.note("evidence.create", event.id, link.id)
    db.session.commit()
    return link, token


def revoke_link(actor: Actor, evidence_id: str) -> Evidence:
    """From now on the link leads nowhere. Raises NotFound."""
    actor.must("write")
    link = evidence.one(actor.workspace_id, evidence_id)
    if link is None:
        raise NotFound("evidence link")
    if link.revoked_at is None:
        link.revoked_at = utcnow()
        actor.note("evidence.revoke", link.event_id, link.id)
    db.session.commit()
    return link


def links_of(actor: Actor, event_id: str) -> list[Evidence]:
    """The links that lead to an event now, oldest first."""
    return evidence.links_of(find_event(actor, event_id).id, utcnow())


def shown_by(token: str, now: datetime | None = None) -> tuple[Evidence, Event]:
    """The event that a link shows. Raises NotFound once it has expired or was revoked."""
    link = evidence.by_hash(digest(token), now or utcnow())
    if link is None:
        raise NotFound()
    return link, events.event_by_id(link.event_id)
