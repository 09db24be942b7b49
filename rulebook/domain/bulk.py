"""Many at once: what `deeds.py` can do, after a preview, in small steps behind live work.

A bulk is a row; the sweeper carries it on, whichever worker is there, until it is done or stopped.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

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
from rulebook.domain.deed import Deed, Done, Preview, Together
from rulebook.domain.deeds import DEEDS
from rulebook.errors import Conflict, Invalid, NotFound, RulebookError
from rulebook.storage import bulks, db, new_id, reading, utcnow, workspaces
from rulebook.storage.bulks import Bulk

log = logging.getLogger("rulebook.bulk")
MOST_GOING = 5
PREVIEW_STEP = 25
PREVIEW_SECONDS = 2.0
STEP_SECONDS = 1.0
CHOSEN = "chosen_of"  # in `asked`: what `Deed.choose` gave
LOOK_AGAIN = 0.25  # seconds, for a bulk that waits for room


def preview(actor: Actor, which: Which, upto: str | None = None) -> Preview:
    """What would come of it, by as many of the newest as the deed looks at, or by as many as it
    takes to find some; from `upto` downwards, where a look before this one ended. Changes nothing.
    Raises Invalid."""
    actor.must("read")
    deed, found = _deed(which), Preview()
    ends = time.monotonic() + PREVIEW_SECONDS
    found.next = upto or ABOVE_ALL[deed.of]
    while found.next:
        step = PREVIEW_STEP if deed.do else deed.step
        left = step if not found.would else min(step, deed.previewed - found.looked)
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


class Step(NamedTuple):
    """What a step came to: the runs that are due, and in how many seconds it goes on; None where
    nothing is left to do."""

    due: list[str]
    again: float | None = None


def carry_on(now: datetime | None = None) -> Step:
    """Take one bulk a step further. Commits."""
    now, token = now or utcnow(), new_id("lease")
    taken = bulks.claim_bulk(token, now)
    db.session.commit()
    if taken is None:
        return Step([])
    db.session.expunge(taken)  # a rollback must not make it forget how far it is
    due: list[str] = []
    role = workspaces.role_of(taken.user_id or "", taken.workspace_id)
    actor = Actor(taken.workspace_id, taken.user_id, role or "")
    if not actor.may("send"):
        _finish(taken, token, "stopped", "Whoever asked for it may not send any more.")
        return Step([], 0)
    again = 0.0
    if DEEDS[taken.what].has_room(taken.workspace_id):
        due = _step(actor, taken, token)
    else:
        again = LOOK_AGAIN
    # Not None: whoever was looked at longest ago comes next, also while this one has to wait.
    bulks.move_bulk(taken.id, token, {"lease_until": now})
    db.session.commit()
    return Step(due, again)


def _step(actor: Actor, taken: Bulk, token: str) -> list[str]:
    which = read(taken.what, taken.asked)
    deed = DEEDS[which.what]
    if deed.choose and CHOSEN not in taken.asked and not _choose(actor, deed, taken, token):
        return []
    with reading():  # however long it takes, nobody waits for it
        ids, more = next_ids(actor, which, deed.of, taken.upto, deed.step)
        db.session.commit()
    if deed.together:
        due = _do_together(actor, deed.together, taken, token, ids)
    else:
        due = _do_each(actor, which, taken, token, ids)
    if ids and taken.upto != ids[-1]:
        return due
    if not more:
        _finish(taken, token, "done", "")
    elif not ids:
        bulks.move_bulk(taken.id, token, {"upto": more})
        taken.upto = more
    return due


def _do_each(actor: Actor, which: Which, taken: Bulk, token: str, ids: Sequence[str]) -> list[str]:
    """One after the other, for a second or until the bulk is no longer ours."""
    due: list[str] = []
    ends = time.monotonic() + STEP_SECONDS
    for thing in ids:
        made = _do(actor, DEEDS[which.what], which, taken, token, thing)
        due += made or []
        if made is None or time.monotonic() > ends:
            break
    return due


def _choose(actor: Actor, deed: Deed, taken: Bulk, token: str) -> bool:
    """Keep which of all that are meant the deed has to know of, before anything is done."""
    which = read(taken.what, taken.asked)

    def groups() -> Iterator[Sequence[str]]:
        upto: str | None = taken.upto
        while upto:
            ids, upto = next_ids(actor, which, deed.of, upto, deed.step)
            yield ids

    assert deed.choose
    with reading():
        asked = {**taken.asked, CHOSEN: deed.choose(actor, groups())}
        db.session.commit()
    taken.asked = asked
    kept = bulks.move_bulk(taken.id, token, {"asked": asked})
    db.session.commit()
    return kept


def _do_together(
    actor: Actor, do: Together, taken: Bulk, token: str, ids: Sequence[str]
) -> list[str]:
    """A whole step in one transaction, with how far the bulk has come; none of it where the bulk is
    no longer ours."""
    if not ids:
        return []
    done = do(actor, ids, set(taken.asked.get(CHOSEN, ())))
    if not _move(taken, token, ids[-1], len(ids), done):
        db.session.rollback()
        return []
    db.session.commit()
    return done.due


def _move(taken: Bulk, token: str, upto: str, looked: int, done: Done) -> bool:
    """How far the bulk has come; False where it is no longer ours."""
    left_out = +(Counter(taken.left_out) + done.left_out)
    values = {"upto": upto, "looked": taken.looked + looked, "sent": taken.sent + done.count,
              "left_out": dict(left_out)}  # fmt: skip
    if not bulks.move_bulk(taken.id, token, values):
        return False
    for name, value in values.items():
        setattr(taken, name, value)
    return True


def _do(
    actor: Actor, deed: Deed, which: Which, taken: Bulk, token: str, thing: str
) -> list[str] | None:
    """One event or run; how far the bulk has come is stored with what is sent. None: it is no
    longer ours."""

    def moved(count: int, why: str = "") -> None:
        done = Done([], count, Counter([why] if why else []))
        if not _move(taken, token, thing, 1, done):
            raise _Lost("This was stopped.", "")

    assert deed.do
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
