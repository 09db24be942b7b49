"""The targets in trouble, and the switch of those that were switched off."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from rulebook.domain.actor import Actor
from rulebook.domain.breaker import called
from rulebook.errors import Conflict, Invalid
from rulebook.storage import db, held, targets, utcnow
from rulebook.storage.held import HeldFilter

CHOICES = ("send", "cancel")


@dataclass(frozen=True)
class Trouble:
    """A target that is off, or waits until it is tried again. `name` is its key, `called` what
    people call it; `since`: when it was switched off, or when it began to fail."""

    name: str
    called: str
    state: Literal["off", "waiting"]
    reason: str
    since: datetime | None
    until: datetime | None
    failures: int
    held: int


@dataclass(frozen=True)
class SwitchedOn:
    """What became of the runs that were held: the ids of those that are due, how many ended."""

    due: list[str]
    cancelled: int


def troubles(actor: Actor, limit: int = 200, after: str | None = None) -> list[Trouble]:
    """The workspace's targets that are off or wait, by name, after the name `after`."""
    actor.must("read")
    found = targets.troubled_targets(actor.workspace_id, limit, after)
    names = called([(row.workspace_id, row.name) for row in found])
    counts = held.held_by_target(actor.workspace_id)
    return [
        Trouble(
            name=row.name,
            called=names[row.workspace_id, row.name],
            state="off" if row.off_at else "waiting",
            reason=row.off_reason if row.off_at else row.sentence,
            since=row.off_at or row.failing_since or row.failed_at,
            until=row.opened_until,
            failures=row.failures,
            held=counts.get(row.name, 0),
        )
        for row in found
    ]


def switch_on(
    actor: Actor, name: str, then: str = "send", now: datetime | None = None
) -> SwitchedOn:
    """Send to a target again that was switched off; what was held for it is sent (`send`) or
    cancelled (`cancel`). Raises Invalid, Conflict."""
    actor.must("send")
    now = now or utcnow()
    if then not in CHOICES:
        raise Invalid.at("/held", f"There is no way {then!r} to go on.",
                         f"Choose one of {', '.join(CHOICES)}.")  # fmt: skip
    if not targets.forget_off_target((actor.workspace_id, name)):
        raise Conflict("This target is not switched off.", "Look at the list again.")
    which = HeldFilter(held_for="target", target=name)
    done = SwitchedOn([], 0)
    if then == "send":
        done = SwitchedOn(held.release_held(actor.workspace_id, which, now), 0)
    else:
        done = SwitchedOn([], held.cancel_held(actor.workspace_id, which, now))
    label = called([(actor.workspace_id, name)])[actor.workspace_id, name]
    actor.note("target.on", name[:40], label)
    db.session.commit()
    return done
