"""The field catalogue of a hook: what its events have been seen to contain."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, mapped_column

from rulebook.storage.base import Base, Json, Line, UtcDateTime, Words
from rulebook.storage.engine import db

MOST_FIELDS = 1000
MOST_EXAMPLES = 5


class Field(Base):
    """One path seen in a hook's events: its kinds, how often, some examples."""

    __tablename__ = "field"

    hook_id: Mapped[str] = mapped_column(
        ForeignKey("hook.id", ondelete="CASCADE"), primary_key=True
    )
    path_hash: Mapped[str] = mapped_column(Line(32), primary_key=True)
    path: Mapped[str] = mapped_column(Words)
    kinds: Mapped[dict[str, int]] = mapped_column(Json)
    seen: Mapped[int] = mapped_column(default=0)
    examples: Mapped[list[Any]] = mapped_column(Json, default=list)
    last_seen_at: Mapped[datetime] = mapped_column(UtcDateTime)


@dataclass(frozen=True)
class Sighting:
    """A field as one event showed it."""

    path: str
    kind: str
    example: Any


def _hash(path: str) -> str:
    return hashlib.sha256(path.encode()).hexdigest()[:32]


def fields(hook_id: str) -> list[Field]:
    """The hook's fields, most often seen first."""
    found = select(Field).where(Field.hook_id == hook_id)
    return list(db.session.scalars(found.order_by(Field.seen.desc(), Field.path)))


def see(hook_id: str, sightings: Iterable[Sighting], now: datetime) -> None:
    """Add what one event showed to the catalogue; beyond 1,000 fields new ones are left out."""
    known = {field.path_hash: field for field in fields(hook_id)}
    for sighting in sightings:
        key = _hash(sighting.path)
        field = known.get(key)
        if field is None:
            if len(known) >= MOST_FIELDS:
                continue
            field = Field(hook_id=hook_id, path_hash=key, path=sighting.path, kinds={},
                          seen=0, examples=[], last_seen_at=now)  # fmt: skip
            known[key] = field
            db.session.add(field)
        field.seen += 1
        field.last_seen_at = now
        field.kinds = {**field.kinds, sighting.kind: field.kinds.get(sighting.kind, 0) + 1}
        if sighting.example not in field.examples:
            field.examples = [sighting.example, *field.examples][:MOST_EXAMPLES]
