"""What is asked of a field: "customer.email is jenny@example.com"."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from rulebook.errors import Invalid
from rules.errors import Unusable
from rules.path_syntax import Index, Name
from rules.paths import Path, TooMuch, parse_path
from rules.terms import Asked, asked, field_mark
from rules.values import as_text, fold, plain_number
from rules.values import exact as exact_number

TESTS = {
    "is": "is",
    "is_not": "is not",
    "contains": "contains",
    "more_than": "is more than",
    "less_than": "is less than",
    "is_there": "is there",
}
_WRITTEN = re.compile(rf"(?s)(.*?):({'|'.join(TESTS)})(?::(.*))?")
_NO_WORDS = ("true", "false", "null")


@dataclass(frozen=True)
class FieldAsked:
    """A field, a test of TESTS and a value. words: what an event must hold as well, in
    whole words, so that it can be; mark: the field's mark in the search index, "" where the path
    has no names to go by."""

    path: Path
    test: str
    value: str = ""
    words: tuple[Asked, ...] = field(default=(), compare=False)
    mark: str = field(default="", compare=False)


def field_asked(path: str, test: str, value: str = "", where: str = "/field") -> FieldAsked:
    """What is asked of a field, from its path, as in rules or without the leading `$.`. Raises
    Invalid."""
    written = path.strip()
    if not written.startswith("$"):
        written = f"${written}" if written.startswith("[") else f"$.{written}"
    try:
        parsed = parse_path(written)
    except Unusable as problem:
        raise Invalid.at(where, problem.message, problem.fix) from None
    if test not in TESTS:
        raise Invalid.at(where, f"There is no test {test!r} for a field.",
                         f"Choose one of {', '.join(TESTS)}.")  # fmt: skip
    if test in ("more_than", "less_than") and plain_number(value) is None:
        raise Invalid.at(where, f"{value!r} is not a number.", "Write a number, such as 50.")
    words = tuple(asked(value)) if test == "is" and fold(value) not in _NO_WORDS else ()
    return FieldAsked(parsed, test, value, words, _mark(parsed))


def read_field(text: str, value: str | None = None) -> FieldAsked:
    """What is asked in one text, path:test:value; a path alone asks for being there, or with
    `value` for being that. Raises Invalid."""
    found = _WRITTEN.fullmatch(text)
    if found is None:
        return field_asked(text, "is_there" if value is None else "is", value or "")
    return field_asked(found[1], found[2], found[3] or "")


def holds(asked_for: FieldAsked, payload: Any) -> bool:
    """Whether a payload has what is asked for: in any of the places that the path finds."""
    try:
        found = asked_for.path.values(payload)
    except TooMuch:
        return False
    if asked_for.test == "is_not":
        return bool(found) and not any(_equals(each, asked_for.value) for each in found)
    return any(_TESTS[asked_for.test](each, asked_for.value) for each in found)


def _mark(path: Path) -> str:
    """The mark of the names up to where the path begins to branch."""
    names: list[str] = []
    for segment in path.segments:
        if segment.deep or len(segment.selectors) != 1:
            break
        [selector] = segment.selectors
        if isinstance(selector, Name):
            names.append(selector.key)
        elif not isinstance(selector, Index):
            break
    return field_mark(tuple(names)) if names else ""


def _number(found: Any) -> Decimal | None:
    number = plain_number(found) if isinstance(found, str) else exact_number(found)
    return None if number is None else Decimal(number)


def _equals(found: Any, value: str) -> bool:
    """As a number where both are one, else as text without regard to case."""
    wanted, number = plain_number(value), _number(found)
    if wanted is not None and number is not None:
        return number == wanted
    text = "null" if found is None else as_text(found)
    return text is not None and fold(text) == fold(value)


def _contains(found: Any, value: str) -> bool:
    text = as_text(found)
    return text is not None and fold(value) in fold(text)


def _more(found: Any, value: str) -> bool:
    number = _number(found)
    return number is not None and number > Decimal(value)


def _less(found: Any, value: str) -> bool:
    number = _number(found)
    return number is not None and number < Decimal(value)


_TESTS: dict[str, Callable[[Any, str], bool]] = {
    "is": _equals,
    "contains": _contains,
    "more_than": _more,
    "less_than": _less,
    "is_there": lambda found, value: True,
}
