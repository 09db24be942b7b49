"""Filters that people saved by name, each for one list; some shared with the workspace."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, func, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from rulebook.storage.base import Base, Id, Line, UtcDateTime, Words, new_id, utcnow
from rulebook.storage.engine import db


class SavedFilter(Base):
    """A filter as it stands in an address. of: which list, such as events."""

    __tablename__ = "saved_filter"
    __table_args__ = (Index("ix_saved_filter_workspace_id_of", "workspace_id", "of"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=lambda: new_id("flt"))
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    user_id: Mapped[str] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"))
    of: Mapped[str] = mapped_column(Line(20))
    name: Mapped[str] = mapped_column(Line(60))
    query: Mapped[str] = mapped_column(Words)
    shared: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)


def saved_filters(workspace_id: str, user_id: str | None, of: str) -> list[SavedFilter]:
    """A person's own filters of a list and those that others share, by name."""
    found = select(SavedFilter).where(
        SavedFilter.workspace_id == workspace_id,
        SavedFilter.of == of,
        or_(SavedFilter.user_id == user_id, SavedFilter.shared),
    )
    return list(db.session.scalars(found.order_by(func.lower(SavedFilter.name), SavedFilter.id)))


def saved_filter(workspace_id: str, filter_id: str) -> SavedFilter | None:
    """One of a workspace's filters, whose ever it is."""
    return db.session.scalar(
        select(SavedFilter).where(
            SavedFilter.workspace_id == workspace_id, SavedFilter.id == filter_id
        )
    )


def count_own(workspace_id: str, user_id: str | None) -> int:
    """How many filters a person has saved."""
    found = select(func.count()).where(
        SavedFilter.workspace_id == workspace_id, SavedFilter.user_id == user_id
    )
    return db.session.scalar(found) or 0
