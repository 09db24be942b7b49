"""The table of operators: one row makes the menu, the sentence, the explanation and the test."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from rules.errors import Unusable
from rules.families import any as any_family
from rules.families import date, ip, number, text, yesno
from rules.families import list as list_family
from rules.families.row import Env, Operator, Unfit, Wants

__all__ = ["OPERATORS", "Env", "Operator", "Unfit", "Wants", "likely", "operators_for"]

FAMILIES = (text, number, date, yesno, list_family, any_family, ip)
OPERATORS = MappingProxyType({row.id: row for family in FAMILIES for row in family.ROWS})
MENUS = {
    "text": ("text", "number", "date", "any", "ip"),
    "number": ("number", "text", "date", "any"),
    "yesno": ("yesno", "any"),
    "list": ("list", "text", "number", "any"),
    "date": ("date", "text", "any"),
    "empty": ("any", "text", "number", "date", "yesno", "list"),
    "group": ("any",),
}


def operators_for(kind: str) -> list[Operator]:
    """The rows that make sense for a field of this kind, the likeliest first.

    kind: text, number, yesno, list, date, empty or group; any other gives the whole table.
    """
    families = MENUS.get(kind)
    if families is None:
        return list(OPERATORS.values())
    return [row for family in families for row in OPERATORS.values() if row.family == family]


def likely(kind: str, value: Any) -> tuple[Operator, Any]:
    """The row that a click on a field suggests, and its value: a test that this value meets."""
    rows = operators_for(kind)
    first = [row for row in rows if row.family == rows[0].family]
    for row in sorted(first, key=lambda row: not row.likely):
        wanted = value[0] if isinstance(value, list) and row.whole and value else value
        if _meets(row, value, wanted):
            return row, None if row.wants.name == "nothing" else wanted
    return rows[0], None


def _meets(row: Operator, value: Any, wanted: Any) -> bool:
    """Whether a value passes a row's test with `wanted` as the author's value."""
    if row.negates or row.clock:
        return False
    read = row.read(value, Env())
    try:
        return not isinstance(read, Unfit) and row.test(
            read, row.wants.prepare(wanted, Env()), None
        )
    except Unusable:
        return False
