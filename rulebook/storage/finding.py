"""Events are found in the search index: by what their cards say, by words, newest first."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, ScalarSelect, Select, func, literal, select, text
from sqlalchemy.exc import DBAPIError

from rulebook.storage.search import (
    CHECKED,
    OUTCOMES,
    SAME_MOMENT,
    cards,
    code_table,
    marks,
    met_table,
    moment_of,
    place_at,
    reading_index,
)
from rulebook.storage.search_cards import blocks_of, past_crowd, type_code

Beginnings = tuple[str, ...]
NEWEST = (10_000,) * 11  # so many cards are read through, part by part, beside the index of words
INDEX_SHARE = 2 / 3  # of the time is the index's, so that some is left for the cards
WORK_MEMORY = "16MB"
CANCELLED = "57014"  # what PostgreSQL says of a question that took too long


@dataclass(frozen=True)
class Wanted:
    """What is looked for; None and () leave a thing open. words: each must be there, in one of
    these beginnings; whole: each must be there, in one of these words, which is found far sooner;
    fields: marks of fields that an event must have."""

    workspace_id: str
    hook_id: str | None = None
    event_type: str | None = None
    outcomes: tuple[str, ...] = ()
    checked: str | None = None
    rule_id: str | None = None
    after: datetime | None = None
    before: datetime | None = None
    words: tuple[Beginnings, ...] = ()
    whole: tuple[tuple[str, ...], ...] = ()
    fields: tuple[str, ...] = ()

    @property
    def in_words(self) -> bool:
        """Whether what was written has to be looked into, and not the cards alone."""
        return bool(self.words or self.whole or self.fields)


@dataclass(frozen=True)
class Found:
    """Ids of events, newest first. more: at least as many as were asked for; unseen: the newest
    event that was not looked at because the time was over, else None."""

    event_ids: list[str]
    more: bool = False
    unseen: str | None = None


def upto() -> str:
    """The newest event that is in the index with all before it; "" while there is no index."""
    with reading_index() as connection:
        return marks(connection)[0] if connection is not None else ""


def find(wanted: Wanted, limit: int, before: str | None, seconds: float = 0.5) -> Found:
    """At most `limit` events that fit, older than the event `before`. Where words are asked for
    the looking ends after these seconds, though not before something was seen."""
    with reading_index() as connection:
        if connection is None:
            return Found([])
        numbers = _numbers(connection, wanted)
        if numbers is None:
            return Found([])
        low, high = _range(connection, wanted, before)
        if connection.dialect.name == "sqlite" and wanted.in_words:
            return _in_blocks(connection, wanted, numbers, (low, high, limit), seconds)
        asked = _asked(connection, wanted, numbers)
        if low is not None:
            asked = asked.where(cards.c.n >= low)
        if high is not None:
            asked = asked.where(cards.c.n < high)
        if wanted.in_words:
            bounds = numbers["workspace"], high, limit
            return _newest_first(connection, asked, _tsquery(wanted), bounds, seconds)
        rows = list(connection.scalars(asked.order_by(cards.c.n.desc()).limit(limit)))
        return Found(rows, len(rows) == limit)


def _newest_first(
    connection: Connection,
    asked: Select[str],
    words: str,
    bounds: tuple[int, int | None, int],
    seconds: float,
) -> Found:
    """What has the words, for PostgreSQL: common words are among the newest cards, rare ones are
    found by the index of words. It cannot tell itself which they are: it takes one beginning of a
    word for as common as another, and would read all cards for one that none has. Where the index
    takes too long, as for common words that never meet, the newest cards are all that is told, as
    many parts of them as there is time for, and one at least."""
    has_words = text("words @@ CAST(:asked AS tsquery)").bindparams(asked=words)
    workspace, high, limit = bounds
    ends, rows, by_index = time.monotonic() + seconds, list[str](), True
    for left, size in zip(range(len(NEWEST))[::-1], NEWEST, strict=True):
        there = select(cards.c.n).where(cards.c.workspace == workspace)
        if high is not None:
            there = there.where(cards.c.n < high)
        first = connection.scalar(there.order_by(cards.c.n.desc()).offset(size - 1).limit(1))
        part = asked if first is None else asked.where(cards.c.n >= first)
        # Behind an OFFSET, so that the index of words is not gathered for them.
        newest = part.add_columns(cards.c.n, cards.c.words).order_by(cards.c.n.desc())
        some = newest.offset(0).subquery()
        told = select(some.c.event_id).where(has_words).order_by(some.c.n.desc())
        rows += connection.scalars(told.limit(limit - len(rows)))
        if first is None or len(rows) == limit:
            return Found(rows, len(rows) == limit)
        asked, high = asked.where(cards.c.n < first), first
        if by_index and (not left or len(rows) * 10 < limit):
            # The sum is there so that no index in the order of n is of use.
            rest = asked.where(has_words).order_by((cards.c.n + 0).desc())
            spare = (ends - time.monotonic()) * INDEX_SHARE
            found = within(connection, rest.limit(limit - len(rows)), spare)
            if found is not None:
                rows += found
                return Found(rows, len(rows) == limit)
            by_index = False
        if time.monotonic() > ends:
            break
    return Found(rows, unseen=_newest_before(connection, workspace, high or 0))


def within(connection: Connection, asked: Select[str], seconds: float) -> Sequence[str] | None:
    """What PostgreSQL finds within so many seconds; None where it does not come to an end. It may
    take a little memory, so that it need not look again at what it found in the index."""
    limits = f"SET LOCAL statement_timeout = {max(1, int(seconds * 1000))}"
    nested = connection.begin_nested()
    try:
        connection.exec_driver_sql(f"{limits}; SET LOCAL work_mem = '{WORK_MEMORY}'")
        return connection.scalars(asked).all()
    except DBAPIError as problem:
        if getattr(problem.orig, "sqlstate", "") != CANCELLED:
            raise
        return None
    finally:
        nested.rollback()  # which takes both limits back


def _newest_before(connection: Connection, workspace: int, place: int) -> str | None:
    """The workspace's newest event whose card is before this place."""
    mine = select(cards.c.event_id).where(cards.c.workspace == workspace, cards.c.n < place)
    return connection.scalar(mine.order_by(cards.c.n.desc()).limit(1))


def count_cards(workspace_id: str, limit: int) -> int:
    """How many events of a workspace are in the index, counted up to `limit`."""
    with reading_index() as connection:
        if connection is None:
            return 0
        there = select(cards.c.n).where(cards.c.workspace == _number_of(workspace_id))
        asked = select(func.count()).select_from(there.limit(limit).subquery())
        return connection.scalar(asked) or 0


def types_of(workspace_id: str, most: int = 100) -> list[str]:
    """The types of a workspace's events, in the order of the alphabet. Each is found by a look of
    its own into the index, so that it costs the same with however many events."""
    with reading_index() as connection:
        if connection is None:
            return []
        mine = cards.c.workspace == _number_of(workspace_id)
        first = select(func.min(cards.c.type).label("type"), literal(1).label("at")).where(mine)
        seen = first.cte("seen", recursive=True)
        after = select(func.min(cards.c.type)).where(mine, cards.c.type > seen.c.type)
        further = select(after.scalar_subquery(), seen.c.at + 1)
        further = further.where(seen.c.type.is_not(None), seen.c.at < most)
        seen = seen.union_all(further)
        words = connection.scalars(
            select(code_table.c.word).join(seen, seen.c.type == code_table.c.no)
        )
        return sorted(word.removeprefix(type_code("")) for word in words if word != type_code(""))


def _number_of(workspace_id: str) -> ScalarSelect[int]:
    return select(code_table.c.no).where(code_table.c.word == workspace_id).scalar_subquery()


def _range(
    connection: Connection, wanted: Wanted, before: str | None
) -> tuple[int | None, int | None]:
    low = place_at(wanted.after.timestamp()) if wanted.after else None
    highs = []
    if wanted.before:
        highs.append(past_crowd(connection, place_at(wanted.before.timestamp())))
    if before is not None:
        highs.append(_place_of(connection, before))
    return low, min(highs, default=None)


def _place_of(connection: Connection, event_id: str) -> int:
    """The place that parts what is older than this event from the rest: its own, or where it has
    no card the one behind the next older card of about its moment."""
    first = moment_of(event_id)
    end = past_crowd(connection, first + SAME_MOMENT)
    near = select(cards.c.event_id, cards.c.n).where(
        cards.c.n >= first, cards.c.n < end, cards.c.event_id <= event_id
    )
    for known, n in connection.execute(near.order_by(cards.c.event_id.desc()).limit(1)):
        return int(n if known == event_id else n + 1)
    return first


def _numbers(connection: Connection, wanted: Wanted) -> dict[str, int] | None:
    """The numbers of the texts that are asked for; None where one was never met."""
    texts = {
        "workspace": wanted.workspace_id,
        "hook": wanted.hook_id,
        "type": type_code(wanted.event_type) if wanted.event_type else None,
        "rule": wanted.rule_id,
    }
    asked = {name: word for name, word in texts.items() if word is not None}
    rows = connection.execute(
        select(code_table.c.word, code_table.c.no).where(code_table.c.word.in_(asked.values()))
    )
    known = {word: no for word, no in rows}
    if len(known) < len(asked):
        return None
    return {name: known[word] for name, word in asked.items()}


def _asked(connection: Connection, wanted: Wanted, numbers: dict[str, int]) -> Select[str]:
    asked = select(cards.c.event_id).where(cards.c.workspace == numbers["workspace"])
    for name in ("hook", "type"):
        if name in numbers:
            asked = asked.where(cards.c[name] == numbers[name])
    if wanted.outcomes:
        outcomes = [OUTCOMES.index(each) for each in wanted.outcomes]
        if len(outcomes) == 1:
            asked = asked.where(cards.c.outcome == outcomes[0])
        else:
            asked = asked.where(cards.c.outcome.in_(outcomes))
    if wanted.checked:
        asked = asked.where(cards.c.checked == CHECKED.index(wanted.checked))
    if "rule" in numbers:
        asked = asked.join(met_table, met_table.c.n == cards.c.n)
        asked = asked.where(met_table.c.rule == numbers["rule"])
    return asked


def _tsquery(wanted: Wanted) -> str:
    def quoted(word: str) -> str:
        return "'" + word.replace("\\", "\\\\").replace("'", "''") + "'"

    parts = [quoted(mark) for mark in wanted.fields]
    for words in wanted.whole:
        parts.append("(" + " | ".join(quoted(each) for each in words) + ")")
    for beginnings in wanted.words:
        parts.append("(" + " | ".join(f"{quoted(each)}:*" for each in beginnings) + ")")
    return " & ".join(parts)


def _in_blocks(
    connection: Connection,
    wanted: Wanted,
    numbers: dict[str, int],
    bounds: tuple[int | None, int | None, int],
    seconds: float,
) -> Found:
    """Block after block, newest first, until there are enough or the time is over."""
    low, high, limit = bounds
    ends = time.monotonic() + seconds
    match, found = _match(wanted, numbers), list[int]()
    unseen = reached = None
    for first, block in reversed(blocks_of(connection)):
        if high is not None and first >= high:
            continue
        if reached is not None and time.monotonic() > ends:  # one is always looked at
            unseen = _newest_before(connection, numbers["workspace"], reached)
            break
        rows = connection.exec_driver_sql(
            f"SELECT rowid FROM search_words_{block} WHERE search_words_{block} MATCH ? "  # noqa: S608
            "AND rowid >= ? AND rowid < ? ORDER BY rowid DESC LIMIT ?",
            (match, low or 0, high if high is not None else 1 << 62, limit - len(found)),
        )
        found += [n for (n,) in rows]
        reached = first
        if len(found) >= limit or (low is not None and first <= low):
            break
    return Found(_ids(connection, found), len(found) >= limit, unseen)


def _match(wanted: Wanted, numbers: dict[str, int]) -> str:
    marks = [f".{name[0]}{number}" for name, number in numbers.items()]
    if wanted.checked:
        marks.append(f".c{CHECKED.index(wanted.checked)}")
    parts = [f'"{mark}"' for mark in [*marks, *wanted.fields]]
    if wanted.outcomes:
        parts.append(_either(f'".o{OUTCOMES.index(each)}"' for each in wanted.outcomes))
    parts += [_either(f'"{each}"' for each in words) for words in wanted.whole]
    parts += [_either(f'"{each}"*' for each in beginnings) for beginnings in wanted.words]
    return " AND ".join(parts)


def _either(terms: Iterator[str]) -> str:
    return "(" + " OR ".join(terms) + ")"


def _ids(connection: Connection, places: list[int]) -> list[str]:
    rows = connection.execute(select(cards.c.n, cards.c.event_id).where(cards.c.n.in_(places)))
    ids = {n: event_id for n, event_id in rows}
    return [ids[n] for n in places if n in ids]
