"""Machines' clocks as they were when work was last planned by them, and what was planned.

`ahead` is by how many seconds a clock leads the machine's own time since it was started, which all
processes of a machine share and nobody can set: when it falls, the clock was set back.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import BigInteger, Table, bindparam, func, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Mapped, mapped_column

from rulebook.storage.alerts import Alert
from rulebook.storage.base import Base, Line, UtcDateTime, moment_of
from rulebook.storage.bulks import Bulk
from rulebook.storage.engine import change, db
from rulebook.storage.events import Event
from rulebook.storage.runs import Run
from rulebook.storage.targets import Target


class MachineClock(Base):
    """One machine from its start on. apart: by how much its clock leads the database's."""

    __tablename__ = "machine_clock"

    machine: Mapped[str] = mapped_column(Line(64), primary_key=True)
    ahead: Mapped[int] = mapped_column(BigInteger)
    apart: Mapped[int] = mapped_column(BigInteger)


def last_seen(machine: str) -> tuple[int, int] | None:
    """How the machine's clock was, ahead and apart."""
    found = select(MachineClock.ahead, MachineClock.apart).where(MachineClock.machine == machine)
    row = db.session.execute(found).one_or_none()
    return (row[0], row[1]) if row else None


def first_seen(machine: str, ahead: int, apart: int) -> None:
    """Write down how a machine's clock is, unless another worker of it has."""
    insert = pg_insert if db.engine.dialect.name == "postgresql" else sqlite_insert
    row = insert(MachineClock).values(machine=machine, ahead=ahead, apart=apart)
    db.session.execute(row.on_conflict_do_nothing())


def seen_anew(machine: str, was: int, ahead: int, apart: int) -> bool:
    """Write down that the clock was set; False when another worker of the machine did so first."""
    anew = update(MachineClock).where(MachineClock.machine == machine, MachineClock.ahead == was)
    return change(anew.values(ahead=ahead, apart=apart)) == 1


def database_clock() -> datetime | None:
    """What the database's own clock says; None where it is this machine's."""
    if db.engine.dialect.name == "sqlite":
        return None
    return db.session.scalar(select(func.clock_timestamp()))


def newest_stored() -> datetime | None:
    """When the newest event or run was stored, by the clock of whoever stored it."""
    newest = [db.session.scalar(select(func.max(noun.id))) for noun in (Event, Run)]
    return max((moment_of(each) for each in newest if each), default=None)


# What waits for a moment, and which of it still does.
_WAITING: tuple[tuple[Any, Any], ...] = (
    (Run.next_attempt_at, Run.state == "queued"),
    (Run.expires_at, Run.state.in_(("queued", "held"))),
    (Run.next_check_at, Run.next_check_at.is_not(None)),
    (Target.opened_until, Target.opened_until.is_not(None)),
    (Target.trial_until, Target.trial_until.is_not(None)),
    (Alert.next_at, Alert.state == "planned"),
    (Alert.lease_until, Alert.state == "sending"),
    (Bulk.lease_until, Bulk.state == "going"),
)


def bring_back(by: timedelta, now: datetime) -> int:
    """Move all that is planned for later than now by so much, to now at the earliest, and forget
    what was rung for in times to come; how many moments were moved."""
    moved = sum(_bring_back(column, waits, by, now) for column, waits in _WAITING)
    for noun, waits in ((Run, Run.state == "queued"), (Event, Event.state == "received")):
        change(update(noun).where(waits, noun.last_rung_at > now).values(last_rung_at=None))
    return moved


def _bring_back(column: Any, waits: Any, by: timedelta, now: datetime) -> int:
    table = cast(Table, column.class_.__table__)
    keys = list(table.primary_key.columns)
    planned = db.session.execute(select(*keys, column).where(waits, column > now)).all()
    if planned:
        of = [key == bindparam(f"of_{key.name}", type_=key.type) for key in keys]
        # Another worker may have planned it anew meanwhile, by the clock as it is now.
        as_it_was = table.c[column.key] == bindparam("was", type_=UtcDateTime())
        moved = {column.key: bindparam("at", type_=UtcDateTime())}
        moving = update(table).where(*of, as_it_was).values(moved)
        db.session.connection().execute(moving, [
            {f"of_{key.name}": value for key, value in zip(keys, row, strict=False)}
            | {"was": row[-1], "at": max(row[-1] - by, now)}
            for row in planned
        ])  # fmt: skip
    return len(planned)
