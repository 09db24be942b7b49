"""Dates: compared as instants, or by calendar day where one side has no time."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import time, timedelta
from typing import Any

from rules.dates import (
    WEEKDAYS,
    Moment,
    Unreadable,
    duration,
    read_moment,
    say_duration,
)
from rules.errors import Unusable, did_you_mean
from rules.families.needs import Interval, Need
from rules.families.row import Env, Operator, Unfit, Wants
from rules.families.wants import list_of, pair_of, say_pair
from rules.values import kind_of, say

CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()


def read_date(value: Any, env: Env) -> Any:
    try:
        return read_moment(value, env.zone)
    except Unreadable as error:
        status = "unreadable" if kind_of(value) in ("text", "number") else "wrong_type"
        return Unfit(status, f"{say(value)}, {error}")


def read_clock(value: Any, env: Env) -> Any:
    moment = read_date(value, env)
    if isinstance(moment, Moment) and moment.local is None:
        return Unfit("unreadable", f"{say(value)}, which has no time of day")
    return moment


def moment(raw: Any, env: Env) -> Moment:
    try:
        return read_moment(raw, env.zone)
    except Unreadable as error:
        raise Unusable(
            f"{say(raw)} cannot be used: {str(error).removeprefix('which ')}.",
            "Write it like 2026-03-31 or 2026-03-31T14:00:00Z.",
        ) from None


def moment_pair(raw: Any, env: Env) -> tuple[Moment, Moment]:
    low, high = pair_of(moment, raw, env)
    if order(low, high) > 0:
        raise Unusable("The first date is after the second.", "Put the earlier date first.")
    return low, high


def span(raw: Any, env: Env) -> timedelta:
    try:
        return duration(raw)
    except Unreadable as error:
        raise Unusable(f"{error}.", 'Write it like "30s", "10m", "1h" or "7d".') from None


def weekday(raw: Any, env: Env) -> int:
    if raw in WEEKDAYS:
        return WEEKDAYS.index(raw)
    hint = "Use mon, tue, wed, thu, fri, sat or sun."
    raise (
        Unusable(
            f"{say(raw)} is not a weekday.", did_you_mean(raw, WEEKDAYS, hint) if raw else hint
        )
        if isinstance(raw, str)
        else Unusable(f"{say(raw)} is not a weekday.", hint)
    )


def clock(raw: Any, env: Env) -> time:
    match = CLOCK.fullmatch(raw) if isinstance(raw, str) else None
    if not match:
        raise Unusable(f"{say(raw)} is not a time of day.", 'Write it like "09:00" or "17:30".')
    return time(int(match[1]), int(match[2]))


def clock_pair(raw: Any, env: Env) -> tuple[time, time]:
    start, end = pair_of(clock, raw, env)
    if start == end:
        raise Unusable("Both times are the same.", "Give two different times.")
    return start, end


def say_days(raw: Any) -> str:
    known = [DAYS[WEEKDAYS.index(day)] for day in raw if day in WEEKDAYS]
    return " or ".join(filter(None, (", ".join(known[:-1]), known[-1]))) if known else say(raw)


def say_date(raw: Any) -> str:
    return raw if isinstance(raw, str) else say(raw)


def say_dates(raw: Any) -> str:
    return " and ".join(map(say_date, raw)) if isinstance(raw, list) else say_pair(raw)


def order(one: Moment, other: Moment) -> int:
    """-1, 0 or 1: earlier, the same, later. Without a time on one side, days are compared."""
    if one.instant is None or other.instant is None:
        return (one.day > other.day) - (one.day < other.day)
    return (one.instant > other.instant) - (one.instant < other.instant)


def in_the_last(found: Moment, wanted: timedelta, now: Moment) -> bool:
    return order(now.moved(-wanted), found) <= 0 and order(found, now) <= 0


def in_the_next(found: Moment, wanted: timedelta, now: Moment) -> bool:
    return order(now, found) <= 0 and order(found, now.moved(wanted)) <= 0


def older_than(found: Moment, wanted: timedelta, now: Moment) -> bool:
    return order(found, now.moved(-wanted)) < 0


def time_between(found: Moment, wanted: tuple[time, time], now: Any) -> bool:
    start, end = wanted
    local = found.local
    if local is None:
        return False
    if start < end:
        return start <= local.time() <= end
    return local.time() >= start or local.time() <= end


MOMENT = Wants("date", "a date", moment, say_date, from_field=True)
MOMENTS = Wants("date_pair", "two dates: [earliest, latest]", moment_pair, say_dates,
                from_field=True, many=True)  # fmt: skip
SPAN = Wants("duration", 'a duration such as "7d"', span, say_duration)
DAYS_OF_WEEK = Wants(
    "weekdays",
    "a list of weekdays",
    lambda raw, env: frozenset(list_of(weekday, raw, env)),
    say_days,
)
CLOCKS = Wants("time_pair", 'two times such as ["09:00", "17:30"]', clock_pair, say_dates)


def days(low: Moment | None, high: Moment | None) -> Need:
    """The days a date may fall on; one more each way, for clocks are put back over midnight."""
    first = low.day.toordinal() - 1 if low else None
    last = high.day.toordinal() + 1 if high else None
    return Need("days", (Interval(first, last),), exact=False)


def note_date(value: Any, read: Moment) -> str | None:
    """How Unix time was read."""
    return f"{say(value)} is a count of seconds, {read.how}" if read.how else None


def _row(
    name: str,
    words: str,
    wants: Wants,
    test: Callable[[Any, Any, Any], bool],
    index: Callable[[Any], Need] | None = None,
    clock: bool = False,
) -> Operator:
    return Operator(
        f"date.{name}", words, f"{words} {{value}}",
        f"{words} {{value}}".replace("is", "needs to be", 1), wants, read_date, test, clock=clock,
        note=note_date, index=index, effort=5,
    )  # fmt: skip


ROWS = (
    _row("is_on", "is on", MOMENT, lambda found, wanted, now: found.day == wanted.day,
         lambda wanted: days(wanted, wanted)),
    _row("before", "is before", MOMENT, lambda found, wanted, now: order(found, wanted) < 0,
         lambda wanted: days(None, wanted)),
    _row("after", "is after", MOMENT, lambda found, wanted, now: order(found, wanted) > 0,
         lambda wanted: days(wanted, None)),
    _row("on_or_before", "is on or before", MOMENT,
         lambda found, wanted, now: order(found, wanted) <= 0,
         lambda wanted: days(None, wanted)),
    _row("on_or_after", "is on or after", MOMENT,
         lambda found, wanted, now: order(found, wanted) >= 0,
         lambda wanted: days(wanted, None)),
    _row("between", "is between", MOMENTS,
         lambda found, wanted, now: order(wanted[0], found) <= 0 <= order(wanted[1], found),
         lambda wanted: days(*wanted)),
    _row("in_the_last", "is in the last", SPAN, in_the_last, clock=True),
    _row("in_the_next", "is in the next", SPAN, in_the_next, clock=True),
    _row("older_than", "is older than", SPAN, older_than, clock=True),
    _row("weekday_is", "is on a", DAYS_OF_WEEK,
         lambda found, wanted, now: found.day.weekday() in wanted),
    Operator(
        "date.time_between", "has a time between", "has a time between {value}",
        "needs a time between {value}", CLOCKS, read_clock, time_between,
        note=note_date, effort=5,
    ),
)  # fmt: skip
