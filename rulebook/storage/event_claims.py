"""Events on their way through a worker: claimed many at once, settled many at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import cast

from sqlalchemy import (
    ColumnElement,
    Dialect,
    Executable,
    Table,
    and_,
    bindparam,
    or_,
    select,
    update,
)

from rulebook.storage.engine import db
from rulebook.storage.events import LEASE, Event, EventBody, EventText
from rulebook.storage.rows import Many, inserting


def claim_events(
    event_ids: Sequence[str], token: str, now: datetime, fill: int = 0
) -> list[tuple[str, int]]:
    """Take these events for judging, and others that wait until there are `fill`: the ids of those
    that nobody else has, each with its tries, this one included; oldest first."""
    these = and_(
        Event.id.in_(event_ids),
        or_(
            Event.state == "received",
            and_(Event.state == "processing", Event.lease_until < now),
        ),
    )
    claimed = _claim(these, token, now) if event_ids else []
    if len(claimed) < fill:
        # What has failed before comes alone, by its own id: it must not take others along.
        waiting = (
            select(Event.id)
            .where(Event.state == "received", Event.tries == 0)
            .order_by(Event.received_at)
            .limit(fill - len(claimed))
            .with_for_update(skip_locked=True)
        )
        claimed += _claim(Event.id.in_(waiting), token, now)
    return sorted(claimed)


def _claim(which: ColumnElement[bool], token: str, now: datetime) -> list[tuple[str, int]]:
    taken = (
        update(Event)
        .where(which)
        .values(
            state="processing", lease_token=token, lease_until=now + LEASE, tries=Event.tries + 1
        )
        .returning(Event.id, Event.tries)
    )
    rows = db.session.execute(taken, execution_options={"synchronize_session": False})
    return [(event_id, tries) for event_id, tries in rows]


def with_bodies(event_ids: Sequence[str]) -> list[tuple[Event, bytes]]:
    """Several events with their exact bytes, oldest first; empty where they are no longer kept."""
    rows = db.session.execute(
        select(Event, EventBody.body)
        .outerjoin(EventBody, EventBody.event_id == Event.id)
        .where(Event.id.in_(event_ids))
        .order_by(Event.id)
    )
    return [(event, body or b"") for event, body in rows]


def _finishing(dialect: Dialect) -> Executable:
    event = cast(Table, Event.__table__)
    settled = ("state", "matched", "judged", "judged_at", "gist", "reason")
    return (
        event.update()
        .where(
            event.c.id == bindparam("event_id"),
            event.c.lease_token == bindparam("token"),
            event.c.state == "processing",
        )
        .values(lease_until=None, **{name: bindparam(f"new_{name}") for name in settled})
    )


_finish = Many(_finishing)
_put_texts = inserting(EventText, or_leave=True)


def finish_events(settled: Mapping[str, Mapping[str, object]], token: str) -> bool:
    """Settle claimed events, given as id -> state, matched, judged, judged_at, gist and reason.
    False when the claim of any of them was lost meanwhile: then nothing must be committed."""
    rows = [
        {"event_id": event_id, "token": token, **{f"new_{k}": v for k, v in values.items()}}
        for event_id, values in settled.items()
    ]
    return _finish(rows) == len(rows)


def put_texts(texts: Mapping[str, str]) -> None:
    """Keep the words of events, given by event id, for searching."""
    _put_texts([{"event_id": event_id, "text": words} for event_id, words in texts.items()])
