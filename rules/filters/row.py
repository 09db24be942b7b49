"""A template filter is one row: what the menu says, what it does, an example that is tested."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rules.filters.plain import exact, weight
from rules.fuel import Unusable, Work, absent

UNKNOWN = object()  # an argument that is a field of the event
CALL = 20  # fuel for one filter call, before what it reads and writes

ANY = ("text", "number", "yesno", "list", "group", "date", "empty")
TEXT = ("text",)
NUMBER = ("number",)
LIST = ("list",)
DATE = ("date", "number", "text")


@dataclass(frozen=True)
class Filter:
    """One filter. `given | call` writes `gives`; `kinds` are the fields it is offered for.

    `run(value, *arguments)` gets `work` first where `wants_work` is set. A missing field and null
    pass by every filter that does not set `reads_missing`. `shallow`: it never looks inside a list.
    `offers`: what a menu offers, as (how it is written, words); {currency} stands for the field of
    an amount's currency. `like`: only one filter of a kind makes sense on a field.
    `checks`: by an argument's name, what raises Unusable if it cannot be used; the arguments that
    an author writes out are checked before anything is sent.
    """

    name: str
    words: str
    run: Callable[..., Any]
    given: object
    call: str
    gives: str
    kinds: tuple[str, ...] = TEXT
    wants_work: bool = False
    reads_missing: bool = False
    shallow: bool = False
    offers: tuple[tuple[str, str], ...] = ()
    like: str = ""
    checks: Mapping[str, Callable[[Any], object]] = field(default_factory=dict, hash=False)

    def apply(
        self, work: Work, value: object, args: Sequence[object], named: Mapping[str, object]
    ) -> object:
        """The value after this filter, its fuel burned; Unusable where it cannot be used."""
        work.burn(CALL)
        if absent(value) and not self.reads_missing:
            return value
        given = [*args, *named.values()] if self.shallow else [value, *args, *named.values()]
        work.burn(weight(given, work.fuel))
        result = self.run(*((work, value) if self.wants_work else (value,)), *args, **named)
        if isinstance(result, str):
            work.burn(len(result))
        return result

    def accepts(self, count: int, names: Sequence[str]) -> bool:
        """True if it takes this many arguments and these named ones."""
        return self._bound([None] * count, dict.fromkeys(names)) is not None

    def check(self, args: Sequence[object], named: Mapping[str, object]) -> None:
        """Unusable if an argument can never be used; those not known yet are UNKNOWN."""
        for name, value in (self._bound(args, named) or {}).items():
            if name in self.checks and value is not UNKNOWN:
                self.checks[name](value)

    def _bound(
        self, args: Sequence[object], named: Mapping[str, object]
    ) -> dict[str, object] | None:
        """The arguments by their names, or None if it does not take them."""
        before = [None] * (1 + self.wants_work)
        try:
            return inspect.signature(self.run).bind(*before, *args, **named).arguments
        except TypeError:
            return None

    @property
    def usage(self) -> str:
        """How it is written, for a sentence."""
        return f"| {self.call}"


def whole(value: object, low: int, high: int, what: str) -> int:
    """A whole number between both ends, or Unusable with a sentence that names `what`."""
    number = exact(value)
    if number is None or not low <= number <= high or number != int(number):
        raise Unusable(f"{what} must be a whole number from {low} to {high:,}.")
    return int(number)
