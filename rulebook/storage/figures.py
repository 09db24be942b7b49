"""What a person has to know of at a glance, counted: failures that nobody retried, waiting work."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    TextClause,
    case,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import aliased

from rulebook.storage.audit import AuditEntry
from rulebook.storage.base import first_id
from rulebook.storage.engine import db
from rulebook.storage.events import POISON, WAITING, Event
from rulebook.storage.hooks import Hook
from rulebook.storage.rules import Rule, RuleVersion
from rulebook.storage.runs import LASTING, Run

# No run waits longer before it ends, however often it is tried.
LONGEST_LIFE = timedelta(days=8)


# The contrary of `Run.never_sendable`, among failed runs.
_SENDABLE = or_(Run.attempts > 0, Run.finished_at != Run.created_at)
_THAT_CAN = func.sum(case((_SENDABLE, 1), else_=0))


@dataclass(frozen=True)
class Heap:
    """Several things of one rule or hook: how many, since when, the newest one's id, and how many
    of them are failed runs that can be retried."""

    of: str
    count: int
    since: datetime
    newest: str
    again: int = 0


def in_need_by_rule(workspace_id: str, since: datetime) -> dict[str, list[Heap]]:
    """Runs that need a person, by kind and rule, oldest heap first: `unknown` may have been sent;
    `failed` failed since then and nobody retried them; `held` wait for a word about them, and not
    about their target, which is switched off."""
    kinds: list[tuple[str, Any, Any, list[ColumnElement[bool] | TextClause]]] = [
        ("unknown", Run.created_at, literal(0), [Run.state == "unknown"]),
        ("failed", Run.finished_at, _THAT_CAN, [*_failed(workspace_id), *_ended_since(since)]),
        ("held", Run.created_at, literal(0), [Run.state == "held", Run.held_for != "target"]),
    ]
    asked = [
        select(literal(kind), Run.rule_id, func.count(), func.min(moment), func.max(Run.id), again)
        .where(Run.workspace_id == workspace_id, LASTING, *those)
        .group_by(Run.rule_id)
        for kind, moment, again, those in kinds
    ]
    rows = db.session.execute(union_all(*asked)).all()
    return {
        kind: sorted(_heaps(row[1:] for row in rows if row[0] == kind), key=lambda heap: heap.since)
        for kind, _, _, _ in kinds
    }


def failed_since(workspace_id: str, rule_id: str, since: datetime) -> Heap | None:
    """The runs of a rule that failed since then and were not retried; None where there is none."""
    rows = db.session.execute(
        select(
            literal(rule_id), func.count(), func.min(Run.finished_at), func.max(Run.id), _THAT_CAN
        ).where(*_failed(workspace_id), Run.rule_id == rule_id, *_ended_since(since))
    )
    return next(iter(_heaps(rows)), None)


def failed_runs(
    workspace_id: str, rule_id: str | None, limit: int, since: datetime | None = None
) -> list[Run]:
    """Failed runs that nobody retried and that can be, of one rule or of all, newest first; since:
    those alone that failed then or later."""
    found = select(Run).where(*_failed(workspace_id), _SENDABLE)
    if rule_id:
        found = found.where(Run.rule_id == rule_id)
    if since:
        found = found.where(*_ended_since(since))
    return list(db.session.scalars(found.order_by(Run.id.desc()).limit(limit)))


def count_failed(workspace_id: str, rule_id: str | None, most: int) -> int:
    """How many failed runs nobody retried and can be, of one rule or of all, counted up to
    `most`."""
    found = select(Run.id).where(*_failed(workspace_id), _SENDABLE)
    if rule_id:
        found = found.where(Run.rule_id == rule_id)
    return db.session.scalar(select(func.count()).select_from(found.limit(most).subquery())) or 0


def watched_by(version_ids: Collection[str], most: int = 100) -> dict[str, int]:
    """For how many events versions of rules in Watch mode would have sent something, counted up to
    `most`; by version, none left out."""
    found = {}
    for version_id in version_ids:
        rule_id = select(RuleVersion.rule_id).where(RuleVersion.id == version_id).scalar_subquery()
        events = select(Run.event_id).distinct().where(
            Run.rule_id == rule_id, Run.rule_version_id == version_id, Run.state == "watched"
        )  # fmt: skip
        counted = select(func.count()).select_from(events.limit(most).subquery())
        found[version_id] = db.session.scalar(counted) or 0
    return found


def _failed(workspace_id: str) -> list[ColumnElement[bool] | TextClause]:
    newer = aliased(Run)
    retried = select(newer.id).where(
        newer.event_id == Run.event_id,
        # Hidden from the index of rules, which would read all that a rule ever did.
        func.coalesce(newer.rule_id, "") == Run.rule_id,
        newer.step_id == Run.step_id,
        func.coalesce(newer.id, "") > Run.id,
    )
    return [Run.workspace_id == workspace_id, Run.state == "failed", LASTING, ~retried.exists()]


def _ended_since(since: datetime) -> list[ColumnElement[bool]]:
    return [Run.id >= first_id("run", since - LONGEST_LIFE), Run.finished_at >= since]


def poison_by_hook(workspace_id: str, since: datetime) -> list[Heap]:
    """Events since then that could not be judged, one heap for each hook; oldest heap first."""
    first = func.min(Event.received_at)
    rows = db.session.execute(
        select(Event.hook_id, func.count(), first, func.max(Event.id))
        .where(
            Event.workspace_id == workspace_id,
            POISON,
            Event.id >= first_id("evt", since),
            Event.received_at >= since,
        )
        .group_by(Event.hook_id)
        .order_by(first)
    )
    return _heaps(rows)


def _heaps(rows: Iterable[Sequence[Any]]) -> list[Heap]:
    return [Heap(of, count, since, *more) for of, count, since, *more in rows if since]


def in_doubt(workspace_id: str, limit: int) -> list[Run]:
    """Runs that may have been sent, oldest first."""
    found = select(Run).where(Run.workspace_id == workspace_id, Run.state == "unknown", LASTING)
    return list(db.session.scalars(found.order_by(Run.id).limit(limit)))


def waiting_runs(workspace_id: str, limit: int) -> list[Run]:
    """Runs that wait, are being sent or are held, oldest first."""
    found = select(Run).where(
        Run.workspace_id == workspace_id, Run.state.in_(("queued", "sending", "held"))
    )
    return list(db.session.scalars(found.order_by(Run.id).limit(limit)))


def oldest_late(workspace_id: str, before: datetime) -> datetime | None:
    """Since when the oldest thing waits that should have been done before that moment."""
    waiting = (Event.state.in_(("received", "processing")), WAITING)
    events = select(func.min(Event.received_at)).where(
        Event.workspace_id == workspace_id, *waiting, Event.received_at < before
    )
    due = select(func.min(Run.next_attempt_at)).where(
        Run.workspace_id == workspace_id, Run.state == "queued", Run.next_attempt_at < before
    )
    oldest = db.session.scalars(union_all(events, due))
    return min((moment for moment in oldest if moment), default=None)


def open_counts(workspace_id: str) -> dict[str, int]:
    """How many runs are in each state in which something is still to happen, and failed ones."""
    counted = select(Run.state, func.count()).where(Run.workspace_id == workspace_id)
    found: dict[str, int] = {}
    # Each half has an index that holds little else.
    for half in (
        counted.where(Run.state.in_(("unknown", "held", "failed")), LASTING),
        counted.where(Run.state.in_(("queued", "sending"))),
    ):
        found |= {state: count for state, count in db.session.execute(half.group_by(Run.state))}
    return found


def last_success(rule_id: str, among: int = 500) -> datetime | None:
    """When the last of the rule's newest runs succeeded."""
    newest = (
        select(Run.state, Run.finished_at)
        .where(Run.rule_id == rule_id)
        .order_by(Run.id.desc())
        .limit(among)
        .subquery()
    )
    return db.session.scalar(
        select(newest.c.finished_at)
        .where(newest.c.state == "succeeded")
        .order_by(newest.c.finished_at.desc())
        .limit(1)
    )


def any_event(workspace_id: str) -> bool:
    """Whether anything has ever arrived."""
    return _exists(select(Event.id).where(Event.workspace_id == workspace_id))


def any_done(workspace_id: str) -> bool:
    """Whether any message was ever sent, or kept by the Practice outbox."""
    return _exists(select(Run.id).where(Run.workspace_id == workspace_id, Run.state == "succeeded"))


def _exists(found: Select[str]) -> bool:
    return db.session.scalar(found.limit(1)) is not None


def rule_names(workspace_id: str, rule_ids: Collection[str]) -> dict[str, str]:
    """The names of rules by id, those of deleted ones included."""
    if not rule_ids:
        return {}
    rows = db.session.execute(
        select(Rule.id, Rule.name).where(Rule.workspace_id == workspace_id, Rule.id.in_(rule_ids))
    )
    return {rule_id: name for rule_id, name in rows}


def hook_names(workspace_id: str, hook_ids: Collection[str] | None = None) -> dict[str, str]:
    """The names of all hooks, or of some, by id; those of deleted ones included."""
    found = select(Hook.id, Hook.name).where(Hook.workspace_id == workspace_id)
    if hook_ids is not None:
        found = found.where(Hook.id.in_(hook_ids))
    return {hook_id: name for hook_id, name in db.session.execute(found.order_by(Hook.id))}


def last_noted(workspace_id: str, what: str) -> dict[str, datetime]:
    """When `what` was last done to each thing, by the thing's id."""
    rows = db.session.execute(
        select(AuditEntry.thing, func.max(AuditEntry.created_at))
        .where(AuditEntry.workspace_id == workspace_id, AuditEntry.what == what)
        .group_by(AuditEntry.thing)
    )
    return {thing: moment for thing, moment in rows}
