"""Many at once: what `deeds.py` can do, after a preview, in small steps behind live work.

A bulk is a row; the sweeper carries it on, whichever worker is there, until it is done or stopped.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from datetime import datetime

from rulebook.domain.actor import Actor
from rulebook.domain.chosen import (
    ABOVE_ALL,
    MOST_CHOSEN,
    Which,
    next_ids,
    read,
    total,
    written,
)
from rulebook.domain.deeds import DEEDS, Deed, Preview
from rulebook.errors import Conflict, Invalid, NotFound, RulebookError
from rulebook.storage import bulks, db, new_id, utcnow, workspaces
from rulebook.storage.bulks import Bulk

log = logging.getLogger("rulebook.bulk")
MOST_PREVIEWED = 200
MOST_GOING = 5
PREVIEW_STEP = 25
PREVIEW_SECONDS = 2.0
STEP_SECONDS = 1.0
MOST_WAITING = 200  # replays that wait to be sent; more are not added before these are gone


def preview(actor: Actor, which: Which, upto: str | None = None) -> Preview:
    """What would come of it, by the newest 200, or by as many as it takes to find some; from
    `upto` downwards, where a look before this one ended. Changes nothing. Raises Invalid."""
    actor.must("read")
    deed, found = _deed(which), Preview()
    ends = time.monotonic() + PREVIEW_SECONDS
    found.next = upto or ABOVE_ALL[deed.of]
    while found.next:
        left = PREVIEW_STEP if not found.would else min(PREVIEW_STEP, MOST_PREVIEWED - found.looked)
        if left <= 0:
            break
        ids, found.next = next_ids(actor, which, deed.of, found.next, left)
        deed.look(actor, ids, which.again, found)
        found.looked += len(ids)
        if time.monotonic() >= ends:
            break
    return found


def _deed(which: Which) -> Deed:
    if which.what not in DEEDS:
        raise Invalid.at("/what", "There is no such thing to do.",
                         f"Choose one of {', '.join(DEEDS)}.")  # fmt: skip
    if len(which.chosen) > MOST_CHOSEN:
        raise Invalid.at("/chosen", f"At most {MOST_CHOSEN} can be chosen.", "Take all that fit.")
    return DEEDS[which.what]


def begin(actor: Actor, which: Which) -> Bulk:
    """Keep what is to be done; the worker does it. Raises NotAllowed, Invalid, Conflict."""
    actor.must("send")
    above_now = new_id(ABOVE_ALL[_deed(which).of][:3])  # what comes later is none of its business
    if len(bulks.going(actor.workspace_id)) >= MOST_GOING:
        raise Conflict("Five of these are under way already.", "Wait for one, or stop one.")
    made = Bulk(id=new_id("blk"), workspace_id=actor.workspace_id, user_id=actor.user_id,
                what=which.what, upto=above_now, created_at=utcnow(),
                asked=written(which) | {"total": total(actor, which, DEEDS[which.what].of)},
                )  # fmt: skip
    db.session.add(made)
    actor.note(f"bulk.{which.what}", made.id)
    db.session.commit()
    return made


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


def recent(actor: Actor, limit: int, before_id: str | None = None) -> list[Bulk]:
    """The actor's workspace's bulks, newest first, older than the cursor `before_id`."""
    actor.must("read")
    return bulks.page_of_bulks(actor.workspace_id, limit, before_id)


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
    if not DEEDS[taken.what].sends or _room(taken):
        due = _step(actor, taken, token)
    # Not None: whoever was looked at longest ago comes next, also while this one has to wait.
    bulks.move_bulk(taken.id, token, {"lease_until": now})
    db.session.commit()
    return due


def _room(taken: Bulk) -> bool:
    return bulks.count_waiting_replays(taken.workspace_id, MOST_WAITING) < MOST_WAITING


def _step(actor: Actor, taken: Bulk, token: str) -> list[str]:
    which, ends = read(taken.what, taken.asked), time.monotonic() + STEP_SECONDS
    deed = DEEDS[which.what]
    ids, more = next_ids(actor, which, deed.of, taken.upto, deed.step)
    due: list[str] = []
    for thing in ids:
        made = _do(actor, deed, which, taken, token, thing)
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


def _do(
    actor: Actor, deed: Deed, which: Which, taken: Bulk, token: str, thing: str
) -> list[str] | None:
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
            return deed.do(actor, thing, which.again, moved)
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


def _finish(taken: Bulk, token: str, state: str, sentence: str) -> None:
    ended = {"state": state, "sentence": sentence, "finished_at": utcnow(), "lease_until": None}
    bulks.move_bulk(taken.id, token, ended)
    db.session.commit()
