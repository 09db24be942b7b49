"""Runs that are begun in the very transaction that plans them, where there are places for them:
when little is going on, an action is called one commit and two hand-overs earlier."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from datetime import datetime
from typing import Any, Protocol

from rulebook.domain import breaker
from rulebook.domain.act import not_called, with_credentials
from rulebook.domain.record import Started
from rulebook.failpoints import reach
from rulebook.storage import attempts, commit, lazily, new_id, run_claims
from rulebook.storage.run_claims import Wanted, as_wanted


class Places(Protocol):
    """Where calls are made, at most so many at a time."""

    def take(self, wanted: Sequence[Wanted]) -> list[Wanted]:
        """Those of the runs that have a place from now on."""

    def leave(self, wanted: Sequence[Wanted]) -> None:
        """These do not need theirs."""

    def begin(self, started: Sequence[Started]) -> None:
        """Make the calls of these, which have a place."""


def begin_at_once(
    planned: Sequence[dict[str, Any]],
    write_down: Callable[[], bool],
    now: datetime,
    places: Places | None,
) -> bool:
    """Store planned runs, given as rows, in one commit with whatever `write_down` writes before;
    False when it says so, and nothing is committed. Those for which there are places are stored as
    claimed, with their attempts, and begun: one commit less on the way of an event, and that one
    waits for the disk. The state of a row says what became of its run."""
    ready = [as_wanted(row) for row in planned if row["state"] == "queued" and not row["needs"]]
    placed = {each.id: each for each in (places.take(ready) if places and ready else ())}
    claimed: list[Started] = []
    written = False
    unsure: Exception | None = None
    try:
        # Without a call nothing is lost that a power cut takes: it is judged again.
        with nullcontext() if placed else lazily():
            if write_down():
                claimed = _claim_planned(planned, placed, now)
                run_claims.add_runs(planned)
                for each in claimed[:1]:
                    tries = [(started.run.id, started.run.attempts) for started in claimed]
                    attempts.start_attempts(tries, each.token, now)
                reach("after_judge")
                unsure = _commit()
                written = unsure is None
    finally:
        begun = {each.run.id for each in claimed} if written or unsure else set()
        if places:
            places.leave([each for run_id, each in placed.items() if run_id not in begun])
    if unsure:
        if places and begun:
            places.begin(not_called(claimed, unsure))
        raise unsure
    if places and begun:
        reach("after_claim")
        places.begin(with_credentials(claimed))
    return written


def _commit() -> Exception | None:
    """What went wrong: then nobody knows whether it was committed all the same."""
    try:
        commit()
    except Exception as problem:
        return problem
    return None


def _claim_planned(
    planned: Sequence[dict[str, Any]], placed: Mapping[str, Wanted], now: datetime
) -> list[Started]:
    """Those that have a place and whose target lets everybody in, claimed."""
    token = new_id("lease")
    rows = [row for row in planned if row["id"] in placed and row["state"] == "queued"]
    open_to_all = breaker.healthy({(row["workspace_id"], row["target"]) for row in rows})
    return [
        Started(run_claims.as_claimed(row, token, now), placed[row["id"]], token, now)
        for row in rows
        if (row["workspace_id"], row["target"]) in open_to_all
    ]
