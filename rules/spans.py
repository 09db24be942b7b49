"""What single values pass a test: a few listed ones, or a span from one end to the other.

Only what is certain is said: where a test fits no shape here, it has none, and nothing follows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from rules.dates import Moment, Unreadable, read_moment

TWO_DAYS = timedelta(days=2)
ELSEWHERE = ZoneInfo("Asia/Tokyo")
UTC = ZoneInfo("UTC")


@dataclass(frozen=True)
class Span:
    """From `low` to `high` (None: no end). `slack`: how far apart two closed ends must be.

    Moments have slack because a date without a time is compared by its day: it may be both "at
    10:00 or later" and "at 9:00 or earlier" of that day.
    """

    domain: str
    low: Any = None
    low_open: bool = False
    high: Any = None
    high_open: bool = False
    slack: Any = None

    def apart(self, other: Span) -> bool:
        """Whether no value lies in both."""
        return self.domain == other.domain and (_past(self, other) or _past(other, self))

    def within(self, other: Span) -> bool:
        """Whether every value in this one lies in the other."""
        return self.domain == other.domain and _low_fits(self, other) and _high_fits(self, other)


def _past(one: Span, other: Span) -> bool:
    """Whether the one begins after the other has ended."""
    if one.low is None or other.high is None:
        return False
    if one.low_open or other.high_open:
        return bool(one.low >= other.high)
    return bool(one.low > other.high + one.slack if one.slack else one.low > other.high)


def _low_fits(inner: Span, outer: Span) -> bool:
    if outer.low is None or inner.low is None:
        return outer.low is None
    if inner.low_open or not outer.low_open:
        return bool(inner.low >= outer.low)
    return bool(inner.low > (outer.low + outer.slack if outer.slack else outer.low))


def _high_fits(inner: Span, outer: Span) -> bool:
    if outer.high is None or inner.high is None:
        return outer.high is None
    if inner.high_open or not outer.high_open:
        return bool(inner.high <= outer.high)
    return bool(inner.high < (outer.high - outer.slack if outer.slack else outer.high))


def span_of(test: str, raw: Any, operand: Any) -> Span | None:
    """The span of values that pass an operator's test, where they are one."""
    make = MAKERS.get(test)
    return make(raw, operand) if make else None


Maker = Callable[[Any, Any], Span | None]


def _ends(domain: str, low: bool, high: bool, is_open: bool = False) -> Maker:
    def make(raw: Any, operand: Any) -> Span:
        return Span(
            domain, operand if low else None, low and is_open,
            operand if high else None, high and is_open,
        )  # fmt: skip

    return make


def _dates(low: bool, high: bool, is_open: bool = False) -> Maker:
    def make(raw: Any, operand: Moment) -> Span | None:
        end, slack = _anchor(raw)
        if end is None:
            return None
        return Span(
            "instant" if slack else "day", end if low else None, low and is_open,
            end if high else None, high and is_open, slack,
        )  # fmt: skip

    return make


def _anchor(raw: Any) -> tuple[Any, Any]:
    """A date as its day, or as its instant where it names a zone; (None, None) elsewhere."""
    try:
        here, there = read_moment(raw, UTC), read_moment(raw, ELSEWHERE)
    except Unreadable:
        return None, None
    if here.instant is None:
        return here.day, None
    known = here.instant == there.instant and 2 < here.day.year < 9_990
    return (here.instant, TWO_DAYS) if known else (None, None)


def _is_on(raw: Any, operand: Moment) -> Span | None:
    """Only for a day: an instant falls on different days in different zones."""
    return Span("day", operand.day, False, operand.day) if operand.instant is None else None


def _between_dates(raw: Any, operand: Any) -> Span | None:
    (low, slack), (high, other) = _anchor(raw[0]), _anchor(raw[1])
    if low is None or high is None or slack != other:
        return None
    return Span("instant" if slack else "day", low, False, high, False, slack)


def _ago(low: int | None, high: int | None, is_open: bool = False) -> Maker:
    """Counted from the event's arrival: `low` and `high` are how often the duration is added."""

    def make(raw: Any, operand: timedelta) -> Span:
        first = None if low is None else low * operand
        last = None if high is None else high * operand
        return Span("ago", first, is_open, last, is_open, TWO_DAYS)

    return make


def _between(raw: Any, operand: tuple[Any, Any]) -> Span:
    return Span("number", operand[0], False, operand[1])


MAKERS: dict[str, Maker] = {
    "number.is": _ends("number", True, True),
    "number.more_than": _ends("number", True, False, True),
    "number.at_least": _ends("number", True, False),
    "number.less_than": _ends("number", False, True, True),
    "number.at_most": _ends("number", False, True),
    "number.between": _between,
    "date.is_on": _is_on,
    "date.before": _dates(False, True, True),
    "date.after": _dates(True, False, True),
    "date.on_or_before": _dates(False, True),
    "date.on_or_after": _dates(True, False),
    "date.between": _between_dates,
    "date.in_the_last": _ago(-1, 0),
    "date.in_the_next": _ago(0, 1),
    "date.older_than": _ago(None, -1, True),
    **{
        f"{family}.length_{name}": _ends(f"{family} length", low, high)
        for family in ("text", "list")
        for name, low, high in (
            ("is", True, True),
            ("at_least", True, False),
            ("at_most", False, True),
        )
    },
}
