"""How values look in a text, and how large they are.

Numbers print in their shortest form: plain digits from 0.000001 up to 21 digits (as JavaScript
prints them), or as many digits as were sent; beyond that with an exponent.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import TypeGuard

from rules.fuel import absent

_NUMBER = re.compile(r"\s*[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,5})?\s*")
_LONGEST_NUMBER = 400


class JsonText(str):
    """Text that already is JSON, and goes into a JSON body as it stands."""


class UrlText(str):
    """Text that is already encoded for a URL."""


def is_list(value: object) -> TypeGuard[Sequence[object]]:
    """True for a list of the event; a text is none."""
    return isinstance(value, list | tuple)


def text_of(value: object) -> str:
    """A value as a reader sees it: null is blank, lists and groups are compact JSON."""
    if isinstance(value, str):
        return value
    if absent(value):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | Decimal):
        return number_text(value)
    if isinstance(value, Mapping) or is_list(value):
        return compact(value)
    return value.isoformat() if isinstance(value, date) else ""


def number_text(value: int | float | Decimal) -> str:
    """The shortest text that means this number; blank for infinity and for what is no number."""
    if isinstance(value, int):
        return str(value)
    number = Decimal(repr(value)) if isinstance(value, float) else value
    if not number.is_finite():
        return ""
    if not number:
        return "0"
    sign, digits, exponent = number.as_tuple()
    figures = "".join(map(str, digits)).rstrip("0")
    point = len(digits) + int(exponent)
    return "-" * sign + _place_point(figures, point)


def _place_point(figures: str, point: int) -> str:
    if not -6 < point <= max(21, len(figures)):
        fraction = f".{figures[1:]}" if len(figures) > 1 else ""
        return f"{figures[0]}{fraction}e{point - 1:+d}"
    if point <= 0:
        return f"0.{'0' * -point}{figures}"
    whole = figures[:point].ljust(point, "0")
    return f"{whole}.{figures[point:]}" if figures[point:] else whole


def exact(value: object) -> Decimal | None:
    """The number in a value, or in text that is entirely a plain number; None where there is none.

    0.1 is exactly 0.1, true and false are never numbers.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, int | Decimal):
        number = Decimal(value)
    elif isinstance(value, float):
        number = Decimal(repr(value))
    elif isinstance(value, str) and len(value) <= _LONGEST_NUMBER and _NUMBER.fullmatch(value):
        number = Decimal(value.strip())
    else:
        return None
    return number if number.is_finite() else None


_json_text = json.JSONEncoder(ensure_ascii=False).encode


def compact(value: object) -> str:
    """A value as JSON without blanks, numbers exactly as `number_text` writes them."""
    if isinstance(value, str):
        return _json_text(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if absent(value):
        return "null"
    if isinstance(value, Mapping):
        pairs = (f"{compact(str(key))}:{compact(item)}" for key, item in value.items())
        return "{" + ",".join(pairs) + "}"
    if is_list(value):
        return "[" + ",".join(map(compact, value)) + "]"
    if isinstance(value, bool | int | float | Decimal):
        return text_of(value) or "null"
    return _json_text(text_of(value))


def weight(value: object, most: int) -> int:
    """How much there is to read in a value: letters, and ten for each item; stops above `most`."""
    total, waiting = 0, [value]
    while waiting and total <= most:
        item = waiting.pop()
        total += 10 if not isinstance(item, str) else len(item)
        if isinstance(item, str | int):
            continue
        if isinstance(item, Mapping):
            total += 10 * len(item)
            waiting.extend(item.values())
        elif is_list(item):
            waiting.extend(item)
    return total
