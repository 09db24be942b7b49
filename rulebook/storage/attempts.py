"""Attempts: each try of a run, written before the call is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import (
    Dialect,
    Executable,
    ForeignKey,
    Table,
    UniqueConstraint,
    bindparam,
    select,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column

from rulebook.storage.base import Base, Id, Line, UtcDateTime, Words, new_id
from rulebook.storage.engine import change, db
from rulebook.storage.rows import Many, inserting
from rulebook.storage.runs import Run


class Attempt(Base):
    """One try of a run, written before the call: without an outcome, it may be under way."""

    __tablename__ = "attempt"
    __table_args__ = (UniqueConstraint("run_id", "n"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=lambda: new_id("att"))
    run_id: Mapped[str] = mapped_column(ForeignKey(Run.id, ondelete="CASCADE"))
    n: Mapped[int]
    lease_token: Mapped[str] = mapped_column(Id)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    outcome: Mapped[str | None] = mapped_column(Line(12))
    sentence: Mapped[str] = mapped_column(Words, default="")
    fix: Mapped[str] = mapped_column(Words, default="")
    request: Mapped[str] = mapped_column(Words, default="")
    answer: Mapped[str] = mapped_column(Words, default="")
    receipt: Mapped[str] = mapped_column(Line(200), default="")
    duration_ms: Mapped[int | None]


def attempts_of(run_ids: Sequence[str]) -> dict[str, list[Attempt]]:
    """The attempts of several runs, by run id, in order."""
    found: dict[str, list[Attempt]] = {run_id: [] for run_id in run_ids}
    rows = select(Attempt).where(Attempt.run_id.in_(run_ids)).order_by(Attempt.n)
    for row in db.session.scalars(rows):
        found[row.run_id].append(row)
    return found


_start = inserting(Attempt)


def start_attempts(tries: Sequence[tuple[str, int]], token: str, now: datetime) -> None:
    """Write down tries, given as run id and number, before the calls are made."""
    _start([
        {"id": new_id("att"), "run_id": run_id, "n": n, "lease_token": token, "started_at": now}
        for run_id, n in tries
    ])  # fmt: skip


_SETTLED = ("finished_at", "outcome", "sentence", "fix", "request", "answer", "receipt",
            "duration_ms")  # fmt: skip


def _finishing(dialect: Dialect) -> Executable:
    attempt = cast(Table, Attempt.__table__)
    return (
        attempt.update()
        .where(attempt.c.run_id == bindparam("of_run"), attempt.c.n == bindparam("number"))
        .values({name: bindparam(f"new_{name}") for name in _SETTLED})
    )


_finish = Many(_finishing)


def finish_attempts(tries: Sequence[tuple[str, int, Mapping[str, Any]]]) -> None:
    """Write down how tries, given as run id and number, ended."""
    _finish([
        {"of_run": run_id, "number": n} | {f"new_{name}": values[name] for name in _SETTLED}
        for run_id, n, values in tries
    ])  # fmt: skip


def keep_receipt(run_id: str, n: int, receipt: str) -> None:
    """The provider's own id of what a try sent, learnt later."""
    change(update(Attempt).where(Attempt.run_id == run_id, Attempt.n == n).values(receipt=receipt))
