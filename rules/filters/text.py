"""Filters for text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote, urlencode

from rules.filters.plain import JsonText, UrlText, compact, text_of
from rules.filters.row import ANY, NUMBER, TEXT, Filter, whole
from rules.fuel import Unusable, Work, absent
from rules.sms import plain

_WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)*")
_REGION = re.compile(r"[A-Za-z]{2}")


def _default(value: object, fallback: object) -> object:
    blank = absent(value) or (isinstance(value, str) and not value.strip())
    return fallback if blank else value


def _upper(value: object) -> str:
    return text_of(value).upper()


def _lower(value: object) -> str:
    return text_of(value).lower()


def _title(value: object) -> str:
    return _WORD.sub(lambda word: word[0].capitalize(), text_of(value))


def _trim(value: object) -> str:
    return text_of(value).strip()


def _length(length: object) -> int:
    return whole(length, 0, 100_000, "The length to truncate to")


def _truncate(value: object, length: object = 80, end: object = "...") -> str:
    text, most = text_of(value), _length(length)
    if len(text) <= most:
        return text
    tail = text_of(end)[:most]
    return text[: most - len(tail)].rstrip() + tail


def _replace(work: Work, value: object, old: object, new: object) -> str:
    text, before, after = text_of(value), text_of(old), text_of(new)
    if not before:
        return text
    work.burn(text.count(before) * len(after))
    return text.replace(before, after)


def _mask(value: object) -> str:
    """Says nothing about the length of what is hidden."""
    text = text_of(value)
    name, at, domain = text.rpartition("@")
    if at and name:
        return f"{name[0]}***@{domain}"
    return f"****{text[-4:]}" if len(text) > 8 else "****"


def _json(work: Work, value: object) -> object:
    if absent(value) and value is not None and work.if_missing != "blank":
        return value
    return JsonText(compact(value))


def _urlencode(value: object) -> UrlText:
    if isinstance(value, Mapping):
        pairs = [(str(key), text_of(item)) for key, item in value.items()]
        return UrlText(urlencode(pairs, quote_via=quote, safe=""))
    return UrlText(quote(text_of(value), safe="", errors="replace"))


def _country(country: object) -> None:
    import phonenumbers

    region = text_of(country).strip().upper()
    if region and region not in phonenumbers.SUPPORTED_REGIONS:
        raise Unusable(
            f"'{region[:20]}' is not a country.", "Use its two letters, such as | phone('US')."
        )


def _phone(value: object, country: object = "") -> str:
    import phonenumbers  # loads its tables on first use

    text, region = text_of(value)[:60], text_of(country).strip()
    try:
        number = phonenumbers.parse(text, region.upper() if _REGION.fullmatch(region) else None)
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_possible_number(number):
        raise Unusable(
            f"'{text[:40]}' is not a phone number that can be read.",
            "Numbers need their country code (+1...), or name the country: | phone('US').",
        )
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


ROWS = (
    Filter(
        "default",
        "use another text if missing, null or blank",
        _default,
        "",
        "default('there')",
        "there",
        kinds=ANY,
        reads_missing=True,
        shallow=True,
    ),
    Filter(
        "upper",
        "CAPITAL LETTERS",
        _upper,
        "Ada",
        "upper",
        "ADA",
        offers=(("upper", "CAPITAL LETTERS"),),
        like="case",
    ),
    Filter(
        "lower",
        "small letters",
        _lower,
        "Ada",
        "lower",
        "ada",
        offers=(("lower", "small letters"),),
        like="case",
    ),
    Filter(
        "title",
        "Capitals At The Start",
        _title,
        "ADA LOVELACE",
        "title",
        "Ada Lovelace",
        offers=(("title", "Capitals At The Start"),),
        like="case",
    ),
    Filter("trim", "without blanks at both ends", _trim, "  Ada ", "trim", "Ada"),
    Filter(
        "truncate",
        "cut to at most so many letters",
        _truncate,
        "Ada Lovelace",
        "truncate(8)",
        "Ada L...",
        offers=(("truncate(40)", "at most 40 letters"),),
        checks={"length": _length},
    ),
    Filter(
        "replace",
        "replace one text by another",
        _replace,
        "a-b-c",
        "replace('-', '/')",
        "a/b/c",
        wants_work=True,
    ),
    Filter(
        "mask",
        "hide all but the end",
        _mask,
        "4242424242424242",
        "mask",
        "****4242",
        kinds=TEXT + NUMBER,
        offers=(("mask", "hidden but for the end"),),
    ),
    Filter(
        "phone",
        "as an international phone number",
        _phone,
        "(415) 555-2671",
        "phone('US')",
        "+14155552671",
        kinds=TEXT + NUMBER,
        offers=(("phone", "as a phone number"),),
        like="look",
        checks={"country": _country},
    ),
    Filter(
        "plain",
        "letters that fit into any text message",
        lambda value: plain(text_of(value)),
        "7 – 9 o’clock",
        "plain",
        "7 - 9 o'clock",
        offers=(("plain", "plain letters only"),),
    ),
    Filter(
        "json",
        "as JSON",
        _json,
        {"id": 7, "tags": ["a"]},
        "json",
        '{"id":7,"tags":["a"]}',
        kinds=ANY,
        wants_work=True,
        reads_missing=True,
    ),
    Filter(
        "urlencode",
        "encoded for a link",
        _urlencode,
        "a b&c",
        "urlencode",
        "a%20b%26c",
        kinds=("text", "number", "group"),
    ),
)
