"""The fields one can choose: those of the hook's newest events, merged, under friendly names."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rulebook.domain import past
from rulebook.domain.called import ANY, currency_path, name_for, names_of, shared
from rulebook.domain.masking import HIDDEN
from rulebook.domain.past import Past
from rulebook.providers.contract import at
from rulebook.storage import fields as catalogue
from rulebook.storage.events import Event
from rulebook.storage.hooks import Hook
from rules.catalog import CatalogField, FieldSeen, example_of, fields_of
from rules.dates import Unreadable, read_moment
from rules.errors import Unusable
from rules.money import money_words
from rules.paths import parse_path
from web.shown import date

OFTEN_MISSING = 5  # percent of events without a field from which on one is told
OF_EVENT = {"type": "text", "verified": "yesno", "received_at": "date"}
WORDS = {"type": "Event type", "verified": "Verified", "received_at": "Time of arrival"}
PLAIN = {("yesno", "true"): "yes", ("yesno", "false"): "no", ("empty", "null"): "empty"}
_AMOUNT = re.compile(r"[^\w]*[\d.,' ]*\d[^\w]*")


@dataclass(frozen=True)
class Row:
    """A field to choose.

    example: its value here, shortened, else one from another event; shown: the same as people
    write it, such as money; here: whether this event has it. share: in how many of 100 events of
    this type it was, None where nobody counted. values: texts that it has had; complete: all.
    """

    part: str
    path: str
    name: str
    kind: str
    example: str
    friendly: bool = False
    shown: str = ""
    here: bool = True
    share: int | None = None
    values: tuple[str, ...] = ()
    currency: str = ""
    items: int = 0
    beside: tuple[tuple[str, str], ...] = ()

    @property
    def id(self) -> str:
        return "f-" + hashlib.sha256(f"{self.part} {self.path}".encode()).hexdigest()[:10]

    @property
    def several(self) -> bool:
        """Whether it stands in a list, so that one has to say which item."""
        return ANY in self.path

    @property
    def told(self) -> tuple[str, ...]:
        """Its values as money, where they are."""
        return tuple(money_words(each, self.currency) for each in self.values if self.currency)

    @property
    def group(self) -> str:
        """Under which heading it is listed."""
        if self.part != "payload":
            return "About the request itself"
        if self.share == 0 and not self.here:
            return "In other kinds of event"
        return "Used often" if self.friendly else "Everything else"

    @property
    def missing(self) -> int:
        """In how many of 100 events it was not."""
        return 0 if self.share is None else 100 - self.share

    def fits(self, query: str) -> bool:
        """Whether name, path or a value holds these words; 29.99 is found in 2999 as well."""
        words = query.casefold().strip()
        example = "" if self.kind == "date" and self.shown else self.example
        texts = (self.name, self.path, self.shown, example, *self.values, *self.told)
        if any(words in text.casefold() for text in texts):
            return True
        if not _AMOUNT.fullmatch(words):
            return False
        digits = _digits(words)
        return any(_digits(text) == digits for text in texts[2:])

    def holding(self, query: str) -> tuple[str, str, str]:
        """The value that a search found, in three parts: before, what was found, after."""
        words = query.casefold().strip()
        for text in (self.shown or self.example, *(self.told or self.values)):
            place = text.casefold().find(words)
            if words and place >= 0 and len(text) == len(text.casefold()):
                end = place + len(words)
                return text[:place], text[place:end], text[end:]
        return self.shown or self.example, "", ""


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)


@dataclass(frozen=True)
class Fields:
    """All there are: of the event, of its like, of other kinds of event, of the request itself."""

    rows: list[Row]
    of: int = 0  # events that the shares are of
    known: Mapping[tuple[str, str], Row] = field(default_factory=dict)
    counted: Mapping[str, CatalogField] = field(default_factory=dict)

    def find(self, part: str, path: str, base: str = "") -> Row | None:
        """What is known of a field, whichever item it is asked for; base: the list of `@`."""
        place = shared(path, base)
        return self.known.get((part, place)) or self.known.get((part, place.removesuffix(ANY)))


def fields(
    hook: Hook,
    event: Event | None,
    seen: Mapping[str, Any],
    newest: list[Past],
    used: Iterable[str],
    zone: ZoneInfo,
) -> Fields:
    """Friendly ones first, those of other kinds of event last. used: paths in the hook's rules."""
    merged, of = past.fields_of(newest, event.event_type if event else None)
    found = {row.path: row for row in _of_payload(hook, seen.get("payload"), merged, of, zone)}
    for other in catalogue.fields(hook.id):
        kind = max(other.kinds, key=lambda kind: other.kinds[kind])
        if other.path not in found and kind != "group":
            examples = [example_of(value) for value in other.examples]
            found[other.path] = Row(
                "payload", other.path, name_for(hook.provider, other.path), kind,
                examples[0] if examples else "", values=tuple(examples), here=False,
                share=0 if of else None,
            )  # fmt: skip
    often = {shared(path) for path in used} | {shared(path) for path in names_of(hook.provider)}
    rows = [replace(row, friendly=shared(row.path) in often) for row in found.values()]
    rows.sort(key=lambda row: (not row.share, not row.here, not row.friendly))
    rows += _about(hook, seen, newest, zone)
    return Fields(rows, of, {(row.part, shared(row.path)): row for row in reversed(rows)}, {
        each.path: each for each in merged
    })  # fmt: skip


def _of_payload(
    hook: Hook, payload: Any, merged: list[CatalogField], of: int, zone: ZoneInfo
) -> Iterator[Row]:
    """The fields of this event as it has them, then those that only its like have."""
    counted = {each.path: each for each in merged}
    here: dict[str, FieldSeen] = {}
    for each in fields_of(payload):
        if each.path not in here or here[each.path].kind == "empty":
            here[each.path] = each
    beside = _beside(here.values())
    for path in [*here, *(path for path in counted if path not in here)]:
        mine, all_of = here.get(path), counted.get(path)
        hidden = mine is not None and mine.example == HIDDEN and all_of
        kind = mine.kind if mine and not hidden else _usual(all_of)
        if kind == "group":
            continue
        example = mine.example if mine else (all_of.examples or ("",))[0] if all_of else ""
        currency = currency_of(hook, path, payload, counted)
        values = all_of.values if all_of and all_of.values else {}
        yield Row(
            "payload", path, name_for(hook.provider, path), kind, example,
            shown=as_people_write(kind, example, currency, zone), here=mine is not None,
            share=round(100 * all_of.seen / of) if all_of and of else None,
            values=_by_count(values, mine), currency=currency,
            items=_items(payload, path), beside=beside.get(path.rpartition(ANY)[0], ()),
        )  # fmt: skip


def _usual(found: CatalogField | None) -> str:
    return max(found.kinds, key=lambda kind: found.kinds[kind]) if found else "text"


def _by_count(values: Mapping[str, int], mine: FieldSeen | None) -> tuple[str, ...]:
    often = Counter(values)
    return tuple(value for value, _ in often.most_common()) or tuple(
        sorted(mine.values or ()) if mine else ()
    )


def _items(payload: Any, path: str) -> int:
    """How many items the innermost list on the path has, where there is one."""
    if ANY not in path:
        return 0
    try:
        return len(parse_path(path.rpartition(ANY)[0] + ANY).values(payload))
    except Unusable:
        return 0


def _beside(here: Iterable[FieldSeen]) -> dict[str, tuple[tuple[str, str], ...]]:
    """For each list: the plain fields of its items with an example, by which one can be told."""
    found: dict[str, list[tuple[str, str]]] = {}
    for each in here:
        base, _, rest = each.path.rpartition(ANY)
        if base and rest.count(".") == 1 and "[" not in rest and each.kind in ("text", "number"):
            found.setdefault(base, []).append((rest[1:], each.example))
    return {
        base: tuple(sorted(pairs, key=lambda pair: not _telling(pair[0])))
        for base, pairs in found.items()
    }


def _telling(name: str) -> bool:
    return name in ("name", "title", "description", "sku", "label", "product", "type", "key")


def as_people_write(kind: str, example: str, currency: str, zone: ZoneInfo) -> str:
    """A value as people write it: money, a time, yes, empty; blank where it is said as it is."""
    if currency and kind in ("number", "text"):
        return money_words(example, currency)
    if kind != "date":
        return PLAIN.get((kind, example), "")
    try:
        moment = read_moment(int(example) if example.isdecimal() else example, zone).local
    except (Unreadable, ValueError, OverflowError):
        return ""
    return clock_words(moment) if moment else ""


def clock_words(moment: datetime) -> str:
    """today, 14:02:03"""
    return f"{date(moment)}, {moment:%H:%M:%S}"


def _about(
    hook: Hook, seen: Mapping[str, Any], newest: list[Past], zone: ZoneInfo
) -> Iterator[Row]:
    """What is known of the request itself: type, verified, time, and its headers."""
    event, headers = seen.get("event", {}), seen.get("headers", {})
    types = Counter(each.event.event_type for each in newest if each.event.event_type)
    for name, kind in OF_EVENT.items():
        if event.get(name) is not None:
            example = example_of(event[name])
            values = tuple(value for value, _ in types.most_common(20)) if name == "type" else ()
            yield Row("event", f"$.{name}", WORDS[name], kind, example,
                      shown=as_people_write(kind, example, "", zone), values=values)  # fmt: skip
    for name, value in headers.items():
        if "'" not in name:
            yield Row("headers", f"$['{name}']", f"Header {name}", "text", example_of(value))


def currency_of(
    hook: Hook, path: str, payload: Any, counted: Mapping[str, CatalogField] | None = None
) -> str:
    """The currency of an amount in minor units, here or as it mostly is; blank where none is."""
    place = currency_path(hook.provider, path)
    if not place:
        return ""
    code = at(payload, place)
    if not isinstance(code, str) and counted and place in counted:
        values = Counter(counted[place].values)
        code = values.most_common(1)[0][0] if values else ""
    return code if isinstance(code, str) and money_words(0, code) else ""
