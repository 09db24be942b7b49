"""What one row of the operator table holds; the families fill it in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from rules.families.needs import Need

UTC = ZoneInfo("UTC")


@dataclass(frozen=True)
class Env:
    """What a condition is judged in: the workspace's zone, and whether case counts."""

    zone: ZoneInfo = UTC
    match_case: bool = False


@dataclass(frozen=True)
class Unfit:
    """A found value that an operator cannot judge: wrong_type or unreadable, and why in words."""

    status: str
    words: str


@dataclass(frozen=True)
class Wants:
    """The kind of value an operator wants.

    `prepare(raw, env)` checks it and makes it ready (Unusable says what is wrong); `say` puts it
    in words; `from_field` tells whether another field may provide it, `many` whether that field
    may be a list, `seen` how the operators see that field's value.
    """

    name: str
    hint: str
    prepare: Callable[[Any, Env], Any]
    say: Callable[[Any], str]
    from_field: bool = False
    many: bool = False
    seen: Callable[[Any], Any] = lambda raw: raw


def no_note(value: Any, read: Any) -> None:
    return None


def weightless(operand: Any) -> int:
    return 0


@dataclass(frozen=True)
class Operator:
    """One row: what the menu, the sentence, the explanation and the test are made from.

    `words` follow the field's name in a sentence ("amount is at least 5000"), `needs` follow a
    value that failed ("amount is 18, needs to be at least 5000"). `read` makes a found value ready
    or says why not; `test(found, operand, now)` is the comparison. A row with `negates` is met by
    the values that do not pass the other row's test. `whole` rows look at a list itself, not at
    its elements; `about_presence` rows also judge a field that is not
    there, `sees_null` rows take null for a value. `note(value, read)` says how a value was read
    where that may surprise. `likely` rows are suggested before the others of their family.
    `index(operand)` says what at least one value needs so that the
    operator can be met: an index over many rules finds candidates by it; None, or no `index`, is
    always right, and slower. `weight(operand)` is the size of a pattern: steps for each letter of
    a text; `effort` the microseconds that `read` takes, roughly.
    """

    id: str
    menu: str
    words: str
    needs: str
    wants: Wants
    read: Callable[[Any, Env], Any]
    test: Callable[[Any, Any, Any], bool]
    negates: str | None = None
    whole: bool = False
    about_presence: bool = False
    sees_null: bool = False
    clock: bool = False
    cased: bool = False
    likely: bool = False
    note: Callable[[Any, Any], str | None] = no_note
    index: Callable[[Any], Need | None] | None = None
    weight: Callable[[Any], int] = weightless
    effort: int = 1
    family: str = field(init=False)
    name: str = field(init=False)

    def __post_init__(self) -> None:
        family, name = self.id.split(".")
        object.__setattr__(self, "family", family)
        object.__setattr__(self, "name", name)


def no_value(raw: Any, env: Env) -> None:
    return None


NOTHING = Wants("nothing", "no value", no_value, lambda raw: "")


def as_found(value: Any, env: Env) -> Any:
    return value
