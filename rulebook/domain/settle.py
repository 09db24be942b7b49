"""A doubtful run is settled by its provider: by a report to our address, or by asking.

The address names the run and the try and is signed with our key, so that it cannot be guessed; the
report itself is signed by the provider's account, which the action checks.
"""

from __future__ import annotations

import hmac
import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from rulebook.actions import ACTIONS, Call, Outcome
from rulebook.config import Config
from rulebook.domain.connections import open_connection
from rulebook.domain.house import house
from rulebook.domain.tallying import count_ended
from rulebook.egress.addresses import reached_by_strangers
from rulebook.errors import Conflict, NotAllowed, NotFound
from rulebook.sealing import derived, keys
from rulebook.storage import attempts, db, doubts, runs, utcnow
from rulebook.storage.attempts import Attempt
from rulebook.storage.connections import lock_connection
from rulebook.storage.runs import Run

log = logging.getLogger("rulebook.settle")
LOOKING = timedelta(seconds=60)  # after which a check is done again whose worker died
DEADLINE = 10.0
LONGEST_RECEIPT = 200
# A run with equal text that began so long before may still own a message in the list.
NEAR = timedelta(seconds=60)


def callback_url(config: Config, action: str, run_id: str, n: int) -> str | None:
    """Where the provider may report what became of try `n`; None for an action without reports,
    and while PUBLIC_URL is not set to an address that the provider can reach."""
    if not ACTIONS[action].reports or not reached_by_strangers(config["PUBLIC_URL"]):
        return None
    signature = _signatures(config, run_id, n)[0]
    return f"{config.public_url}/callbacks/{run_id}/{n}/{signature}"


def _signatures(config: Config, run_id: str, n: int) -> list[str]:
    """By each key in force, the one that signs first."""
    named = f"{run_id}/{n}".encode()
    return [hmac.digest(derived(key, "callbacks"), named, "sha256").hex()[:40]
            for key in keys(config)]  # fmt: skip


def hear(
    run_id: str,
    n: int,
    signature: str,
    headers: Mapping[str, str],
    form: Mapping[str, str],
    now: datetime | None = None,
) -> list[str]:
    """Apply a provider's report on try `n`; the ids of the runs that may go on because of it.

    A report that is late or told before changes nothing. Raises NotFound for an address that we
    did not sign, NotAllowed for a report that the account did not sign, Conflict for one about
    another message than this run's.
    """
    config = house().config
    mine = [hmac.compare_digest(one.encode(), signature.encode())
            for one in _signatures(config, run_id, n)]  # fmt: skip
    run = runs.run_by_id(run_id) if any(mine) else None
    if run is None or run.action not in ACTIONS or run.connection_id is None or n > run.attempts:
        raise NotFound("callback")
    account = open_connection(run.workspace_id, run.connection_id)
    # The address with the signature that was given: it may be by a former key.
    url = f"{config.public_url}/callbacks/{run_id}/{n}/{signature}"
    outcome = ACTIONS[run.action].heard(account, url, headers, form)
    if outcome is None:
        raise NotAllowed("This report is not signed by the run's account, or says nothing known.")
    lock_connection(run.connection_id)
    if not _is_about(run, n, outcome.receipt):
        raise Conflict("This report is about another message than the run's.")
    return _settle(run, n, outcome, now or utcnow())


def _is_about(run: Run, n: int, receipt: str) -> bool:
    """Whether a receipt is, or may be, the one of try `n`: each message belongs to one try."""
    if not receipt or len(receipt) > LONGEST_RECEIPT or doubts.held_by_another([receipt], run.id):
        return False
    known = {each.n: each.receipt for each in attempts.attempts_of([run.id])[run.id]}
    if n == run.attempts and run.provider_ref not in known.values():
        known[n] = known.get(n) or run.provider_ref or ""  # told before the call had its answer
    return known.get(n) in ("", receipt) and receipt not in [
        known[other] for other in known if other != n
    ]


def _settle(run: Run, n: int, outcome: Outcome, now: datetime) -> list[str]:
    """Write down what the provider says of try `n`. Commits."""
    attempts.keep_receipt(run.id, n, outcome.receipt)
    said: dict[str, Any] = {"provider_ref": outcome.receipt, "sentence": outcome.sentence,
                            "fix": outcome.fix, "finished_at": now}  # fmt: skip
    if outcome.delivery:
        said |= {"delivery": outcome.delivery, "delivery_at": now}
    done = outcome.kind == "yes"
    settled = (doubts.settle_done if done else doubts.settle_not_done)(run.id, n, said)
    if settled:
        count_ended([(run, "succeeded" if done else "failed")], now)
    if not settled and outcome.delivery:
        doubts.note_delivery(run.id, outcome.receipt, outcome.delivery, now)
    waiting = _let_go_on(run, now) if settled else []
    db.session.commit()
    return waiting


def _let_go_on(run: Run, now: datetime) -> list[str]:
    """Make the steps due that waited for this one; their ids."""
    waiting = [each.id for each in runs.same_plan(run) if run.step_id in each.needs]
    for run_id in waiting:
        runs.move(run_id, ["queued"], {"next_attempt_at": now})
    return waiting


def look_up_due(now: datetime | None = None) -> list[str]:
    """Ask providers what became of the doubtful runs whose check is due; the ids of the runs that
    may go on because of it. Several processes at once are harmless."""
    now = now or utcnow()
    due = doubts.due_checks(now)
    db.session.rollback()
    return [run_id for each in due for run_id in _look_up(each, now)]


def _look_up(run_id: str, now: datetime) -> list[str]:
    """One check: taken for a while, asked without a transaction, then the next one is planned."""
    run = runs.run_by_id(run_id)
    if run is None or run.next_check_at is None:
        db.session.rollback()
        return []
    moments, tried = _moments(run)
    if run.state != "unknown" or tried is None or not moments:
        doubts.plan_check(run.id, run.next_check_at, None)
    elif moments[0] > now:
        doubts.plan_check(run.id, run.next_check_at, moments[0])
    elif doubts.plan_check(run.id, run.next_check_at, now + LOOKING):
        db.session.commit()
        listed = _asked(run, tried, now)
        later = next((moment for moment in moments if moment > now), None)
        return _looked(run, tried, listed, later, now)
    db.session.commit()
    return []


def _moments(run: Run) -> tuple[list[datetime], Attempt | None]:
    """When the run's last try is to be asked about, and the try."""
    action, tries = ACTIONS.get(run.action), attempts.attempts_of([run.id])[run.id]
    if action is None or run.connection_id is None or not tries:
        return [], None
    began = tries[-1].started_at
    return [began + timedelta(seconds=each) for each in action.checks], tries[-1]


def _asked(run: Run, tried: Attempt, now: datetime) -> list[Outcome] | None:
    account = open_connection(run.workspace_id, run.connection_id or "")
    config = dict(run.config)
    db.session.rollback()
    call = Call(run.id, tried.n, DEADLINE, signed_now=now, started_at=tried.started_at)
    try:
        action = ACTIONS[run.action]
        return action.look_up(config, account, call, house().egress, house().config)
    except Exception:
        log.exception("An error in looking up %s", run.id)
        return None


def _looked(
    run: Run, tried: Attempt, listed: list[Outcome] | None, later: datetime | None, now: datetime
) -> list[str]:
    """Settle the run by what is listed, or plan the next check. Commits."""
    lock_connection(run.connection_id or "")
    found = _ours(run, tried, listed or [])
    if found is not None:
        return _settle(run, tried.n, found, now)
    fix = "" if later else f"{_not_found(listed)} {run.fix}".strip()
    doubts.plan_check(run.id, now + LOOKING, later, fix)
    db.session.commit()
    return []


def _not_found(listed: list[Outcome] | None) -> str:
    """What the last check brought."""
    if listed is None:
        return "The provider was asked and gave no answer."
    if listed:
        return "The provider lists such messages, but none that can only be this one."
    return "The provider was asked and does not list it."


def _ours(run: Run, tried: Attempt, listed: list[Outcome]) -> Outcome | None:
    """The one listed message that can only be this run's: no other run has it, or may yet turn out
    to have it."""
    # First who may own one, then what is owned: whoever is settled in between is in the second.
    rivals = doubts.alike(run)
    began = attempts.attempts_of([each.id for each in rivals])
    if any(tries and tries[-1].started_at > tried.started_at - NEAR for tries in began.values()):
        return None
    held = doubts.held_by_another([each.receipt for each in listed], run.id)
    held |= {each.receipt for each in attempts.attempts_of([run.id])[run.id] if each.n != tried.n}
    free = [each for each in listed if each.receipt not in held]
    return free[0] if len(free) == 1 else None
