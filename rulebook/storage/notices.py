"""Notices: each problem that a person has to know of, from when it was seen until it ended."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Select, select, text, union, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Mapped, mapped_column

from rulebook.storage.base import Base, Id, Line, UtcDateTime, Words, new_id, utcnow
from rulebook.storage.engine import change, db
from rulebook.storage.events import Event
from rulebook.storage.runs import Run
from rulebook.storage.tallies import Tally, TallyNote, slot_of
from rulebook.storage.targets import Target

_OPEN = text("closed_at IS NULL")


class Notice(Base):
    """One problem. kind, thing: as of attention.Worry; `seen_at`: when it was there last; `ending`:
    how it ended by itself, in a sentence; `alerted_at`, `ended_told_at`: when people were told."""

    __tablename__ = "notice"
    __table_args__ = (
        Index("uq_notice_open", "workspace_id", "kind", "thing", unique=True,
              sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_notice_workspace_id_id", "workspace_id", "id"),
        Index("ix_notice_closed_at", "closed_at"),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=lambda: new_id("ntc"))
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(Line(10))
    thing: Mapped[str] = mapped_column(Line(300))
    about: Mapped[str] = mapped_column(Words)
    sentence: Mapped[str] = mapped_column(Words)
    fix: Mapped[str] = mapped_column(Words)
    count: Mapped[int]
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ending: Mapped[str] = mapped_column(Words, default="")
    muted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    alerted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_told_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


_ENDED = (
    Notice.closed_at.is_not(None),
    Notice.alerted_at.is_not(None),
    Notice.ended_told_at.is_(None),
    Notice.muted_at.is_(None),
    Notice.ending != "",
)


def open_notices(workspace_id: str, *kinds: str) -> list[Notice]:
    """The problems that are there, oldest first; of some kinds, if that is said."""
    found = select(Notice).where(Notice.workspace_id == workspace_id, Notice.closed_at.is_(None))
    if kinds:
        found = found.where(Notice.kind.in_(kinds))
    return list(db.session.scalars(found.order_by(Notice.id)))


def open_everywhere(kind: str) -> list[Notice]:
    """The problems of one kind that are there, in all workspaces."""
    found = select(Notice).where(Notice.kind == kind, Notice.closed_at.is_(None))
    return list(db.session.scalars(found.order_by(Notice.id)))


def newest_notices(workspace_id: str, limit: int) -> list[Notice]:
    """Problems of the past and the present, newest first."""
    found = select(Notice).where(Notice.workspace_id == workspace_id)
    return list(db.session.scalars(found.order_by(Notice.id.desc()).limit(limit)))


def things_of(workspace_id: str, notice_ids: Collection[str]) -> dict[str, str]:
    """What several problems are about, by their ids."""
    found = select(Notice.id, Notice.thing).where(
        Notice.workspace_id == workspace_id, Notice.id.in_(notice_ids)
    )
    return {notice_id: thing for notice_id, thing in db.session.execute(found)}


def muted(workspace_id: str) -> set[tuple[str, str]]:
    """Kind and thing of the problems that nobody wants to hear of as long as they last."""
    rows = db.session.execute(
        select(Notice.kind, Notice.thing).where(
            Notice.workspace_id == workspace_id,
            Notice.closed_at.is_(None),
            Notice.muted_at.is_not(None),
        )
    )
    return {(kind, thing) for kind, thing in rows}


def open_notice(workspace_id: str, values: Mapping[str, Any]) -> None:
    """Note a problem; where it is noted already nothing changes."""
    insert = pg_insert if db.engine.dialect.name == "postgresql" else sqlite_insert
    row = insert(Notice).values(id=new_id("ntc"), workspace_id=workspace_id, ending="", **values)
    db.session.execute(row.on_conflict_do_nothing())


def set_open(workspace_id: str, kind: str, thing: str, values: Mapping[str, Any]) -> bool:
    """Change an open notice; False when there is none."""
    changed = update(Notice).where(
        Notice.workspace_id == workspace_id,
        Notice.kind == kind,
        Notice.thing == thing,
        Notice.closed_at.is_(None),
    )
    return change(changed.values(**values)) == 1


def take_untold(workspace_id: str, now: datetime) -> list[Notice]:
    """Open problems that nobody was told of, marked as told; none that somebody else took."""
    return _take(workspace_id, (
        Notice.closed_at.is_(None), Notice.alerted_at.is_(None), Notice.muted_at.is_(None),
    ), {"alerted_at": now})  # fmt: skip


def take_ended(workspace_id: str, now: datetime) -> list[Notice]:
    """Problems that people were told of and that ended by themselves, marked as told."""
    return _take(workspace_id, _ENDED, {"ended_told_at": now})


def any_ended(workspace_id: str) -> bool:
    """Whether there is one of these."""
    found = select(Notice.id).where(Notice.workspace_id == workspace_id, *_ENDED)
    return db.session.scalar(found.limit(1)) is not None


def _take(workspace_id: str, which: Collection[Any], values: Mapping[str, Any]) -> list[Notice]:
    taken = db.session.scalars(
        update(Notice)
        .where(Notice.workspace_id == workspace_id, *which)
        .values(**values)
        .returning(Notice)
        .execution_options(synchronize_session=False, populate_existing=True)
    ).all()
    return sorted(taken, key=lambda notice: notice.id)


def workspaces_to_watch(
    late_since: datetime, failed_since: datetime, refused_since: datetime
) -> set[str]:
    """The workspaces that have, or may have, a problem; found without reading through anything."""
    lately: list[Select[str]] = [
        select(of.workspace_id).where(of.slot >= slot_of(since), of.kind == kind)
        for of in (Tally, TallyNote)
        for kind, since in (("failed", failed_since), ("refused", refused_since))
    ]
    waiting = select(Event.workspace_id).where(
        Event.judged_at.is_(None), Event.state.in_(("poison", "received", "processing"))
    )
    asked = [
        *lately,
        waiting,
        select(Run.workspace_id).where(Run.state.in_(("unknown", "held"))),
        select(Run.workspace_id).where(Run.state == "queued", Run.next_attempt_at < late_since),
        select(Target.workspace_id).where(Target.off_at.is_not(None)),
        select(Notice.workspace_id).where(Notice.closed_at.is_(None)),
        select(Notice.workspace_id).where(*_ENDED, Notice.closed_at > refused_since),
    ]
    return set(db.session.scalars(union(*asked)))
