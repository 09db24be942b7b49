"""Lists, looked at as a whole: what they include, and how long they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rules.families import needs
from rules.families.number import read_number
from rules.families.row import Env, Operator, Unfit, Wants
from rules.families.text import read_text
from rules.families.wants import LENGTH, SCALAR, SCALARS
from rules.families.yesno import read_yesno
from rules.values import say


class Elements:
    """A list's elements, read as text, number or yes/no when a value of that kind is looked for."""

    READERS = {"text": read_text, "number": read_number, "yesno": read_yesno}

    def __init__(self, elements: list[Any], env: Env) -> None:
        self.elements = elements
        self.env = env
        self.ready: dict[str, set[Any]] = {}

    def __contains__(self, wanted: tuple[str, Any]) -> bool:
        kind, value = wanted
        return value in self.of_kind(kind)

    def of_kind(self, kind: str) -> set[Any]:
        """The elements that can be read as that kind."""
        if kind not in self.ready:
            read = self.READERS[kind]
            found = (read(element, self.env) for element in self.elements if element is not None)
            self.ready[kind] = {value for value in found if not isinstance(value, Unfit)}
        return self.ready[kind]


def read_list(value: Any, env: Env) -> Any:
    if isinstance(value, list):
        return Elements(value, env)
    return Unfit("wrong_type", f"{say(value)}, not a list")


def read_count(value: Any, env: Env) -> Any:
    return len(value) if isinstance(value, list) else read_list(value, env)


def includes_any(found: Elements, wanted: Any, now: Any) -> bool:
    return any(one in found for one in wanted)


def _row(
    name: str, words: str, needs: str, wants: Wants, test: Callable[[Any, Any, Any], bool],
    negates: str | None = None, index: Callable[[Any], needs.Need | None] | None = None,
) -> Operator:  # fmt: skip
    return Operator(
        f"list.{name}", words, f"{words} {{value}}", f"{needs} {{value}}", wants, read_list, test,
        negates=negates, whole=True, cased=True, index=index,
    )  # fmt: skip


def _length(
    name: str, words: str, test: Callable[[Any, Any, Any], bool],
    index: Callable[[Any], needs.Need],
) -> Operator:  # fmt: skip
    return Operator(
        f"list.length_{name}", f"has {words} this many items", f"has {words} {{value}} items",
        f"needs {words} {{value}} items", LENGTH, read_count, test, whole=True, index=index,
    )  # fmt: skip


ROWS = (
    _row("includes", "includes", "needs to include", SCALAR,
         lambda found, wanted, now: wanted in found, index=needs.member),
    _row("does_not_include", "does not include", "must not include", SCALAR,
         lambda found, wanted, now: wanted in found, negates="list.includes"),
    _row("includes_all", "includes all of", "needs to include all of", SCALARS,
         lambda found, wanted, now: all(one in found for one in wanted),
         index=needs.every_member),
    _row("includes_any", "includes any of", "needs to include any of", SCALARS, includes_any,
         index=needs.any_member),
    _row("includes_none", "includes none of", "must include none of", SCALARS, includes_any,
         negates="list.includes_any"),
    _length("is", "exactly", lambda found, wanted, now: found == wanted, needs.exactly),
    _length("at_least", "at least", lambda found, wanted, now: found >= wanted, needs.at_least),
    _length("at_most", "at most", lambda found, wanted, now: found <= wanted, needs.at_most),
)  # fmt: skip
