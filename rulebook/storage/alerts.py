"""Alerts: messages of Rulebook itself to its people, who wants which, and by which way they go.

planned --> sending --> sent | failed | unknown | planned (again);  kept: there was no way
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ForeignKey, Index, func, select, text, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Mapped, mapped_column

from rulebook.storage.base import Base, Id, Json, Line, UtcDateTime, Words, first_id, new_id, utcnow
from rulebook.storage.engine import change, db
from rulebook.storage.users import User

LEASE = timedelta(seconds=90)
_PLANNED = text("state IN ('planned', 'sending')")


class Alert(Base):
    """One message to one receiver. user_id: whose it is, None for the workspace's other way;
    connection_id: None for the mail server in the settings; `notices`: what it tells of."""

    __tablename__ = "alert"
    __table_args__ = (
        Index("ix_alert_workspace_id_id", "workspace_id", "id"),
        Index("ix_alert_due", "state", "next_at",
              sqlite_where=_PLANNED, postgresql_where=_PLANNED),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=lambda: new_id("alr"))
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    user_id: Mapped[str | None] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"))
    action: Mapped[str] = mapped_column(Line(50))
    connection_id: Mapped[str | None] = mapped_column(Id)
    to: Mapped[str] = mapped_column(Words)
    subject: Mapped[str] = mapped_column(Words)
    text: Mapped[str] = mapped_column(Words)
    notices: Mapped[list[str]] = mapped_column(Json, default=list)
    state: Mapped[str] = mapped_column(Line(12), default="planned")
    sentence: Mapped[str] = mapped_column(Words, default="")
    fix: Mapped[str] = mapped_column(Words, default="")
    tries: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class AlertWay(Base):
    """By which ways a workspace's alerts go. mail_connection: None for what is there; other_*: one
    more receiver, by an action that carries alerts."""

    __tablename__ = "alert_way"

    workspace_id: Mapped[str] = mapped_column(
        ForeignKey("workspace.id", ondelete="CASCADE"), primary_key=True
    )
    mail_connection: Mapped[str | None] = mapped_column(Id)
    other_action: Mapped[str] = mapped_column(Line(50), default="")
    other_connection: Mapped[str | None] = mapped_column(Id)
    other_to: Mapped[str] = mapped_column(Words, default="")


class AlertChoice(Base):
    """What a person wants to be told of; who has none gets everything that their role is for."""

    __tablename__ = "alert_choice"

    workspace_id: Mapped[str] = mapped_column(
        ForeignKey("workspace.id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[str] = mapped_column(
        ForeignKey(User.id, ondelete="CASCADE"), primary_key=True, index=True
    )
    kinds: Mapped[list[str]] = mapped_column(Json)
    endings: Mapped[bool] = mapped_column(default=True)


def way_of(workspace_id: str) -> AlertWay:
    """The workspace's ways; nothing chosen where there is no row."""
    found = db.session.get(AlertWay, workspace_id, populate_existing=True)
    return found or AlertWay(workspace_id=workspace_id, other_action="", other_to="")


def choices(workspace_id: str) -> dict[str, AlertChoice]:
    """What people chose, by user id."""
    found = select(AlertChoice).where(AlertChoice.workspace_id == workspace_id)
    return {each.user_id: each for each in db.session.scalars(found)}


def choose(noun: type[AlertWay] | type[AlertChoice], key: Mapping[str, Any],
           values: Mapping[str, Any]) -> None:  # fmt: skip
    """Put a choice in place of the one before."""
    insert = pg_insert if db.engine.dialect.name == "postgresql" else sqlite_insert
    row = insert(noun).values(**key, **values)
    db.session.execute(row.on_conflict_do_update(index_elements=list(key), set_=dict(values)))


def plan_alerts(rows: Sequence[Mapping[str, Any]]) -> None:
    """Write down messages that are to be sent."""
    db.session.add_all([Alert(**row) for row in rows])


def due_alerts(now: datetime, limit: int = 20) -> list[str]:
    """The messages that are to be sent now, oldest first."""
    found = select(Alert.id).where(Alert.state == "planned", Alert.next_at <= now)
    return list(db.session.scalars(found.order_by(Alert.id).limit(limit)))


def claim_alert(alert_id: str, now: datetime) -> Alert | None:
    """Take a message for sending, counted as a try; None when another has it."""
    taken = db.session.scalars(
        update(Alert)
        .where(Alert.id == alert_id, Alert.state == "planned", Alert.next_at <= now)
        .values(state="sending", tries=Alert.tries + 1, lease_until=now + LEASE)
        .returning(Alert)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    return taken.one_or_none()


def settle_alert(alert_id: str, tries: int, values: Mapping[str, Any]) -> bool:
    """What became of a try; False when it was given up for lost meanwhile and another began."""
    settled = update(Alert).where(
        Alert.id == alert_id, Alert.tries == tries, Alert.state.in_(("sending", "unknown"))
    )
    return change(settled.values(lease_until=None, **values)) == 1


def doubt_lost_alerts(now: datetime) -> int:
    """Messages whose worker died in the middle may have been sent; they are not sent again."""
    lost = update(Alert).where(Alert.state == "sending", Alert.lease_until < now)
    return change(lost.values(
        state="unknown", lease_until=None, finished_at=now,
        sentence="The program stopped in the middle of the call, so it may have been sent.",
    ))  # fmt: skip


def count_alerts(workspace_id: str, since: datetime) -> int:
    """How many messages were planned since then."""
    found = select(func.count()).where(
        Alert.workspace_id == workspace_id,
        Alert.id >= first_id("alr", since),
        Alert.state != "kept",
    )
    return db.session.scalar(found) or 0


def page_of_alerts(workspace_id: str, limit: int, before_id: str | None = None) -> list[Alert]:
    """The messages of a workspace, newest first, older than the cursor `before_id`."""
    found = select(Alert).where(Alert.workspace_id == workspace_id)
    if before_id:
        found = found.where(Alert.id < before_id)
    return list(db.session.scalars(found.order_by(Alert.id.desc()).limit(limit)))


def last_trouble(workspace_id: str) -> Alert | None:
    """The newest message, if it was not sent; of those that have ended."""
    found = select(Alert).where(
        Alert.workspace_id == workspace_id, Alert.state.in_(("sent", "failed", "unknown"))
    )
    newest = db.session.scalar(found.order_by(Alert.id.desc()).limit(1))
    return newest if newest and newest.state != "sent" else None
