"""Dates and times as events write them, read strictly: what is ambiguous is refused, with a reason.

RFC 3339, ISO 8601 calendar forms, RFC 2822, a bare date, Unix time by magnitude.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from typing import Any

from rules.values import exact, say

MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
WEEKDAYS = "mon tue wed thu fri sat sun".split()
ZONES = {"GMT": 0, "UT": 0, "UTC": 0, "Z": 0, "EST": -300, "EDT": -240, "CST": -360, "CDT": -300,
         "MST": -420, "MDT": -360, "PST": -480, "PDT": -420}  # fmt: skip
CLOCK = r"(?P<hour>\d{2}):?(?P<minute>\d{2})(?::?(?P<second>\d{2})(?:[.,](?P<fraction>\d{1,20}))?)?"
ISO = re.compile(
    r"(?P<year>\d{4})(?P<dash>-?)(?P<month>\d{2})(?P=dash)(?P<day>\d{2})"
    rf"(?:(?:[Tt]|[ ]){CLOCK}[ ]?(?P<zone>[Zz]|[+-]\d{{2}}(?::?\d{{2}})?)?)?",
    re.ASCII,
)
MAIL = re.compile(
    r"(?:(?P<weekday>mon|tue|wed|thu|fri|sat|sun),? +)?"
    r"(?P<day>\d{1,2}) +(?P<name>[a-z]{3}) +(?P<year>\d{4})"
    r"(?: +(?P<hour>\d{2}):(?P<minute>\d{2})(?::(?P<second>\d{2}))?"
    r"(?: +(?P<zone>[+-]\d{4}|[a-z]{1,3}))?)?",
    re.ASCII | re.IGNORECASE,
)
SLASHED = re.compile(r"\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4}(?!\d)")
DURATION = re.compile(r"([1-9][0-9]{0,8})([smhd])")
UNITS = {"s": "second", "m": "minute", "h": "hour", "d": "day"}
SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
LONGEST_DURATION = timedelta(days=36_500)


class Unreadable(ValueError):
    """Why a value is no date, as the end of a sentence."""


@dataclass(frozen=True)
class Moment:
    """A day in the workspace's zone, and the instant (UTC) unless only the day was given."""

    day: date
    instant: datetime | None
    zone: tzinfo
    how: str = ""

    @property
    def local(self) -> datetime | None:
        """The time on the workspace's clocks."""
        return self.instant.astimezone(self.zone) if self.instant else None

    def moved(self, by: timedelta) -> Moment:
        """This moment earlier or later; a day without a time keeps to days."""
        if self.instant is None:
            return Moment(self.day + by, None, self.zone)
        return at(self.instant + by, self.zone)


def at(instant: datetime, zone: tzinfo, how: str = "") -> Moment:
    """The moment of an aware datetime, seen from a zone."""
    utc = instant.astimezone(UTC)
    return Moment(utc.astimezone(zone).date(), utc, zone, how)


def read_moment(value: Any, zone: tzinfo) -> Moment:
    """The moment a value stands for; Unreadable says why there is none."""
    try:
        if isinstance(value, str):
            return _from_text(value.strip()[:100], zone)
        number = exact(value)
        if number is None:
            raise Unreadable("which is not a date")
        return _from_unix(number, zone)
    except (ValueError, OverflowError, ArithmeticError) as error:
        if isinstance(error, Unreadable):
            raise
        raise Unreadable("which is not a date that exists") from None


def _from_text(text: str, zone: tzinfo) -> Moment:
    if match := ISO.fullmatch(text):
        return _from_iso(match, zone)
    if text.isascii() and text.isdigit() and len(text) in (9, 10, 12, 13, 15, 16):
        return _from_unix(int(text), zone)
    if match := MAIL.fullmatch(text):
        return _from_mail(match, zone)
    if SLASHED.match(text):
        raise Unreadable("which cannot tell day from month")
    raise Unreadable("which is not a date")


def _from_iso(match: re.Match[str], zone: tzinfo) -> Moment:
    day = date(int(match["year"]), int(match["month"]), int(match["day"]))
    if match["hour"] is None:
        return Moment(day, None, zone)
    leap = match["second"] == "60"
    clock = time(
        int(match["hour"]), int(match["minute"]), 59 if leap else int(match["second"] or 0),
        int((match["fraction"] or "0").ljust(6, "0")[:6]),
    )  # fmt: skip
    moment = at(datetime.combine(day, clock, _offset(match["zone"], zone)), zone)
    if leap:
        return _leap_second(moment)
    return moment


def _leap_second(moment: Moment) -> Moment:
    """A leap second ends a day of UTC; it counts as the second after it."""
    if moment.instant is None or (moment.instant.hour, moment.instant.minute) != (23, 59):
        raise Unreadable("which is not a date that exists")
    return moment.moved(timedelta(seconds=1))


def _from_mail(match: re.Match[str], zone: tzinfo) -> Moment:
    if match["name"].lower() not in MONTHS:
        raise Unreadable("which is not a date")
    day = date(int(match["year"]), MONTHS.index(match["name"].lower()) + 1, int(match["day"]))
    if match["weekday"] and WEEKDAYS[day.weekday()] != match["weekday"].lower():
        raise Unreadable("whose weekday does not fit the date")
    if match["hour"] is None:
        return Moment(day, None, zone)
    clock = time(int(match["hour"]), int(match["minute"]), int(match["second"] or 0))
    return at(datetime.combine(day, clock, _offset(match["zone"], zone)), zone)


def _offset(text: str | None, zone: tzinfo) -> tzinfo:
    if not text:
        return zone
    if text.upper() in ZONES:
        return timezone(timedelta(minutes=ZONES[text.upper()]))
    if text[0] not in "+-":
        raise Unreadable(f"whose zone '{text}' is not known")
    hours, minutes = int(text[1:3]), int(text[3:].lstrip(":") or 0)
    if hours > 23 or minutes > 59:
        raise Unreadable("which is not a date that exists")
    offset = timedelta(hours=hours, minutes=minutes)
    return timezone(-offset if text[0] == "-" else offset)


def _from_unix(number: int | Decimal, zone: tzinfo) -> Moment:
    """Unix time: seconds below 10^11, milliseconds below 10^14, microseconds below 10^17."""
    size = abs(Decimal(number))
    if size >= 10**17:
        raise Unreadable("which is too large for a date")
    scale = 10**6 if size < 10**11 else 10**3 if size < 10**14 else 1
    instant = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(number * scale))
    local = instant.astimezone(zone)
    return at(instant, zone, f"read as {local:%Y-%m-%d %H:%M:%S}")


def duration(text: Any) -> timedelta:
    """The time that "30s", "10m", "1h" or "7d" stands for; Unreadable otherwise."""
    match = DURATION.fullmatch(text) if isinstance(text, str) else None
    if not match:
        raise Unreadable(f"{say(text)} is not a duration")
    seconds = int(match[1]) * SECONDS[match[2]]
    if seconds > LONGEST_DURATION.total_seconds():
        raise Unreadable(f"{say(text)} is longer than a hundred years")
    return timedelta(seconds=seconds)


def say_duration(text: Any) -> str:
    match = DURATION.fullmatch(text) if isinstance(text, str) else None
    if not match:
        return say(text)
    return f"{match[1]} {UNITS[match[2]]}{'' if match[1] == '1' else 's'}"
