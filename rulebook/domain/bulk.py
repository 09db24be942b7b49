"""Many at once: replay events or retry runs, after a preview, in small steps behind live work.

A bulk is a row; the sweeper carries it on, whichever worker is there, until it is done or stopped.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from rulebook.actions import ACTIONS, Message
from rulebook.domain.actor import Actor
from rulebook.domain.asking import FieldAsked, field_asked
from rulebook.domain.history import search
from rulebook.domain.replay import replay, retry, why_not_retried
from rulebook.errors import Conflict, Invalid, NotFound, RulebookError
from rulebook.storage import bulks, db, new_id, runs, utcnow, workspaces
from rulebook.storage.bulks import Bulk
from rulebook.storage.events import EventFilter
from rulebook.storage.runs import Run, RunFilter

log = logging.getLogger("rulebook.bulk")
MOST_CHOSEN = 500
MOST_PREVIEWED = 200
PREVIEW_SECONDS = 2.0
STEP = 25
STEP_SECONDS = 1.0
MOST_WAITING = 200  # replays that wait to be sent; more are not added before these are gone
ABOVE_ALL = {"replay": "evt_" + "f" * 32, "retry": "run_" + "f" * 32}
RETRIED = ("failed", "cancelled", "skipped")


@dataclass(frozen=True)
class Which:
    """Which events are replayed, or which runs retried: the chosen ones, or all that fit."""

    what: str
    chosen: tuple[str, ...] = ()
    events: EventFilter = EventFilter()
    fields: tuple[FieldAsked, ...] = ()
    runs: RunFilter = RunFilter()
    again: bool = False


@dataclass
class Preview:
    """What would come of it: how many of each action, what they would cost, how many were sent
    already, and why others are left out. `more`: only the newest were looked at."""

    would: Counter[str] = field(default_factory=Counter)
    cost: Decimal = Decimal(0)
    already_sent: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    looked: int = 0
    more: bool = False
    examples: list[Run] = field(default_factory=list)

    def add(self, planned: Sequence[Run]) -> None:
        """These would be sent; those of Watch mode are only noted."""
        for run in planned:
            if run.state != "queued":
                self.left_out[run.sentence or "Nothing would be sent for it."] += 1
                continue
            self.would[run.action] += 1
            self.examples = [*self.examples, run][:5]
            if run.message and not run.practice:
                self.cost += ACTIONS[run.action].counted(Message(**run.message)).price or 0


def preview(actor: Actor, which: Which) -> Preview:
    """What a bulk would send, by the newest 200 at most; sends nothing."""
    actor.must("read")
    found, upto = Preview(), ABOVE_ALL[which.what]
    ends = time.monotonic() + PREVIEW_SECONDS
    while True:
        ids, more = _next(actor, which, upto)
        for each in ids:
            if found.looked >= MOST_PREVIEWED or time.monotonic() > ends:
                found.more = True
                return found
            found.looked += 1
            _look_at(actor, which, each, found)
        if not more:
            return found
        upto = more


def _look_at(actor: Actor, which: Which, thing: str, found: Preview) -> None:
    try:
        if which.what == "replay":
            done = replay(actor, thing, dry_run=True, again=which.again)
            found.add(done.runs)
            found.already_sent += len(done.already_sent)
            if not done.runs and not done.already_sent:
                found.left_out["No rule of today matches it."] += 1
        else:
            run = runs.run(actor.workspace_id, thing)
            if run is None:
                found.left_out["It is no longer there."] += 1
            elif run.state not in RETRIED:
                found.left_out[why_not_retried(run)] += 1
            else:
                found.already_sent += bool(run.may_repeat)
                if which.again or not run.may_repeat:
                    found.add([_as_planned(run)])
    except RulebookError as refused:
        found.left_out[refused.message] += 1


def _as_planned(run: Run) -> Run:
    return Run(action=run.action, state="queued", message=run.message, practice=run.practice,
               summary=run.summary)  # fmt: skip


def begin(actor: Actor, which: Which) -> Bulk:
    """Keep what is to be done; the worker does it. Raises NotAllowed, Invalid, Conflict."""
    actor.must("send")
    if len(which.chosen) > MOST_CHOSEN:
        raise Invalid.at("/chosen", f"At most {MOST_CHOSEN} can be chosen.", "Take all that fit.")
    if which.what not in ABOVE_ALL:
        raise Invalid.at("/what", "There is no such thing to do.", "Choose replay or retry.")
    if len(bulks.going(actor.workspace_id)) >= 5:
        raise Conflict("Five of these are under way already.", "Wait for one, or stop one.")
    now = utcnow()
    made = Bulk(id=new_id("blk"), workspace_id=actor.workspace_id, user_id=actor.user_id,
                what=which.what, asked=_written(which), upto=_newest_now(which.what, now),
                created_at=now)  # fmt: skip
    db.session.add(made)
    actor.note(f"bulk.{which.what}", made.id)
    db.session.commit()
    return made


def _newest_now(what: str, now: datetime) -> str:
    """Above all ids that are there now: what comes later is none of its business."""
    return new_id(ABOVE_ALL[what][:3])


def stop(actor: Actor, bulk_id: str) -> Bulk:
    """End a bulk before its time; what was sent stays sent. Raises NotFound, Conflict."""
    actor.must("send")
    found = find_bulk(actor, bulk_id)
    if not bulks.stop_bulk(actor.workspace_id, bulk_id, "Stopped by a person.", utcnow()):
        raise Conflict("It has finished already.", "Nothing more is sent for it.")
    actor.note("bulk.stop", bulk_id)
    db.session.commit()
    db.session.refresh(found)
    return found


def find_bulk(actor: Actor, bulk_id: str) -> Bulk:
    """One of the actor's bulks, as it is now. Raises NotFound."""
    actor.must("read")
    found = bulks.bulk(actor.workspace_id, bulk_id)
    if found is None:
        raise NotFound("bulk")
    return found


def carry_on(now: datetime | None = None) -> list[str]:
    """Take one bulk a step further; the ids of the runs that are due. Commits."""
    now, token = now or utcnow(), new_id("lease")
    taken = bulks.claim_bulk(token, now)
    db.session.commit()
    if taken is None:
        return []
    due: list[str] = []
    role = workspaces.role_of(taken.user_id or "", taken.workspace_id)
    actor = Actor(taken.workspace_id, taken.user_id, role or "")
    if not actor.may("send"):
        _finish(taken, token, "stopped", "Whoever asked for it may not send any more.")
        return []
    if bulks.count_waiting_replays(taken.workspace_id, MOST_WAITING) < MOST_WAITING:
        due = _step(actor, taken, token)
    bulks.move_bulk(taken.id, token, {"lease_until": None})
    db.session.commit()
    return due


def _step(actor: Actor, taken: Bulk, token: str) -> list[str]:
    which, ends = _read(taken), time.monotonic() + STEP_SECONDS
    ids, more = _next(actor, which, taken.upto)
    due: list[str] = []
    for thing in ids:
        made = _do(actor, which, taken, token, thing)
        if made is None:
            return due
        due += made
        if time.monotonic() > ends:
            return due
    if not more:
        _finish(taken, token, "done", "")
    elif not ids:
        bulks.move_bulk(taken.id, token, {"upto": more})
        taken.upto = more
    return due


def _do(actor: Actor, which: Which, taken: Bulk, token: str, thing: str) -> list[str] | None:
    """One event or run; how far the bulk has come is stored with what is sent. None: it is no
    longer ours."""

    def moved(count: int, why: str = "") -> None:
        left_out = Counter(taken.left_out)
        left_out.update([why] if why else [])
        values = {"upto": thing, "looked": taken.looked + 1, "sent": taken.sent + count,
                  "left_out": dict(left_out)}  # fmt: skip
        if not bulks.move_bulk(taken.id, token, values):
            raise _Lost("This was stopped.", "")
        for name, value in values.items():
            setattr(taken, name, value)

    db.session.expunge(taken) if taken in db.session else None
    try:
        try:
            return _send(actor, which, thing, moved)
        except _Lost:
            raise
        except RulebookError as refused:
            db.session.rollback()
            moved(0, refused.message)
        except Exception:
            log.exception("%s could not be done in a bulk; it goes on.", thing)
            db.session.rollback()
            moved(0, "It failed for a reason that stands in the program's log.")
        db.session.commit()
        return []
    except _Lost:
        db.session.rollback()
        return None


class _Lost(Conflict):
    """The bulk was stopped, or another worker has it."""


def _send(actor: Actor, which: Which, thing: str, moved: Any) -> list[str]:
    if which.what == "replay":
        done = replay(actor, thing, again=which.again, alongside=lambda n: moved(
            n, "" if n else _why_nothing))  # fmt: skip
        return done.due
    run = runs.run(actor.workspace_id, thing)
    if run is None or run.state not in RETRIED:
        raise Conflict(why_not_retried(run) if run else "It is no longer there.", "")
    if run.may_repeat and not which.again:
        raise Conflict("Not sent again, because it may have been sent.", "")
    fresh = retry(actor, thing, alongside=moved)
    return [fresh.id] if fresh.state == "queued" else []


_why_nothing = "Not sent again, because it was sent before, or no rule of today matches."


def _finish(taken: Bulk, token: str, state: str, sentence: str) -> None:
    ended = {"state": state, "sentence": sentence, "finished_at": utcnow(), "lease_until": None}
    bulks.move_bulk(taken.id, token, ended)
    db.session.commit()


def _next(actor: Actor, which: Which, upto: str) -> tuple[list[str], str | None]:
    """What comes next behind `upto`, newest first, and where to go on after it; None at the end."""
    if which.chosen:
        left = sorted((each for each in set(which.chosen) if each < upto), reverse=True)
        return left[:STEP], left[STEP - 1] if len(left) > STEP else None
    if which.what == "replay":
        page = search(actor, which.events, STEP, upto, which.fields)
        return [event.id for event in page.events], page.next
    found = runs.page_of_runs(actor.workspace_id, which.runs, STEP + 1, upto)
    ids = [run.id for run in found]
    return ids[:STEP], ids[STEP - 1] if len(ids) > STEP else None


def _written(which: Which) -> dict[str, Any]:
    def plain(values: dict[str, Any]) -> dict[str, Any]:
        return {
            name: value.isoformat() if isinstance(value, datetime) else value
            for name, value in values.items()
            if value not in (None, ())
        }

    fields = [[each.path.text, each.test, each.value] for each in which.fields]
    return {"chosen": list(which.chosen), "events": plain(asdict(which.events)),
            "runs": plain(asdict(which.runs)), "fields": fields, "again": which.again}  # fmt: skip


def _read(taken: Bulk) -> Which:
    asked = taken.asked
    of_events, of_runs = dict(asked["events"]), dict(asked["runs"])
    for name in ("after", "before"):
        if name in of_events:
            of_events[name] = datetime.fromisoformat(of_events[name])
    for values, name in ((of_events, "run_states"), (of_runs, "states")):
        values[name] = tuple(values.get(name, ()))
    fields = tuple(field_asked(*each) for each in asked["fields"])
    return Which(taken.what, tuple(asked["chosen"]), EventFilter(**of_events), fields,
                 RunFilter(**of_runs), asked["again"])  # fmt: skip
