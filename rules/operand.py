"""What a condition compares with: its literal made ready, or another field's value."""

from __future__ import annotations

from typing import Any

from rules.errors import Unusable
from rules.families.row import Env, Unfit, Wants
from rules.paths import MISSING
from rules.scene import spread


def prepared(wants: Wants, raw: Any, env: Env) -> Any:
    """A value ready for the test; Unfit when it cannot be used, as a date may in another zone."""
    try:
        return wants.prepare(raw, env)
    except Unusable as error:
        return Unfit("unreadable", error.message)


def operand_from(wants: Wants, values: list[Any], env: Env) -> Any:
    """Another field's values ready for the test; MISSING or Unfit if there is none to use."""
    found = [value for value in values if value is not None]
    if not found:
        return MISSING
    if not wants.many:
        found = spread(found)
        if len(found) != 1:
            return Unfit("values", f"it has {len(found)} values, one is needed")
    raw = found[0] if len(found) == 1 else found
    if wants.many and not isinstance(raw, list):
        raw = [raw]
    return prepared(wants, wants.seen(raw), env)
