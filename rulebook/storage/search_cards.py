"""Cards and words are put into the search index, and taken out of it again."""

from __future__ import annotations

import bisect
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, func, select, text

from rulebook.storage.search import (
    BLOCK,
    CHECKED,
    OUTCOMES,
    SAME_MOMENT,
    Card,
    block_table,
    cards,
    code_table,
    met_table,
    moment_of,
)

_WITH_WORDS = text(
    "INSERT INTO search_card (n, event_id, workspace, hook, type, outcome, checked, words) VALUES "
    "(:n, :event_id, :workspace, :hook, :type, :outcome, :checked, "
    "array_to_tsvector(CAST(:words AS text[])))"
)


def put_cards(connection: Connection, fresh: Sequence[Card]) -> None:
    """Write cards, in the order of their ids; those that are there already are written anew."""
    known = places_of(connection, [card.event_id for card in fresh])
    if known:
        _take_out(connection, list(known.values()))
    codes, places = _Codes(connection), _Places(connection, known.values())
    rows: list[dict[str, Any]] = []
    met: list[dict[str, int]] = []
    for card in fresh:
        n = known.get(card.event_id) or places.free(card.event_id)
        rules = [codes(rule_id) for rule_id in card.rule_ids]
        rows.append({"n": n, "event_id": card.event_id, **codes.of(card), "words": card.words,
                     "rules": rules})  # fmt: skip
        met += [{"rule": rule, "n": n} for rule in rules]
    if not rows:
        return
    if connection.dialect.name == "sqlite":
        _insert_with_blocks(connection, rows)
    else:
        for row in rows:
            row["words"] = None if row["words"] is None else sorted(row["words"])
        connection.execute(_WITH_WORDS, rows)
    if met:
        connection.execute(met_table.insert(), met)


def forget_words(connection: Connection, event_ids: Collection[str]) -> None:
    """Take the words of these events out of the index; `purge` then takes them off the disk."""
    known = list(places_of(connection, event_ids).values())
    if connection.dialect.name != "sqlite":
        connection.execute(cards.update().where(cards.c.n.in_(known)).values(words=None))
        return
    for block in _delete_words(connection, known):
        connection.execute(block_table.update().where(block_table.c.id == block).values(purge=True))


def purge(connection: Connection) -> bool:
    """Take what was forgotten off the disk: of one block, which takes up to a second. Whether
    there was one. PostgreSQL does it by itself."""
    if connection.dialect.name != "sqlite":
        return False
    wanted = select(block_table.c.id).where(block_table.c.purge).limit(1)
    block = connection.scalar(wanted)
    if block is None:
        return False
    name = f"search_words_{block}"
    left = connection.exec_driver_sql(f"SELECT 1 FROM {name} LIMIT 1").first()  # noqa: S608
    if left is None and block != connection.scalar(select(func.max(block_table.c.id))):
        connection.exec_driver_sql(f"DROP TABLE {name}")
        connection.execute(block_table.delete().where(block_table.c.id == block))
    else:
        connection.exec_driver_sql(f"INSERT INTO {name}({name}) VALUES ('optimize')")  # noqa: S608
        done = block_table.update().where(block_table.c.id == block).values(purge=False)
        connection.execute(done)
    return True


def missing(connection: Connection, event_ids: Collection[str]) -> list[str]:
    """Those of these events that have no card."""
    known = places_of(connection, event_ids)
    return [event_id for event_id in event_ids if event_id not in known]


def places_of(connection: Connection, event_ids: Collection[str]) -> dict[str, int]:
    """Where the cards of these events are, of those that have one."""
    if not event_ids:
        return {}
    firsts = [moment_of(each) for each in event_ids]
    found = select(cards.c.event_id, cards.c.n).where(
        cards.c.n >= min(firsts),
        cards.c.n < past_crowd(connection, max(firsts) + SAME_MOMENT),
        cards.c.event_id.in_(list(event_ids)),
    )
    return {event_id: n for event_id, n in connection.execute(found)}


def past_crowd(connection: Connection, end: int) -> int:
    """The end of where an event has its card whose own place is before `end`. Whoever stands behind
    it was crowded out: all places up to there are taken."""
    while connection.scalar(select(cards.c.n).where(cards.c.n == end - 1)) is not None:
        end += SAME_MOMENT
    return end


def waiting_cards(connection: Connection, limit: int) -> list[str]:
    """Events that were not judged yet when their card was written, the oldest first."""
    unsettled = [OUTCOMES.index(word) for word in ("received", "processing")]
    workspaces = select(code_table.c.no).where(code_table.c.word.startswith("wsp_"))
    found = (
        select(cards.c.event_id)
        .where(cards.c.workspace.in_(workspaces), cards.c.outcome.in_(unsettled))
        .order_by(cards.c.n)
        .limit(limit)
    )
    return list(connection.scalars(found))


class _Places:
    """Places for new cards: that of the event's moment, or the next one that is free and not kept
    for another."""

    def __init__(self, connection: Connection, kept: Iterable[int]) -> None:
        self._connection = connection
        self._given = set(kept)
        self._last = connection.scalar(select(func.max(cards.c.n))) or 0
        self._taken: set[int] = set()  # of those that were looked at
        self._looked_at = self._crowd = range(0)

    def free(self, event_id: str) -> int:
        first = moment_of(event_id)
        crowd = self._crowd if first in self._crowd else range(first, first)
        n = crowd.stop
        while n in self._given or self._has_card(n):
            n += 1
        self._crowd = range(crowd.start, n + 1)  # all of them are taken
        self._given.add(n)
        return n

    def _has_card(self, n: int) -> bool:
        if n > self._last:
            return False
        if n not in self._looked_at:
            self._looked_at = range(n, n + SAME_MOMENT)
            there = select(cards.c.n).where(cards.c.n >= n, cards.c.n < n + SAME_MOMENT)
            self._taken = set(self._connection.scalars(there))
        return n in self._taken


class _Codes:
    """Small numbers for long texts, made as they are met."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._known: dict[str, int] = {}

    def __call__(self, word: str) -> int:
        found = self._known.get(word)
        if found is None:
            asked = select(code_table.c.no).where(code_table.c.word == word)
            found = self._connection.scalar(asked)
        if found is None:
            made = code_table.insert().values(word=word).returning(code_table.c.no)
            found = int(self._connection.execute(made).scalar_one())
        self._known[word] = found
        return found

    def of(self, card: Card) -> dict[str, int]:
        """A card's texts as numbers."""
        return {
            "workspace": self(card.workspace_id),
            "hook": self(card.hook_id),
            "type": self(type_code(card.event_type)),
            "outcome": number_of(OUTCOMES, card.outcome),
            "checked": number_of(CHECKED, card.checked),
        }


def type_code(event_type: str) -> str:
    """The word under which an event's type has its number."""
    return f"type {event_type}"


def number_of(known: Sequence[str], word: str) -> int:
    """A known word's number; the last one stands for all that are not known."""
    return known.index(word) if word in known else len(known) - 1


def _insert_with_blocks(connection: Connection, rows: list[dict[str, Any]]) -> None:
    plain = ("n", "event_id", "workspace", "hook", "type", "outcome", "checked")
    connection.execute(cards.insert(), [{name: row[name] for name in plain} for row in rows])
    line_of = {row["n"]: _line(row) for row in rows if row["words"] is not None}
    for block, numbers in _by_block(connection, line_of, make=True).items():
        connection.exec_driver_sql(
            f"INSERT INTO search_words_{block}(rowid, words) VALUES (?, ?)",  # noqa: S608
            [(n, line_of[n]) for n in sorted(numbers)],
        )


def _line(row: dict[str, Any]) -> str:
    """A card's words in one line, with marks for what is asked for together with words."""
    marks = [f".w{row['workspace']}", f".h{row['hook']}", f".t{row['type']}",
             f".o{row['outcome']}", f".c{row['checked']}"]  # fmt: skip
    return " ".join([*marks, *(f".r{rule}" for rule in row["rules"]), *row["words"]])


def _take_out(connection: Connection, places: Sequence[int]) -> None:
    if connection.dialect.name == "sqlite":
        _delete_words(connection, places)
    connection.execute(met_table.delete().where(met_table.c.n.in_(places)))
    connection.execute(cards.delete().where(cards.c.n.in_(places)))


def _delete_words(connection: Connection, places: Iterable[int]) -> list[int]:
    """Delete words from their blocks; which blocks these were."""
    found = _by_block(connection, places)
    for block, numbers in found.items():
        connection.exec_driver_sql(
            f"DELETE FROM search_words_{block} WHERE rowid = ?",  # noqa: S608
            [(n,) for n in numbers],
        )
    return list(found)


def _by_block(
    connection: Connection, places: Iterable[int], make: bool = False
) -> dict[int, list[int]]:
    """Places by the block that they belong to. make: begin a new block once the last is full."""
    wanted = sorted(places)
    blocks = blocks_of(connection)
    if make and wanted and (not blocks or _is_full(connection, blocks[-1][1], wanted[0])):
        made = block_table.insert().values(first=wanted[0] if blocks else 0, purge=False)
        block = int(connection.execute(made.returning(block_table.c.id)).scalar_one())
        connection.exec_driver_sql(
            f"CREATE VIRTUAL TABLE search_words_{block} USING "
            "fts5(words, detail=none, tokenize=\"ascii tokenchars '_.'\")"
        )
        blocks = blocks_of(connection)
    firsts = [first for first, _ in blocks]
    found: dict[int, list[int]] = {}
    for n in wanted:
        at = bisect.bisect_right(firsts, n) - 1
        if at >= 0:
            found.setdefault(blocks[at][1], []).append(n)
    return found


def blocks_of(connection: Connection) -> list[tuple[int, int]]:
    """The blocks, oldest first: the first place that belongs to each, and its id."""
    found = select(block_table.c.first, block_table.c.id).order_by(block_table.c.first)
    return [(first, block) for first, block in connection.execute(found)]


def _is_full(connection: Connection, block: int, first: int) -> bool:
    """Whether a block holds enough, and what comes now comes after all that it holds."""
    name = f"search_words_{block}"
    newest = connection.exec_driver_sql(f"SELECT max(rowid) FROM {name}").scalar()  # noqa: S608
    if newest is None or newest >= first:
        return False
    held = connection.exec_driver_sql(f"SELECT count(*) FROM {name}_content").scalar()  # noqa: S608
    return bool(held and held >= BLOCK)
