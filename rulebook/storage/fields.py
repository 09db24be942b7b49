"""The field catalogue of a hook: what its events have been seen to contain."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
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


@dataclass
class Sighting:
    """A field as some events showed it: how often as each kind, and what it held, newest last."""

    kinds: Counter[str] = field(default_factory=Counter)
    examples: list[Any] = field(default_factory=list)

    def add(self, kind: str, example: Any) -> None:
        """One more event showed it."""
        self.kinds[kind] += 1
        if example not in self.examples:
            self.examples = [*self.examples, example][-MOST_EXAMPLES:]


def _hash(path: str) -> str:
    return hashlib.sha256(path.encode()).hexdigest()[:32]


def fields(hook_id: str) -> list[Field]:
    """The hook's fields, most often seen first."""
    found = select(Field).where(Field.hook_id == hook_id)
    return list(db.session.scalars(found.order_by(Field.seen.desc(), Field.path)))


def paths(hook_ids: Sequence[str]) -> set[str]:
    """The paths that these hooks' events have shown."""
    return set(db.session.scalars(select(Field.path).where(Field.hook_id.in_(hook_ids))))


def examples(hook_ids: Collection[str], paths: Collection[str]) -> dict[tuple[str, str], list[Any]]:
    """What those fields of those hooks have held, newest first, by hook and path."""
    found = select(Field.hook_id, Field.path, Field.examples).where(
        Field.hook_id.in_(hook_ids), Field.path_hash.in_([_hash(path) for path in paths])
    )
    return {(hook_id, path): held for hook_id, path, held in db.session.execute(found)}


def see(hook_id: str, sightings: Mapping[str, Sighting], now: datetime) -> None:
    """Add what events showed, by path, to the catalogue; beyond 1,000 fields new ones are left
    out."""
    known = {field.path_hash: field for field in fields(hook_id)}
    for path, sighting in sightings.items():
        key = _hash(path)
        found = known.get(key)
        if found is None:
            if len(known) >= MOST_FIELDS:
                continue
            found = Field(hook_id=hook_id, path_hash=key, path=path, kinds={},
                          seen=0, examples=[], last_seen_at=now)  # fmt: skip
            known[key] = found
            db.session.add(found)
        found.seen += sighting.kinds.total()
        found.last_seen_at = now
        found.kinds = dict(Counter(found.kinds) + sighting.kinds)
        fresh = [it for it in reversed(sighting.examples) if it not in found.examples]
        if fresh:
            found.examples = [*fresh, *found.examples][:MOST_EXAMPLES]


def forget_examples(hook_id: str, mark: str, covers: Callable[[str], bool]) -> None:
    """Put a mark in the place of the examples of these fields."""
    for found in fields(hook_id):
        if covers(found.path):
            found.examples = [mark]
