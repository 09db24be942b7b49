"""Verdicts: one rule judged against one event, kept when met or missed by one condition."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, ForeignKey, Index, func, select
from sqlalchemy.orm import Mapped, mapped_column

from rulebook.storage.base import Base, Line, UtcDateTime, Words, utcnow
from rulebook.storage.engine import db
from rulebook.storage.rows import inserting
from rulebook.storage.rules import Rule


class Verdict(Base):
    """A kept verdict; every other one is recomputed from the version in force at the time."""

    __tablename__ = "verdict"
    __table_args__ = (Index("ix_verdict_rule_id_created_at", "rule_id", "created_at"),)

    event_id: Mapped[str] = mapped_column(
        ForeignKey("event.id", ondelete="CASCADE"), primary_key=True
    )
    rule_id: Mapped[str] = mapped_column(ForeignKey("rule.id"), primary_key=True)
    replay_no: Mapped[int] = mapped_column(primary_key=True, default=0)
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    version_id: Mapped[str] = mapped_column(ForeignKey("rule_version.id"))
    version: Mapped[int]
    mode: Mapped[str] = mapped_column(Line(10))
    met: Mapped[bool]
    summary: Mapped[str] = mapped_column(Words, default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)


add_verdicts = inserting(Verdict)


def verdicts_of(event_id: str) -> list[Verdict]:
    """The kept verdicts of an event."""
    found = select(Verdict).where(Verdict.event_id == event_id)
    return list(db.session.scalars(found.order_by(Verdict.replay_no, Verdict.rule_id)))


def named_verdicts(event_ids: Sequence[str]) -> dict[str, list[tuple[Verdict, str]]]:
    """The kept verdicts of several events with the names of their rules, by event id."""
    found: dict[str, list[tuple[Verdict, str]]] = {event_id: [] for event_id in event_ids}
    if not found:
        return found
    rows = db.session.execute(
        select(Verdict, Rule.name)
        .join(Rule, Rule.id == Verdict.rule_id)
        .where(Verdict.event_id.in_(event_ids), Verdict.replay_no == 0)
        .order_by(Rule.position, Rule.id)
    )
    for verdict, name in rows:
        found[verdict.event_id].append((verdict, name))
    return found


def hits_since(workspace_id: str, since: datetime) -> dict[str, int]:
    """How often each rule was met since then."""
    rows = db.session.execute(
        select(Verdict.rule_id, func.count())
        .join(Rule, Rule.id == Verdict.rule_id)
        .where(Rule.workspace_id == workspace_id, Verdict.met, Verdict.created_at >= since)
        .group_by(Verdict.rule_id)
    )
    return {rule_id: count for rule_id, count in rows}


def newest_hits(workspace_id: str, rule_ids: Collection[str]) -> dict[str, datetime]:
    """When each of these rules was met last."""
    return _last_met(Rule.workspace_id == workspace_id, Rule.id.in_(rule_ids)) if rule_ids else {}


def last_hits(workspace_id: str) -> dict[str, datetime]:
    """When each rule was met last."""
    return _last_met(Rule.workspace_id == workspace_id)


def _last_met(*which: ColumnElement[bool]) -> dict[str, datetime]:
    last = (
        select(Verdict.created_at)
        .where(Verdict.rule_id == Rule.id, Verdict.met)
        .order_by(Verdict.created_at.desc())
        .limit(1)
        .scalar_subquery()
    )
    rows = db.session.execute(select(Rule.id, last).where(*which))
    return {rule_id: moment for rule_id, moment in rows if moment is not None}
