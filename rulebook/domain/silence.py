"""Whether a hook or a rule has fallen silent: the present quiet beside the same hours of earlier
weeks, so that a usual quiet night, weekend or month's end is no alarm.

Silent is what had, in the very hours that are quiet now, something to tell in each of the last
weeks: at least 6 each time and 12 on average; or, for what comes seldom, something each time while
it is quiet now more than twice as long as ever in four weeks. An hour of grace is given.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

WEEK = 7 * 48  # half hours
LOOKS_BACK = 10 * WEEK
WEEKS, FEWEST_WEEKS = 4, 2
GRACE = 2
OFTEN_EACH, OFTEN_MEAN = 6, 12
SELDOM_EVER, TWICE = 8, 2


@dataclass(frozen=True)
class Silence:
    """last: the half hour of the last one; usual: how many come, in words."""

    last: int
    usual: str


def silence(counts: Mapping[int, int], now: int) -> Silence | None:
    """Whether it is silent, by how many came in each half hour; `now` is the present half hour."""
    if not counts:
        return None
    first, last = min(counts), max(counts)
    quiet = now - GRACE - last - 1  # whole half hours
    if quiet < 1:
        return None
    usual = _same_hours(counts, first, last, quiet)
    if len(usual) < FEWEST_WEEKS:
        return None
    often = min(usual) >= OFTEN_EACH and sum(usual) >= OFTEN_MEAN * len(usual)
    recent = sorted(slot for slot in counts if slot > last - WEEKS * WEEK)
    longest = max((b - a for a, b in zip(recent, recent[1:], strict=False)), default=now - last)
    seldom = len(recent) >= SELDOM_EVER and min(usual) >= 1 and quiet > TWICE * longest
    return Silence(last, _usual(counts, first, last)) if often or seldom else None


def _same_hours(counts: Mapping[int, int], first: int, last: int, quiet: int) -> list[int]:
    """How many came in the hours that are quiet now, in each of up to four earlier weeks."""
    found: list[int] = []
    week = -(-quiet // WEEK)
    while len(found) < WEEKS and last + 1 - week * WEEK >= first:
        begin = last + 1 - week * WEEK
        found.append(sum(counts.get(slot, 0) for slot in range(begin, begin + quiet)))
        week += 1
    return found


def _usual(counts: Mapping[int, int], first: int, last: int) -> str:
    since = max(first, last - WEEKS * WEEK + 1)
    total = sum(n for slot, n in counts.items() if slot >= since)
    weeks = (last - since + 1) / WEEK
    a_day = round(total / weeks / 7)
    return f"{a_day} a day" if a_day >= 1 else f"{max(1, round(total / weeks))} a week"
