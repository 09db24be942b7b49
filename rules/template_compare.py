"""Comparisons in templates: they never raise, and what is missing meets none of them.

Two numbers, or a number and text that is one, compare exactly as numbers; otherwise text compares
with text, letter by letter. Null and missing equal only null.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from operator import ge, gt, le, lt

from rules.filters.plain import compact, exact, is_list, text_of
from rules.fuel import absent

_ORDER: dict[str, Callable[..., bool]] = {
    "gt": gt,
    "gteq": ge,
    "lt": lt,
    "lteq": le,
}


def met(left: object, op: str, right: object) -> bool:
    """Whether `left op right`; op: eq, ne, lt, lteq, gt, gteq, in, notin."""
    if op == "eq" or op == "ne":
        return _equal(left, right) == (op == "eq")
    if op == "in" or op == "notin":
        return _within(left, right) == (op == "in")
    return _ordered(left, right, _ORDER[op])


def _equal(left: object, right: object) -> bool:
    if absent(left) or absent(right):
        return absent(left) and absent(right)
    if isinstance(left, str) and isinstance(right, str):
        return left == right
    numbers = exact(left), exact(right)
    if None not in numbers:
        return numbers[0] == numbers[1]
    return type(left) is type(right) and compact(left) == compact(right)


def _within(left: object, right: object) -> bool:
    if absent(left) or absent(right):
        return False
    if isinstance(right, Mapping):
        return text_of(left) in right
    if is_list(right):
        return any(_equal(left, item) for item in right)
    return text_of(left) in text_of(right)


def _ordered(left: object, right: object, test: Callable[..., bool]) -> bool:
    if isinstance(left, str) and isinstance(right, str):
        return test(left, right)
    first, second = exact(left), exact(right)
    if isinstance(first, Decimal) and isinstance(second, Decimal):
        return test(first, second)
    return False
