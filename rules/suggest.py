"""What a click probably means: a condition for a field, and what sets one event apart.

Conditions are given as they stand in a rule document.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from rules.catalog import CatalogField, FieldSeen, fields_of, kind_of, path_text
from rules.conditions import LONGEST_VALUE
from rules.document import parse
from rules.errors import RuleError, Unusable
from rules.path_syntax import Name
from rules.paths import parse_path
from rules.trying import met_by, scenes_of
from rules.values import as_text, exact, plain_number, say, shortest

FEW_VALUES = 10
MOST_APART = 5
MOST_CANDIDATES = 200
TELLING = ("type", "event", "action", "status", "state", "kind", "topic", "event_type")
LONG_TEXT = 60
FEW_EVENTS = 5
NAMES_ONE = re.compile(r"(\b|_)(id|uuid|guid|token|key|sha|hash|url|uri|href|link)$|[a-z]Id$")
AMOUNT = re.compile(r"(\b|_)(amount|total|subtotal|price|sum|cost|quantity|count|balance)(\b|_)")


@dataclass(frozen=True)
class Suggestion:
    """A condition that is probably meant, why, and others that may be; the likeliest first."""

    condition: dict[str, Any]
    why: str
    others: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True)
class Apart:
    """A condition that this event meets, and `met` of the `of` other events.

    left: how many others meet it and all those before it in the list.
    """

    condition: dict[str, Any]
    met: int
    of: int
    left: int


def suggest(path: str, value: Any, fields: Iterable[CatalogField] = ()) -> Suggestion:
    """The condition meant by a click on this value at this path.

    fields: the hook's catalogue, which tells a status from a number that is new every time.
    RuleError or Unusable where the path cannot be read.
    """
    known = {field.path: field for field in fields}
    segments = [segment.selectors[0] for segment in parse_path(path).segments]
    names = [one.key if isinstance(one, Name) else None for one in segments]
    found = known.get(
        "$" + "".join(path_text([one])[1:] if one is not None else "[*]" for one in names)
    )
    last = next((one for one in reversed(names) if one), "")
    choices = CHOICES[kind_of(value, last)](path, value, found)
    (first, why), *others = [(one, why) for one, why in choices if one]
    return Suggestion(first, why, tuple(one for one, _ in others))


Choice = tuple[dict[str, Any] | None, str]
Chooser = Callable[[str, Any, CatalogField | None], list[Choice]]


def condition(path: str, test: str, value: Any = None) -> dict[str, Any]:
    given = {} if value is None else {"value": value}
    return {"path": path, "test": test, **given}


def _text(path: str, value: str, field: CatalogField | None) -> list[Choice]:
    there = (condition(path, "any.has_value"), "it is different in nearly every event")
    if not value.strip():
        return [(condition(path, "any.has_no_value"), "it is blank here"), there]
    if len(value.encode("utf-8", "replace")) > LONGEST_VALUE or _unstorable(value):
        return [(condition(path, "any.has_value"), "the text is too long to compare with")]
    same = (condition(path, "text.is", value), _why_same(field))
    part = (condition(path, "text.contains", _longest_word(value)), "it is a longer text")
    if plain_number(value) is not None and (_varies(field) or AMOUNT.search(path)):
        return [(condition(path, "number.at_least", value.strip()), "it holds amounts"), same]
    words = " " in value.strip()
    if words and (len(value) > LONG_TEXT or _varies(field)):
        return [part, there, same]
    if len(value) > LONG_TEXT or _unique(path, field):
        return [there, same, part]
    return [same, part, there]


def _why_same(field: CatalogField | None) -> str:
    few = field is not None and field.seen >= FEW_EVENTS and not _varies(field)
    return "it has had only a few values" if few else "this is its value here"


def _number(path: str, value: Any, field: CatalogField | None) -> list[Choice]:
    number = exact(value)
    if number is None:
        return [(condition(path, "any.is_present"), "it is not a number that can be compared")]
    plain = _written(value)
    same = (condition(path, "number.is", plain), _why_same(field))
    more = (condition(path, "number.at_least", plain), "it holds amounts")
    if AMOUNT.search(path) or (_varies(field) and not NAMES_ONE.search(path)):
        return [more, same]
    return [same, more] if field or NAMES_ONE.search(path) else [more, same]


def _date(path: str, value: Any, field: CatalogField | None) -> list[Choice]:
    recent = (condition(path, "date.in_the_last", "7d"), "it is a date")
    return [recent, (condition(path, "date.on_or_after", value), "it is this date or later")]


def _yesno(path: str, value: bool, field: CatalogField | None) -> list[Choice]:
    yes, no = condition(path, "yesno.is_true"), condition(path, "yesno.is_false")
    why = f"it is {say(value)} here"
    return [(yes, why), (no, why)] if value else [(no, why), (yes, why)]


def _list(path: str, value: Sequence[Any], field: CatalogField | None) -> list[Choice]:
    some = (condition(path, "list.length_at_least", 1), "it is a list")
    plain = next((one for one in value if _short(one)), None)
    if plain is None:
        return [some, (condition(path, "any.has_value"), "it is a list")]
    return [(condition(path, "list.includes", _written(plain)), "it is in the list here"), some]


def _group(path: str, value: Any, field: CatalogField | None) -> list[Choice]:
    return [(condition(path, "any.has_value"), "it is a group of fields")]


def _empty(path: str, value: Any, field: CatalogField | None) -> list[Choice]:
    none = (condition(path, "any.has_no_value"), "it is empty here")
    some = (condition(path, "any.has_value"), "other events have a value here")
    kinds = set(field.kinds) - {"empty"} if field else set()
    return [some, none] if kinds else [none, some]


CHOICES: dict[str, Chooser] = {
    "text": _text,
    "number": _number,
    "date": _date,
    "yesno": _yesno,
    "list": _list,
    "group": _group,
    "empty": _empty,
}


def _varies(field: CatalogField | None) -> bool:
    """Whether the field has had more than a few values."""
    return field is not None and (not field.complete or len(field.values) > FEW_VALUES)


def _unique(path: str, field: CatalogField | None) -> bool:
    """Whether nearly every event brings a new value; of few events, by its name."""
    if field is None or field.seen < FEW_EVENTS:
        return NAMES_ONE.search(path) is not None
    return not field.complete or len(field.values) >= 0.8 * field.seen


def _written(value: Any) -> Any:
    """A value as JSON holds it without losing digits."""
    return shortest(value) if isinstance(value, Decimal) else value


def _short(value: Any) -> bool:
    text = as_text(value)
    return bool(text) and len(str(text)) <= LONG_TEXT and not _unstorable(str(text))


def _unstorable(text: str) -> bool:
    return any("\ud800" <= letter <= "\udfff" or letter == "\0" for letter in text)


def _longest_word(text: str) -> str:
    return max(text[:1_000].split(), key=len)[:200]


def set_apart(
    event: Mapping[str, Any], others: Sequence[Mapping[str, Any]], zone: str = "UTC"
) -> list[Apart]:
    """At most 5 conditions on the payload that tell this event, and its like, from the others.

    Fields that are new in every event, as ids are, tell nothing and are passed over where any
    other field helps. An empty list: nothing sets it apart.
    """
    scenes = scenes_of((event, *others), zone)
    useful = []
    for made in _candidates(event["payload"]):
        mine, *hits = _met(made, scenes)
        if mine and not all(hits):
            useful.append((made, hits))
    new = _always_new([event, *others])
    telling = [(one, hits) for one, hits in useful if one["path"] not in new]
    return _greedy(telling or useful, len(others))


def _candidates(payload: Any) -> list[dict[str, Any]]:
    """What this payload says, field by field, telling names first and short paths before long."""
    found = []
    for field in fields_of(payload):
        if "[*]" not in field.path:
            try:
                (value,) = parse_path(field.path).values(payload)
            except Unusable:  # too long, or too deep
                continue
            found.append(_said(field, value))
    return sorted(found, key=_rank)[:MOST_CANDIDATES]


def _said(field: FieldSeen, value: Any) -> dict[str, Any]:
    """The condition that this value itself meets."""
    if field.kind == "date":
        return condition(field.path, "any.has_value")
    choice = suggest(field.path, value)
    if AMOUNT.search(field.path) and field.kind == "number":
        return choice.condition
    made = (choice.condition, *choice.others)
    return next((one for one in made if one["test"].endswith(".is")), choice.condition)


def of_a_kind(made: Mapping[str, Any]) -> bool:
    """Whether a condition says of what kind an event is: by a type, a status, a yes or no."""
    telling = not _rank({"path": made["path"]})[0]
    return made["test"].startswith("yesno.") or (telling and made["test"] == "text.is")


def _rank(made: dict[str, Any]) -> tuple[bool, int, int]:
    name = made["path"].rpartition(".")[2]
    return name not in TELLING, made["path"].count("."), len(made["path"])


def _met(made: dict[str, Any], scenes: list[Any]) -> list[bool]:
    """Whether each event meets a condition; none where it cannot be one, such as a vast number."""
    step = {"id": "x", "action": "x", "config": {}}
    try:
        return met_by(parse({"name": "x", "when": made, "then": [step]}).when, scenes)
    except RuleError:
        return [False] * len(scenes)


def _always_new(events: Sequence[Mapping[str, Any]]) -> set[str]:
    """Paths whose value is another in nearly every event that has them."""
    values: dict[str, list[str]] = {}
    for event in events:
        for field in fields_of(event["payload"]):
            if field.kind in ("text", "number", "date"):
                values.setdefault(field.path, []).append(field.example)
    return {
        path for path, found in values.items()
        if len(found) >= 3 and len(set(found)) >= 0.8 * len(found) and _rank({"path": path})[0]
    }  # fmt: skip


def _greedy(useful: list[tuple[dict[str, Any], list[bool]]], of: int) -> list[Apart]:
    """Each time the condition that leaves the fewest others; the earlier where two are equal."""
    chosen: list[Apart] = []
    left = [True] * of
    while useful and len(chosen) < MOST_APART:
        made, hits = min(useful, key=lambda one: sum(map(all, zip(left, one[1], strict=True))))
        after = [one and hit for one, hit in zip(left, hits, strict=True)]
        if sum(after) == sum(left):
            break
        left = after
        chosen.append(Apart(made, sum(hits), of, sum(left)))
        useful = [one for one in useful if one[0] is not made]
    return chosen


__all__ = ["Apart", "Suggestion", "set_apart", "suggest"]
