"""What is done to many runs that are held or wait, a step in one transaction: let go, cancelled, or
one let go for each person and the others cancelled."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Sequence

from rulebook.actions import ACTIONS
from rulebook.domain.actor import Actor
from rulebook.domain.deed import Done, Preview, sort
from rulebook.domain.held import check_release
from rulebook.domain.replay import CANCELLABLE, check_cancel
from rulebook.domain.shown_runs import runs_shown
from rulebook.storage import held, utcnow
from rulebook.storage.bulks import Bulk
from rulebook.storage.held import HeldFilter
from rulebook.storage.runs import Run

CANCELLED = "Cancelled by a person."
ONE_EACH = "Was held; a person let only the newest for each receiver go, and this is an older one."
FOR_A_NEWER = "Cancelled, because a newer one goes to the same receiver."
MOVED_ON = "It is not held any more."
TOO_LATE = "It is too late to cancel this run."
NO_PERSON = "It goes to no person, so it has no newer one."
HIDDEN_PERSON = "Whom it goes to is hidden from you, so how many go to one person is not told."


def cancelled_for_a_newer(bulk: Bulk) -> int:
    """How many runs a bulk has cancelled because a newer one is sent."""
    return bulk.left_out.get(FOR_A_NEWER, 0)


def left_out(bulk: Bulk) -> dict[str, int]:
    """Of how many it has done nothing, by the reason."""
    return {why: count for why, count in bulk.left_out.items() if why != FOR_A_NEWER}


def look_at_releases(actor: Actor, ids: Sequence[str], again: bool, found: Preview) -> None:
    """Which would be let go."""
    for run in sort(actor, ids, found.left_out, _releasable()):
        found.add(run)


def look_at_cancels(actor: Actor, ids: Sequence[str], again: bool, found: Preview) -> None:
    """Which would be cancelled."""
    for run in sort(actor, ids, found.left_out, check_cancel):
        found.add(run)


def look_at_one_each(actor: Actor, ids: Sequence[str], again: bool, found: Preview) -> None:
    """Which would be let go, newest first, and how many cancelled for these."""
    some = list(sort(actor, ids, found.left_out, _releasable()))
    hidden = _with_hidden_receivers(actor, some)
    for run in some:
        whom = whom_for(run)
        if whom is None:
            found.left_out[NO_PERSON] += 1
        elif run.id in hidden:
            found.left_out[HIDDEN_PERSON] += 1
        elif whom in found.met:
            found.cancelled += 1
        else:
            found.met.add(whom)
            found.add(run)


def _with_hidden_receivers(actor: Actor, some: Sequence[Run]) -> set[str]:
    """Runs of which the actor may not know whom they go to, and not whether to the same person.
    Whoever may write rules can learn it by a rule, and decides for one person after the other."""
    if actor.may("write"):
        return set()
    shown = runs_shown(some)
    return {run.id for run, seen in zip(some, shown, strict=True) if seen.summary != run.summary}


def whom_for(run: Run) -> Hashable | None:
    """Whom a run is for, and by which step of which rule; None where it goes to no person. Another
    rule tells a person something else, so it is not taken for the same."""
    action = ACTIONS.get(run.action)
    receivers = action.receivers(run.config) if action else ()
    return (run.rule_id, run.step_id, receivers) if receivers else None


def _releasable() -> Callable[[Run], None]:
    now = utcnow()
    return lambda run: check_release(run, now)


def release_together(actor: Actor, ids: Sequence[str], chosen: Collection[str]) -> Done:
    """Let these go."""
    done = Done()
    let = [run.id for run in sort(actor, ids, done.left_out, _releasable())]
    _let_go(actor, let, done)
    return done


def cancel_together(actor: Actor, ids: Sequence[str], chosen: Collection[str]) -> Done:
    """Cancel these."""
    done = Done()
    stop = [run.id for run in sort(actor, ids, done.left_out, check_cancel)]
    stopped = held.stop_runs(actor.workspace_id, stop, CANCELLABLE, CANCELLED, utcnow())
    _note(actor, "run.cancel", stopped)
    done.count = len(stopped)
    done.left_out[TOO_LATE] += len(stop) - len(stopped)
    return done


def choose_newest(actor: Actor, groups: Iterable[Sequence[str]]) -> list[str]:
    """The newest of each person's runs that can be let go."""
    found = Preview()
    newest = []
    for ids in groups:
        for run in sort(actor, ids, found.left_out, _releasable()):
            whom = whom_for(run)
            if whom is not None and whom not in found.met:
                found.met.add(whom)
                newest.append(run.id)
    return newest


def one_each_together(actor: Actor, ids: Sequence[str], chosen: Collection[str]) -> Done:
    """Let the chosen ones of these go, and cancel the others that are for a person."""
    done = Done()
    let: list[str] = []
    stop: list[str] = []
    for run in sort(actor, ids, done.left_out, _releasable()):
        if run.id in chosen:
            let.append(run.id)
        elif whom_for(run) is None:
            done.left_out[NO_PERSON] += 1
        else:
            stop.append(run.id)
    _let_go(actor, let, done)
    stopped = held.stop_runs(actor.workspace_id, stop, ("held",), ONE_EACH, utcnow())
    _note(actor, "run.cancel", stopped)
    done.left_out[FOR_A_NEWER] += len(stopped)
    done.left_out[MOVED_ON] += len(stop) - len(stopped)
    return done


def _let_go(actor: Actor, run_ids: Sequence[str], done: Done) -> None:
    which = HeldFilter(held_for="limit", run_ids=run_ids)
    done.due = held.release_held(actor.workspace_id, which, utcnow())
    done.count = len(done.due)
    _note(actor, "run.release", done.due)
    done.left_out[MOVED_ON] += len(run_ids) - len(done.due)


def _note(actor: Actor, what: str, run_ids: Iterable[str]) -> None:
    for run_id in run_ids:
        actor.note(what, run_id)
