"""Targets: whom runs are sent to, as far as it fails. A target without a row is healthy."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Select,
    Table,
    bindparam,
    delete,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Mapped, mapped_column

from rulebook.storage.base import Base, Json, Line, UtcDateTime, Words
from rulebook.storage.engine import change, db
from rulebook.storage.rows import Ask
from rulebook.storage.runs import MOST_TARGET

Key = tuple[str, str]  # the workspace's id, the target's name


class Target(Base):
    """A host or an account that failed lately. `failures`: in a row, since `failing_since`;
    `minutes`: of late, by minute, how often it answered and how often it failed; `opened`: how
    often all but one run were kept from it, now until `opened_until`."""

    __tablename__ = "target"

    workspace_id: Mapped[str] = mapped_column(
        ForeignKey("workspace.id", ondelete="CASCADE"), primary_key=True
    )
    name: Mapped[str] = mapped_column(Line(MOST_TARGET), primary_key=True)
    failures: Mapped[int] = mapped_column(default=0)
    minutes: Mapped[dict[str, list[int]]] = mapped_column(Json, default=dict)
    sentence: Mapped[str] = mapped_column(Words, default="")
    failed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    failing_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    opened: Mapped[int] = mapped_column(default=0)
    opened_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    trial_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    off_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    off_reason: Mapped[str] = mapped_column(Words, default="")


_row = cast(Table, Target.__table__).c
_TROUBLED = Ask(
    select(_row.workspace_id, _row.name).where(_row.name.in_(bindparam("names", expanding=True)))
)


def targets_by_key(wanted: Collection[Key]) -> dict[Key, Target]:
    """Those of the targets that are not simply healthy, in one query."""
    # Asked of every batch of calls, and nearly always for nothing.
    rows = _TROUBLED({"names": sorted({name for _, name in wanted})}) if wanted else []
    troubled = set(wanted) & {(of, name) for of, name in rows}
    return _found(_wanted(troubled)) if troubled else {}


def lock_targets(wanted: Collection[Key]) -> dict[Key, Target]:
    """The same, each held against others until the commit, in one order everywhere."""
    if not wanted:
        return {}
    return _found(_wanted(wanted).order_by(Target.workspace_id, Target.name).with_for_update())


def _wanted(wanted: Collection[Key]) -> Select[Target]:
    return select(Target).where(tuple_(Target.workspace_id, Target.name).in_(sorted(wanted)))


def _found(query: Select[Target]) -> dict[Key, Target]:
    # What the session remembers may be long past.
    rows = db.session.scalars(query.execution_options(populate_existing=True))
    return {(row.workspace_id, row.name): row for row in rows}


def add_targets(wanted: Collection[Key]) -> None:
    """Give a row to those that have none."""
    if not wanted:
        return
    insert = pg_insert if db.engine.dialect.name == "postgresql" else sqlite_insert
    blank = {"failures": 0, "minutes": {}, "sentence": "", "opened": 0, "off_reason": ""}
    rows = [{"workspace_id": of, "name": name, **blank} for of, name in sorted(wanted)]
    db.session.execute(insert(Target).on_conflict_do_nothing(), rows)


def take_trial(key: Key, now: datetime, lease: timedelta) -> bool:
    """Take the one try that a target is given once its wait is over; False when another has it."""
    taken = change(
        update(Target)
        .where(
            *_is(key),
            Target.off_at.is_(None),
            Target.opened_until <= now,
            or_(Target.trial_until.is_(None), Target.trial_until <= now),
        )
        .values(trial_until=now + lease)
    )
    return taken == 1


def give_back_trial(key: Key) -> None:
    """Let another have the one try."""
    change(update(Target).where(*_is(key)).values(trial_until=None))


def end_wait(key: Key, now: datetime) -> None:
    """Let one more run try a target now that is being left alone, whoever else may be trying it."""
    change(update(Target).where(*_is(key), Target.opened_until > now).values(opened_until=now))
    give_back_trial(key)


def forget_off_target(key: Key) -> bool:
    """A target that was switched off counts as healthy again; False when it was not off."""
    return change(delete(Target).where(*_is(key), Target.off_at.is_not(None))) == 1


def _is(key: Key) -> tuple[ColumnElement[bool], ...]:
    return (Target.workspace_id == key[0], Target.name == key[1])


def off_targets(workspace_id: str) -> list[Target]:
    """The targets that are switched off, the first one first."""
    found = select(Target).where(Target.workspace_id == workspace_id, Target.off_at.is_not(None))
    return list(db.session.scalars(found.order_by(Target.off_at, Target.name)))


def troubled_targets(workspace_id: str, limit: int, after: str | None = None) -> list[Target]:
    """The targets that are off, or kept from all but one run, by name, after the name `after`."""
    found = select(Target).where(
        Target.workspace_id == workspace_id,
        or_(Target.off_at.is_not(None), Target.opened_until.is_not(None)),
    )
    if after:
        found = found.where(Target.name > after)
    return list(db.session.scalars(found.order_by(Target.name).limit(limit)))
