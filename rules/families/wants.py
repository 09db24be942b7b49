"""The kinds of values that operators want, shared by the families."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from rules.errors import Unusable
from rules.families.row import Env, Wants
from rules.values import LOOKED_AT, as_text, exact, fold, kind_of, plain_number, say

MOST_VALUES = 1_000


def list_of(one: Callable[[Any, Env], Any], raw: Any, env: Env) -> tuple[Any, ...]:
    """Each element made ready; Unusable names the first that cannot be."""
    if not isinstance(raw, list):
        raise Unusable("This needs a list of values.", "Give at least one value in a list.")
    if not raw:
        raise Unusable("The list of values is empty.", "Give at least one value.")
    if len(raw) > MOST_VALUES:
        raise Unusable(f"The list has more than {MOST_VALUES:,} values.", "Shorten the list.")
    return tuple(one(value, env) for value in raw)


def pair_of(one: Callable[[Any, Env], Any], raw: Any, env: Env) -> tuple[Any, Any]:
    """The lower and the upper end, in that order."""
    if not isinstance(raw, list) or len(raw) != 2:
        raise Unusable("This needs two values: [lowest, highest].", "Give both ends.")
    low, high = one(raw[0], env), one(raw[1], env)
    return low, high


def text(raw: Any, env: Env) -> str:
    if not isinstance(raw, str):
        raise Unusable(
            f"This needs a text, not {_kind(raw)}.", 'Put the value in quotes, such as "42".'
        )
    return fold(raw, env.match_case)


def some_text(raw: Any, env: Env) -> str:
    ready = text(raw, env)
    if not ready:
        raise Unusable("The text to look for is empty.", "Write at least one character.")
    return ready


def number(raw: Any, env: Env) -> Any:
    value = plain_number(raw) if isinstance(raw, str) else exact(raw)
    if value is None:
        raise Unusable(
            f"{say(raw)} is not a number.", "Write a plain number, such as 5000 or 19.5."
        )
    if isinstance(value, Decimal) and abs(value) < 10**18 and value == value.to_integral_value():
        return int(value)
    return value


def number_pair(raw: Any, env: Env) -> tuple[Any, Any]:
    low, high = pair_of(number, raw, env)
    if low > high:
        raise Unusable(f"{low} is more than {high}.", "Put the smaller number first.")
    return low, high


def whole_number(raw: Any, env: Env) -> int:
    value = number(raw, env)
    if not isinstance(value, int) or value < 0:
        raise Unusable(f"{say(raw)} is not a length.", "Write a whole number, 0 or more.")
    return value


def scalar(raw: Any, env: Env) -> tuple[str, Any]:
    """One thing to find in a list, with how it is compared: as text, number or yes/no."""
    kind = kind_of(raw)
    if kind == "text":
        return kind, fold(raw, env.match_case)
    if kind == "number":
        return kind, number(raw, env)
    if kind == "yesno":
        return kind, raw
    raise Unusable(f"This needs a text, a number or yes/no, not {_kind(raw)}.", "Give one value.")


def say_list(raw: Any) -> str:
    """'a', 'b' or 'c'"""
    if not isinstance(raw, list):
        return say(raw)
    *words, last = [say(value) for value in raw[:5]] + more_words(raw)
    return f"{', '.join(words)} or {last}" if words else last


def say_each(raw: Any) -> str:
    """'a', 'b', 'c'"""
    if not isinstance(raw, list):
        return say(raw)
    return ", ".join([say(value) for value in raw[:5]] + more_words(raw))


def more_words(raw: list[Any]) -> list[str]:
    return [f"{len(raw) - 5} more"] if len(raw) > 5 else []


def say_numbers(raw: Any) -> str:
    """1, 2 or 3"""
    return say_list(_numbers(raw))


def say_pair(raw: Any) -> str:
    return (
        " and ".join(say(value) for value in _numbers(raw)) if isinstance(raw, list) else say(raw)
    )


def _numbers(raw: Any) -> Any:
    """Numbers written as text lose their quotes."""
    if not isinstance(raw, list):
        return raw
    return [plain_number(value) if isinstance(value, str) else value for value in raw]


def say_number(raw: Any) -> str:
    return raw.strip() if isinstance(raw, str) else say(raw)


def seen_as_text(raw: Any) -> Any:
    """A field's value as text operators see it, lists one level deep."""
    if isinstance(raw, list):
        return [seen_as_text(one) if not isinstance(one, list) else one for one in raw]
    text = as_text(raw)
    return raw if text is None else text[:LOOKED_AT]


def _kind(raw: Any) -> str:
    words = {"text": "a text", "number": "a number", "yesno": "yes or no", "list": "a list"}
    return words.get(kind_of(raw), "a group" if isinstance(raw, dict) else "nothing")


TEXT = Wants("text", "a text", text, say, from_field=True, seen=seen_as_text)
SOME_TEXT = Wants("text", "a text", some_text, say, from_field=True, seen=seen_as_text)
TEXTS = Wants(
    "texts", "a list of texts", lambda raw, env: frozenset(list_of(text, raw, env)), say_list,
    from_field=True, many=True, seen=seen_as_text,
)  # fmt: skip
NUMBER = Wants("number", "a number", number, say_number, from_field=True)
NUMBERS = Wants(
    "numbers", "a list of numbers", lambda raw, env: frozenset(list_of(number, raw, env)),
    say_numbers, from_field=True, many=True,
)  # fmt: skip
NUMBER_PAIR = Wants(
    "number_pair", "two numbers: [lowest, highest]", number_pair, say_pair,
    from_field=True, many=True,
)  # fmt: skip
LENGTH = Wants("length", "a whole number", whole_number, say_number, from_field=True)
SCALAR = Wants("scalar", "a text, a number or yes/no", scalar, say, from_field=True)
SCALARS = Wants(
    "scalars", "a list of values", lambda raw, env: list_of(scalar, raw, env), say_each,
    from_field=True, many=True,
)  # fmt: skip
