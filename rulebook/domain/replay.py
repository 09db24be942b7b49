"""The three verbs on what has been: replay an event, retry a run, settle a doubtful one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy.exc import IntegrityError

from rulebook.actions import ACTIONS
from rulebook.domain.actor import Actor
from rulebook.domain.planning import plan
from rulebook.domain.reading import seen_by_rules
from rulebook.domain.rulesets import Judged, rules_of
from rulebook.domain.spending import within_limits
from rulebook.domain.tallying import count_ended
from rulebook.domain.verify import REPEATED, request_of, verify
from rulebook.errors import Conflict, Invalid, NotFound
from rulebook.storage import db, events, new_id, runs, targets, utcnow
from rulebook.storage.events import Event
from rulebook.storage.hooks import Hook
from rulebook.storage.runs import Run
from rulebook.storage.verdicts import Verdict

DONE_OR_DOING = ("succeeded", "unknown", "sending", "queued", "held")
Alongside = Callable[[int], None]
NOT_RETRIED = {
    "succeeded": "Not sent again, because it was sent.",
    "queued": "It waits, and is sent by itself.",
    "sending": "Not sent again, because it is being sent just now.",
    "unknown": "Not sent again, because it may have been sent. Settle that first.",
    "watched": "Nothing is sent for a rule in Watch mode.",
    "held": "It is held; release it first.",
}
CANCELLABLE = ("queued", "held")
RESOLUTIONS = ("arrived", "not_arrived", "send_again")


def nothing_else(count: int) -> None:
    """What is done along with most replays and retries."""


@dataclass(frozen=True)
class Replayed:
    """What a replay sends, or would send: new runs, and those left out because they were sent."""

    runs: list[Run]
    already_sent: list[Run]
    dry_run: bool

    @property
    def due(self) -> list[str]:
        """The ids of the runs to be rung."""
        return [] if self.dry_run else [run.id for run in self.runs if run.state == "queued"]


def replay(
    actor: Actor,
    event_id: str,
    rule_ids: Sequence[str] | None = None,
    dry_run: bool = False,
    again: bool = False,
    alongside: Alongside = nothing_else,
) -> Replayed:
    """Judge a stored event by today's rules (or some of them) and plan what they ask for. A step
    that was sent for this event before is left out unless `again`. alongside: is told how many runs
    there are, in the transaction that stores them."""
    actor.must("read" if dry_run else "send")
    event = find_event(actor, event_id)
    hook = db.session.get_one(Hook, event.hook_id)
    body = events.body_of(event.id)
    if body is None:
        raise Conflict("The body of this event is no longer kept.", "It cannot be judged again.")
    if event.state in ("received", "processing"):
        raise Conflict("This event is being judged just now.", "Look again in a moment.")
    if event.state == "refused":
        _check_again(event, hook, body)
    if not dry_run:
        events.lock_event(event.id)
    number = runs.last_replay(event.id) + 1
    planned, met = _plan_again(event, hook, body, rule_ids, number)
    sent = [] if again else [before for run in planned if (before := _sent_before(run))]
    chosen = _without(planned, sent)
    if not dry_run:
        _store(actor, event, chosen, met, number, alongside)
    return Replayed(chosen, sent, dry_run)


def _check_again(event: Event, hook: Hook, body: bytes) -> None:
    """A refused event is taken once its signature is right, by the secrets of today."""
    verified = verify(hook, request_of(event, hook, body), event.received_at.timestamp())
    if verified is not None and not verified.ok:
        raise Conflict("The signature of this event is still not right, so nothing is sent.",
                       verified.fix or "Enter the secret that its tool signs with.")  # fmt: skip
    if event.reason.startswith(REPEATED):
        raise Conflict("The signature of this event belongs to another one, so nothing is sent.",
                       "Replay the other one.")  # fmt: skip


def _without(planned: list[Run], sent: list[Run]) -> list[Run]:
    """The planned runs whose step was not sent; none of them waits for one that was left out."""
    left_out = {(run.rule_id, run.step_id) for run in sent}
    chosen = [run for run in planned if (run.rule_id, run.step_id) not in left_out]
    for run in chosen:
        run.needs = [step for step in run.needs if (run.rule_id, step) not in left_out]
    return chosen


def _plan_again(
    event: Event, hook: Hook, body: bytes, rule_ids: Sequence[str] | None, number: int
) -> tuple[list[Run], list[Judged]]:
    seen, _payload = seen_by_rules(event, hook, body)
    hook_rules = rules_of(hook)
    met = [hook_rules.by_id[rule_id] for rule_id in hook_rules.ruleset.match(seen)]
    if rule_ids is not None:
        met = [judged for judged in met if judged.rule_id in rule_ids]
    now = utcnow()
    planned = [
        Run(**run)
        for judged in met
        for run in plan(event, hook, judged, seen, hook_rules.zone, now, number)
    ]
    return planned, met


def _sent_before(run: Run) -> Run | None:
    before = runs.runs_of_step(run.event_id, run.rule_id, run.step_id)
    return next((b for b in reversed(before) if b.state in DONE_OR_DOING), None)


def _store(
    actor: Actor,
    event: Event,
    chosen: list[Run],
    met: list[Judged],
    number: int,
    alongside: Alongside,
) -> None:
    now = utcnow()
    within_limits(chosen, now)
    db.session.add_all(chosen)
    count_ended(((run, run.state) for run in chosen), now)
    for judged in met:
        db.session.add(Verdict(
            event_id=event.id, rule_id=judged.rule_id, replay_no=number,
            workspace_id=event.workspace_id, version_id=judged.version_id,
            version=judged.number, mode=judged.mode, met=True, created_at=now,
        ))  # fmt: skip
    actor.note("event.replay", event.id, f"{len(chosen)} run{'' if len(chosen) == 1 else 's'}")
    alongside(len(chosen))
    _commit()


def _commit() -> None:
    """Commit new runs; whoever pressed the same button at the same moment was first."""
    try:
        db.session.commit()
    except IntegrityError:
        db.session.rollback()
        raise Conflict("This was asked for already, just now.", "Nothing was sent twice.") from None


def retry(actor: Actor, run_id: str, alongside: Alongside = nothing_else) -> Run:
    """Try once more: a run that waits is due now, also where its target is being left alone; a
    failed one becomes a new run of its own, with `alongside` as in `replay`."""
    actor.must("send")
    run = find_run(actor, run_id)
    now = utcnow()
    if run.state == "queued":
        runs.move(run.id, ["queued"], {"next_attempt_at": now})
        targets.end_wait((run.workspace_id, run.target), now)
        actor.note("run.hurry", run.id)
        return _moved(run)
    events.lock_event(run.event_id)
    check_retry(run, runs.runs_of_step(run.event_id, run.rule_id, run.step_id, run.test))
    fresh = _copy(run)
    within_limits([fresh], fresh.created_at)
    db.session.add(fresh)
    actor.note("run.retry", run.id, fresh.id)
    alongside(1)
    _commit()
    return fresh


def retry_all(actor: Actor, run_ids: Sequence[str]) -> tuple[list[Run], int]:
    """Retry several runs; the new ones, and how many were left out because they moved on since."""
    actor.must("send")
    fresh: list[Run] = []
    for run_id in run_ids:
        try:
            fresh.append(retry(actor, run_id))
        except Conflict:
            db.session.rollback()
    return fresh, len(run_ids) - len(fresh)


def _copy(run: Run) -> Run:
    now = utcnow()
    action = ACTIONS[run.action]
    kept = ("workspace_id", "hook_id", "event_id", "rule_id", "rule_version_id", "step_id",
            "position", "action", "connection_id", "config", "if_missing", "summary", "message",
            "practice", "test", "hops", "repeat_safe", "max_attempts", "target")  # fmt: skip
    return Run(
        id=new_id("run"),
        **{name: getattr(run, name) for name in kept},
        needs=[],
        replay_no=runs.last_replay(run.event_id) + 1,
        state="queued",
        next_attempt_at=now,
        expires_at=now + timedelta(seconds=action.expires_after),
        created_at=now,
    )


def check_retry(run: Run, same: Sequence[Run]) -> None:
    """Raises Conflict where a run is not sent once more; same: all runs of its step, as
    `runs_of_step` finds them."""
    if run.state in NOT_RETRIED:
        raise Conflict(NOT_RETRIED[run.state], "Replay the event to send it again.")
    if run.never_sendable:
        raise Conflict("There is nothing to send again: it ended before it could be sent.",
                       "Put the rule or the data right, then replay the event.")  # fmt: skip
    # Of a step that was tried again, the newest run alone goes on, however it ended.
    if any(each.id > run.id and each.state != "watched" for each in same):
        raise Conflict("This was retried already; see the newer run.", "Nothing was sent again.")


def may_have_arrived(run: Run) -> bool:
    """Whether a try of the run had no clear answer, or was reported as taken."""
    return bool(run.may_repeat or run.delivery == "sent")


def resolve(actor: Actor, run_id: str, how: str) -> Run:
    """Settle a run that may have been sent: it arrived, it did not, or send it again."""
    actor.must("send")
    run = find_run(actor, run_id)
    if how not in RESOLUTIONS:
        raise Invalid.at("/how", f"There is no way {how!r} to settle this.",
                         f"Choose one of {', '.join(RESOLUTIONS)}.")  # fmt: skip
    settled = _resolved(how, run)
    if not runs.move(run.id, ["unknown"], settled):
        raise Conflict("This run is not in doubt any more.", "Look at it again.")
    count_ended([(run, settled["state"])], utcnow())
    actor.note("run.resolve", run.id, how)
    return _moved(run)


def _resolved(how: str, run: Run) -> dict[str, Any]:
    now = utcnow()
    if how == "send_again":
        # Same run, same id on the wire, so that a receiver that knows it can drop the repeat.
        later = now + timedelta(hours=1)
        return {"state": "queued", "may_repeat": True, "next_attempt_at": now,
                "expires_at": later, "max_attempts": max(run.attempts + 1, run.max_attempts),
                "sentence": "Sent again because a person said so; it may arrive twice.",
                "fix": ""}  # fmt: skip
    arrived = how == "arrived"
    return {
        "state": "succeeded" if arrived else "failed",
        "finished_at": now,
        "sentence": f"A person said that it {'arrived' if arrived else 'did not arrive'}.",
        "fix": "" if arrived else "Retry it if it should still be sent.",
    }


def cancel(actor: Actor, run_id: str, alongside: Alongside = nothing_else) -> Run:
    """Stop a run that waits; with `alongside` as in `replay`."""
    actor.must("send")
    run = find_run(actor, run_id)
    stopped = {"state": "cancelled", "finished_at": utcnow(), "sentence": "Cancelled by a person."}
    check_cancel(run)
    if not runs.move(run.id, CANCELLABLE, stopped):
        raise Conflict("It is too late to cancel this run.", "Look at it again.")
    actor.note("run.cancel", run.id)
    alongside(1)
    return _moved(run)


def check_cancel(run: Run) -> None:
    """Raises Conflict where there is nothing left to stop."""
    if run.state not in CANCELLABLE:
        raise Conflict("It is too late to cancel this run.", "Look at it again.")


def _moved(run: Run) -> Run:
    db.session.refresh(run)
    db.session.commit()
    return run


def find_event(actor: Actor, event_id: str) -> Event:
    """One of the actor's events. Raises NotFound."""
    actor.must("read")
    event = events.event(actor.workspace_id, event_id)
    if event is None:
        raise NotFound("event")
    return event


def find_run(actor: Actor, run_id: str) -> Run:
    """One of the actor's runs. Raises NotFound."""
    actor.must("read")
    run = runs.run(actor.workspace_id, run_id)
    if run is None:
        raise NotFound("run")
    return run
