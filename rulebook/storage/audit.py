"""Who did what: append only."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, mapped_column

from rulebook.storage.base import Base, Id, Line, UtcDateTime, Words, first_id, new_id, utcnow
from rulebook.storage.engine import db


class AuditEntry(Base):
    """One change: by whom, from where, what, on which thing."""

    __tablename__ = "audit_entry"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=lambda: new_id("aud"))
    workspace_id: Mapped[str | None] = mapped_column(
        ForeignKey("workspace.id", ondelete="CASCADE"), index=True
    )
    user_id: Mapped[str | None] = mapped_column(Id)
    address: Mapped[str] = mapped_column(Line(64), default="")
    what: Mapped[str] = mapped_column(Line(60))
    thing: Mapped[str] = mapped_column(Line(40), default="")
    detail: Mapped[str] = mapped_column(Words, default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)


def entries(workspace_id: str, limit: int, before_id: str | None = None) -> list[AuditEntry]:
    """The workspace's entries, newest first, older than the cursor `before_id`."""
    found = select(AuditEntry).where(AuditEntry.workspace_id == workspace_id)
    if before_id:
        found = found.where(AuditEntry.id < before_id)
    return list(db.session.scalars(found.order_by(AuditEntry.id.desc()).limit(limit)))


def deeds_since(workspace_id: str, what: str, since: datetime) -> list[AuditEntry]:
    """The workspace's entries of one kind from that moment on, oldest first."""
    found = select(AuditEntry).where(
        AuditEntry.workspace_id == workspace_id,
        AuditEntry.what == what,
        AuditEntry.id >= first_id("aud", since),
    )
    return list(db.session.scalars(found.order_by(AuditEntry.id)))
