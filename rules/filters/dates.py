"""Filters for dates and times. There is no clock here: "ago" counts from the event's arrival."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, tzinfo
from email.utils import parsedate_to_datetime
from zoneinfo import ZoneInfo

from rules.filters.plain import exact, text_of
from rules.filters.row import DATE, Filter
from rules.fuel import Unusable, Work

_DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_MONTHS = (
    "January February March April May June July August September October November December"
).split()
_ISO = re.compile(
    r"\d{4}-\d\d-\d\d"
    r"(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,12})?)? ?(?:Z|[+-]\d\d(?::?\d\d)?)?)?",
    re.ASCII | re.IGNORECASE,
)
_MAIL = re.compile(r"(?:[A-Za-z]{3}, *)?\d{1,2} +[A-Za-z]{3} +\d{4} +\d\d:\d\d", re.ASCII)
_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+\-]*(?:/[A-Za-z0-9_+\-]+){0,2}")
_LETTER = re.compile(r"%(.?)", re.DOTALL)
_LONGEST_FORMAT = 100

FORMATS = {
    "date": "%e %b %Y",
    "time": "%H:%M",
    "datetime": "%e %b %Y, %H:%M",
    "long": "%A, %e %B %Y",
    "weekday": "%A",
    "iso": "%Y-%m-%dT%H:%M:%S%z",
}
LETTERS: dict[str, Callable[[datetime], str]] = {
    "Y": lambda t: f"{t.year:04}",
    "y": lambda t: f"{t.year % 100:02}",
    "m": lambda t: f"{t.month:02}",
    "d": lambda t: f"{t.day:02}",
    "e": lambda t: str(t.day),
    "b": lambda t: _MONTHS[t.month - 1][:3],
    "B": lambda t: _MONTHS[t.month - 1],
    "a": lambda t: _DAYS[t.weekday()][:3],
    "A": lambda t: _DAYS[t.weekday()],
    "H": lambda t: f"{t.hour:02}",
    "I": lambda t: f"{t.hour % 12 or 12:02}",
    "l": lambda t: str(t.hour % 12 or 12),
    "p": lambda t: "AM" if t.hour < 12 else "PM",
    "M": lambda t: f"{t.minute:02}",
    "S": lambda t: f"{t.second:02}",
    "z": lambda t: _offset(t),
    "Z": lambda t: t.tzname() or "",
    "%": lambda t: "%",
}


def moment(value: object, zone: tzinfo = UTC) -> datetime | None:
    """The moment in a value, in `zone`; None where there is none to be read.

    Reads RFC 3339, ISO 8601 calendar dates, RFC 2822 and Unix time (s, ms or us by magnitude).
    A time without a zone is the zone's own; a date alone is its midnight there.
    """
    try:
        return _moment(value, zone)
    except (ValueError, ArithmeticError, OSError, TypeError, IndexError):
        return None


def _moment(value: object, zone: tzinfo) -> datetime | None:
    if isinstance(value, str):
        return _from_text(value.strip(), zone)
    if isinstance(value, datetime):
        return _in_zone(value, zone)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=zone)
    return _from_unix(value, zone)


def _from_text(text: str, zone: tzinfo) -> datetime | None:
    if len(text) > 64:
        return None
    if _ISO.fullmatch(text):
        return _in_zone(datetime.fromisoformat(text.upper().replace(" +", "+")), zone)
    if _MAIL.match(text):
        return _in_zone(parsedate_to_datetime(text), zone)
    return _from_unix(text, zone)


def _from_unix(value: object, zone: tzinfo) -> datetime | None:
    number = exact(value)
    if number is None or abs(number) >= 10**17:
        return None
    micros = int(number * (10**6 if abs(number) < 10**11 else 1000 if abs(number) < 10**14 else 1))
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)).astimezone(zone)


def _in_zone(when: datetime, zone: tzinfo) -> datetime:
    return when.replace(tzinfo=zone) if when.tzinfo is None else when.astimezone(zone)


def _offset(when: datetime) -> str:
    minutes = round((when.utcoffset() or timedelta()).total_seconds() / 60)
    if not minutes:
        return "Z"
    hours, rest = divmod(abs(minutes), 60)
    return f"{'+' if minutes > 0 else '-'}{hours:02}:{rest:02}"


def _zone(name: object) -> tzinfo:
    text = text_of(name).strip() or "UTC"
    if text.upper() in ("UTC", "Z"):
        return UTC
    try:
        if _ZONE.fullmatch(text):
            return ZoneInfo(text)
    except (ValueError, OSError, KeyError):
        pass  # said below, in the same words as for a name that cannot be one
    raise Unusable(f"'{text[:40]}' is not a time zone.", "Write one such as 'Europe/Berlin'.")


def _pattern(format: object) -> str:
    text = text_of(format)
    pattern = FORMATS.get(text, text)
    letters = [found[1] for found in _LETTER.finditer(pattern)]
    if not letters or len(pattern) > _LONGEST_FORMAT or not LETTERS.keys() >= set(letters):
        raise Unusable(
            f"'{text[:40]}' is not a way to write a date.",
            f"Use {', '.join(FORMATS)}, or letters such as '%d.%m.%Y %H:%M'.",
        )
    return pattern


def _date(work: Work, value: object, format: object = "date", zone: object = None) -> str:
    pattern = _pattern(format)
    when = moment(value, _zone(zone or work.zone))
    if when is None:
        return text_of(value)
    return _LETTER.sub(lambda found: LETTERS[found[1]](when), pattern)


def _ago(work: Work, value: object) -> str:
    when, now = moment(value, _zone(work.zone)), moment(work.now)
    if when is None or now is None:
        return _date(work, value, "datetime")
    seconds = (now - when).total_seconds()
    span = _span(abs(seconds))
    if not span:
        return "just now"
    return f"{span} ago" if seconds > 0 else f"in {span}"


def _span(seconds: float) -> str:
    for length, word in ((31_557_600, "year"), (2_629_800, "month"), (86_400, "day")):
        if seconds >= length:
            return _count(int(seconds // length), word)
    if seconds >= 3600:
        return _count(int(seconds // 3600), "hour")
    return _count(int(seconds // 60), "minute") if seconds >= 60 else ""


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'s' * (number != 1)}"


ROWS = (
    Filter(
        "date",
        "as a date or a time",
        _date,
        "2026-04-03T14:05:00Z",
        "date('%d.%m.%Y %H:%M', 'Europe/Berlin')",
        "03.04.2026 16:05",
        kinds=DATE,
        wants_work=True,
        offers=(
            ("date", "as a date"),
            ("date('datetime')", "as a date with the time"),
            ("date('time')", "as a time of day"),
            ("date('weekday')", "as a day of the week"),
        ),
        like="look",
        checks={"format": _pattern, "zone": _zone},
    ),
    Filter(
        "ago",
        "how long before the event",
        _ago,
        "2026-04-01T12:00:00Z",
        "ago",
        "2 days ago",
        kinds=DATE,
        wants_work=True,
        offers=(("ago", "how long before the event"),),
        like="look",
    ),
)
