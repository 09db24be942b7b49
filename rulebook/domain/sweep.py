"""The net under everything: what is due and was not rung, what a dead worker held, what is old."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from rulebook.domain.clock import Clock, follow
from rulebook.domain.house import house
from rulebook.domain.indexing import forget_words
from rulebook.domain.tallying import count_ended
from rulebook.storage import (
    db,
    deliveries,
    event_claims,
    events,
    lazily,
    reading,
    runs,
    tallies,
    utcnow,
)


@dataclass(frozen=True)
class Due:
    """What is to be rung now, by id; `rescued` counts what had to be taken from dead workers."""

    events: list[str]
    runs: list[str]
    rescued: int


def sweep(now: datetime | None = None, everything: bool = False, clock: Clock | None = None) -> Due:
    """One round. Two sweepers at once are harmless. everything: also what was rung for lately,
    because the one who heard it may be gone. clock: whether leases can be judged. Commits."""
    now = now or utcnow()
    rescued, sure = 0, False
    if clock:
        clock.look(now)
        sure = clock.sure
        if not clock.followed:
            everything |= follow(clock, now)
    if clock is None or not clock.paused:
        rescued = event_claims.free_expired_events(now, sure) + runs.free_expired_runs(now, sure)
    count_ended(((run, "failed") for run in runs.expire_runs(now)), now)
    due = Due(event_claims.due_events(now, everything), runs.due_runs(now, everything), rescued)
    db.session.commit()
    if clock:
        clock.followed = True
    with lazily():  # what a power cut takes of it is folded again
        tallies.fold()
        db.session.commit()
    return due


def prune(now: datetime | None = None) -> int:
    """Forget up to 500 bodies whose time is over, with their words, and old delivery ids. Returns
    how many bodies."""
    now = now or utcnow()
    days = timedelta(days=house().config["RETENTION_DAYS"])
    with reading():  # the index may be in other hands for seconds: no writer waits meanwhile
        old = events.old_bodies(now - days)
        parts = events.parts_of(old)
        db.session.commit()
    forget_words([*old, *parts])  # first: what fails after it is forgotten again
    still = set(events.old_bodies(now - days)).intersection(old)  # none that was pinned meanwhile
    forgotten = events.forget_bodies(sorted(still))
    deliveries.forget_keys(now)
    tallies.forget_tallies(now - tallies.KEPT)
    db.session.commit()
    return forgotten
