"""The ids that senders give to their deliveries: they tell a repeat from something new."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256

from sqlalchemy import Dialect, Executable, ForeignKey, bindparam, delete, select, tuple_
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Mapped, mapped_column

from rulebook.storage.base import Base, Id, Line, UtcDateTime
from rulebook.storage.engine import change, db
from rulebook.storage.rows import Putting

MOST_MARK = 40


class Dedupe(Base):
    """A sender's delivery id, claimed by the event that brought it first; or a token that may come
    with one body only, claimed by the digest of that body."""

    __tablename__ = "dedupe"

    hook_id: Mapped[str] = mapped_column(
        ForeignKey("hook.id", ondelete="CASCADE"), primary_key=True
    )
    key: Mapped[str] = mapped_column(Line(200), primary_key=True)
    event_id: Mapped[str] = mapped_column(Id)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


def _claiming(dialect: Dialect) -> Executable:
    row = pg_insert(Dedupe) if dialect.name == "postgresql" else sqlite_insert(Dedupe)
    names = ("hook_id", "key", "event_id", "expires_at")
    return row.values({name: bindparam(name) for name in names}).on_conflict_do_update(
        index_elements=[Dedupe.hook_id, Dedupe.key],
        set_={"event_id": row.excluded.event_id, "expires_at": row.excluded.expires_at},
        where=Dedupe.expires_at < bindparam("now", type_=UtcDateTime()),
    )


_claim = Putting(_claiming)


def claim_keys(
    claims: Mapping[str, tuple[str, str]], now: datetime, until: datetime
) -> dict[str, str]:
    """Claim delivery ids, given as event id -> (hook id, key), the earlier event first. Returns
    for each event the id of the one that holds its key: itself when it is the first."""
    # In one order everywhere, so that two processes with the same keys cannot wait in a ring.
    rows = [
        {"hook_id": hook_id, "key": key, "event_id": event_id, "expires_at": until, "now": now}
        for event_id, (hook_id, key) in sorted(claims.items(), key=lambda claim: claim[1])
    ]
    if _claim(rows) == len(rows):
        return {event_id: event_id for event_id in claims}
    held = db.session.execute(
        select(Dedupe.hook_id, Dedupe.key, Dedupe.event_id).where(
            tuple_(Dedupe.hook_id, Dedupe.key).in_(list(set(claims.values())))
        )
    )
    holders = {(hook_id, key): event_id for hook_id, key, event_id in held}
    return {event_id: holders[claim] for event_id, claim in claims.items()}


def came_with_another(
    tokens: Sequence[tuple[str, str, bytes]], now: datetime, until: datetime
) -> list[bool]:
    """Whether each token, given as hook id, token and body, came with another body before. Whatever
    comes with it first is what it belongs to until then, in the caller's transaction."""
    rows = [
        {
            "hook_id": hook_id, "key": f"once:{sha256(token.encode()).hexdigest()}",
            "event_id": sha256(body).hexdigest()[:MOST_MARK], "expires_at": until, "now": now,
        }
        for hook_id, token, body in tokens
    ]  # fmt: skip
    if _claim(sorted(rows, key=lambda row: (row["hook_id"], row["key"]))) == len(rows):
        return [False] * len(rows)
    keys = {(row["hook_id"], row["key"]) for row in rows}
    held = db.session.execute(
        select(Dedupe.hook_id, Dedupe.key, Dedupe.event_id).where(
            tuple_(Dedupe.hook_id, Dedupe.key).in_(sorted(keys))
        )
    )
    marks = {(hook_id, key): mark for hook_id, key, mark in held}
    return [marks[str(row["hook_id"]), str(row["key"])] != row["event_id"] for row in rows]


def forget_keys(now: datetime) -> None:
    """Delete delivery ids whose time is over."""
    change(delete(Dedupe).where(Dedupe.expires_at < now))
