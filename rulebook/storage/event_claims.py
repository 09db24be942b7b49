"""Events on their way through a worker: claimed many at once, settled many at once, and rung for
again or given back where that did not happen."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, cast

from sqlalchemy import (
    Dialect,
    Executable,
    Integer,
    Table,
    and_,
    bindparam,
    func,
    literal,
    or_,
    select,
    update,
)

from rulebook.storage.base import UtcDateTime
from rulebook.storage.engine import change, db
from rulebook.storage.events import Event, EventBody, body_id
from rulebook.storage.rows import Ask, Many

LEASE = timedelta(seconds=60)
TRIES = 3

_event = cast(Table, Event.__table__)
_now = bindparam("now", type_=UtcDateTime())
_TAKING = (
    update(_event)
    .values(
        state="processing",
        lease_token=bindparam("token"),
        lease_until=bindparam("until", type_=UtcDateTime()),
        tries=_event.c.tries + 1,
    )
    .returning(_event.c.id)
)
_free = or_(
    _event.c.state == "received",
    and_(_event.c.state == "processing", _event.c.lease_until < _now),
)
_these = _event.c.id.in_(bindparam("ids", expanding=True))
_TAKE_THESE = Ask(_TAKING.where(_these, _event.c.state == "received", _event.c.tries == 0))
_TAKE_AGAIN = Ask(_TAKING.where(_these, _free))
_CAME_BACK = Ask(select(_event.c.id).where(_these, _event.c.tries > 0, _free))
# What has failed before comes alone, by its own id: it must not take others along.
_TAKE_WAITING = Ask(
    _TAKING.where(
        _event.c.id.in_(
            select(_event.c.id)
            .where(_event.c.state == "received", _event.c.judged_at.is_(None), _event.c.tries == 0)
            .order_by(_event.c.received_at)
            .limit(bindparam("most", type_=Integer()))
            .with_for_update(skip_locked=True)
        )
    )
)
_SINCE = Ask(select(_event.c.id).where(_event.c.id >= bindparam("first")).limit(1))


def claim_events(event_ids: Sequence[str], token: str, now: datetime, fill: int = 0) -> list[str]:
    """Take these events for judging, and others that wait until there are `fill`, all for the
    first time: the ids of those that nobody has had, oldest first."""
    asked: dict[str, object] = {"token": token, "until": now + LEASE}
    claimed = (
        [row[0] for row in _TAKE_THESE({**asked, "ids": list(event_ids)})] if event_ids else []
    )
    if len(claimed) < fill:
        claimed += [row[0] for row in _TAKE_WAITING({**asked, "most": fill - len(claimed)})]
    return sorted(claimed)


def came_back(event_ids: Collection[str], now: datetime) -> list[str]:
    """Those of these events that somebody had and did not judge, oldest first."""
    return sorted(row[0] for row in _CAME_BACK({"ids": list(event_ids), "now": now}))


def claim_again(event_id: str, token: str, now: datetime) -> bool:
    """Take an event that came back; whether nobody else has it."""
    asked = {"ids": [event_id], "token": token, "until": now + LEASE, "now": now}
    return bool(_TAKE_AGAIN(asked))


def give_back(token: str) -> int:
    """Let others judge what was claimed with this token and is not settled, as if nobody had."""
    return change(
        update(Event)
        .where(Event.lease_token == token, Event.state == "processing", Event.judged_at.is_(None))
        .values(state="received", lease_until=None, tries=Event.tries - 1)
    )


class AtWork(NamedTuple):
    """What judging must know of an event."""

    id: str
    workspace_id: str
    hook_id: str
    received_at: datetime
    method: str
    query: str
    headers: list[list[str]]
    content_type: str
    event_type: str | None
    provider_id: str | None
    verification: str
    part: int | None


_WITH_BODIES = Ask(
    select(*(_event.c[name] for name in AtWork._fields), cast(Table, EventBody.__table__).c.body)
    .outerjoin(EventBody, EventBody.event_id == body_id())
    .where(_event.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(_event.c.id)
)


def with_bodies(event_ids: Sequence[str]) -> list[tuple[AtWork, bytes]]:
    """Several events with their exact bytes, oldest first; empty where they are no longer kept."""
    rows = _WITH_BODIES({"ids": list(event_ids)}) if event_ids else []
    return [(AtWork(*row), body or b"") for *row, body in rows]


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


def finish_events(settled: Mapping[str, Mapping[str, object]], token: str) -> bool:
    """Settle claimed events, given as id -> state, matched, judged, judged_at, gist and reason.
    False when the claim of any of them was lost meanwhile: then nothing must be committed."""
    rows = [
        {"event_id": event_id, "token": token, **{f"new_{k}": v for k, v in values.items()}}
        for event_id, values in settled.items()
    ]
    return _finish(rows) == len(rows)


def free_expired_events(now: datetime, sure: bool = False) -> int:
    """Give events back whose worker died; after three tries they end as poison. sure: also where
    the lease ends later than any can that was taken by today's clock."""
    over = Event.lease_until < now
    if sure:
        over = or_(over, Event.lease_until > now + 2 * LEASE)
    expired = and_(Event.state == "processing", over, Event.judged_at.is_(None))
    change(
        update(Event)
        .where(expired, Event.tries >= TRIES)
        .values(
            state="poison",
            reason="Judging this event failed three times. It is kept; nothing was sent for it.",
        )
    )
    freed = change(update(Event).where(expired).values(state="received"))
    return freed


def due_events(now: datetime, everything: bool = False, limit: int = 500) -> list[str]:
    """Received events that wait longer than they should, oldest first; each stamped as rung."""
    rows = db.session.scalars(
        select(Event.id)
        .where(
            Event.state == "received",
            Event.judged_at.is_(None),
            or_(
                Event.last_rung_at.is_(None) & (Event.received_at < now - timedelta(seconds=2)),
                Event.last_rung_at < now - timedelta(seconds=30),
                literal(everything),
            ),
        )
        .order_by(Event.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    if rows:
        change(update(Event).where(Event.id.in_(rows)).values(last_rung_at=now))
    return list(rows)


def any_since(first: str) -> bool:
    """Whether there is an event with this id or a later one, in any workspace."""
    return bool(_SINCE({"first": first}))


def oldest_waiting(now: datetime) -> datetime | None:
    """When the oldest event that nobody has judged yet came in."""
    return db.session.scalar(
        select(func.min(Event.received_at)).where(
            Event.state.in_(("received", "processing")), Event.judged_at.is_(None)
        )
    )
