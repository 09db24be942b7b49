"""Filters in paths, `[?@.sku == 'A1']`, read by jsonpath-ng after a check of its syntax tree.

Only comparisons of plain child paths with plain values, joined by && and ||, are let through: no
arithmetic, no `=~`, no functions, no `where`, no `parent`. So a filter costs the same small
amount per item, whatever the event.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from jsonpath_ng import Child, DatumInContext, Fields, JSONPath, Root, This
from jsonpath_ng import Index as AtIndex
from jsonpath_ng.exceptions import JSONPathError
from jsonpath_ng.ext.filter import And, Expression, Filter, Or
from jsonpath_ng.ext.parser import parse

from rules.errors import Unusable

HINT = "Compare with ==, !=, <, <=, > or >=, such as [?@.sku == 'A1'], and join with && or ||."
COMPARISONS = {None, "!", "==", "!=", "<", "<=", ">", ">="}
QUOTED = re.compile(r"'[^'\\]*'|\"[^\"\\]*\"")
NOT_ALLOWED = re.compile(
    r"[`~*+/\\;:,'\"{}#%^\0]|\.\.|(?<![=!<>])=(?!=)|(?<!&)&(?!&)|(?<!\|)\|(?!\|)"
)
LEADING_ZERO = re.compile(r"(?<![\w.])-?0[0-9]")
RETURN = re.compile(f"({QUOTED.pattern})|\r")
BARE_WORD = re.compile(r"[=<>]\s*(?!(?:true|false|null)\b)[A-Za-z_]")
Chosen = Callable[[Any, Any], list[tuple[Any, Any]]]


def compile_filter(text: str) -> tuple[str, Chosen]:
    """The filter's canonical text, and choose(value, root): the (key, child) pairs it lets pass."""
    tree: Any = _parsed(text)
    _check(tree)
    canonical = str(tree)[2:-1]

    def choose(value: Any, root: Any) -> list[tuple[Any, Any]]:
        if not isinstance(value, dict | list):
            return []
        found: list[Any] = tree.find(
            DatumInContext(value, path=This(), context=DatumInContext(root))
        )
        return [(_key(datum.path), datum.value) for datum in found]

    return canonical, choose


def _key(path: Any) -> Any:
    return path.fields[0] if isinstance(path, Fields) else path.indices[0]


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


def _check(tree: Any) -> None:
    """Walk the syntax tree against the allow-list; anything else is refused."""
    kind = type(tree)
    if kind is Filter:
        below = tree.expressions
    elif kind in (And, Or):
        below = tree.operands
    elif kind is Expression and tree.op in COMPARISONS:
        below = [side for side in (tree.target, tree.value) if isinstance(side, JSONPath)]
        if not all(_is_plain(side) for side in below):
            raise Unusable("A filter compares plain fields of the item only.", HINT)
        return
    else:
        raise Unusable("The filter uses something that is not available.", HINT)
    for branch in below:
        _check(branch)


def _is_plain(tree: Any) -> bool:
    while type(tree) is Child:
        step = tree.right
        if type(step) is Fields:
            if len(step.fields) != 1:
                return False
        elif not (type(step) is AtIndex and len(step.indices) == 1):
            return False
        tree = tree.left
    return type(tree) in (This, Root)
