"""Yes or no: true and false, and the texts "true" and "false" in any case; nothing else."""

from __future__ import annotations

from typing import Any

from rules.families import needs
from rules.families.row import NOTHING, Env, Operator, Unfit
from rules.values import say


def read_yesno(value: Any, env: Env) -> Any:
    if isinstance(value, bool):
        return value
    known = {"true": True, "false": False}.get(value.lower()) if isinstance(value, str) else None
    if known is None:
        return Unfit("wrong_type", f"{say(value)}, which is neither true nor false")
    return known


ROWS = (
    Operator(
        "yesno.is_true", "is true (yes)", "is true", "needs to be true",
        NOTHING, read_yesno, lambda found, wanted, now: found is True,
        index=lambda wanted: needs.equal(True),
    ),
    Operator(
        "yesno.is_false", "is false (no)", "is false", "needs to be false",
        NOTHING, read_yesno, lambda found, wanted, now: found is False,
        index=lambda wanted: needs.equal(False),
    ),
)  # fmt: skip
