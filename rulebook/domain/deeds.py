"""What can be done to many at once: each deed with a look, which changes nothing, and the doing.

The look asks what the doing asks (`check_retry` and its like), so that a preview promises nothing
that the worker then leaves out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from rulebook.domain.actor import Actor
from rulebook.domain.held import check_release, release
from rulebook.domain.replay import (
    cancel,
    check_cancel,
    check_retry,
    find_run,
    may_have_arrived,
    replay,
    retry,
)
from rulebook.domain.tallying import price_of
from rulebook.errors import Conflict, RulebookError
from rulebook.storage import runs, utcnow
from rulebook.storage.runs import Run

GONE = "It is no longer there."
DOUBTED = "Not sent again, because it may have arrived."


@dataclass
class Preview:
    """What would come of it: how many runs of each action, what they would cost, how many were
    sent already or may have been, and why others are left out. next: where to look further, where
    only the newest were looked at."""

    would: Counter[str] = field(default_factory=Counter)
    cost: Decimal = Decimal(0)
    already_sent: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    looked: int = 0
    next: str | None = None
    examples: list[Run] = field(default_factory=list)

    @property
    def more(self) -> bool:
        """Whether only the newest were looked at."""
        return self.next is not None

    def add(self, run: Run) -> None:
        """This would be done."""
        self.would[run.action] += 1
        self.examples = [*self.examples, run][:5]
        self.cost += price_of(run) or 0


Look = Callable[[Actor, Sequence[str], bool, Preview], None]
Moved = Callable[..., None]
Do = Callable[[Actor, str, bool, Moved], list[str]]


@dataclass(frozen=True)
class Deed:
    """of: events or runs; step: how many are taken in one go, behind live work; sends: whether runs
    come to be sent by it. `do` calls its last
    argument with how many runs came of it, and why if none did, in the transaction that stores
    them; it gives the ids of those that are due."""

    of: str
    step: int
    sends: bool
    look: Look
    do: Do


def _look_at_replays(actor: Actor, ids: Sequence[str], again: bool, found: Preview) -> None:
    for event_id in ids:
        try:
            done = replay(actor, event_id, dry_run=True, again=again)
        except RulebookError as refused:
            found.left_out[refused.message] += 1
            continue
        found.already_sent += len(done.already_sent)
        for run in done.runs:
            if run.state == "queued":
                found.add(run)
            else:  # those of Watch mode are only noted
                found.left_out[run.sentence or "Nothing would be sent for it."] += 1
        if not done.runs and not done.already_sent:
            found.left_out["No rule of today matches it."] += 1


def _replay(actor: Actor, event_id: str, again: bool, moved: Moved) -> list[str]:
    why = "Not sent again, because it was sent before, or no rule of today matches."
    done = replay(actor, event_id, again=again, alongside=lambda n: moved(n, "" if n else why))
    return done.due


def _sort(actor: Actor, ids: Sequence[str], found: Preview, check: Callable[[Run], None]) -> None:
    """Sort runs into what would be done and what is left out."""
    known = runs.runs_by_id(actor.workspace_id, ids)
    for run_id in ids:
        if run_id not in known:
            found.left_out[GONE] += 1
            continue
        try:
            check(known[run_id])
        except Conflict as refused:
            found.left_out[refused.message] += 1
        else:
            found.add(known[run_id])


def _look_at_retries(actor: Actor, ids: Sequence[str], again: bool, found: Preview) -> None:
    known = runs.runs_by_id(actor.workspace_id, ids)
    beside = runs.runs_of_events([*{run.event_id for run in known.values()}])

    def check(run: Run) -> None:
        check_retry(run, [each for each in beside[run.event_id] if _same_step(each, run)])
        if may_have_arrived(run):
            found.already_sent += 1
            if not again:
                raise Conflict(DOUBTED, "")

    _sort(actor, ids, found, check)


def _same_step(one: Run, other: Run) -> bool:
    return (one.rule_id, one.step_id, one.test) == (other.rule_id, other.step_id, other.test)


def _retry(actor: Actor, run_id: str, again: bool, moved: Moved) -> list[str]:
    run = find_run(actor, run_id)
    check_retry(run, [])
    if may_have_arrived(run) and not again:
        raise Conflict(DOUBTED, "")
    fresh = retry(actor, run_id, moved)
    return [fresh.id] if fresh.state == "queued" else []


def _look_at_releases(actor: Actor, ids: Sequence[str], again: bool, found: Preview) -> None:
    now = utcnow()
    _sort(actor, ids, found, lambda run: check_release(run, now))


def _release(actor: Actor, run_id: str, again: bool, moved: Moved) -> list[str]:
    return [release(actor, run_id, moved).id]


def _look_at_cancels(actor: Actor, ids: Sequence[str], again: bool, found: Preview) -> None:
    _sort(actor, ids, found, check_cancel)


def _cancel(actor: Actor, run_id: str, again: bool, moved: Moved) -> list[str]:
    cancel(actor, run_id, moved)
    return []


DEEDS = {
    "replay": Deed("events", 25, True, _look_at_replays, _replay),
    "retry": Deed("runs", 25, True, _look_at_retries, _retry),
    "release": Deed("runs", 100, True, _look_at_releases, _release),
    "cancel": Deed("runs", 100, False, _look_at_cancels, _cancel),
}
