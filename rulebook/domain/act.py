"""A run is carried out: claim it, write the attempt down, call, write down what came of it.

The attempt is committed before the call, so that a crash in between leaves a trace; the answer is
fenced by the lease, so that a worker that was given up cannot overrule its successor.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.exc import OperationalError, SQLAlchemyError

from rulebook.actions import ACTIONS, HOP_HEADER, Action, Call, Outcome
from rulebook.domain.connections import open_connection
from rulebook.domain.house import house
from rulebook.errors import ConfigError
from rulebook.storage import attempts, db, events, new_id, runs, utcnow
from rulebook.storage.connections import Connection, OutboxMessage, keep_message
from rulebook.storage.runs import Run

log = logging.getLogger("rulebook.act")
PLAIN_NO_TRIES = 3
MOST_RECEIPT = 200
LONGEST_WAIT = 24 * 3600
DEADLINE = 15.0
RECORD_WITHIN = 50.0  # seconds; with the longest call (30 s) below the lease of 90 s
FINAL = ("succeeded", "failed", "cancelled", "skipped", "watched")


@dataclass(frozen=True)
class Next:
    """Where a run goes after an attempt."""

    state: str
    sentence: str
    fix: str = ""
    wait: float | None = None
    may_repeat: bool = False


def act(run_id: str, now: datetime | None = None) -> list[str]:
    """Carry out one due run; the ids of the runs that may go on because of it."""
    now = now or utcnow()
    run = runs.run_by_id(run_id)
    if run is None or run.state != "queued" or not _needs_met(run, now):
        return []
    token = new_id("lease")
    n = runs.claim_run(run_id, token, now)
    if n is None:
        db.session.rollback()
        return []
    attempts.start_attempt(run_id, n, token, now)
    db.session.commit()

    began = time.monotonic()
    outcome = _tried(run, n, now)
    took = time.monotonic() - began

    return _recorded(run_id, n, token, outcome, took, now + timedelta(seconds=took))


def _recorded(
    run_id: str, n: int, token: str, outcome: Outcome, took: float, now: datetime
) -> list[str]:
    """Record what came of the call. While the database does not answer, nobody else knows it: ask
    again until the lease is nearly over."""
    ends = time.monotonic() + RECORD_WITHIN
    while True:
        try:
            return _record(run_id, n, token, outcome, took, now)
        except OperationalError as problem:
            db.session.rollback()
            if time.monotonic() > ends:
                raise
            log.warning("What came of %s cannot be recorded yet: %s", run_id, problem.orig)
            time.sleep(0.5)


def _needs_met(run: Run, now: datetime) -> bool:
    """Steps that a run needs must have succeeded; one that cannot any more cancels it."""
    if not run.needs:
        return True
    states = {each.step_id: each.state for each in runs.same_plan(run)}
    needed = {step: states.get(step, "cancelled") for step in run.needs}
    lost = [step for step, state in needed.items() if state in FINAL and state != "succeeded"]
    if lost:
        runs.move(run.id, ["queued"], {
            "state": "cancelled", "finished_at": now,
            "sentence": f"Not done, because the step {lost[0]!r} before it was not.",
        })  # fmt: skip
    elif all(state == "succeeded" for state in needed.values()):
        return True
    else:
        later = now + timedelta(seconds=5)
        runs.move(run.id, ["queued"], {
            "next_attempt_at": later, "sentence": "Waits for the steps before it.",
        })  # fmt: skip
    db.session.commit()
    return False


def _tried(run: Run, n: int, now: datetime) -> Outcome:
    """What came of the try, also when our own code stumbles: a run never waits for its lease to
    end because of that."""
    action = ACTIONS.get(run.action)
    if action is None:
        return Outcome("no_for_good", f"There is no action {run.action!r} any more.",
                       "Choose another action in the rule.")  # fmt: skip
    try:
        return _carry_out(run, action, n, now)
    except ConfigError as error:
        return Outcome("no_for_good", error.message, error.fix)
    except SQLAlchemyError:
        raise
    except Exception:
        log.exception("An error in carrying out %s", run.id)
        db.session.rollback()
        return Outcome("ambiguous", "The program failed in the middle; it may have been done.",
                       "The log says more.")  # fmt: skip


def _carry_out(run: Run, action: Action, n: int, now: datetime) -> Outcome:
    """The call itself; no transaction is open while it lasts."""
    config = dict(run.config)
    if run.practice:
        return _practice(run, action, config)
    credentials = None
    if run.connection_id:
        credentials = open_connection(run.workspace_id, run.connection_id)
        if credentials is None:
            return Outcome(
                "no_for_good",
                "The connection was deleted.",
                "Choose another connection in the rule, then retry.",
            )
    call = Call(run.id, n, DEADLINE, signed_now=now, started_at=now, hops=_hops(run))
    db.session.rollback()
    return action.run(config, credentials, call, house().egress, house().config)


def _hops(run: Run) -> int:
    """How many hooks of Rulebook the event came through, so that rules in a ring come to an end."""
    headers = events.event_by_id(run.event_id).headers
    found = [value for name, value in headers if name.lower() == HOP_HEADER]
    # Whatever has more digits than this is no count of ours.
    return int(found[0][:4]) if found and found[0].isdecimal() else 0


def _practice(run: Run, action: Action, config: dict[str, Any]) -> Outcome:
    message = action.message(config)
    if message is None:
        return Outcome("no_for_good", "The Practice outbox cannot keep this.", "Use a connection.")
    keep_message(
        OutboxMessage(
            workspace_id=run.workspace_id,
            run_id=run.id,
            action=run.action,
            to=message.to,
            subject=message.subject,
            text=message.text,
            html=message.html,
        )
    )
    return Outcome(
        "yes", "Kept in the Practice outbox. Nothing was sent.", request=action.summary(config)
    )


def _record(
    run_id: str, n: int, token: str, outcome: Outcome, took: float, now: datetime
) -> list[str]:
    attempts.finish_attempt(run_id, n, {
        "finished_at": now, "outcome": outcome.kind, "sentence": outcome.sentence,
        "fix": outcome.fix, "request": outcome.request, "answer": outcome.answer,
        "receipt": outcome.receipt[:MOST_RECEIPT], "duration_ms": round(took * 1000),
    })  # fmt: skip
    run = runs.run_by_id(run_id)
    assert run is not None, "a run is never deleted while it is being sent"
    then = _next(run, n, outcome, now)
    values = _values(run, then, outcome, now)
    settled = runs.settle_sending(run_id, token, values)
    if not settled and outcome.kind in ("yes", "no_for_good"):
        settled = runs.settle_late(run_id, token, n, values)
    if settled and outcome.kind == "yes" and run.connection_id:
        connection = db.session.get(Connection, run.connection_id)
        if connection:
            connection.succeeded_at = now
    db.session.commit()
    return _who_waits(run) if settled and then.state in FINAL else []


def _next(run: Run, n: int, outcome: Outcome, now: datetime) -> Next:
    """What follows from an outcome (classes and waits: the table in docs/map.md)."""
    # Once a try may have been done, the run says so for ever: a repeat is never silent.
    may_repeat = run.may_repeat or (outcome.kind == "ambiguous" and run.repeat_safe)
    if outcome.kind == "yes":
        return Next("succeeded", outcome.sentence, may_repeat=may_repeat)
    if outcome.kind == "no_for_good":
        return Next("failed", outcome.sentence, outcome.fix, may_repeat=may_repeat)
    if outcome.kind == "ambiguous" and not run.repeat_safe:
        return Next("unknown", outcome.sentence, outcome.fix, may_repeat=may_repeat)
    tries = PLAIN_NO_TRIES if outcome.kind == "no" else run.max_attempts
    if n >= min(tries, run.max_attempts):
        return Next("failed", f"{outcome.sentence} Given up after {n} attempts.", outcome.fix,
                    may_repeat=may_repeat)  # fmt: skip
    wait = wait_before(ACTIONS[run.action].waits, n, outcome.retry_after)
    if run.expires_at and now + timedelta(seconds=wait) >= run.expires_at:
        return Next("failed", f"{outcome.sentence} The next attempt would come too late.",
                    outcome.fix, may_repeat=may_repeat)  # fmt: skip
    return Next("queued", outcome.sentence, outcome.fix, wait, may_repeat)


def wait_before(waits: Sequence[float], n: int, retry_after: float | None) -> float:
    """Seconds until the try after try `n` (from 1): the schedule's own wait and up to a fifth
    more, or what the receiver asked for if that is longer, at most a day (RFC 9110, 10.2.3)."""
    own = waits[min(n, len(waits)) - 1] * (1 + random.random() / 5)
    return max(own, min(retry_after or 0, LONGEST_WAIT))


def _values(run: Run, then: Next, outcome: Outcome, now: datetime) -> dict[str, Any]:
    values: dict[str, Any] = {
        "state": then.state,
        "sentence": then.sentence,
        "fix": then.fix,
        "may_repeat": then.may_repeat,
        "finished_at": now if then.state in FINAL else None,
    }
    if then.wait is not None:
        values["next_attempt_at"] = now + timedelta(seconds=then.wait)
    if outcome.receipt:
        values["provider_ref"] = outcome.receipt[:MOST_RECEIPT]
    return values


def _who_waits(run: Run) -> list[str]:
    """Steps that waited for this one are due now."""
    waiting = [each for each in runs.same_plan(run) if run.step_id in each.needs]
    for each in waiting:
        runs.move(each.id, ["queued"], {"next_attempt_at": utcnow()})
    db.session.commit()
    return [each.id for each in waiting]
