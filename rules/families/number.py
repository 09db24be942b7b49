"""Numbers, compared exactly; a text that is entirely a plain number counts as one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rules.families import needs
from rules.families.row import Env, Operator, Unfit, Wants
from rules.families.wants import NUMBER, NUMBER_PAIR, NUMBERS
from rules.values import exact, plain_number, say, shortest


def read_number(value: Any, env: Env) -> Any:
    """The exact number; yes/no, lists, groups and other texts are none."""
    if type(value) is int:
        return value
    number = plain_number(value) if isinstance(value, str) else exact(value)
    if number is not None:
        return number
    words = "not a number" if isinstance(value, float) else f"{say(value)}, which is not a number"
    return Unfit("wrong_type", words)


def note_number(value: Any, read: Any) -> str | None:
    """How a text was read."""
    if not isinstance(value, str):
        return None
    return f"{say(value)} is text, read as the number {shortest(read)}"


def _row(
    name: str, menu: str, words: str, wants: Wants, test: Callable[[Any, Any, Any], bool],
    index: Callable[[Any], needs.Need | None] | None = None, negates: str | None = None,
    likely: bool = False,
) -> Operator:  # fmt: skip
    needs = (
        words.replace("is not", "must not be") if negates else words.replace("is", "needs to be")
    )
    return Operator(
        f"number.{name}", menu, f"{words} {{value}}", f"{needs} {{value}}", wants,
        read_number, test, negates=negates, note=note_number, index=index, likely=likely,
    )  # fmt: skip


def within(found: Any, wanted: tuple[Any, Any], now: Any) -> bool:
    """Both ends belong."""
    return bool(wanted[0] <= found <= wanted[1])


ROWS = (
    _row("is", "is (number)", "is", NUMBER,
         lambda found, wanted, now: found == wanted, needs.equal),
    _row("is_not", "is not (number)", "is not", NUMBER, lambda found, wanted, now: found == wanted,
         negates="number.is"),
    _row("is_one_of", "is one of (numbers)", "is", NUMBERS,
         lambda found, wanted, now: found in wanted, needs.one_of),
    _row("more_than", "is more than", "is more than", NUMBER,
         lambda found, wanted, now: found > wanted, needs.more_than),
    _row("at_least", "is at least", "is at least", NUMBER,
          lambda found, wanted, now: found >= wanted, needs.at_least, likely=True),
    _row("less_than", "is less than", "is less than", NUMBER,
         lambda found, wanted, now: found < wanted, needs.less_than),
    _row("at_most", "is at most", "is at most", NUMBER,
         lambda found, wanted, now: found <= wanted, needs.at_most),
    _row("between", "is between", "is between", NUMBER_PAIR, within, needs.between),
    _row("not_between", "is not between", "is not between", NUMBER_PAIR, within,
         negates="number.between"),
)  # fmt: skip
