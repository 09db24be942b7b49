"""What a person decides about runs that are held for what they cost: let go, or cancelled."""

from __future__ import annotations

from collections.abc import Sequence

from rulebook.domain.actor import Actor
from rulebook.domain.replay import find_run
from rulebook.errors import Conflict, NotFound
from rulebook.storage import db, held, rules, utcnow
from rulebook.storage.held import HeldFilter
from rulebook.storage.runs import Run


def release(actor: Actor, run_id: str) -> Run:
    """Let one held run go on, whatever it costs. Raises NotFound, Conflict."""
    actor.must("send")
    run = find_run(actor, run_id)
    if run.state == "held" and run.held_for == "target":
        raise Conflict("What it is sent to is switched off.", "Switch that on again first.")
    which = HeldFilter(held_for="limit", run_id=run.id)
    if not held.release_held(actor.workspace_id, which, utcnow()):
        raise Conflict("This run is not held any more, or it is too late.", "Look at it again.")
    actor.note("run.release", run.id)
    db.session.refresh(run)
    db.session.commit()
    return run


def release_all(actor: Actor, rule_id: str) -> list[str]:
    """Let all runs of a rule go on that are held because of what they cost; their ids."""
    name = _rule_name(actor, rule_id)
    which = HeldFilter(held_for="limit", rule_id=rule_id)
    released = held.release_held(actor.workspace_id, which, utcnow())
    actor.note("rule.release", rule_id, f"{name}: {_runs(len(released))}")
    db.session.commit()
    return released


def cancel_all(actor: Actor, rule_id: str) -> int:
    """Cancel all runs of a rule that are held because of what they cost; how many."""
    name = _rule_name(actor, rule_id)
    which = HeldFilter(held_for="limit", rule_id=rule_id)
    count = held.cancel_held(actor.workspace_id, which, utcnow())
    actor.note("rule.cancel", rule_id, f"{name}: {_runs(count)}")
    db.session.commit()
    return count


def held_for_cost(actor: Actor, rule_ids: Sequence[str]) -> dict[str, int]:
    """How many runs of each of these rules are held because of what they cost."""
    actor.must("read")
    return held.held_by_rule(actor.workspace_id, rule_ids)


def _rule_name(actor: Actor, rule_id: str) -> str:
    actor.must("send")
    rule = rules.rule(actor.workspace_id, rule_id, deleted=True)
    if rule is None:
        raise NotFound("rule")
    return rule.name


def _runs(count: int) -> str:
    return f"{count} run{'' if count == 1 else 's'}"
