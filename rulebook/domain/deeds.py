"""What can be done to many at once: each deed with a look, which changes nothing, and the doing.
What is done to runs that are held or wait stands in `heldback.py`.

The look asks what the doing asks (`check_retry` and its like), so that a preview promises nothing
that the worker then leaves out.
"""

from __future__ import annotations

from collections.abc import Sequence

from rulebook.domain.actor import Actor
from rulebook.domain.deed import Deed, Moved, Preview, few_due, room_always, sort
from rulebook.domain.heldback import (
    cancel_together,
    choose_newest,
    look_at_cancels,
    look_at_one_each,
    look_at_releases,
    one_each_together,
    release_together,
)
from rulebook.domain.replay import check_retry, find_run, may_have_arrived, replay, retry
from rulebook.errors import Conflict, RulebookError
from rulebook.storage import runs
from rulebook.storage.runs import Run

# As many as are looked at or done in one go: a write lock is held no longer than some 30 ms.
STEP, MANY = 250, 10_000
DOUBTED = "Not sent again, because it may have arrived."


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


def _look_at_retries(actor: Actor, ids: Sequence[str], again: bool, found: Preview) -> None:
    known = runs.runs_by_id(actor.workspace_id, ids)
    beside = runs.runs_of_events([*{run.event_id for run in known.values()}])

    def check(run: Run) -> None:
        check_retry(run, [each for each in beside[run.event_id] if _same_step(each, run)])
        if may_have_arrived(run):
            found.already_sent += 1
            if not again:
                raise Conflict(DOUBTED, "")

    for run in sort(actor, ids, found.left_out, check):
        found.add(run)


def _same_step(one: Run, other: Run) -> bool:
    return (one.rule_id, one.step_id, one.test) == (other.rule_id, other.step_id, other.test)


def _retry(actor: Actor, run_id: str, again: bool, moved: Moved) -> list[str]:
    run = find_run(actor, run_id)
    check_retry(run, [])
    if may_have_arrived(run) and not again:
        raise Conflict(DOUBTED, "")
    fresh = retry(actor, run_id, moved)
    return [fresh.id] if fresh.state == "queued" else []


DEEDS = {
    "replay": Deed("events", 25, True, _look_at_replays, _replay),
    "retry": Deed("runs", 25, True, _look_at_retries, _retry),
    "release": Deed("runs", STEP, True, look_at_releases, together=release_together,
                    previewed=MANY, has_room=few_due),
    "one_each": Deed("runs", STEP, True, look_at_one_each, together=one_each_together,
                     choose=choose_newest, previewed=MANY, has_room=few_due),
    "cancel": Deed("runs", STEP, False, look_at_cancels, together=cancel_together, previewed=MANY,
                   has_room=room_always),
}  # fmt: skip
