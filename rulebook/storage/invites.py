"""Invitations: an address, a role, and a link of which only the hash is kept."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, select, update
from sqlalchemy.orm import Mapped, mapped_column

from rulebook.storage.base import Base, Id, Line, UtcDateTime, new_id, utcnow
from rulebook.storage.engine import change, db
from rulebook.storage.users import User


class Invite(Base):
    """Somebody is asked into a workspace. ended_at: it was accepted or revoked."""

    __tablename__ = "invite"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=lambda: new_id("inv"))
    workspace_id: Mapped[str] = mapped_column(
        ForeignKey("workspace.id", ondelete="CASCADE"), index=True
    )
    email: Mapped[str] = mapped_column(Line(254))
    role: Mapped[str] = mapped_column(Line(10))
    token_hash: Mapped[str] = mapped_column(Line(64), unique=True)
    made_by: Mapped[str | None] = mapped_column(ForeignKey(User.id, ondelete="SET NULL"))
    mailed: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


def open_invites(workspace_id: str) -> list[Invite]:
    """The workspace's invitations that nobody has accepted or revoked, oldest first."""
    found = select(Invite).where(Invite.workspace_id == workspace_id, Invite.ended_at.is_(None))
    return list(db.session.scalars(found.order_by(Invite.id)))


def invite(workspace_id: str, invite_id: str) -> Invite | None:
    """One of the workspace's invitations."""
    return db.session.scalar(
        select(Invite).where(Invite.workspace_id == workspace_id, Invite.id == invite_id)
    )


def by_hash(token_hash: str, now: datetime) -> Invite | None:
    """The invitation with this hash, while it may be accepted."""
    return db.session.scalar(
        select(Invite).where(
            Invite.token_hash == token_hash, Invite.ended_at.is_(None), Invite.expires_at > now
        )
    )


def ended_since(token_hash: str, since: datetime) -> Invite | None:
    """The invitation with this hash, if it was accepted or revoked after that."""
    return db.session.scalar(
        select(Invite).where(Invite.token_hash == token_hash, Invite.ended_at > since)
    )


def end(invite_id: str, now: datetime) -> bool:
    """End the invitation; False when somebody was faster."""
    ended = update(Invite).where(Invite.id == invite_id, Invite.ended_at.is_(None))
    return change(ended.values(ended_at=now)) == 1


def end_others(workspace_id: str, email: str, now: datetime) -> None:
    """End earlier invitations of the same address."""
    change(
        update(Invite)
        .where(
            Invite.workspace_id == workspace_id, Invite.email == email, Invite.ended_at.is_(None)
        )
        .values(ended_at=now)
    )
