"""The fields that a hook's events have had, as people read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from rulebook.domain.called import shared
from rulebook.storage.fields import Field
from rules.errors import Unusable
from rules.paths import name_of, parse_path
from rules.values import say
from rules.words import Names, sentence_case
from web.fieldlist import as_people_write


@dataclass(frozen=True)
class SeenField:
    """One field: its friendly name, its path, an example and how often it was seen."""

    name: str
    path: str
    example: str
    seen: int


def fields_seen(
    found: Sequence[Field], names: Names, currencies: Mapping[str, str], zone: ZoneInfo
) -> list[SeenField]:
    """The fields that hold a value, those with a friendly name first, then by how often they were
    seen; groups and lists speak through their items."""
    valued = [field for field in found if not set(field.kinds) <= {"group", "list"}]
    valued.sort(key=lambda field: not _known(field.path, names))
    return [_one(field, names, currencies.get(shared(field.path), ""), zone) for field in valued]


def _one(field: Field, names: Names, currency: str, zone: ZoneInfo) -> SeenField:
    always_empty = set(field.kinds) == {"empty"}
    told = [each for each in field.examples if each not in (None, "null", "")]
    example = told[0] if told and not always_empty else ""
    return SeenField(
        _name(field.path, names),
        field.path.removeprefix("$.").removeprefix("$"),
        _written(field, example if isinstance(example, str) else say(example), currency, zone),
        field.seen,
    )


def _written(field: Field, example: str, currency: str, zone: ZoneInfo) -> str:
    told = (as_people_write(kind, example, currency, zone) for kind in field.kinds)
    return next(filter(None, told), example)


def _name(path: str, names: Names) -> str:
    try:
        return _known(path, names) or sentence_case(name_of(path))
    except Unusable:
        return path


def _known(path: str, names: Names) -> str | None:
    try:
        return names(parse_path(path).text)
    except Unusable:
        return None
