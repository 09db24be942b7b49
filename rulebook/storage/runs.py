"""Runs and attempts: one action to be carried out for one event, and each try of it.

    queued --> sending --> succeeded | failed | unknown | queued (again) | held
    held, queued --> cancelled;  unknown --> queued (a person's decision)
    unknown --> succeeded | failed (a person, or what the provider says: storage/doubts.py)
    succeeded --> failed (the provider reports that it was not delivered, and only then)
    failed --> succeeded (given up in doubt, and then reported to have arrived; only then)
    watched: what a rule in Watch mode would have sent; nothing ever happens to it

Every change of state is a guarded UPDATE: it names the state it expects and changes one row, or
somebody else was there first.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import (
    ForeignKey,
    Index,
    UniqueConstraint,
    false,
    func,
    literal,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column

from rulebook.storage.base import Base, Id, Json, JsonDict, Line, UtcDateTime, Words, new_id, utcnow
from rulebook.storage.engine import change, db
from rulebook.storage.verdicts import Verdict

LEASE = timedelta(seconds=90)
MISSED_AFTER = timedelta(seconds=2)
MOST_TARGET = 300
COSTS = text("costs_at IS NOT NULL")
# Where most runs go through or end; those in another state are few, and an index of their own
# finds them. A query must say this in these words.
PASSING = ("queued", "sending", "succeeded")
LASTING = text("run.state NOT IN ('queued', 'sending', 'succeeded')")
_FEW = text("state NOT IN ('queued', 'sending', 'succeeded')")


def partial_index(column: str) -> Index:
    """An index of the few runs that have something in a column."""
    there = text(f"{column} IS NOT NULL")
    return Index(f"ix_run_{column}", column, sqlite_where=there, postgresql_where=there)


class Run(Base):
    """One action to be carried out for one event by one rule; `config` is a copy, so that an
    edit never changes what was planned. `target`: whom the breaker counts it for, "" for nobody;
    `test`: a person asked for it, there is no verdict; `held_for`: why it is held; `costs_at`: when
    it was let through to cost money."""

    __tablename__ = "run"
    __table_args__ = (
        UniqueConstraint("event_id", "rule_version_id", "step_id", "replay_no"),
        Index("ix_run_workspace_id_id", "workspace_id", "id"),
        Index("ix_run_state_next_attempt_at", "state", "next_attempt_at"),
        Index("ix_run_rule_id_id", "rule_id", "id"),
        Index("ix_run_hook_id_id", "hook_id", "id"),
        *(
            # Few runs cost money, so these stay small.
            Index(
                f"ix_run_{of}_costs_at", of, "costs_at", sqlite_where=COSTS, postgresql_where=COSTS
            )
            for of in ("rule_id", "workspace_id")
        ),
        *(
            Index(
                f"ix_run_lasting_{of}",
                "workspace_id",
                "state",
                of,
                sqlite_where=_FEW,
                postgresql_where=_FEW,
            )
            for of in ("id", "event_id")
        ),
        partial_index("provider_ref"),
        partial_index("next_check_at"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=lambda: new_id("run"))
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    hook_id: Mapped[str] = mapped_column(ForeignKey("hook.id", ondelete="CASCADE"))
    event_id: Mapped[str] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"))
    rule_id: Mapped[str] = mapped_column(ForeignKey("rule.id"))
    rule_version_id: Mapped[str] = mapped_column(ForeignKey("rule_version.id"))
    step_id: Mapped[str] = mapped_column(Line(60))
    position: Mapped[int] = mapped_column(default=0)
    replay_no: Mapped[int] = mapped_column(default=0)
    action: Mapped[str] = mapped_column(Line(50))
    connection_id: Mapped[str | None] = mapped_column(Id, index=True)
    config: Mapped[JsonDict] = mapped_column(Json)
    needs: Mapped[list[str]] = mapped_column(Json, default=list)
    if_missing: Mapped[str] = mapped_column(Line(10), default="blank")
    state: Mapped[str] = mapped_column(Line(12), default="queued")
    summary: Mapped[str] = mapped_column(Words, default="")
    message: Mapped[JsonDict | None] = mapped_column(Json)
    sentence: Mapped[str] = mapped_column(Words, default="")
    fix: Mapped[str] = mapped_column(Words, default="")
    practice: Mapped[bool] = mapped_column(default=False)
    test: Mapped[bool] = mapped_column(default=False, server_default=false())
    hops: Mapped[int] = mapped_column(default=0, server_default="0")
    repeat_safe: Mapped[bool] = mapped_column(default=False)
    may_repeat: Mapped[bool] = mapped_column(default=False)
    attempts: Mapped[int] = mapped_column(default=0)
    max_attempts: Mapped[int] = mapped_column(default=1)
    next_attempt_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lease_token: Mapped[str | None] = mapped_column(Id)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_rung_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    provider_ref: Mapped[str | None] = mapped_column(Line(200))
    target: Mapped[str] = mapped_column(Line(MOST_TARGET), default="", server_default="")
    held_for: Mapped[str] = mapped_column(Line(10), default="")
    costs_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    delivery: Mapped[str | None] = mapped_column(Line(12))
    delivery_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    next_check_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    @property
    def never_sendable(self) -> bool:
        """Whether it ended when it was planned: it could not be filled in, or not be sent as it
        was. Nothing can be sent again then."""
        ended = self.state in ("failed", "skipped") and self.finished_at == self.created_at
        return ended and not self.attempts


def run(workspace_id: str, run_id: str) -> Run | None:
    """One of the workspace's runs."""
    return db.session.scalar(select(Run).where(Run.workspace_id == workspace_id, Run.id == run_id))


def run_by_id(run_id: str) -> Run | None:
    """The run with this id, for the worker."""
    return db.session.get(Run, run_id, populate_existing=True)


def runs_by_id(workspace_id: str, run_ids: Sequence[str]) -> dict[str, Run]:
    """Several of the workspace's runs, by id."""
    if not run_ids:
        return {}
    found = select(Run).where(Run.workspace_id == workspace_id, Run.id.in_(run_ids))
    return {run.id: run for run in db.session.scalars(found)}


def runs_of_events(event_ids: Sequence[str]) -> dict[str, list[Run]]:
    """The runs of several events, by event id, in order."""
    found: dict[str, list[Run]] = {event_id: [] for event_id in event_ids}
    if not found:
        return found
    rows = select(Run).where(Run.event_id.in_(event_ids))
    for row in db.session.scalars(rows.order_by(Run.replay_no, Run.id)):
        found[row.event_id].append(row)
    return found


def runs_of_step(event_id: str, rule_id: str, step_id: str, test: bool = False) -> list[Run]:
    """All runs of one step for one event, whatever the version, oldest first; or all its tests."""
    found = select(Run).where(
        Run.event_id == event_id,
        Run.rule_id == rule_id,
        Run.step_id == step_id,
        Run.test.is_(test),
    )
    return list(db.session.scalars(found.order_by(Run.id)))


def same_plan(run: Run) -> list[Run]:
    """The runs of the same rule version for the same event and replay, itself included."""
    found = select(Run).where(
        Run.event_id == run.event_id,
        Run.rule_version_id == run.rule_version_id,
        Run.replay_no == run.replay_no,
    )
    return list(db.session.scalars(found.order_by(Run.position)))


def last_replay(event_id: str) -> int:
    """The highest replay number of the event's runs and verdicts."""
    used = [Run.replay_no, Verdict.replay_no]
    found = [
        db.session.scalar(select(func.max(number)).where(number.class_.event_id == event_id))
        for number in used
    ]
    return max((number or 0 for number in found), default=0)


def settle_sending(run_id: str, token: str, values: dict[str, Any]) -> bool:
    """Move a run on from `sending`; False when our lease was taken over meanwhile."""
    settled = change(
        update(Run)
        .where(Run.id == run_id, Run.state == "sending", Run.lease_token == token)
        .values(lease_until=None, **values)
    )
    return settled == 1


def settle_late(run_id: str, token: str, n: int, values: dict[str, Any]) -> bool:
    """A definite answer that came after the lease ended: taken if no later try began."""
    settled = change(
        update(Run)
        .where(
            Run.id == run_id,
            or_(
                (Run.state == "unknown") & (Run.lease_token == token),
                (Run.state == "queued") & (Run.attempts == n),
            ),
        )
        .values(lease_until=None, **values)
    )
    return settled == 1


def move(run_id: str, from_states: Sequence[str], values: dict[str, Any]) -> bool:
    """Change a run that is still in one of these states; False when it has moved on."""
    moved = change(update(Run).where(Run.id == run_id, Run.state.in_(from_states)).values(**values))
    return moved == 1


def due_runs(now: datetime, everything: bool = False, limit: int = 500) -> list[str]:
    """Due runs that nobody was told of lately, oldest first; each stamped as rung."""
    rows = db.session.scalars(
        select(Run.id)
        .where(
            Run.state == "queued",
            Run.next_attempt_at <= now,
            or_(
                # Whoever planned it rings at once; only what was missed is for us.
                Run.last_rung_at.is_(None) & (Run.next_attempt_at <= now - MISSED_AFTER),
                Run.last_rung_at < now - timedelta(seconds=30),
                Run.last_rung_at < Run.next_attempt_at,
                literal(everything),
            ),
        )
        .order_by(Run.next_attempt_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    if rows:
        change(update(Run).where(Run.id.in_(rows)).values(last_rung_at=now))
    return list(rows)


class Expired(NamedTuple):
    """A run that has just come to its end untried."""

    workspace_id: str
    hook_id: str
    rule_id: str
    action: str
    practice: bool
    config: JsonDict


def expire_runs(now: datetime) -> list[Expired]:
    """End the runs whose time is over before they could be done; which ones."""
    expired = db.session.execute(
        update(Run)
        .where(Run.state.in_(("queued", "held")), Run.expires_at <= now)
        .values(
            state="failed",
            finished_at=now,
            sentence="Too late: its time was over before it could be done.",
            fix="Retry it if it should still be done.",
        )
        .returning(*(getattr(Run, name) for name in Expired._fields))
        .execution_options(synchronize_session=False)
    )
    return [Expired(*row) for row in expired]


def free_expired_runs(now: datetime, sure: bool = False) -> int:
    """Settle the runs whose worker died in the middle: repeat what may be repeated, else doubt;
    `sure` as for events."""
    over = Run.lease_until < now
    if sure:
        over = or_(over, Run.lease_until > now + 2 * LEASE)
    expired = (Run.state == "sending") & over
    again = change(
        update(Run)
        .where(expired, Run.repeat_safe, Run.attempts < Run.max_attempts)
        .values(state="queued", may_repeat=True, next_attempt_at=now)
    )
    doubt = change(
        update(Run)
        .where(expired)
        .values(
            state="unknown",
            sentence="The program stopped in the middle of the call, so it may have been sent.",
            fix="Check with the receiver, then say whether it arrived.",
            next_check_at=now,
        )
    )
    return again + doubt


def oldest_due(now: datetime) -> datetime | None:
    """When the run that is overdue longest should have been tried."""
    return db.session.scalar(
        select(func.min(Run.next_attempt_at)).where(
            Run.state == "queued", Run.next_attempt_at <= now
        )
    )
