"""Rules and their versions. A version never changes; verdicts and runs name the one they used."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ForeignKey, Index, Select, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, mapped_column

from rulebook.storage.base import Base, Id, Json, JsonDict, Line, UtcDateTime, new_id, utcnow
from rulebook.storage.engine import db
from rulebook.storage.hooks import Hook

MODES = ("off", "watch", "live")


class Rule(Base):
    """What to look for and what to do; `mode` is its state and not part of the document."""

    __tablename__ = "rule"
    __table_args__ = (Index("ix_rule_hook_id_position", "hook_id", "position"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=lambda: new_id("rule"))
    workspace_id: Mapped[str] = mapped_column(
        ForeignKey("workspace.id", ondelete="CASCADE"), index=True
    )
    hook_id: Mapped[str] = mapped_column(ForeignKey(Hook.id, ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(Line(200))
    mode: Mapped[str] = mapped_column(Line(10), default="off")
    position: Mapped[int]
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class RuleVersion(Base):
    """One saved state of a rule's document."""

    __tablename__ = "rule_version"
    __table_args__ = (UniqueConstraint("rule_id", "number"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=lambda: new_id("ver"))
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    rule_id: Mapped[str] = mapped_column(ForeignKey(Rule.id, ondelete="CASCADE"))
    number: Mapped[int]
    document: Mapped[JsonDict] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    created_by: Mapped[str | None] = mapped_column(Id)


def rule(workspace_id: str, rule_id: str, deleted: bool = False) -> Rule | None:
    """One of the workspace's rules; deleted ones only when asked for."""
    found = select(Rule).where(Rule.workspace_id == workspace_id, Rule.id == rule_id)
    if not deleted:
        found = found.where(Rule.deleted_at.is_(None))
    return db.session.scalar(found)


def rules(workspace_id: str, hook_id: str | None = None) -> list[Rule]:
    """The workspace's rules, or one hook's, in the order in which they are judged."""
    found = select(Rule).where(Rule.workspace_id == workspace_id, Rule.deleted_at.is_(None))
    if hook_id:
        found = found.where(Rule.hook_id == hook_id)
    return list(db.session.scalars(found.order_by(Rule.hook_id, Rule.position, Rule.id)))


def page_of_rules(
    workspace_id: str, hook_id: str | None, limit: int, after_id: str | None = None
) -> list[tuple[Rule, RuleVersion]]:
    """Rules with the version in force, oldest first, at most `limit`, newer than the cursor."""
    found = _in_force_now(workspace_id, hook_id)
    if after_id:
        found = found.where(Rule.id > after_id)
    rows = db.session.execute(found.order_by(Rule.id).limit(limit))
    return [(rule, version) for rule, version in rows]


def count_by_hook(hook_ids: Sequence[str]) -> dict[str, int]:
    """How many rules each of these hooks has."""
    rows = db.session.execute(
        select(Rule.hook_id, func.count())
        .where(Rule.hook_id.in_(hook_ids), Rule.deleted_at.is_(None))
        .group_by(Rule.hook_id)
    )
    return {hook_id: count for hook_id, count in rows}


def hidden_at(workspace_id: str) -> dict[str, datetime]:
    """When a field was last hidden on the hooks where one was, by the ids of these hooks and of
    their rules."""
    found = (
        select(Hook.id, Rule.id, Hook.hidden_at)
        .outerjoin(Rule, Rule.hook_id == Hook.id)
        .where(Hook.workspace_id == workspace_id, Hook.hidden_at.is_not(None))
    )
    rows = [(ids, moment) for *ids, moment in db.session.execute(found)]
    return {one: moment for ids, moment in rows for one in ids if one and moment}


def hooks_with_live_rules() -> list[tuple[str, str]]:
    """Workspace and id of each hook that judges, and has a rule that sends."""
    rows = db.session.execute(
        select(Hook.workspace_id, Hook.id)
        .join(Rule, Rule.hook_id == Hook.id)
        .where(Rule.mode == "live", Rule.deleted_at.is_(None), Hook.deleted_at.is_(None))
        .distinct()
        .order_by(Hook.workspace_id, Hook.id)
    )
    return [(workspace_id, hook_id) for workspace_id, hook_id in rows]


def next_position(hook_id: str) -> int:
    """The place below the hook's last rule."""
    last = db.session.scalar(select(func.max(Rule.position)).where(Rule.hook_id == hook_id))
    return 0 if last is None else last + 1


def version(rule_id: str, number: int) -> RuleVersion:
    """One version of a rule; it must exist."""
    return db.session.scalars(
        select(RuleVersion).where(RuleVersion.rule_id == rule_id, RuleVersion.number == number)
    ).one()


def version_by_id(version_id: str) -> RuleVersion:
    """The version with this id; it must exist."""
    return db.session.get_one(RuleVersion, version_id)


def named(version_ids: Collection[str]) -> dict[str, tuple[Rule, int]]:
    """The rule and the number of several versions, by version id; deleted rules included."""
    rows = db.session.execute(
        select(RuleVersion.id, Rule, RuleVersion.number)
        .join(Rule, Rule.id == RuleVersion.rule_id)
        .where(RuleVersion.id.in_(version_ids))
    )
    return {version_id: (rule, number) for version_id, rule, number in rows}


def versions(rule_id: str, most: int | None = None) -> list[RuleVersion]:
    """The versions of a rule, newest first; all of them unless `most` is given."""
    found = select(RuleVersion).where(RuleVersion.rule_id == rule_id)
    return list(db.session.scalars(found.order_by(RuleVersion.number.desc()).limit(most)))


def current(workspace_id: str, hook_id: str | None = None) -> list[tuple[Rule, RuleVersion]]:
    """Every rule with the version in force, in order; one hook's or the whole workspace's."""
    found = _in_force_now(workspace_id, hook_id)
    rows = db.session.execute(found.order_by(Rule.hook_id, Rule.position, Rule.id))
    return [(rule, version) for rule, version in rows]


def _in_force_now(workspace_id: str, hook_id: str | None) -> Select[Rule, RuleVersion]:
    found = (
        select(Rule, RuleVersion)
        .join(RuleVersion, (RuleVersion.rule_id == Rule.id) & (RuleVersion.number == Rule.version))
        .where(Rule.workspace_id == workspace_id, Rule.deleted_at.is_(None))
    )
    return found.where(Rule.hook_id == hook_id) if hook_id else found


def in_force(hook_id: str, moment: datetime) -> list[tuple[Rule, RuleVersion]]:
    """The hook's rules as they stood at that moment, those deleted since included, in order."""
    newest = (
        select(RuleVersion.rule_id, func.max(RuleVersion.number).label("number"))
        .join(Rule, Rule.id == RuleVersion.rule_id)
        .where(Rule.hook_id == hook_id, RuleVersion.created_at <= moment)
        .group_by(RuleVersion.rule_id)
        .subquery()
    )
    rows = db.session.execute(
        select(Rule, RuleVersion)
        .join(RuleVersion, RuleVersion.rule_id == Rule.id)
        .join(
            newest,
            (newest.c.rule_id == RuleVersion.rule_id) & (newest.c.number == RuleVersion.number),
        )
        .where((Rule.deleted_at.is_(None)) | (Rule.deleted_at > moment))
        .order_by(Rule.position, Rule.id)
    )
    return [(rule, version) for rule, version in rows]


def newer_than(hook_id: str, moment: datetime, limit: int) -> list[tuple[Rule, RuleVersion]]:
    """The hook's rules that were made after that moment, with the version in force, in order."""
    found = (
        select(Rule, RuleVersion)
        .join(RuleVersion, (RuleVersion.rule_id == Rule.id) & (RuleVersion.number == Rule.version))
        .where(Rule.hook_id == hook_id, Rule.deleted_at.is_(None), Rule.created_at > moment)
    )
    rows = db.session.execute(found.order_by(Rule.position, Rule.id).limit(limit))
    return [(rule, version) for rule, version in rows]


def versions_by_id(version_ids: Collection[str]) -> dict[str, RuleVersion]:
    """Several versions, by id."""
    found = select(RuleVersion).where(RuleVersion.id.in_(version_ids))
    return {version.id: version for version in db.session.scalars(found)}
