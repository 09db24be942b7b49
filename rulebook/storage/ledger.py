"""The list of runs: narrowed, read page by page, counted.

When a run was planned stands in its id, so time narrows by the index that the list goes along.
Whom a run went to stands in its summary alone: that is looked for among so many runs at once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, func, select

from rulebook.storage.base import first_id
from rulebook.storage.engine import db
from rulebook.storage.hooks import Hook
from rulebook.storage.rules import Rule
from rulebook.storage.runs import LASTING, PASSING, Run

MOST_LOOKED = 5_000


@dataclass(frozen=True)
class RunFilter:
    """What a list of runs is narrowed by; None leaves a thing open. to: words of the summary."""

    state: str | None = None
    hook_id: str | None = None
    rule_id: str | None = None
    connection_id: str | None = None
    states: tuple[str, ...] = ()
    practice: bool | None = None
    after: datetime | None = None
    before: datetime | None = None
    to: str | None = None


class Page(NamedTuple):
    """Some runs, newest first, and where to go on. unfinished: there was more to look at than is
    looked at in one go."""

    runs: list[Run]
    next: str | None = None
    unfinished: bool = False


def page(workspace_id: str, narrowed: RunFilter, limit: int, before_id: str | None = None) -> Page:
    """Runs newest first, older than the cursor `before_id`: at most `limit`. Not for `to`."""
    found = page_of_runs(workspace_id, narrowed, limit + 1, before_id)
    if len(found) > limit:
        return Page(found[:limit], found[limit - 1].id)
    return Page(found)


def page_of_runs(
    workspace_id: str,
    narrowed: RunFilter,
    limit: int,
    before_id: str | None = None,
    from_id: str | None = None,
) -> list[Run]:
    """Runs newest first, at most `limit`, older than `before_id`, down to `from_id`."""
    found = select(Run).where(Run.workspace_id == workspace_id, *_narrow(narrowed))
    if before_id:
        found = found.where(Run.id < before_id)
    if from_id:
        found = found.where(Run.id >= from_id)
    return list(db.session.scalars(found.order_by(Run.id.desc()).limit(limit)))


def looked_down_to(workspace_id: str, narrowed: RunFilter, before_id: str | None) -> str | None:
    """The last run that is looked at in one go; None when that is all of them."""
    looked = select(Run.id).where(Run.workspace_id == workspace_id, *_cheap(narrowed))
    if before_id:
        looked = looked.where(Run.id < before_id)
    return db.session.scalar(looked.order_by(Run.id.desc()).offset(MOST_LOOKED - 1).limit(1))


def count_newer(workspace_id: str, narrowed: RunFilter, than_id: str, limit: int = 100) -> int:
    """How many runs were planned after this one, counted up to `limit`."""
    newer = select(Run.id).where(
        Run.workspace_id == workspace_id, Run.id > than_id, *_narrow(narrowed)
    )
    return _count(newer, limit)


def count_runs(workspace_id: str, narrowed: RunFilter, limit: int) -> int:
    """How many runs fit, counted up to `limit`."""
    mine = _of_workspace(workspace_id, narrowed)
    return _count(select(Run.id).where(mine, *_narrow(narrowed)), limit)


def _of_workspace(workspace_id: str, narrowed: RunFilter) -> ColumnElement[bool]:
    """That runs are the workspace's. Where all runs of a hook or a rule are asked for, that one
    says it: the index of its runs is then enough, and no row of a thousand is read, which lie far
    apart where a hook has few of many."""
    for name, noun in (("hook_id", Hook), ("rule_id", Rule)):
        column: ColumnElement[str] = getattr(Run, name)
        owner = getattr(narrowed, name)
        rest: dict[str, Any] = {name: None, "after": None, "before": None}
        if owner and replace(narrowed, **rest) == RunFilter():
            theirs = select(noun.id).where(noun.workspace_id == workspace_id, noun.id == owner)
            return column == theirs.scalar_subquery()
    return Run.workspace_id == workspace_id


def _count(found: Any, limit: int) -> int:
    return db.session.scalar(select(func.count()).select_from(found.limit(limit).subquery())) or 0


def _narrow(narrowed: RunFilter) -> list[Any]:
    found = _cheap(narrowed)
    if narrowed.to:
        found.append(Run.summary.icontains(narrowed.to, autoescape=True))
    return found


def _cheap(narrowed: RunFilter) -> list[Any]:
    """What an index or a glance at a row tells."""
    wanted = (
        (Run.state, narrowed.state),
        (Run.hook_id, narrowed.hook_id),
        (Run.rule_id, narrowed.rule_id),
        (Run.connection_id, narrowed.connection_id),
    )
    found: list[Any] = [column == value for column, value in wanted if value]
    states = narrowed.states or ((narrowed.state,) if narrowed.state else ())
    if narrowed.states:
        found.append(Run.state.in_(narrowed.states))
    if states and not set(states) & set(PASSING):
        found.append(LASTING)
    if narrowed.practice is not None:
        found.append(Run.practice.is_(narrowed.practice))
    if narrowed.after:
        found.append(Run.id >= first_id("run", narrowed.after))
    if narrowed.before:
        found.append(Run.id < first_id("run", narrowed.before))
    return found
