"""What the search index is made from: events, bodies, rules met, messages sent."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Row, Select, select

from rulebook.storage.engine import db
from rulebook.storage.events import Event, EventBody, body_id
from rulebook.storage.hooks import Hook, HookSeen
from rulebook.storage.runs import LASTING, PASSING, Run
from rulebook.storage.verdicts import Verdict


class Source(NamedTuple):
    """An event as the index needs it; body None: no longer kept."""

    id: str
    workspace_id: str
    hook_id: str
    event_type: str | None
    provider_id: str | None
    state: str
    matched: int
    verification: str
    gist: str
    headers: list[list[str]]
    query: str
    content_type: str
    part: int | None
    body: bytes | None
    hook: HookSeen


_SOURCES: Select[Any] = (
    select(
        *(getattr(Event, name) for name in Source._fields[:-2]),
        EventBody.body,
        *(getattr(Hook, name) for name in HookSeen._fields),
    )
    .join(Hook, Hook.id == Event.hook_id)
    .outerjoin(EventBody, EventBody.event_id == body_id())
)


def sources_between(after_id: str, before_id: str, limit: int) -> list[Source]:
    """Events of all workspaces between two ids, oldest first."""
    found = _SOURCES.where(Event.id > after_id, Event.id < before_id)
    return _sources(db.session.execute(found.order_by(Event.id).limit(limit)).all())


def sources_of(event_ids: Collection[str]) -> list[Source]:
    """These events, oldest first; those that there are."""
    found = _SOURCES.where(Event.id.in_(event_ids))
    return _sources(db.session.execute(found.order_by(Event.id)).all())


def _sources(rows: Sequence[Row[Any]]) -> list[Source]:
    last = len(Source._fields) - 1
    return [Source._make((*row[:last], HookSeen._make(row[last:]))) for row in rows]


def ids_between(after_id: str, before_id: str, limit: int) -> list[str]:
    """The ids of events of all workspaces between two ids, oldest first."""
    found = select(Event.id).where(Event.id > after_id, Event.id < before_id)
    return list(db.session.scalars(found.order_by(Event.id).limit(limit)))


def ids_of_hook(hook_id: str, below_id: str, limit: int) -> list[str]:
    """The ids of a hook's events below this one, newest first."""
    found = select(Event.id).where(Event.hook_id == hook_id, Event.id < below_id)
    return list(db.session.scalars(found.order_by(Event.id.desc()).limit(limit)))


def states_of(event_ids: Collection[str]) -> dict[str, str]:
    """The states of these events."""
    rows = db.session.execute(select(Event.id, Event.state).where(Event.id.in_(event_ids)))
    return {event_id: state for event_id, state in rows}


def rules_met(event_ids: Collection[str]) -> dict[str, set[str]]:
    """The rules that each of these events met, replays included."""
    rows = db.session.execute(
        select(Verdict.event_id, Verdict.rule_id).where(
            Verdict.event_id.in_(event_ids), Verdict.met
        )
    )
    found: dict[str, set[str]] = {}
    for event_id, rule_id in rows:
        found.setdefault(event_id, set()).add(rule_id)
    return found


def messages_of(event_ids: Collection[str]) -> list[tuple[str, str, dict[str, Any] | None]]:
    """Of each run of these events: the event, the run's summary, and its message."""
    rows = db.session.execute(
        select(Run.event_id, Run.summary, Run.message).where(Run.event_id.in_(event_ids))
    )
    return [(event_id, summary, message) for event_id, summary, message in rows]


def replayed_after(run_id: str, limit: int) -> tuple[set[str], str]:
    """The events of runs that a person began after this run, and the last run looked at."""
    found = select(Run.id, Run.event_id, Run.replay_no).where(Run.id > run_id)
    rows = db.session.execute(found.order_by(Run.id).limit(limit)).all()
    last: str = rows[-1][0] if rows else run_id
    return {event_id for _, event_id, number in rows if number}, last


def events_in_states(
    workspace_id: str, states: Sequence[str], before_id: str | None, limit: int
) -> list[str]:
    """The events of which a run is in one of these states, newest first."""
    found = select(Run.event_id).where(Run.workspace_id == workspace_id, Run.state.in_(states))
    if not set(states) & set(PASSING):
        found = found.where(LASTING)
    if before_id:
        found = found.where(Run.event_id < before_id)
    found = found.distinct().order_by(Run.event_id.desc()).limit(limit)
    return list(db.session.scalars(found))
