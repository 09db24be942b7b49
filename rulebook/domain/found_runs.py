"""Runs found by what a list asks for. Whom a run went to is asked of its summary as people may see
it, so that nobody finds out a hidden receiver by guessing."""

from __future__ import annotations

from collections.abc import Sequence

from rulebook.domain.shown_runs import runs_shown
from rulebook.storage import ledger
from rulebook.storage.ledger import Page, RunFilter
from rulebook.storage.runs import Run

STEP = 100


def page(workspace_id: str, narrowed: RunFilter, limit: int, before_id: str | None = None) -> Page:
    """Runs newest first, older than the cursor `before_id`: at most `limit`."""
    if not narrowed.to:
        return ledger.page(workspace_id, narrowed, limit, before_id)
    floor = ledger.looked_down_to(workspace_id, narrowed, before_id)
    kept: list[Run] = []
    while len(kept) <= limit:
        some = ledger.page_of_runs(workspace_id, narrowed, STEP, before_id, floor)
        kept += _that_say(some, narrowed.to)
        if len(some) < STEP and len(kept) <= limit:
            return Page(kept, floor, floor is not None)
        if some:
            before_id = some[-1].id
    return Page(kept[:limit], kept[limit - 1].id)


def count_newer(workspace_id: str, narrowed: RunFilter, than_id: str) -> int:
    """How many runs were planned after this one, counted up to 100."""
    if not narrowed.to:
        return ledger.count_newer(workspace_id, narrowed, than_id, STEP)
    newer = ledger.page_of_runs(workspace_id, narrowed, STEP, from_id=f"{than_id}0")
    return len(_that_say(newer, narrowed.to))


def _that_say(some: Sequence[Run], to: str) -> list[Run]:
    """Those whose summary says this to whoever sees it."""
    wanted = to.casefold()
    return [
        run
        for run, shown in zip(some, runs_shown(some), strict=True)
        if wanted in shown.summary.casefold()
    ]
