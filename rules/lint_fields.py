"""A rule against what the hook's events have held: names, kinds and values never seen so far.

Judged by the operators' own reading of the examples, so a new operator needs nothing here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from rules.catalog import CatalogField
from rules.change import Change, at, put, remove
from rules.claims import claim_of
from rules.errors import Unusable, nearest
from rules.families.row import NOTHING, UTC, Env, Operator, Unfit
from rules.nodes import Condition, Field, Group, Items, Node, Rule
from rules.note import Note
from rules.operators import OPERATORS
from rules.path_syntax import Name, Segment, written
from rules.paths import name_of, parse_path, path_from
from rules.values import fold, say
from rules.words import field_words

ABOUT_EVENTS = ("type", "id", "provider", "verified", "received_at", "method", "content_type")
PRESENT = {"number": 1, "yesno": True, "list": [], "group": {}, "empty": None}
KINDS = {"text": "text", "number": "a number", "yesno": "yes or no", "list": "a list",
         "group": "a group", "date": "a date"}  # fmt: skip
INSTEAD = ("text", "number", "list", "date", "yesno")
SENSES = {"includes": ("contains", "is"), "does_not_include": ("does_not_contain",),
          "contains": ("includes",), "does_not_contain": ("does_not_include",)}  # fmt: skip
Known = dict[str, CatalogField]
Possible = Mapping[str, Collection[str]]
NOTHING_MORE: Possible = {}


def field_notes(rule: Rule, fields: list[CatalogField], possible: Possible) -> Iterator[Note]:
    """Notes on the fields and values that a rule names; possible: as `lint` has it."""
    known = {parse_path(field.path).text: field for field in fields if len(field.path) <= 500}
    right = {parse_path(path).text: list(values) for path, values in possible.items()}
    for condition, base in _conditions(rule.when, ""):
        yield from _about_the_event(condition)
        place = _place(condition.field, base)
        if place is None or not known:
            continue
        if place not in known:
            yield from _unknown(condition, place, base, known)
            continue
        wrong = _wrong_kind(condition, place, known, rule)
        if wrong:
            yield wrong
            continue
        yield from _never_seen(condition, _values(place, condition, known), right.get(place, []))


def _conditions(node: Node, base: str) -> Iterator[tuple[Condition, str]]:
    """Every condition, with the catalogue's path of the item it looks at."""
    if isinstance(node, Condition):
        yield node, base
    elif isinstance(node, Group):
        for child in node.children:
            yield from _conditions(child, base)
    elif isinstance(node, Items):
        place = _place(node.field, base)
        items = "" if place is None else place if place.endswith("[*]") else f"{place}[*]"
        yield from _conditions(node.where, items)


def _place(field: Field, base: str) -> str | None:
    """The catalogue's path of a field: every item of a list stands for all; None if unknown."""
    if field.part != "payload" or (field.path.of_item and not base):
        return None
    parts = [shared(segment) for segment in field.path.segments]
    if None in parts:
        return None
    return (base if field.path.of_item else "$") + "".join(part or "" for part in parts)


def shared(segment: Segment) -> str | None:
    """A step of a path as the catalogue has it; None where it has no such place."""
    names = [one for one in segment.selectors if isinstance(one, Name)]
    if segment.deep or (names and len(segment.selectors) > 1):
        return None
    return f"[{written(names[0])}]" if names else "[*]"


def _about_the_event(condition: Condition) -> Iterator[Note]:
    field = condition.field
    if field.part != "event" or not field.path.segments:
        return
    name = field.path.segments[0].selectors[0]
    if isinstance(name, Name) and name.key not in ABOUT_EVENTS:
        close = nearest(name.key, ABOUT_EVENTS)
        message = f"Nothing called '{name.key}' is known about an event."
        fix = f"Did you mean '{close}'?" if close else f"There are: {', '.join(ABOUT_EVENTS)}."
        change = put(f"{condition.pointer}/path", f"$.{close}") if close else None
        yield Note(condition.pointer, "unknown_field", message, fix, change)


def _unknown(condition: Condition, place: str, base: str, known: Known) -> Iterator[Note]:
    if place in ("$", base):
        return
    close = nearest_place(place, known)
    name = field_words(condition.field)
    message = f"No event of this hook has had the field {name} here so far."
    if close is None:
        yield Note(condition.pointer, "unknown_field", message, "Choose a field from an event.")
        return
    fix = f"Did you mean '{name_of(close)}' ({known[close].path})?"
    yield Note(condition.pointer, "unknown_field", message, fix, _to(condition, close, base))


def nearest_place(place: str, known: Known) -> str | None:
    """The known path most like this one: a name beside it first, then the same name elsewhere."""
    parent, name = place.rpartition("[")[0], name_of(place)
    beside = {name_of(one): one for one in known if one.rpartition("[")[0] == parent}
    close = nearest(name, beside)
    if close:
        return beside[close]
    same = [one for one in known if name_of(one) == name]
    if same:
        return min(same, key=len)
    by_name = {name_of(one): one for one in sorted(known, key=len, reverse=True)}
    close = nearest(name, by_name)
    return by_name[close] if close else None


def _to(condition: Condition, close: str, base: str) -> Change | None:
    """The change to another path; None where it would lead out of the item."""
    root, sign = (base, "@") if condition.field.path.of_item else ("$", "$")
    if not close.startswith(root):
        return None
    return put(f"{condition.pointer}/path", short(f"${close[len(root) :]}", sign))


def short(path: str, root: str) -> str:
    """A canonical path as people write it."""
    segments = [segment.selectors[0] for segment in parse_path(path).segments]
    return path_from([one.key if isinstance(one, Name) else None for one in segments], root)


def _wrong_kind(condition: Condition, place: str, known: Known, rule: Rule) -> Note | None:
    """The field has held values, and the operator could read none of them."""
    found = _held(place, condition, known)
    if condition.operator.sees_null or not found or _reads(condition.operator, found):
        return None
    field = known[place]
    kinds = [KINDS[kind] for kind in field.kinds if kind in KINDS]
    shown = f" ({say(field.examples[0], 30)})" if field.examples else ""
    name = field_words(condition.field)
    words = " or ".join(kinds)
    menu = condition.operator.menu
    message = f"{name} has always been {words}{shown}, which '{menu}' cannot read."
    other = _instead(condition, found)
    if other is None:
        return Note(condition.pointer, "wrong_kind", message, "Choose another operator.")
    raw = {**at(rule.document, condition.pointer), "test": other}
    fix = f"Use '{OPERATORS[other].menu}'."
    return Note(condition.pointer, "wrong_kind", message, fix, put(condition.pointer, raw))


def _held(place: str, condition: Condition, known: Known) -> list[Any]:
    """Values such as the field has held; of a list its items, unless it is looked at whole."""
    field, items = known[place], known.get(f"{place}[*]")
    found = [PRESENT[kind] for kind in field.kinds if kind in PRESENT and kind != "empty"]
    if "text" in field.kinds or "date" in field.kinds:
        found += [*field.examples, *field.values]
    if "list" in field.kinds and not condition.operator.whole:
        found = [one for one in found if one != []]
        return [*found, *_held(f"{place}[*]", condition, known)] if items else []
    return found


def _reads(row: Operator, found: list[Any]) -> bool:
    return any(not isinstance(row.read(value, Env()), Unfit) for value in found)


def _instead(condition: Condition, found: list[Any]) -> str | None:
    """The operator of the same name, or of the same sense, that can read what is found."""
    name = condition.operator.name
    for sense in (name, *SENSES.get(name, ())):
        for family in INSTEAD:
            row: Operator | None = OPERATORS.get(f"{family}.{sense}")
            if row and _takes(row, condition) and _reads(row, found):
                return row.id
    return None


def _takes(row: Operator, condition: Condition) -> bool:
    if condition.other:
        return row.wants.from_field
    try:
        row.wants.prepare(condition.value, Env())
    except Unusable:
        return False
    return (row.wants is NOTHING) == (condition.operator.wants is NOTHING)


def _values(place: str, condition: Condition, known: Known) -> CatalogField | None:
    """The field whose values a condition looks at: the list's items, where it holds lists."""
    items = known.get(f"{place}[*]")
    if items and "list" in known[place].kinds:
        return items if items.kinds.keys() <= {"text", "number", "empty"} else None
    return known[place]


def _never_seen(
    condition: Condition, field: CatalogField | None, more: list[str]
) -> Iterator[Note]:
    claim = claim_of(condition)
    if field is None or not field.complete or not field.values or not claim or not claim.listed:
        return
    domain, wanted = claim.listed
    if domain not in ("text", "number") or claim.how == "no" or "date" in field.kinds:
        return
    for index, value in enumerate(wanted):
        if not _seen(condition, value, [*field.values, *more]):
            yield _unseen(condition, index, value, list(field.values), more)


def _seen(condition: Condition, value: Any, values: Iterable[str]) -> bool:
    row, env = condition.operator, Env(UTC, condition.match_case)
    read = row.read(value, env)
    return any(row.read(one, env) == read for one in values)


def _unseen(
    condition: Condition, index: int, value: Any, values: list[str], more: list[str]
) -> Note:
    name, text = field_words(condition.field), str(value)
    case = next((one for one in values if fold(one) == fold(text)), None)
    if case is not None:
        message = f"{name} has been '{case}', never {say(value)}: it differs only in case."
        change = remove(f"{condition.pointer}/match_case")
        return Note(condition.pointer, "only_case", message, "Ignore capitals.", change)
    close = nearest(text, [*values, *more])
    seen = ", ".join(values[:5]) + (f" and {len(values) - 5} more" if len(values) > 5 else "")
    message = f"{name} has been {seen}, never {say(value)}."
    if not close:
        return Note(condition.pointer, "never_seen", message, "Check the spelling.")
    many = condition.operator.wants.many
    pointer = f"{condition.pointer}/value" + (f"/{index}" if many else "")
    fix = f"Did you mean '{close}'?"
    return Note(condition.pointer, "never_seen", message, fix, put(pointer, close))
