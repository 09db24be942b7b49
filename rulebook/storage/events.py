"""Events: every request that arrived, and its exact bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    delete,
    false,
    func,
    select,
    text,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column

from rulebook.storage.base import (
    Base,
    Bytes,
    Id,
    Json,
    Line,
    UtcDateTime,
    Words,
    first_id,
    moment_of,
    new_id,
    utcnow,
)
from rulebook.storage.engine import change, db
from rulebook.storage.hooks import Hook, HookSeen
from rulebook.storage.rows import inserting

# A query must say this in these words, or the small index is of no use to it.
_WAITING = text("judged_at IS NULL")
WAITING = text("event.judged_at IS NULL")
_POISON = text("state = 'poison'")
POISON = text("event.state = 'poison'")


class Event(Base):
    """One stored request, or one event of a batch. States: received -> processing -> done |
    poison; set at the door and final: duplicate, refused, held, handshake. The events of a batch
    share the body of the first (`part_of`); each knows its place in it (`part`)."""

    __tablename__ = "event"
    __table_args__ = (
        Index("ix_event_workspace_id_id", "workspace_id", "id"),
        Index("ix_event_hook_id_id", "hook_id", "id"),
        # Small however many events there are: what has been judged is not in it.
        Index(
            "ix_event_waiting",
            "state",
            "received_at",
            sqlite_where=_WAITING,
            postgresql_where=_WAITING,
        ),
        Index(
            "ix_event_poison",
            "workspace_id",
            "id",
            sqlite_where=_POISON,
            postgresql_where=_POISON,
        ),
        Index(
            "ix_event_duplicate_of",
            "duplicate_of",
            sqlite_where=text("duplicate_of IS NOT NULL"),
            postgresql_where=text("duplicate_of IS NOT NULL"),
        ),
        Index(
            "ix_event_pinned",
            "part_of",
            sqlite_where=text("pinned IS 1"),
            postgresql_where=text("pinned IS true"),
        ),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=lambda: new_id("evt"))
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    hook_id: Mapped[str] = mapped_column(ForeignKey("hook.id", ondelete="CASCADE"))
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    state: Mapped[str] = mapped_column(Line(12), default="received")
    method: Mapped[str] = mapped_column(Line(10))
    query: Mapped[str] = mapped_column(Words, default="")
    headers: Mapped[list[list[str]]] = mapped_column(Json)
    address: Mapped[str] = mapped_column(Line(64), default="")
    content_type: Mapped[str] = mapped_column(Line(200), default="")
    size: Mapped[int] = mapped_column(default=0)
    event_type: Mapped[str | None] = mapped_column(Line(200))
    provider_id: Mapped[str | None] = mapped_column(Line(200))
    verification: Mapped[str] = mapped_column(Line(12), default="none")
    reason: Mapped[str] = mapped_column(Words, default="")
    duplicate_of: Mapped[str | None] = mapped_column(Id)
    part_of: Mapped[str | None] = mapped_column(Id)
    part: Mapped[int | None] = mapped_column()
    sample: Mapped[bool] = mapped_column(default=False)
    pinned: Mapped[bool] = mapped_column(default=False, server_default=false())
    gist: Mapped[str] = mapped_column(Line(200), default="")
    matched: Mapped[int] = mapped_column(default=0)
    judged: Mapped[int] = mapped_column(default=0)
    judged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    tries: Mapped[int] = mapped_column(default=0)
    lease_token: Mapped[str | None] = mapped_column(Id)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_rung_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class EventBody(Base):
    """The body of an event, byte for byte as it arrived."""

    __tablename__ = "event_body"

    event_id: Mapped[str] = mapped_column(
        ForeignKey(Event.id, ondelete="CASCADE"), primary_key=True
    )
    body: Mapped[bytes] = mapped_column(Bytes)


_put_events = inserting(Event)
_put_bodies = inserting(EventBody)


def add_events(events: Sequence[Mapping[str, Any]], bodies: Mapping[str, bytes]) -> None:
    """Store events, as rows by column name, and the exact bytes by the id of the event that holds
    them (in the caller's transaction)."""
    _put_events(events)
    _put_bodies([{"event_id": event_id, "body": body} for event_id, body in bodies.items()])


def event(workspace_id: str, event_id: str) -> Event | None:
    """One of the workspace's events."""
    return db.session.scalar(
        select(Event).where(Event.workspace_id == workspace_id, Event.id == event_id)
    )


def events_by_id(workspace_id: str, event_ids: Sequence[str]) -> list[Event]:
    """Those of the workspace's events that have these ids, newest first."""
    if not event_ids:
        return []
    found = select(Event).where(Event.workspace_id == workspace_id, Event.id.in_(event_ids))
    return list(db.session.scalars(found.order_by(Event.id.desc())))


def lock_event(event_id: str) -> None:
    """Let nobody else plan for this event until the commit; SQLite's writers are alone anyway."""
    db.session.execute(select(Event.id).where(Event.id == event_id).with_for_update(key_share=True))


def event_by_id(event_id: str) -> Event:
    """The event with this id, for the worker; it must exist."""
    return db.session.get_one(Event, event_id)


def body_of(event_id: str) -> bytes | None:
    """The exact bytes, or None when they are no longer kept."""
    return bodies_of([event_id]).get(event_id)


def bodies_of(event_ids: Sequence[str]) -> dict[str, bytes]:
    """The exact bytes of several events, by event id; of a batch the whole."""
    if not event_ids:
        return {}
    rows = db.session.execute(
        select(Event.id, EventBody.body)
        .join(EventBody, EventBody.event_id == body_id())
        .where(Event.id.in_(event_ids))
    )
    return {event_id: body for event_id, body in rows}


def body_id() -> ColumnElement[str]:
    """The id under which the body of an event is kept."""
    return func.coalesce(Event.part_of, Event.id)


class Readable(NamedTuple):
    """What is needed to read an event as people may see it: the exact bytes, their content type,
    its place in a batch, what else was sent with it, its hook."""

    body: bytes
    content_type: str
    part: int | None
    headers: list[list[str]]
    query: str
    hook: HookSeen


def readable_bodies_of(event_ids: Sequence[str]) -> dict[str, Readable]:
    """What is needed to read several events, by event id."""
    rows = db.session.execute(
        select(
            Event.id,
            EventBody.body,
            Event.content_type,
            Event.part,
            Event.headers,
            Event.query,
            *(getattr(Hook, name) for name in HookSeen._fields),
        )  # fmt: skip
        .join(EventBody, EventBody.event_id == body_id())
        .join(Hook, Hook.id == Event.hook_id)
        .where(Event.id.in_(event_ids))
    )
    return {row[0]: Readable._make((*row[1:6], HookSeen._make(row[6:]))) for row in rows}


def duplicates_of(event_id: str) -> list[Event]:
    """Later deliveries of the same event, oldest first."""
    found = select(Event).where(Event.duplicate_of == event_id)
    return list(db.session.scalars(found.order_by(Event.id)))


def count_refused(hook_id: str, since: datetime) -> int:
    """How many of the hook's requests were refused since then."""
    refused = select(func.count()).where(
        Event.hook_id == hook_id, Event.id >= first_id("evt", since), Event.state == "refused"
    )
    return db.session.scalar(refused) or 0


def count_held(hook_id: str) -> int:
    """How many of the hook's events are held."""
    held = select(func.count()).where(Event.hook_id == hook_id, Event.state == "held", WAITING)
    return db.session.scalar(held) or 0


def release_held(hook_id: str) -> list[str]:
    """Let the hook's held events be judged; their ids, oldest first."""
    released = db.session.scalars(
        update(Event)
        .where(Event.hook_id == hook_id, Event.state == "held")
        .values(state="received", reason="")
        .returning(Event.id)
        .execution_options(synchronize_session=False)
    )
    return sorted(released)


def old_bodies(before: datetime, limit: int = 500) -> list[str]:
    """The events older than that whose bodies are still kept, up to `limit`; a body stays while
    an event is pinned that it belongs to, in whole or in part."""
    found = (
        select(EventBody.event_id)
        .join(Event, Event.id == EventBody.event_id)
        .where(
            EventBody.event_id < first_id("evt", before),
            Event.received_at < before,
            Event.pinned.is_(False),
            EventBody.event_id.not_in(
                select(Event.part_of).where(Event.pinned.is_(True), Event.part_of.is_not(None))
            ),
        )
        .order_by(EventBody.event_id)
        .limit(limit)
    )
    return list(db.session.scalars(found))


def parts_of(event_ids: Sequence[str]) -> list[str]:
    """The events that share the bodies of these, which came first in their batches."""
    if not event_ids:
        return []
    # What is in one batch got its ids within a moment.
    within = first_id("evt", moment_of(max(event_ids)) + timedelta(seconds=10))
    found = select(Event.id).where(
        Event.id > min(event_ids), Event.id < within, Event.part_of.in_(event_ids)
    )
    return list(db.session.scalars(found))


def forget_bodies(event_ids: Sequence[str]) -> int:
    """Delete the bodies of these events; how many there were."""
    return change(delete(EventBody).where(EventBody.event_id.in_(event_ids)))
