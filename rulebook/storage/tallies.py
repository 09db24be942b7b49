"""Tallies: how much of what happened in each half hour, so that charts need no look at events.

Whoever does a thing adds a note of it in the same transaction, which waits for nobody; the
sweeper folds notes into one row for each half hour, hook, rule and kind.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    ForeignKey,
    Index,
    Select,
    cast,
    delete,
    extract,
    func,
    insert,
    literal,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Mapped, mapped_column

from rulebook.storage.base import Base, Id, Line, new_id
from rulebook.storage.engine import change, db
from rulebook.storage.events import Event
from rulebook.storage.rows import inserting
from rulebook.storage.runs import Run
from rulebook.storage.verdicts import Verdict

# A day begins on a half hour in every zone but those of Nepal and Chatham, a quarter off.
SLOT = 1800  # seconds
KEPT = timedelta(days=400)
KINDS = ("received", "refused", "repeated", "matched", "hit", "sent", "kept", "cost", "failed")


class Key(NamedTuple):
    """What is counted together. kind: one of KINDS, of which cost is in hundredths of a US cent;
    slot: half hours since 1970; rule_id: empty for what is counted by hook alone."""

    workspace_id: str
    slot: int
    kind: str
    hook_id: str
    rule_id: str


class Tally(Base):
    """How much of one kind happened in a half hour."""

    __tablename__ = "tally"
    __table_args__ = (Index("ix_tally_slot", "slot"),)

    workspace_id: Mapped[str] = mapped_column(
        ForeignKey("workspace.id", ondelete="CASCADE"), primary_key=True
    )
    slot: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(Line(10), primary_key=True)
    hook_id: Mapped[str] = mapped_column(Id, primary_key=True)
    rule_id: Mapped[str] = mapped_column(Id, primary_key=True)
    n: Mapped[int]


class TallyNote(Base):
    """The same, of one transaction, until it is folded."""

    __tablename__ = "tally_note"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=lambda: new_id("tly"))
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    slot: Mapped[int]
    kind: Mapped[str] = mapped_column(Line(10))
    hook_id: Mapped[str] = mapped_column(Id)
    rule_id: Mapped[str] = mapped_column(Id)
    n: Mapped[int]


def slot_of(moment: datetime) -> int:
    """The half hour of a moment."""
    return int(moment.timestamp()) // SLOT


def start_of(slot: int) -> datetime:
    """When a half hour began."""
    return datetime.fromtimestamp(slot * SLOT, UTC)


_add = inserting(TallyNote)


def note(counts: Mapping[Key, int]) -> None:
    """Count these, in the caller's transaction."""
    _add([{"id": new_id("tly"), **key._asdict(), "n": n} for key, n in counts.items()])


def fold(limit: int = 20_000) -> int:
    """Fold up to `limit` notes; how many. Two at once are harmless: each note is taken once."""
    oldest = select(TallyNote.id).order_by(TallyNote.id).limit(limit)
    taken = db.session.execute(
        delete(TallyNote)
        .where(TallyNote.id.in_(oldest.with_for_update(skip_locked=True)))
        .returning(*(getattr(TallyNote, name) for name in Key._fields), TallyNote.n)
        .execution_options(synchronize_session=False)
    ).all()
    sums: Counter[Key] = Counter()
    for *key, n in taken:
        sums[Key(*key)] += n
    if sums:
        put = pg_insert if db.engine.dialect.name == "postgresql" else sqlite_insert
        row = put(Tally)
        added = row.on_conflict_do_update(
            index_elements=list(Key._fields), set_={"n": Tally.n + row.excluded.n}
        )
        # In one order everywhere, so that two never wait for each other.
        db.session.execute(added, [{**key._asdict(), "n": sums[key]} for key in sorted(sums)])
    return len(taken)


def _noted(workspace_id: str, since: int) -> Any:
    """What is folded and what is not yet, as one table."""
    names = ("slot", "kind", "hook_id", "rule_id", "n")
    found = [
        select(*(getattr(of, name) for name in names)).where(
            of.workspace_id == workspace_id, of.slot >= since
        )
        for of in (Tally, TallyNote)
    ]
    return union_all(*found).subquery()


def by_slot(
    workspace_id: str, since: datetime, hook_id: str | None = None, rule_id: str | None = None
) -> list[tuple[int, str, int]]:
    """Since then, of everything or of one hook or rule: half hour, kind, how many."""
    noted = _noted(workspace_id, slot_of(since))
    found = select(noted.c.slot, noted.c.kind, func.sum(noted.c.n))
    if hook_id:
        found = found.where(noted.c.hook_id == hook_id)
    if rule_id:
        found = found.where(noted.c.rule_id == rule_id)
    rows = db.session.execute(found.group_by(noted.c.slot, noted.c.kind))
    return [(slot, kind, int(n)) for slot, kind, n in rows]


def by_thing(
    workspace_id: str, of: str, since: datetime, slots: int
) -> list[tuple[str, int, str, int]]:
    """Since then, for each hook or rule (`of`: hook_id or rule_id): its id, the number of the
    stretch (of so many half hours, from 0), kind, how many."""
    first = slot_of(since)
    noted = _noted(workspace_id, first)
    stretch = ((noted.c.slot - first) // slots).label("stretch")
    thing = noted.c[of]
    rows = db.session.execute(
        select(thing, stretch, noted.c.kind, func.sum(noted.c.n))
        .where(thing != "")
        .group_by(thing, stretch, noted.c.kind)
    )
    return [(each, int(number), kind, int(n)) for each, number, kind, n in rows]


def last_slots(kind: str, of: str, since: datetime) -> list[tuple[str, str, int]]:
    """In all workspaces, for each hook or rule (`of`) of which there was any since then: workspace,
    id, the last half hour."""
    found = [
        select(table.workspace_id, getattr(table, of).label("thing"), table.slot).where(
            table.slot >= slot_of(since), table.kind == kind
        )
        for table in (Tally, TallyNote)
    ]
    noted = union_all(*found).subquery()
    rows = db.session.execute(
        select(noted.c.workspace_id, noted.c.thing, func.max(noted.c.slot)).group_by(
            noted.c.workspace_id, noted.c.thing
        )
    )
    return [(workspace_id, thing, slot) for workspace_id, thing, slot in rows]


def forget_tallies(before: datetime) -> int:
    """Delete what is older than that; how many rows."""
    return change(delete(Tally).where(Tally.slot < slot_of(before)))


def begin_tallies() -> None:
    """Count what happened before there were tallies, once; harmless when there are any. Commits."""
    if db.session.scalar(select(Tally.n).limit(1)) is None and db.session.scalar(
        select(Event.id).limit(1)
    ):
        count_anew()
    db.session.commit()


def count_anew() -> None:
    """Throw all tallies away and count what is stored. Reads every table through."""
    change(delete(TallyNote))
    change(delete(Tally))
    for found in (_of_events(), _of_verdicts(), _of_runs()):
        for kind, query in found:
            _put(kind, query)


def _put(kind: str, query: Select[*tuple[Any, ...]]) -> None:
    columns = ["workspace_id", "slot", "kind", "hook_id", "rule_id", "n"]
    counted = query.subquery()
    rows = select(
        *(counted.c.workspace_id, counted.c.slot, literal(kind)),
        *(counted.c.hook_id, counted.c.rule_id, func.count()),
    ).group_by(counted.c.workspace_id, counted.c.slot, counted.c.hook_id, counted.c.rule_id)
    db.session.execute(insert(Tally).from_select(columns, rows))


def _slot(moment: Any) -> ColumnElement[int]:
    return (cast(extract("epoch", moment), BigInteger) // SLOT).label("slot")


def _of_events() -> Iterable[tuple[str, Select[*tuple[Any, ...]]]]:
    base = select(Event.workspace_id, _slot(Event.received_at), Event.hook_id,
                  literal("").label("rule_id"))  # fmt: skip
    yield "received", base.where(Event.state.not_in(("refused", "duplicate")))
    yield "refused", base.where(Event.state == "refused")
    yield "repeated", base.where(Event.state == "duplicate")
    yield "matched", base.where(Event.matched > 0)


def _of_verdicts() -> Iterable[tuple[str, Select[*tuple[Any, ...]]]]:
    yield (
        "hit",
        select(Verdict.workspace_id, _slot(Event.received_at), Event.hook_id, Verdict.rule_id)
        .join(Event, Event.id == Verdict.event_id)
        .where(Verdict.met, Verdict.replay_no == 0),
    )


def _of_runs() -> Iterable[tuple[str, Select[*tuple[Any, ...]]]]:
    base = select(Run.workspace_id, _slot(Run.finished_at), Run.hook_id, Run.rule_id).where(
        Run.finished_at.is_not(None)
    )
    done = base.where(Run.state == "succeeded")
    yield "sent", done.where(Run.practice.is_(False))
    yield "kept", done.where(Run.practice)
    yield "failed", base.where(Run.state == "failed")
