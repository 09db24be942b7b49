"""Bulks: what somebody asked to be done to many at once, done in small steps.

    going --> done | stopped

How far a bulk has come (`upto`) changes in the transaction that stores what a step sends, and only
for whoever holds the lease, so that nothing is sent twice however a worker ends.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ForeignKey, Index, func, or_, select, text, update
from sqlalchemy.orm import Mapped, mapped_column

from rulebook.storage.base import Base, Id, Json, JsonDict, Line, UtcDateTime, Words, new_id, utcnow
from rulebook.storage.engine import change, db
from rulebook.storage.runs import Run

LEASE = timedelta(seconds=60)
_GOING = text("state = 'going'")


class Bulk(Base):
    """what: one of domain/deeds.py; `asked`: which events or runs, how, and how many they were;
    `upto`: the last id that was looked at, newest first; sent: how many runs came of it;
    left_out: of how many nothing came, by the reason."""

    __tablename__ = "bulk"
    __table_args__ = (
        Index("ix_bulk_workspace_id_id", "workspace_id", "id"),
        Index("ix_bulk_going", "id", sqlite_where=_GOING, postgresql_where=_GOING),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=lambda: new_id("blk"))
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    user_id: Mapped[str | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"))
    what: Mapped[str] = mapped_column(Line(10))
    asked: Mapped[JsonDict] = mapped_column(Json)
    state: Mapped[str] = mapped_column(Line(10), default="going")
    upto: Mapped[str] = mapped_column(Id)
    looked: Mapped[int] = mapped_column(default=0)
    sent: Mapped[int] = mapped_column(default=0)
    left_out: Mapped[dict[str, int]] = mapped_column(Json, default=dict)
    sentence: Mapped[str] = mapped_column(Words, default="")
    lease_token: Mapped[str | None] = mapped_column(Id)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    @property
    def total(self) -> int | None:
        """How many there are to look at, counted up to 10,000; None where that is not known."""
        known: int | None = self.asked.get("total")
        if self.state == "done":
            return self.looked
        return None if known is None else max(known, self.looked)


def bulk(workspace_id: str, bulk_id: str) -> Bulk | None:
    """One of the workspace's bulks, as it is now."""
    found = select(Bulk).where(Bulk.workspace_id == workspace_id, Bulk.id == bulk_id)
    return db.session.scalar(found.execution_options(populate_existing=True))


def going(workspace_id: str) -> list[Bulk]:
    """The workspace's bulks that are not finished, oldest first."""
    found = select(Bulk).where(Bulk.workspace_id == workspace_id, Bulk.state == "going", _GOING)
    return list(db.session.scalars(found.order_by(Bulk.id)))


def page_of_bulks(workspace_id: str, limit: int, before_id: str | None = None) -> list[Bulk]:
    """The workspace's bulks, newest first, at most `limit`, older than the cursor `before_id`."""
    found = select(Bulk).where(Bulk.workspace_id == workspace_id)
    if before_id:
        found = found.where(Bulk.id < before_id)
    return list(db.session.scalars(found.order_by(Bulk.id.desc()).limit(limit)))


def claim_bulk(token: str, now: datetime) -> Bulk | None:
    """Take the bulk that was looked at longest ago; None when nobody else's lease is over."""
    free = or_(Bulk.lease_until.is_(None), Bulk.lease_until <= now)
    next_one = (
        select(Bulk.id)
        .where(_GOING, Bulk.state == "going", free)
        .order_by(Bulk.lease_until.asc().nulls_first(), Bulk.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    bulk_id = db.session.scalar(next_one)
    if bulk_id is None:
        return None
    taken = change(
        update(Bulk)
        .where(Bulk.id == bulk_id, Bulk.state == "going", free)
        .values(lease_token=token, lease_until=now + LEASE)
    )
    if not taken:
        return None
    return db.session.get_one(Bulk, bulk_id, populate_existing=True)


def move_bulk(bulk_id: str, token: str, values: dict[str, Any]) -> bool:
    """Change a bulk that we hold and that is still going; False when it was stopped or taken."""
    moved = change(
        update(Bulk)
        .where(Bulk.id == bulk_id, Bulk.lease_token == token, Bulk.state == "going")
        .values(**values)
    )
    return moved == 1


def stop_bulk(workspace_id: str, bulk_id: str, sentence: str, now: datetime) -> bool:
    """Stop a bulk; False when it was finished already."""
    stopped = change(
        update(Bulk)
        .where(Bulk.workspace_id == workspace_id, Bulk.id == bulk_id, Bulk.state == "going")
        .values(state="stopped", sentence=sentence, finished_at=now, lease_until=None)
    )
    return stopped == 1


def count_waiting_replays(workspace_id: str, most: int) -> int:
    """How many replayed runs of the workspace wait to be sent, counted up to `most`."""
    waiting = select(Run.id).where(
        Run.state == "queued", Run.workspace_id == workspace_id, Run.replay_no > 0
    )
    return db.session.scalar(select(func.count()).select_from(waiting.limit(most).subquery())) or 0


def count_due(workspace_id: str, now: datetime, most: int) -> int:
    """How many runs of the workspace are due and wait for a place, counted up to `most`."""
    due = select(Run.id).where(
        Run.state == "queued", Run.next_attempt_at <= now, Run.workspace_id == workspace_id
    )
    return db.session.scalar(select(func.count()).select_from(due.limit(most).subquery())) or 0
