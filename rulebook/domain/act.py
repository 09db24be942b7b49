"""Runs are carried out, many at a time: claim them and write the attempts down, call; what came of
it is written down by `record.py`.

The attempts are committed before the first call, so that a crash in between leaves a trace.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from rulebook.actions import ACTIONS, Call, Outcome
from rulebook.domain import breaker
from rulebook.domain.aftermath import FINAL
from rulebook.domain.connections import open_connection
from rulebook.domain.house import House, house
from rulebook.domain.record import Done, Started, record_in_time
from rulebook.domain.settle import callback_url
from rulebook.errors import ConfigError
from rulebook.failpoints import reach
from rulebook.storage import attempts, commit, new_id, reading, rollback, run_claims, runs, utcnow
from rulebook.storage.run_claims import Wanted

log = logging.getLogger("rulebook.act")
DEADLINE = 15.0
NOT_CALLED = "Nothing was sent, because the database failed just before the call."


def act(run_id: str, now: datetime | None = None) -> list[str]:
    """Carry out one due run; the ids of the runs that may go on because of it."""
    now = now or utcnow()
    done = [carry_out(each, house()) for each in start(look([run_id]), now)]
    return record_in_time(done)


def look(run_ids: Sequence[str]) -> list[Wanted]:
    """Those of the runs that wait to be carried out."""
    with reading():
        found = run_claims.wanted(run_ids)
        commit()
    return found


def start(wanted: Sequence[Wanted], now: datetime | None = None) -> list[Started]:
    """Claim those runs that are due, and write their attempts down in one commit."""
    now = now or utcnow()
    ready = [each for each in wanted if not each.needs or _needs_met(each.id, now)]
    let_in = {each.id: each for each in breaker.let_through(ready, now)} if ready else {}
    token = new_id("lease")
    claimed = run_claims.claim_runs(let_in, token, now) if let_in else []
    for lost in set(let_in) - {run.id for run in claimed}:
        breaker.give_back((let_in[lost].workspace_id, let_in[lost].target))
    if not claimed:
        commit()  # some may have been told to wait
        return []
    attempts.start_attempts([(run.id, run.attempts) for run in claimed], token, now)
    started = [Started(run, let_in[run.id], token, now) for run in claimed]
    try:
        commit()
    except Exception as problem:
        return not_called(started, problem)
    reach("after_claim")
    return with_credentials(started)


def not_called(started: Sequence[Started], problem: Exception) -> list[Started]:
    """These runs, whose claim may be committed: nobody is called. Where it is, that is recorded, so
    that it is never taken for a call that may have been made."""
    log.error("%d runs are not carried out now: %r", len(started), problem)
    rollback()
    return [replace(each, outcome=Outcome("not_sent", NOT_CALLED)) for each in started]


def with_credentials(started: Sequence[Started]) -> list[Started]:
    """Claimed runs with what they need to log in; or with the outcome, where they cannot."""
    try:
        with reading():
            found = [_with_credentials(each) for each in started]
            commit()
    except Exception as problem:
        return not_called(started, problem)
    return found


def _needs_met(run_id: str, now: datetime) -> bool:
    """Steps that a run needs must have succeeded; one that cannot any more cancels it."""
    run = runs.run_by_id(run_id)
    if run is None or run.state != "queued":
        return False
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
    commit()
    return False


def _with_credentials(started: Started) -> Started:
    run = started.run
    if run.action not in ACTIONS:
        return _refused(started, f"There is no action {run.action!r} any more.",
                        "Choose another action in the rule.")  # fmt: skip
    if run.practice or not run.connection_id:
        return started
    try:
        credentials = open_connection(run.workspace_id, run.connection_id)
    except ConfigError as error:
        return _refused(started, error.message, error.fix)
    if credentials is None:
        return _refused(started, "The connection was deleted.",
                        "Choose another connection in the rule, then retry.")  # fmt: skip
    return replace(started, credentials=credentials)


def _refused(started: Started, sentence: str, fix: str) -> Started:
    return replace(started, outcome=Outcome("no_for_good", sentence, fix))


def carry_out(started: Started, house: House) -> Done:
    """The call itself, without the database. Never raises: a run does not wait for its lease to
    end because our own code stumbled."""
    return _done(started, time.monotonic(), lambda: started.outcome or _called(started, house))


def begin(started: Started, house: House, then: Callable[[Done], None]) -> bool:
    """The same without waiting: `then` is told, in a thread that many calls share. False where the
    call has to be carried out by a thread that waits; then nothing was done."""
    run, began = started.run, time.monotonic()
    if started.outcome or run.practice:
        return False
    try:
        return ACTIONS[run.action].begin(
            run.config, started.credentials, _call(started, house), house.egress,
            lambda told: then(_done(started, began, told)),
        )  # fmt: skip
    except Exception:
        return False  # `carry_out` stumbles as well, and says so


def _done(started: Started, began: float, told: Callable[[], Outcome]) -> Done:
    try:
        outcome = told()
    except ConfigError as error:
        outcome = Outcome("no_for_good", error.message, error.fix)
    except Exception:
        log.exception("An error in carrying out %s", started.run.id)
        outcome = Outcome("ambiguous", "The program failed in the middle; it may have been done.",
                          "The log says more.")  # fmt: skip
    reach("after_send")
    return Done(started, outcome, time.monotonic() - began)


def _called(started: Started, house: House) -> Outcome:
    run = started.run
    action = ACTIONS[run.action]
    if run.practice:
        if action.message(run.config) is None:
            return Outcome("no_for_good", "The Practice outbox cannot keep this.",
                           "Use a connection.")  # fmt: skip
        return Outcome("yes", "Kept in the Practice outbox. Nothing was sent.",
                       request=action.summary(run.config))  # fmt: skip
    call = _call(started, house)
    return action.run(run.config, started.credentials, call, house.egress, house.config)


def _call(started: Started, house: House) -> Call:
    run = started.run
    back = callback_url(house.config, run.action, run.id, run.attempts)
    return Call(run.id, run.attempts, DEADLINE, back, started.at, started.at, run.hops)
