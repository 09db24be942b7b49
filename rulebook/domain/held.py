"""What a person decides about runs that are held for what they cost: let go, or cancelled."""

from __future__ import annotations

from datetime import datetime

from rulebook.domain.actor import Actor
from rulebook.domain.replay import Alongside, find_run, nothing_else
from rulebook.errors import Conflict
from rulebook.storage import db, held, utcnow
from rulebook.storage.held import HeldFilter
from rulebook.storage.runs import Run


def release(actor: Actor, run_id: str, alongside: Alongside = nothing_else) -> Run:
    """Let one held run go on, whatever it costs; with `alongside` as in `replay`. Raises NotFound,
    Conflict."""
    actor.must("send")
    run, now = find_run(actor, run_id), utcnow()
    check_release(run, now)
    which = HeldFilter(held_for="limit", run_ids=[run.id])
    if not held.release_held(actor.workspace_id, which, now):
        raise Conflict("It is not held any more.", "Look at it again.")
    actor.note("run.release", run.id)
    alongside(1)
    db.session.refresh(run)
    db.session.commit()
    return run


def check_release(run: Run, now: datetime) -> None:
    """Raises Conflict where a person cannot let the run go on."""
    if run.state != "held":
        raise Conflict("It is not held any more.", "Look at it again.")
    if run.held_for == "target":
        raise Conflict("What it is sent to is switched off.", "Switch that on again first.")
    if run.expires_at is None or run.expires_at <= now:
        raise Conflict("It has waited too long, so it is not sent any more.", "Look at it again.")
