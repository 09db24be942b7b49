"""Who owns what: workspaces and the people in them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Update, select, update
from sqlalchemy.orm import Mapped, mapped_column

from rulebook.storage.base import Base, Id, Line, UtcDateTime, new_id, utcnow
from rulebook.storage.engine import change, db
from rulebook.storage.users import Session, User


class Workspace(Base):
    """What belongs together; every other noun is in exactly one."""

    __tablename__ = "workspace"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=lambda: new_id("wsp"))
    name: Mapped[str] = mapped_column(Line(100))
    zone: Mapped[str] = mapped_column(Line(64), default="UTC")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)


class Membership(Base):
    """A person's role in a workspace."""

    __tablename__ = "membership"

    workspace_id: Mapped[str] = mapped_column(
        ForeignKey(Workspace.id, ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[str] = mapped_column(
        ForeignKey(User.id, ondelete="CASCADE"), primary_key=True, index=True
    )
    role: Mapped[str] = mapped_column(Line(10))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)


def workspace(workspace_id: str) -> Workspace:
    """The workspace; it must exist."""
    return db.session.get_one(Workspace, workspace_id)


def role_of(user_id: str, workspace_id: str) -> str | None:
    """The person's role there, or None."""
    return db.session.scalar(
        select(Membership.role).where(
            Membership.user_id == user_id, Membership.workspace_id == workspace_id
        )
    )


def session_here(id_hash: str, now: datetime) -> tuple[Session, User, Workspace, str] | None:
    """The live session with this hash, whose it is, the workspace it is in and the role there."""
    row = db.session.execute(
        select(Session, User, Workspace, Membership.role)
        .join(User, User.id == Session.user_id)
        .join(Workspace, Workspace.id == Session.workspace_id)
        .join(
            Membership,
            (Membership.user_id == User.id) & (Membership.workspace_id == Workspace.id),
        )
        .where(Session.id_hash == id_hash, Session.expires_at > now)
    ).one_or_none()
    return (row[0], row[1], row[2], row[3]) if row else None


def first_workspace(user_id: str) -> Workspace | None:
    """The workspace that the person joined first."""
    return db.session.scalar(
        select(Workspace)
        .join(Membership, Membership.workspace_id == Workspace.id)
        .where(Membership.user_id == user_id)
        .order_by(Membership.created_at)
        .limit(1)
    )


def workspaces_of(user_id: str) -> list[Workspace]:
    """The workspaces that the person is in, in the order of joining."""
    found = select(Workspace).join(Membership, Membership.workspace_id == Workspace.id)
    mine = found.where(Membership.user_id == user_id)
    return list(db.session.scalars(mine.order_by(Membership.created_at, Workspace.id)))


def lock_people(workspace_id: str) -> None:
    """Wait until nobody else changes who is in the workspace, and let nobody until the commit.
    SQLite needs no lock: whoever writes there is alone."""
    db.session.execute(
        select(Workspace.id).where(Workspace.id == workspace_id).with_for_update(key_share=True)
    )


def set_role(workspace_id: str, user_id: str, role: str) -> None:
    """Give somebody of the workspace another role."""
    change(_membership(workspace_id, user_id).values(role=role))


def take_out(workspace_id: str, user_id: str) -> None:
    """End somebody's being in the workspace."""
    found = db.session.get(Membership, (workspace_id, user_id))
    if found:
        db.session.delete(found)


def _membership(workspace_id: str, user_id: str) -> Update:
    return update(Membership).where(
        Membership.workspace_id == workspace_id, Membership.user_id == user_id
    )


def members(workspace_id: str) -> list[tuple[User, str]]:
    """The people of the workspace with their roles, first come first."""
    rows = db.session.execute(
        select(User, Membership.role)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.workspace_id == workspace_id)
        .order_by(Membership.created_at)
    )
    return [(user, role) for user, role in rows]
