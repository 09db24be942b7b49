"""What costs money is sent unasked only up to a limit; beyond it runs are held for a person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from rulebook.actions import ACTIONS, Limit
from rulebook.storage import held
from rulebook.storage.runs import Run

_HELD = ("state", "held_for", "next_attempt_at", "sentence", "fix")
_UNASKED = {"rule": "the most that one rule sends", "workspace": "the most that all rules send"}


def within_limits(planned: Sequence[Run], now: datetime) -> list[Run]:
    """Hold those of the planned runs that would cost more than may be spent unasked; returns them.
    Call it in the transaction that stores the runs, before they are added to the session and
    before any hook is locked: until its commit nobody else counts what these workspaces spend."""
    costing = [
        run
        for run in planned
        if run.state == "queued" and not run.practice and ACTIONS[run.action].limits
    ]
    if not costing:
        return []
    held.lock_spending({run.workspace_id for run in costing})
    spent: dict[tuple[str, Limit, str], int] = {}
    for run in costing:
        limits = {limit: _of(limit, run) for limit in ACTIONS[run.action].limits}
        for limit, of in limits.items():
            if (run.action, limit, of) not in spent:
                since = now - timedelta(seconds=limit.seconds)
                spent[run.action, limit, of] = held.count_costing(limit.per, of, run.action, since)
        reached = next(
            (lim for lim, of in limits.items() if spent[run.action, lim, of] >= lim.most), None
        )
        if reached:
            _hold(run, reached)
            continue
        run.costs_at = now
        for limit, of in limits.items():
            spent[run.action, limit, of] += 1
    return [run for run in costing if run.state == "held"]


def hold_beyond_limits(planned: Sequence[dict[str, Any]], now: datetime) -> None:
    """The same for planned runs that are rows by column name; call it before they are stored."""
    costing = [row for row in planned if row["state"] == "queued" and ACTIONS[row["action"]].limits]
    if costing:
        judged = [Run(**row) for row in costing]
        within_limits(judged, now)
        for row, run in zip(costing, judged, strict=True):
            if run.state == "held":
                row |= {name: getattr(run, name) for name in _HELD}
            row["costs_at"] = run.costs_at


def _of(limit: Limit, run: Run) -> str:
    return run.rule_id if limit.per == "rule" else run.workspace_id


def _spent(action: str, limit: Limit, of: str, now: datetime) -> int:
    since = now - timedelta(seconds=limit.seconds)
    return held.count_costing(limit.per, of, action, since)


def _hold(run: Run, limit: Limit) -> None:
    run.state, run.held_for, run.next_attempt_at = "held", "limit", None
    run.sentence = f"Held: {limit.said} is {_UNASKED[limit.per]} without asking."
    run.fix = "Release it if it should be sent, or cancel it."
