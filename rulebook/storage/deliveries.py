"""The ids that senders give to their deliveries: they tell a repeat from something new."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Dialect, Executable, ForeignKey, bindparam, delete, select, tuple_
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Mapped, mapped_column

from rulebook.storage.base import Base, Id, Line, UtcDateTime
from rulebook.storage.engine import change, db
from rulebook.storage.rows import Putting


class Dedupe(Base):
    """A sender's delivery id, claimed by the event that brought it first."""

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


def forget_keys(now: datetime) -> None:
    """Delete delivery ids whose time is over."""
    change(delete(Dedupe).where(Dedupe.expires_at < now))
