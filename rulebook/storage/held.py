"""Runs that are kept back: made to wait for a target, held for a person, let go again; and how
many were let through of those that cost money."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select, update

from rulebook.storage.engine import change, db
from rulebook.storage.runs import LASTING, Run
from rulebook.storage.workspaces import Workspace

MOST_LOOKED = 1_000


@dataclass(frozen=True)
class HeldFilter:
    """Which of a workspace's held runs; None leaves a thing open."""

    held_for: str | None = None
    target: str | None = None
    rule_id: str | None = None
    run_ids: Collection[str] | None = None


def first_to_expire(workspace_id: str, rule_ids: Collection[str]) -> dict[str, datetime]:
    """When the first of the runs that are held for a word about them is too old, by rule. Of very
    many the oldest are looked at, which may leave out a rule."""
    oldest = (
        select(Run.rule_id, Run.expires_at)
        .where(*_held(workspace_id, HeldFilter(held_for="limit")), LASTING)
        .order_by(Run.id)
        .limit(MOST_LOOKED)
    )
    found: dict[str, datetime] = {}
    for rule_id, at in db.session.execute(oldest) if rule_ids else ():
        if rule_id in rule_ids and at:
            found[rule_id] = min(at, found.get(rule_id, at))
    return found


def postpone(run_ids: Collection[str], until: datetime, sentence: str) -> int:
    """Move waiting runs to a later moment, never to an earlier one; no try is counted."""
    return change(
        update(Run)
        .where(Run.id.in_(run_ids), Run.state == "queued", Run.next_attempt_at < until)
        .values(next_attempt_at=until, sentence=sentence, fix="")
    )


def hold(run_ids: Collection[str], held_for: str, sentence: str, fix: str) -> int:
    """Hold waiting runs for a person."""
    return change(
        update(Run)
        .where(Run.id.in_(run_ids), Run.state == "queued")
        .values(state="held", held_for=held_for, sentence=sentence, fix=fix)
    )


def hold_target(workspace_id: str, target: str, held_for: str, sentence: str, fix: str) -> int:
    """Hold all waiting runs of a target. Those that another is just changing are passed over:
    they are stopped when they are about to be tried."""
    waiting = (
        select(Run.id)
        .where(Run.workspace_id == workspace_id, Run.target == target, Run.state == "queued")
        .with_for_update(skip_locked=True)
    )
    return change(
        update(Run)
        .where(Run.id.in_(waiting), Run.state == "queued")
        .values(state="held", held_for=held_for, sentence=sentence, fix=fix)
    )


def release_held(workspace_id: str, which: HeldFilter, now: datetime) -> list[str]:
    """Let held runs go on, as long as they are not too late; their ids. What costs money costs it
    from now on."""
    released = db.session.scalars(
        update(Run)
        .where(*_held(workspace_id, which), Run.expires_at > now)
        .values(
            state="queued", held_for="", next_attempt_at=now, last_rung_at=None, fix="",
            sentence="Was held; a person let it go on.", costs_at=_costs(which, now),
        )
        .returning(Run.id)
        .execution_options(synchronize_session=False)
    )  # fmt: skip
    return sorted(released)


def _costs(which: HeldFilter, now: datetime) -> Any:
    return now if which.held_for == "limit" else Run.costs_at


def cancel_held(workspace_id: str, which: HeldFilter, now: datetime) -> int:
    """Cancel held runs; how many there were."""
    return change(
        update(Run)
        .where(*_held(workspace_id, which))
        .values(
            state="cancelled", held_for="", finished_at=now, fix="",
            sentence="Was held; a person cancelled it.",
        )
    )  # fmt: skip


def stop_runs(
    workspace_id: str,
    run_ids: Collection[str],
    states: Collection[str],
    sentence: str,
    now: datetime,
) -> list[str]:
    """Cancel those of these runs that are in one of these states; their ids. Locked in one order,
    so that two who stop the same ones do not wait for each other."""
    these = (
        select(Run.id)
        .where(Run.workspace_id == workspace_id, Run.id.in_(run_ids), Run.state.in_(states))
        .order_by(Run.id)
        .with_for_update()
    )
    locked = db.session.scalars(these).all()
    stopped = db.session.scalars(
        update(Run)
        .where(Run.id.in_(locked), Run.state.in_(states))
        .values(state="cancelled", held_for="", finished_at=now, fix="", sentence=sentence)
        .returning(Run.id)
        .execution_options(synchronize_session=False)
    )
    return sorted(stopped)


def _held(workspace_id: str, which: HeldFilter) -> list[ColumnElement[bool]]:
    wanted = (
        (Run.held_for, which.held_for),
        (Run.target, which.target),
        (Run.rule_id, which.rule_id),
    )
    narrowed = [column == value for column, value in wanted if value is not None]
    if which.run_ids is not None:
        narrowed.append(Run.id.in_(which.run_ids))
    return [Run.workspace_id == workspace_id, Run.state == "held", *narrowed]


def held_by_target(workspace_id: str) -> dict[str, int]:
    """How many runs are held because their target is switched off, by target."""
    rows = db.session.execute(
        select(Run.target, func.count())
        .where(*_held(workspace_id, HeldFilter(held_for="target")))
        .group_by(Run.target)
    )
    return {target: count for target, count in rows}


def held_by_rule(workspace_id: str, rule_ids: Collection[str]) -> dict[str, int]:
    """How many runs of these rules are held because of what they cost, by rule."""
    rows = db.session.execute(
        select(Run.rule_id, func.count())
        .where(*_held(workspace_id, HeldFilter(held_for="limit")), Run.rule_id.in_(rule_ids))
        .group_by(Run.rule_id)
    )
    return {rule_id: count for rule_id, count in rows}


def lock_spending(workspace_ids: Collection[str]) -> None:
    """Until the commit, nobody else counts what these workspaces spend."""
    rows = select(Workspace.id).where(Workspace.id.in_(workspace_ids)).order_by(Workspace.id)
    db.session.execute(rows.with_for_update(key_share=True)).all()


def count_costing(per: str, of: str, action: str, since: datetime) -> int:
    """How many runs of an action a rule or a workspace (`per`) has let through since then. Those
    that ended without a try cost nothing."""
    whose = Run.rule_id if per == "rule" else Run.workspace_id
    found = select(func.count()).where(
        whose == of,
        Run.costs_at > since,
        Run.action == action,
        (Run.attempts > 0) | Run.finished_at.is_(None),
    )
    return db.session.scalar(found) or 0
