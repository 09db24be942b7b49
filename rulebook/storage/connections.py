"""Connections: stored credentials, and the Practice outbox that stands in for them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint, func, select, update
from sqlalchemy.orm import Mapped, mapped_column

from rulebook.storage.base import Base, Id, Json, JsonDict, Line, UtcDateTime, Words, new_id, utcnow
from rulebook.storage.engine import change, db


class Connection(Base):
    """An account elsewhere. Everything secret is sealed in `sealed`; `config` holds the rest."""

    __tablename__ = "connection"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=lambda: new_id("con"))
    workspace_id: Mapped[str] = mapped_column(
        ForeignKey("workspace.id", ondelete="CASCADE"), index=True
    )
    kind: Mapped[str] = mapped_column(Line(50))
    name: Mapped[str] = mapped_column(Line(100))
    config: Mapped[JsonDict] = mapped_column(Json)
    sealed: Mapped[str] = mapped_column(Words)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    tested_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    test_ok: Mapped[bool | None]
    test_sentence: Mapped[str] = mapped_column(Words, default="")
    succeeded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class OutboxMessage(Base):
    """A message that the Practice outbox kept instead of sending; one for each run."""

    __tablename__ = "outbox_message"
    __table_args__ = (UniqueConstraint("run_id"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=lambda: new_id("out"))
    workspace_id: Mapped[str] = mapped_column(
        ForeignKey("workspace.id", ondelete="CASCADE"), index=True
    )
    run_id: Mapped[str] = mapped_column(ForeignKey("run.id", ondelete="CASCADE"))
    action: Mapped[str] = mapped_column(Line(50))
    to: Mapped[str] = mapped_column(Words)
    subject: Mapped[str] = mapped_column(Words, default="")
    text: Mapped[str] = mapped_column(Words, default="")
    html: Mapped[str] = mapped_column(Words, default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)


def connection(workspace_id: str, connection_id: str) -> Connection | None:
    """One of the workspace's connections."""
    return db.session.scalar(
        select(Connection).where(
            Connection.workspace_id == workspace_id,
            Connection.id == connection_id,
            Connection.deleted_at.is_(None),
        )
    )


def lock_connection(connection_id: str) -> None:
    """Let nobody else settle runs of this connection until the commit; SQLite's writers are alone
    anyway."""
    db.session.execute(
        select(Connection.id).where(Connection.id == connection_id).with_for_update(key_share=True)
    )


def connections(workspace_id: str) -> list[Connection]:
    """The workspace's connections, oldest first."""
    found = select(Connection).where(
        Connection.workspace_id == workspace_id, Connection.deleted_at.is_(None)
    )
    return list(db.session.scalars(found.order_by(Connection.id)))


def count_newer_messages(workspace_id: str, than_id: str, limit: int = 100) -> int:
    """How many messages were kept after this one, counted up to `limit`."""
    newer = select(OutboxMessage.id).where(
        OutboxMessage.workspace_id == workspace_id, OutboxMessage.id > than_id
    )
    return db.session.scalar(select(func.count()).select_from(newer.limit(limit).subquery())) or 0


def keep_message(message: OutboxMessage) -> None:
    """Put a message into the Practice outbox; a second time for the same run changes nothing."""
    held = select(OutboxMessage.id).where(OutboxMessage.run_id == message.run_id)
    if db.session.scalar(held) is None:
        db.session.add(message)


def page_of_messages(
    workspace_id: str, limit: int, before_id: str | None = None
) -> list[OutboxMessage]:
    """What the Practice outbox kept, newest first, older than the cursor `before_id`."""
    found = select(OutboxMessage).where(OutboxMessage.workspace_id == workspace_id)
    if before_id:
        found = found.where(OutboxMessage.id < before_id)
    return list(db.session.scalars(found.order_by(OutboxMessage.id.desc()).limit(limit)))


def count_messages(workspace_id: str) -> int:
    """How many messages the Practice outbox holds."""
    found = select(func.count()).where(OutboxMessage.workspace_id == workspace_id)
    return db.session.scalar(found) or 0


def mark_succeeded(moments: Mapping[str, datetime]) -> None:
    """Note for connections, by id, when something was done through them last."""
    for connection_id, moment in sorted(moments.items()):
        change(update(Connection).where(Connection.id == connection_id).values(succeeded_at=moment))


def names_of(connection_ids: Collection[str]) -> dict[tuple[str, str], str]:
    """What people call these connections, by workspace and id; those deleted included."""
    if not connection_ids:
        return {}
    rows = db.session.execute(
        select(Connection.workspace_id, Connection.id, Connection.name).where(
            Connection.id.in_(connection_ids)
        )
    )
    return {(workspace_id, each): name for workspace_id, each, name in rows}
