"""What a thing that can be done to many at once consists of: a look, which changes nothing, and the
doing, one by one or a step at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from rulebook.domain.actor import Actor
from rulebook.domain.tallying import price_of
from rulebook.errors import Conflict
from rulebook.storage import bulks, runs, utcnow
from rulebook.storage.runs import Run

GONE = "It is no longer there."
MOST_REPLAYS = 200  # that wait to be sent; more are not added before these are gone
MOST_DUE = 1_000  # that wait for a place; what comes in meanwhile stands behind them


@dataclass
class Preview:
    """What would come of it: how many runs of each action, what they would cost, how many were
    sent already or may have been, how many would be cancelled for a newer one, and why others are
    left out. met: whom runs were found for. next: where to look further, where only the newest were
    looked at."""

    would: Counter[str] = field(default_factory=Counter)
    cost: Decimal = Decimal(0)
    already_sent: int = 0
    cancelled: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    met: set[Hashable] = field(default_factory=set)
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


@dataclass
class Done:
    """What came of a step: the ids of the runs that are due, how many came of it, and of how many
    nothing, by the reason."""

    due: list[str] = field(default_factory=list)
    count: int = 0
    left_out: Counter[str] = field(default_factory=Counter)


Look = Callable[[Actor, Sequence[str], bool, Preview], None]
Moved = Callable[..., None]
Do = Callable[[Actor, str, bool, Moved], list[str]]
Choose = Callable[[Actor, Iterable[Sequence[str]]], list[str]]
Together = Callable[[Actor, Sequence[str], Collection[str]], Done]


def few_replays(workspace_id: str) -> bool:
    """Whether there is room for more replays."""
    return bulks.count_waiting_replays(workspace_id, MOST_REPLAYS) < MOST_REPLAYS


def few_due(workspace_id: str) -> bool:
    """Whether there is room for more runs that are due at once."""
    return bulks.count_due(workspace_id, utcnow(), MOST_DUE) < MOST_DUE


def room_always(workspace_id: str) -> bool:
    """For what sends nothing."""
    return True


@dataclass(frozen=True)
class Deed:
    """of: events or runs; step: how many are taken in one go, behind live work; sends: whether runs
    come to be sent by it; previewed: how many a preview looks at; has_room: whether there is room
    for what it would send now.

    `do` does it to one: it calls its last argument with how many runs came of it, and why if none
    did, in the transaction that stores them, and gives the ids of those that are due. `together`
    does it to a whole step, in a transaction that it leaves to be committed. `choose` looks through
    all that are meant before the first step, whose ids come in groups, and gives those that
    `together` has to know of."""

    of: str
    step: int
    sends: bool
    look: Look
    do: Do | None = None
    together: Together | None = None
    choose: Choose | None = None
    previewed: int = 200
    has_room: Callable[[str], bool] = few_replays


def sort(
    actor: Actor, ids: Sequence[str], left_out: Counter[str], check: Callable[[Run], None]
) -> list[Run]:
    """Those of these runs that pass the check, in the order of their ids as given; why the others
    are left out is counted."""
    known = runs.runs_by_id(actor.workspace_id, ids)
    passed = []
    for run_id in ids:
        if run_id not in known:
            left_out[GONE] += 1
            continue
        try:
            check(known[run_id])
        except Conflict as refused:
            left_out[refused.message] += 1
        else:
            passed.append(known[run_id])
    return passed
