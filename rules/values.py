"""JSON values as people see them: their kind, as a number, as text, in words."""

from __future__ import annotations

import math
import re
import unicodedata
from decimal import Decimal, InvalidOperation
from typing import Any

KINDS = {
    "text": "text",
    "number": "a number",
    "yesno": "yes or no",
    "list": "a list",
    "group": "a group",
    "empty": "empty",
}
LOOKED_AT = 65_536
PLAIN_NUMBER = re.compile(r"[ \t\r\n]*[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?[ \t\r\n]*")
_QUOTED = re.compile(r"(?<!\w)'([^']*)'(?!\w)")


def kind_of(value: Any) -> str:
    """The kind of a JSON value: text, number, yesno, list, group or empty."""
    if isinstance(value, str):
        return "text"
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return "yesno"
    if isinstance(value, dict):
        return "group"
    return "list" if isinstance(value, list) else "number"


def exact(value: Any) -> int | Decimal | None:
    """The number a JSON number stands for, exactly; None for NaN, infinities and non-numbers."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return Decimal(repr(value)) if math.isfinite(value) else None
    if isinstance(value, Decimal):
        return value if value.is_finite() else None
    return None


def plain_number(text: str) -> Decimal | None:
    """The number that a text is entirely, blanks round it allowed; None when it is not one."""
    if len(text) > LOOKED_AT or not PLAIN_NUMBER.fullmatch(text):
        return None
    try:
        return Decimal(text.strip())
    except InvalidOperation:  # an exponent beyond what can be held
        return None


def shortest(number: int | Decimal) -> str:
    """The shortest text of a number: 10.0 is "10"; large and tiny ones keep an exponent."""
    value = Decimal(number)
    if not value:
        return "0"
    if not -7 < value.adjusted() < 21 and not isinstance(number, int):
        return _with_exponent(value)
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _with_exponent(value: Decimal) -> str:
    sign, digits, _ = value.as_tuple()
    shown = "".join(map(str, digits)).rstrip("0")
    head, rest = shown[0], shown[1:]
    fraction = f".{rest}" if rest else ""
    return f"{'-' if sign else ''}{head}{fraction}e{value.adjusted()}"


def as_text(value: Any) -> str | None:
    """A text, number or yes/no as text; None for everything else."""
    if isinstance(value, str):
        return value
    if value is True or value is False:
        return "true" if value else "false"
    number = exact(value)
    return None if number is None else shortest(number)


def fold(text: str, match_case: bool = False) -> str:
    """Text ready for comparing: NFC, and without regard to case unless told."""
    if text.isascii():
        return text if match_case else text.lower()
    text = unicodedata.normalize("NFC", text)
    return text if match_case else unicodedata.normalize("NFC", text.casefold())


def say(value: Any, length: int = 60) -> str:
    """A value in words, short enough for a sentence."""
    if isinstance(value, str):
        return f"'{clip(value, length)}'"
    if isinstance(value, list):
        return f"a list of {len(value)}" if value else "an empty list"
    if isinstance(value, dict):
        return "a group" if value else "an empty group"
    text = as_text(value)
    if text is None:
        return "empty" if value is None else "not a number"
    return clip(text, length)


def say_all(values: list[Any], shown: int = 5) -> str:
    """Several values in words: "1, 2 and 3 more"."""
    words = ", ".join(say(value, 40) for value in values[:shown])
    return f"{words} and {len(values) - shown} more" if len(values) > shown else words


def quoted(text: str) -> str:
    """Straight quotes round a value as people print them."""
    return _QUOTED.sub("“\\1”", text)


def clip(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 3]}..."


def shorten(value: Any, depth: int = 2) -> Any:
    """A copy for showing: long texts cut, long lists and deep groups cut off, always valid JSON."""
    if isinstance(value, str):
        return clip(value, 200).encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return [shorten(item, depth - 1) for item in value[:5]] if depth else say(value)
    if isinstance(value, dict):
        if not depth:
            return say(value)
        members = list(value.items())[:5]
        return {shorten(str(key), 0): shorten(item, depth - 1) for key, item in members}
    if value is None or isinstance(value, bool):
        return value
    return _shown_number(value)


def _shown_number(value: Any) -> Any:
    number = exact(value)
    if number is None:
        return "not a number"
    if isinstance(value, Decimal) or abs(Decimal(number)) >= 2**63:
        return clip(shortest(number), 200)
    return value
