"""What waits to be confirmed by its owner: a new e-mail address, a phone number. One of a kind for
each person."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint, delete, false, select, update
from sqlalchemy.orm import Mapped, mapped_column

from rulebook.storage.base import Base, Id, Line, UtcDateTime, Words, new_id, utcnow
from rulebook.storage.engine import change, db
from rulebook.storage.users import User


class Confirmation(Base):
    """A value that a person says is theirs, and what only its owner can know. proof: the hash of a
    link's token, or a code, sealed; practice: nothing was sent."""

    __tablename__ = "confirmation"
    __table_args__ = (UniqueConstraint("user_id", "kind"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=lambda: new_id("cnf"))
    user_id: Mapped[str] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(Line(10))
    value: Mapped[str] = mapped_column(Line(254))
    proof: Mapped[str] = mapped_column(Words)
    tries: Mapped[int] = mapped_column(default=0, server_default="0")
    practice: Mapped[bool] = mapped_column(default=False, server_default=false())
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)


def ask(asked: Confirmation) -> None:
    """Wait for this; what the same person was asked before of the kind is forgotten. Two presses at
    once wait for each other (SQLite's writers are alone anyway)."""
    db.session.execute(select(User.id).where(User.id == asked.user_id).with_for_update())
    forget(asked.user_id, asked.kind)
    db.session.add(asked)
    db.session.flush()


def waiting(user_id: str, kind: str, now: datetime) -> Confirmation | None:
    """What waits for this person."""
    return db.session.scalar(
        select(Confirmation).where(
            Confirmation.user_id == user_id,
            Confirmation.kind == kind,
            Confirmation.expires_at > now,
        )
    )


def forget(user_id: str, kind: str, asked_id: str | None = None) -> bool:
    """Wait no longer, for this one or for whatever it is; False when somebody was faster."""
    found = delete(Confirmation).where(Confirmation.user_id == user_id, Confirmation.kind == kind)
    return change(found.where(Confirmation.id == asked_id) if asked_id else found) > 0


def count_try(asked_id: str, most: int) -> bool:
    """Count one more try to confirm it; False when there were as many as may be."""
    tried = update(Confirmation).where(Confirmation.id == asked_id, Confirmation.tries < most)
    return change(tried.values(tries=Confirmation.tries + 1)) == 1


def tries_of(asked_id: str) -> int:
    """How many tries there were."""
    return db.session.scalar(select(Confirmation.tries).where(Confirmation.id == asked_id)) or 0
