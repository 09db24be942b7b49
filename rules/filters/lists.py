"""Filters for lists. A value that is no list counts as a list of one, as it does in a loop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from rules.filters.plain import compact, exact, is_list, text_of
from rules.filters.row import LIST, Filter
from rules.fuel import MISSING, Work


def items_of(value: object) -> Sequence[object]:
    """The items of a list; of anything else, the value itself."""
    return value if is_list(value) else [value]


def _named(item: object, by: str) -> object:
    if not by:
        return item
    return item.get(by) if isinstance(item, Mapping) else None


def _rank(value: object) -> tuple[int, Decimal, str]:
    """Numbers first, then text whatever its case, then the rest; nothing at the end."""
    number = exact(value)
    if number is not None:
        return 0, number, ""
    if isinstance(value, str):
        return 1, Decimal(0), value.casefold()
    return (3, Decimal(0), "") if value is None else (2, Decimal(0), text_of(value))


def _join(work: Work, value: object, between: object = ", ", by: object = "") -> str:
    key, gap, items = text_of(by), text_of(between), items_of(value)
    work.burn(len(gap) * len(items))
    return gap.join(text_of(_named(item, key)) for item in items)


def _first(value: object) -> object:
    items = items_of(value)
    return items[0] if items else MISSING


def _last(value: object) -> object:
    items = items_of(value)
    return items[-1] if items else MISSING


def _length(value: object) -> int:
    return len(value) if isinstance(value, Mapping) or is_list(value) else len(text_of(value))


def _sort(value: object, by: object = "") -> list[object]:
    key = text_of(by)
    return sorted(items_of(value), key=lambda item: _rank(_named(item, key)))


def _unique(value: object, by: object = "") -> list[object]:
    key, seen = text_of(by), dict[str, object]()
    for item in items_of(value):
        seen.setdefault(compact(_named(item, key)), item)
    return list(seen.values())


def _plural(value: object, one: object, many: object = "") -> str:
    count = len(value) if is_list(value) else exact(value)
    return text_of(one) if count == 1 else text_of(many) or text_of(one) + "s"


ROWS = (
    Filter(
        "join",
        "all items in one line",
        _join,
        ["red", "blue"],
        "join(', ')",
        "red, blue",
        kinds=LIST,
        wants_work=True,
        offers=(("join(', ')", "all, with commas between"),),
        like="look",
    ),
    Filter(
        "first",
        "the first item",
        _first,
        ["red", "blue"],
        "first",
        "red",
        kinds=LIST,
        shallow=True,
        offers=(("first", "the first item"),),
        like="look",
    ),
    Filter(
        "last",
        "the last item",
        _last,
        ["red", "blue"],
        "last",
        "blue",
        kinds=LIST,
        shallow=True,
        offers=(("last", "the last item"),),
        like="look",
    ),
    Filter(
        "length",
        "how many",
        _length,
        ["red", "blue"],
        "length",
        "2",
        kinds=("list", "text", "group"),
        shallow=True,
        offers=(("length", "how many"),),
        like="look",
    ),
    Filter("sort", "in order", _sort, [10, 9, "b", "A"], "sort", '[9,10,"A","b"]', kinds=LIST),
    Filter("unique", "each item once", _unique, [1, 2, 1], "unique", "[1,2]", kinds=LIST),
    Filter(
        "plural",
        "one word for one, another for many",
        _plural,
        2,
        "plural('item', 'items')",
        "items",
        kinds=("number", "list"),
    ),
)
