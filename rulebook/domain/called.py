"""What people call the fields of an event and their values, by the file of its sender."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any

from rulebook.providers import PROVIDERS
from rulebook.providers.contract import Body
from rules.errors import Unusable
from rules.path_syntax import Name
from rules.paths import name_of, parse_path, path_from
from rules.words import sentence_case

ANY = "[*]"


def name_for(provider: str, path: str) -> str:
    """What people call a field, for the start of a line."""
    return known_name(provider, path) or own_name(path)


def known_name(provider: str, path: str) -> str:
    """The sender's own name for a field, whichever item of a list it is asked for; else blank."""
    return names_of(provider).get(path) or _by_shared(provider).get(shared(path), "")


def own_name(path: str) -> str:
    """A field's name as its path has it."""
    return sentence_case(name_of(path))


def label_for(provider: str, part: str, path: str, value: Any) -> str:
    """A value in the sender's own words, such as the name of a type; blank where it has none."""
    if provider not in PROVIDERS:
        return ""
    sources = [s.path for s in PROVIDERS[provider].event_type if isinstance(s, Body)]
    is_type = (part, path) == ("event", "$.type") or (part == "payload" and path in sources)
    types = PROVIDERS[provider].types
    return types.get(value, "") if is_type and isinstance(value, str) else ""


def possible_values(provider: str) -> dict[str, Collection[str]]:
    """Values that a sender is known to have for a field, by its path: the types of its events."""
    if provider not in PROVIDERS:
        return {}
    known = PROVIDERS[provider]
    return {each.path: known.types for each in known.event_type if isinstance(each, Body)}


def currency_path(provider: str, path: str) -> str:
    """Where the currency of an amount in minor units stands; blank for what is no such amount."""
    return _money(provider).get(shared(path), "")


def currency_paths(provider: str) -> Mapping[str, str]:
    """Every amount in minor units, by its shared path, with the place of its currency."""
    return _money(provider)


def names_of(provider: str) -> Mapping[str, str]:
    """The sender's names for fields, by path."""
    return PROVIDERS[provider].names if provider in PROVIDERS else {}


@lru_cache(maxsize=64)
def _by_shared(provider: str) -> dict[str, str]:
    return {shared(path): name for path, name in names_of(provider).items()}


@lru_cache(maxsize=64)
def _money(provider: str) -> dict[str, str]:
    known = PROVIDERS[provider].money if provider in PROVIDERS else {}
    return {shared(path): currency for path, currency in known.items()}


@lru_cache(maxsize=4096)
def shared(path: str, base: str = "") -> str:
    """The one form of a path in which every item of a list stands for all; blank if unreadable.
    base: the list whose item `@` stands for."""
    try:
        parsed = parse_path(path, "$@") if path else None
    except Unusable:
        parsed = None
    if parsed is None or parsed.deep:
        return ""
    steps = [segment.selectors[0] for segment in parsed.segments]
    text = path_from([step.key if isinstance(step, Name) else None for step in steps])
    if not parsed.of_item:
        return text
    start = shared(base)
    if not start:
        return ""
    return (start if start.endswith(ANY) else start + ANY) + text[1:]
