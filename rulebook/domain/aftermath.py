"""What follows from an outcome: done, tried again, given up or in doubt (table in docs/map.md)."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from rulebook.actions import ACTIONS, Outcome
from rulebook.storage.run_claims import Claimed

PLAIN_NO_TRIES = 3
MOST_RECEIPT = 200
LONGEST_WAIT = 24 * 3600
FINAL = ("succeeded", "failed", "cancelled", "skipped", "watched")


@dataclass(frozen=True)
class Next:
    """Where a run goes after an attempt."""

    state: str
    sentence: str
    fix: str = ""
    wait: float | None = None
    may_repeat: bool = False


def what_follows(run: Claimed, outcome: Outcome, now: datetime) -> Next:
    """Where the run goes after this outcome of its try."""
    # Once a try may have been done, the run says so for ever: a repeat is never silent.
    may_repeat = run.may_repeat or (outcome.kind == "ambiguous" and run.repeat_safe)
    if outcome.kind == "yes":
        return Next("succeeded", outcome.sentence, may_repeat=may_repeat)
    if outcome.kind == "no_for_good":
        return Next("failed", outcome.sentence, outcome.fix, may_repeat=may_repeat)
    if outcome.kind == "ambiguous" and not run.repeat_safe:
        return Next("unknown", outcome.sentence, outcome.fix, may_repeat=may_repeat)
    n = run.attempts
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


def values_of(run: Claimed, then: Next, outcome: Outcome, now: datetime) -> dict[str, Any]:
    """The columns of a run that change."""
    values: dict[str, Any] = {
        "state": then.state,
        "sentence": then.sentence,
        "fix": then.fix,
        "may_repeat": then.may_repeat,
        "finished_at": now if then.state in FINAL else None,
    }
    if then.wait is not None:
        values["next_attempt_at"] = now + timedelta(seconds=then.wait)
    if then.state == "unknown" and ACTIONS[run.action].checks:
        values["next_check_at"] = now  # look_up_due plans when it is asked about
    if outcome.receipt:
        values["provider_ref"] = outcome.receipt[:MOST_RECEIPT]
    return values
