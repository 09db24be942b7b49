"""Evidence links: who may look at one event, masked, without an account, and until when."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, mapped_column

from rulebook.storage.base import Base, Id, Line, UtcDateTime, new_id, utcnow
from rulebook.storage.engine import db


class Evidence(Base):
    """A link to one event. Its token is kept hashed, so that nobody can read a link from here."""

    __tablename__ = "evidence"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=lambda: new_id("evi"))
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    event_id: Mapped[str] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[str] = mapped_column(Line(64), unique=True)
    made_by: Mapped[str | None] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


def by_hash(token_hash: str, now: datetime) -> Evidence | None:
    """The link with this token, unless it has expired or was revoked."""
    return db.session.scalar(
        select(Evidence).where(
            Evidence.token_hash == token_hash,
            Evidence.expires_at > now,
            Evidence.revoked_at.is_(None),
        )
    )


def one(workspace_id: str, evidence_id: str) -> Evidence | None:
    """One of the workspace's links, whatever has become of it."""
    return db.session.scalar(
        select(Evidence).where(Evidence.workspace_id == workspace_id, Evidence.id == evidence_id)
    )


def links_of(event_id: str, now: datetime) -> list[Evidence]:
    """The event's links that still lead to it, oldest first."""
    found = select(Evidence).where(
        Evidence.event_id == event_id, Evidence.expires_at > now, Evidence.revoked_at.is_(None)
    )
    return list(db.session.scalars(found.order_by(Evidence.id)))
