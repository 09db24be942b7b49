"""Events in lists: narrowed, page by page, the ones beside another, the last ones of a hook."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import Any

from sqlalchemy import Select, func, select

from rulebook.storage.engine import db
from rulebook.storage.events import Event, EventBody, body_id
from rulebook.storage.hooks import Hook


@dataclass(frozen=True)
class EventFilter:
    """What a list of events is narrowed by; None leaves a thing open. state: a state, or matched,
    unmatched, waiting; text, run_states (any run is in one of these) and rule_id (which rule was
    met) are for domain/history.py, which knows where to look."""

    hook_id: str | None = None
    event_type: str | None = None
    state: str | None = None
    text: str | None = None
    after: datetime | None = None
    before: datetime | None = None
    run_states: tuple[str, ...] = ()
    verification: str | None = None
    rule_id: str | None = None


def page_of_events(
    workspace_id: str,
    narrowed: EventFilter,
    limit: int,
    before_id: str | None = None,
    up_to_id: str | None = None,
) -> list[Event]:
    """Events newest first, at most `limit`, older than the cursor `before_id`, or from `up_to_id`
    on."""
    found = _narrow(select(Event).where(Event.workspace_id == workspace_id), narrowed)
    if before_id:
        found = found.where(Event.id < before_id)
    if up_to_id:
        found = found.where(Event.id <= up_to_id)
    return list(db.session.scalars(found.order_by(Event.id.desc()).limit(limit)))


def ids_after(workspace_id: str, after_id: str, before_id: str | None, limit: int) -> list[str]:
    """The ids of the workspace's events after one and before another, newest first."""
    found = select(Event.id).where(Event.workspace_id == workspace_id, Event.id > after_id)
    if before_id:
        found = found.where(Event.id < before_id)
    return list(db.session.scalars(found.order_by(Event.id.desc()).limit(limit)))


def count_newer(workspace_id: str, narrowed: EventFilter, than_id: str, limit: int = 100) -> int:
    """How many events came after this one, counted up to `limit`."""
    newer = _narrow(select(Event.id).where(Event.workspace_id == workspace_id), narrowed)
    newer = newer.where(Event.id > than_id).limit(limit)
    return db.session.scalar(select(func.count()).select_from(newer.subquery())) or 0


def _narrow(found: Select[Any], narrowed: EventFilter) -> Select[Any]:
    if narrowed.hook_id:
        found = found.where(Event.hook_id == narrowed.hook_id)
    if narrowed.event_type:
        found = found.where(Event.event_type == narrowed.event_type)
    if narrowed.state == "matched":
        found = found.where(Event.matched > 0)
    elif narrowed.state == "unmatched":
        found = found.where(Event.state == "done", Event.matched == 0)
    elif narrowed.state:
        found = found.where(Event.state == narrowed.state)
    if narrowed.after:
        found = found.where(Event.received_at >= narrowed.after)
    if narrowed.before:
        found = found.where(Event.received_at < narrowed.before)
    if narrowed.verification:
        found = found.where(Event.verification == narrowed.verification)
    return found


def neighbours(event: Event) -> tuple[str | None, str | None]:
    """The ids of the hook's next older and next newer event."""
    same = select(Event.id).where(Event.hook_id == event.hook_id)
    older = db.session.scalar(same.where(Event.id < event.id).order_by(Event.id.desc()).limit(1))
    newer = db.session.scalar(same.where(Event.id > event.id).order_by(Event.id).limit(1))
    return older, newer


def previous_like(event: Event, among: int = 2_000) -> Event | None:
    """The hook's next older event of the same type, no repeat and with its body, looked for among
    the `among` events before it."""
    before = (
        select(Event.id)
        .where(Event.hook_id == event.hook_id, Event.id < event.id)
        .order_by(Event.id.desc())
        .limit(among)
    )
    same = (
        select(Event)
        .join(EventBody, EventBody.event_id == body_id())
        .where(
            Event.id.in_(before),
            Event.state != "duplicate",
            Event.event_type.is_not_distinct_from(event.event_type),
        )
    )
    return db.session.scalar(same.order_by(Event.id.desc()).limit(1))


def newest(hook_id: str, limit: int, before_id: str | None = None) -> list[Event]:
    """The hook's newest events that were or will be judged, newest first; those before a cursor."""
    found = select(Event).where(
        Event.hook_id == hook_id, Event.state.in_(("received", "processing", "done"))
    )
    if before_id:
        found = found.where(Event.id < before_id)
    return list(db.session.scalars(found.order_by(Event.id.desc()).limit(limit)))


def newer_events(workspace_id: str, hook_id: str, after_id: str, limit: int) -> list[Event]:
    """The hook's events after the cursor `after_id`, oldest first."""
    found = select(Event).where(
        Event.workspace_id == workspace_id, Event.hook_id == hook_id, Event.id > after_id
    )
    return list(db.session.scalars(found.order_by(Event.id).limit(limit)))


def hooks_that_refuse(workspace_id: str, hook_ids: Collection[str]) -> list[Hook]:
    """Those of the hooks that are open and refused what came last, oldest first."""
    last = (
        select(Event.state)
        .where(Event.hook_id == Hook.id)
        .order_by(Event.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    found = select(Hook).where(
        Hook.workspace_id == workspace_id,
        Hook.id.in_(hook_ids),
        Hook.deleted_at.is_(None),
        Hook.paused.is_(False),
        last == "refused",
    )
    return list(db.session.scalars(found.order_by(Hook.id)))


def refused_in_a_row(hook_id: str, among: int = 200) -> tuple[int, Event | None, Event | None]:
    """How many of the hook's newest events were refused since the last one that was not, the newest
    and the first of them."""
    newest = select(Event).where(Event.hook_id == hook_id).order_by(Event.id.desc()).limit(among)
    refused = list(takewhile(lambda each: each.state == "refused", db.session.scalars(newest)))
    return len(refused), refused[0] if refused else None, refused[-1] if refused else None


def last_received(hook_ids: Sequence[str]) -> dict[str, Event]:
    """The newest event of each hook that has any."""
    # One look into the index for each hook, and not at all that it ever received.
    newest_id = select(func.max(Event.id)).where(Event.hook_id == Hook.id).scalar_subquery()
    ids = [
        each for each in db.session.scalars(select(newest_id).where(Hook.id.in_(hook_ids))) if each
    ]
    rows = db.session.scalars(select(Event).where(Event.id.in_(ids)))
    return {event.hook_id: event for event in rows}


def event_types(workspace_id: str, hook_id: str | None = None, among: int = 200) -> list[str]:
    """The types of the newest events, in order of the alphabet."""
    found = select(Event.event_type).where(Event.workspace_id == workspace_id)
    if hook_id:
        found = found.where(Event.hook_id == hook_id)
    newest = found.order_by(Event.id.desc()).limit(among).subquery()
    return sorted(t for t in db.session.scalars(select(newest.c.event_type).distinct()) if t)
