"""Filters in paths, `[?@.sku == 'A1']`, read by jsonpath-ng and carried out here.

Only comparisons of plain child paths with plain values, joined by && and ||, are let through: no
arithmetic, no `=~`, no functions, no `where`, no `parent`. The syntax tree, once it is checked,
becomes closures that compare as RFC 9535 (2.3.5.2.2) says; jsonpath-ng itself takes ten times as
long for each item.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from operator import ge, gt, le, lt
from typing import Any

from jsonpath_ng import Child, Fields, JSONPath, Root, This
from jsonpath_ng import Index as AtIndex
from jsonpath_ng.exceptions import JSONPathError
from jsonpath_ng.ext.filter import And, Expression, Filter, Or
from jsonpath_ng.ext.parser import parse

from rules.errors import Unusable
from rules.values import exact

HINT = "Compare with ==, !=, <, <=, > or >=, such as [?@.sku == 'A1'], and join with && or ||."
COMPARISONS = {None, "!", "==", "!=", "<", "<=", ">", ">="}
ORDER: dict[str, Callable[[Any, Any], bool]] = {"<": lt, "<=": le, ">": gt, ">=": ge}
QUOTED = re.compile(r"'[^'\\]*'|\"[^\"\\]*\"")
NOT_ALLOWED = re.compile(
    r"[`~*+/\\;:,'\"{}#%^\0]|\.\.|(?<![=!<>])=(?!=)|(?<!&)&(?!&)|(?<!\|)\|(?!\|)"
)
LEADING_ZERO = re.compile(r"(?<![\w.])-?0[0-9]")
RETURN = re.compile(f"({QUOTED.pattern})|\r")
BARE_WORD = re.compile(r"[=<>]\s*(?!(?:true|false|null)\b)[A-Za-z_]")
NOTHING: Any = object()
Chosen = Callable[[Any, Any], list[tuple[Any, Any]]]
Test = Callable[[Any, Any], bool]
Get = Callable[[Any, Any], Any]


def compile_filter(text: str) -> tuple[str, Chosen]:
    """The filter's canonical text, and choose(value, root): the (key, child) pairs it lets pass."""
    tree: Any = _parsed(text)
    test = _test(tree)
    canonical = str(tree)[2:-1]

    def choose(value: Any, root: Any) -> list[tuple[Any, Any]]:
        if isinstance(value, dict):
            members: Any = value.items()
        elif isinstance(value, list):
            members = enumerate(value)
        else:
            return []
        return [pair for pair in members if test(pair[1], root)]

    return canonical, choose


def _parsed(text: str) -> Filter:
    text = RETURN.sub(lambda found: found[1] or " ", text)  # a blank that jsonpath-ng lacks
    bare = QUOTED.sub("_", text)
    bare_for_words = QUOTED.sub("0", text)
    refused = NOT_ALLOWED.search(bare) or LEADING_ZERO.search(bare)
    if not text or refused or BARE_WORD.search(bare_for_words):
        raise Unusable(f"The filter '{text}' uses something that is not available.", HINT)
    try:
        whole = parse(f"$[?{text}]")
    except (JSONPathError, ValueError, TypeError, AttributeError, RecursionError):
        raise Unusable(f"The filter '{text}' cannot be read.", HINT) from None
    if not (isinstance(whole, Child) and type(whole.right) is Filter and _is_root(whole.left)):
        raise Unusable(f"The filter '{text}' cannot be read.", HINT)
    return whole.right


def _is_root(tree: JSONPath) -> bool:
    return type(tree) is Root


def _test(tree: Any) -> Test:
    """The closure for a part of the syntax tree; anything outside the allow-list is refused."""
    kind = type(tree)
    if kind is Filter or kind is And:
        every = [_test(one) for one in (tree.expressions if kind is Filter else tree.operands)]
        if len(every) == 1:
            return every[0]
        return lambda item, root: all(test(item, root) for test in every)
    if kind is Or:
        some = [_test(one) for one in tree.operands]
        return lambda item, root: any(test(item, root) for test in some)
    if kind is Expression and tree.op in COMPARISONS:
        return _compared(tree.op, _operand(tree.target), _operand(tree.value))
    raise Unusable("The filter uses something that is not available.", HINT)


def _compared(op: str | None, left: Get, right: Get) -> Test:
    if op is None:
        return lambda item, root: left(item, root) is not NOTHING
    if op == "!":
        return lambda item, root: left(item, root) is NOTHING
    if op in ORDER:
        order, or_equal = ORDER[op], op in ("<=", ">=")
        return lambda item, root: _ordered(left(item, root), right(item, root), order, or_equal)
    wanted = op == "=="
    return lambda item, root: _equal(left(item, root), right(item, root)) is wanted


def _operand(side: Any) -> Get:
    """What reads one side of a comparison: a plain path from the item or the root, or a value."""
    if not isinstance(side, JSONPath):
        return lambda item, root: side
    keys: list[str | int] = []
    tree: Any = side
    while type(tree) is Child:
        step = tree.right
        if type(step) is Fields and len(step.fields) == 1:
            keys.append(step.fields[0])
        elif type(step) is AtIndex and len(step.indices) == 1:
            keys.append(step.indices[0])
        else:
            raise Unusable("A filter compares plain fields of the item only.", HINT)
        tree = tree.left
    if type(tree) not in (This, Root):
        raise Unusable("A filter compares plain fields of the item only.", HINT)
    from_root, steps = type(tree) is Root, tuple(reversed(keys))
    if len(steps) == 1 and isinstance(steps[0], str) and not from_root:
        name = steps[0]
        return lambda item, root: item.get(name, NOTHING) if type(item) is dict else NOTHING
    return lambda item, root: _get(root if from_root else item, steps)


def _get(value: Any, steps: tuple[str | int, ...]) -> Any:
    for key in steps:
        if isinstance(key, str):
            value = value.get(key, NOTHING) if isinstance(value, dict) else NOTHING
        elif isinstance(value, list) and -len(value) <= key < len(value):
            value = value[key]
        else:
            return NOTHING
    return value


def _is_number(value: Any) -> bool:
    return not isinstance(value, bool | str | list | dict) and value not in (None, NOTHING)


def _equal(left: Any, right: Any) -> bool:
    """Equal values of one kind: true is not 1. Nothing equals nothing."""
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_equal, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_equal(left[key], right[key]) for key in left)
    if _is_number(left) and _is_number(right):
        number = exact(left)
        return number is not None and number == exact(right)
    return type(left) is type(right) and bool(left == right)


def _ordered(left: Any, right: Any, order: Test, or_equal: bool) -> bool:
    if left is NOTHING or right is NOTHING:
        return or_equal and left is right
    if isinstance(left, str) and isinstance(right, str):
        return order(left, right)
    if type(left) is int and type(right) is int:
        return order(left, right)
    if _is_number(left) and _is_number(right):
        first, second = exact(left), exact(right)
        return first is not None and second is not None and order(first, second)
    return or_equal and _equal(left, right)
