"""The table of operators: one row makes the menu, the sentence, the explanation and the test."""

from __future__ import annotations

from types import MappingProxyType

from rules.families import any as any_family
from rules.families import date, ip, number, text, yesno
from rules.families import list as list_family
from rules.families.row import Env, Operator, Unfit, Wants

__all__ = ["OPERATORS", "Env", "Operator", "Unfit", "Wants", "operators_for"]

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
