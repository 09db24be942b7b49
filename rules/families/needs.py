"""What a value needs so that an operator can be met: how the index finds a rule's candidates.

A row's `index` makes a Need of its operand. A table (rules/index_tables.py) finds, for a value
read from an event, the rules placed there; which table is the need's `table`:

equal    the value is the token           prefix, suffix   the text starts, ends with the token
within   the number is inside the token   days             the date's day is inside the token
anchor   the text holds the token         member           the list holds the token
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

ANCHORS = (6, 3, 2, 1)


@dataclass(frozen=True)
class Need:
    """Tokens in one table. A rule is placed under `every` token, or else under any one of them.

    `exact`: whoever has the token passes the operator's test, it need not be run again.
    """

    table: str
    tokens: tuple[Any, ...]
    every: bool = True
    exact: bool = True


@dataclass(frozen=True)
class Interval:
    """From low to high; None is no end. An open end does not belong."""

    low: Any = None
    high: Any = None
    open: bool = False


def equal(wanted: Any) -> Need:
    return Need("equal", (wanted,))


def one_of(wanted: Iterable[Any]) -> Need:
    return Need("equal", tuple(dict.fromkeys(wanted)))


def starts(wanted: str) -> Need:
    return Need("prefix", (wanted,))


def ends(wanted: str) -> Need:
    return Need("suffix", (wanted,))


def holds(wanted: str) -> Need | None:
    """The anchors of a text: its runs of six letters, or of as many as it has."""
    if not wanted:
        return None
    size = next(size for size in ANCHORS if size <= len(wanted))
    grams = (wanted[at : at + size] for at in range(min(len(wanted) - size + 1, 64)))
    return Need("anchor", tuple(dict.fromkeys(grams)), every=False, exact=len(wanted) == size)


def more_than(wanted: Any) -> Need:
    return Need("within", (Interval(low=wanted, open=True),))


def at_least(wanted: Any) -> Need:
    return Need("within", (Interval(low=wanted),))


def less_than(wanted: Any) -> Need:
    return Need("within", (Interval(high=wanted, open=True),))


def at_most(wanted: Any) -> Need:
    return Need("within", (Interval(high=wanted),))


def between(wanted: tuple[Any, Any]) -> Need:
    return Need("within", (Interval(*wanted),))


def exactly(wanted: Any) -> Need:
    return Need("within", (Interval(wanted, wanted),))


def member(wanted: Any) -> Need:
    return Need("member", (wanted,))


def any_member(wanted: Iterable[Any]) -> Need:
    return Need("member", tuple(dict.fromkeys(wanted)))


def every_member(wanted: Iterable[Any]) -> Need:
    tokens = tuple(dict.fromkeys(wanted))
    return Need("member", tokens, every=False, exact=len(tokens) == 1)
