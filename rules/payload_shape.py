"""How deep and how large a payload may be, judged before it is built."""

from __future__ import annotations

import re

DEEPEST = 64
MOST_NODES = 50_000

# Always matches to the end, closed or not: a search for the closing quote would go quadratic.
_STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_BRACKET = re.compile(r"[\[\]{}]")


class Unreadable(Exception):
    """A body is not what it says it is, in a sentence."""


TOO_DEEP = f"The body is nested deeper than {DEEPEST} levels."
TOO_MANY = f"The body has more than {MOST_NODES:,} values."


def check_shape(text: str) -> None:
    """Unreadable if this JSON text is nested too deep or holds too many values."""
    opening = text.count("[") + text.count("{")
    if opening <= DEEPEST and opening + text.count(",") < MOST_NODES:
        return
    bare = _STRING.sub("", text)
    if bare.count(",") + bare.count("[") + bare.count("{") >= MOST_NODES:
        raise Unreadable(TOO_MANY)
    depth = 0
    for bracket in _BRACKET.findall(bare):
        depth += 1 if bracket in "[{" else -1
        if depth > DEEPEST:
            raise Unreadable(TOO_DEEP)
