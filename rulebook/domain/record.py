"""What came of calls is written down, many at a time; the answers are fenced by the lease, so that
a worker that was given up cannot overrule its successor.

Calls cannot be asked again, so whoever called is the only one who knows: no run that cannot be
written down keeps another from it.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.exc import OperationalError

from rulebook.actions import ACTIONS, Outcome
from rulebook.domain import breaker
from rulebook.domain.aftermath import FINAL, MOST_RECEIPT, values_of, what_follows
from rulebook.domain.tallying import count_ended
from rulebook.failpoints import reach
from rulebook.storage import attempts, commit, rollback, run_claims, runs, utcnow
from rulebook.storage.connections import OutboxMessage, keep_message, mark_succeeded
from rulebook.storage.run_claims import Claimed, Wanted
from rulebook.storage.runs import Run

log = logging.getLogger("rulebook.act")
RECORD_WITHIN = 50.0  # seconds; with the longest call (30 s) below the lease of 90 s
TOGETHER = 2  # times; then one that the database cannot take may be among them


@dataclass(frozen=True)
class Started:
    """A run whose try is written down. `outcome` is there already when it cannot be called."""

    run: Claimed
    wanted: Wanted
    token: str
    at: datetime
    credentials: dict[str, Any] | None = None
    outcome: Outcome | None = None


@dataclass(frozen=True)
class Done:
    """What came of a try, and how many seconds it took."""

    started: Started
    outcome: Outcome
    took: float

    @property
    def at(self) -> datetime:
        return self.started.at + timedelta(seconds=self.took)


def record_in_time(done: Sequence[Done]) -> list[str]:
    """Record what came of calls; the ids of the runs that may go on because of it. While the
    database does not answer, nobody else knows it: ask again until the leases are nearly over.
    Raises what it said then, if any is left. What cannot be recorded for another reason is left to
    the end of its lease."""
    ends = time.monotonic() + RECORD_WITHIN
    left, freed, failed = deque(done), list[str](), 0
    while left:
        try:
            if failed < TOGETHER:
                freed += _record_together(left)
            while left:
                freed += _record_alone(left[0])
                left.popleft()
        except OperationalError as problem:
            rollback()
            if time.monotonic() > ends:
                raise
            log.warning("What came of %d runs cannot be recorded yet: %s", len(left), problem.orig)
            failed += 1
            left.rotate(-1)  # it may be this one alone
            time.sleep(0.5)
    return freed


def _record_together(done: deque[Done]) -> list[str]:
    """All in one commit, after which none is left; where that fails all are, to be recorded each
    on its own, so that a bad one fails alone."""
    try:
        freed = _record(done)
        if freed is not None:
            done.clear()
            return freed
    except OperationalError:
        raise
    except Exception:
        log.exception("Recording %d runs together failed; each is recorded alone.", len(done))
    rollback()
    return []


def _record_alone(done: Done) -> list[str]:
    """One run, if it can be recorded at all."""
    try:
        return _record_one(done)
    except OperationalError:
        raise
    except Exception:
        log.exception(
            "What came of the run %s (%s) could not be recorded.",
            done.started.run.id, done.outcome.kind,
        )  # fmt: skip
    rollback()
    return []


def _record(done: Sequence[Done]) -> list[str] | None:
    """None when somebody else took one of the runs over, and nothing was committed."""
    settled = []
    for each in done:
        run, at = each.started.run, each.at
        then = what_follows(run, each.outcome, at)
        settled.append((run, then, values_of(run, then, each.outcome, at)))
    _note_attempts(done)
    moved = [
        (each.started.run.id, each.started.token, values)
        for each, (_run, _then, values) in zip(done, settled, strict=True)
    ]
    if not run_claims.settle_all(moved):
        return None
    count_ended(((run, then.state) for run, then, _values in settled), done[-1].at)
    _note_successes(done)
    _note_targets(done)
    freed = _who_waits([run for run, then, _values in settled if then.state in FINAL])
    commit()
    reach("after_record")
    return freed


def _record_one(done: Done) -> list[str]:
    """One run; also one whose lease is over, if its answer is definite."""
    run, token, at = done.started.run, done.started.token, done.at
    then = what_follows(run, done.outcome, at)
    values = values_of(run, then, done.outcome, at)
    _note_attempts([done])
    settled = runs.settle_sending(run.id, token, values)
    if not settled and done.outcome.kind in ("yes", "no_for_good"):
        settled = runs.settle_late(run.id, token, run.attempts, values)
    if settled:
        count_ended([(run, then.state)], at)
        _note_successes([done])
    _note_targets([done])
    freed = _who_waits([run]) if settled and then.state in FINAL else []
    commit()
    reach("after_record")
    return freed


def _note_attempts(done: Sequence[Done]) -> None:
    attempts.finish_attempts([
        (each.started.run.id, each.started.run.attempts, {
            "finished_at": each.at, "outcome": each.outcome.kind,
            "sentence": each.outcome.sentence, "fix": each.outcome.fix,
            "request": each.outcome.request, "answer": each.outcome.answer,
            "receipt": each.outcome.receipt[:MOST_RECEIPT],
            "duration_ms": round(each.took * 1000),
        })
        for each in done
    ])  # fmt: skip


def _note_successes(done: Sequence[Done]) -> None:
    succeeded = [each for each in done if each.outcome.kind == "yes"]
    for each in succeeded:
        if each.started.run.practice:
            keep_message(_outbox_message(each.started.run))
    mark_succeeded({
        each.started.run.connection_id: each.at
        for each in succeeded if each.started.run.connection_id
    })  # fmt: skip


def _note_targets(done: Sequence[Done]) -> None:
    breaker.note([
        breaker.Result(each.started.run.workspace_id, each.started.wanted.target,
                       each.outcome.kind, each.outcome.gone, each.outcome.sentence)
        for each in done if each.started.outcome is None  # else nobody was called
    ], done[-1].at)  # fmt: skip


def _outbox_message(run: Claimed) -> OutboxMessage:
    message = ACTIONS[run.action].message(run.config)
    assert message is not None, "what has no message is not kept in the outbox"
    return OutboxMessage(
        workspace_id=run.workspace_id, run_id=run.id, action=run.action, to=message.to,
        subject=message.subject, text=message.text, html=message.html,
    )  # fmt: skip


def _who_waits(settled: Sequence[Claimed]) -> list[str]:
    """Steps that waited for these are due now."""
    ended = {
        (run.event_id, run.rule_version_id, run.replay_no, run.step_id) for run in settled
    }  # fmt: skip
    waiting = [each for each in run_claims.waiting_beside({run.event_id for run in settled})
               if any((*_plan_of(each), step) in ended for step in each.needs)]  # fmt: skip
    for each in waiting:
        runs.move(each.id, ["queued"], {"next_attempt_at": utcnow()})
    return [each.id for each in waiting]


def _plan_of(run: Run) -> tuple[str, str, int]:
    return run.event_id, run.rule_version_id, run.replay_no
