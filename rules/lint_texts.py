"""The fields that a rule's messages name, against what the hook's events have held."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rules.catalog import CatalogField
from rules.change import put
from rules.errors import Unusable
from rules.lint_fields import Known, nearest_place, shared, short
from rules.nodes import Rule
from rules.note import Note
from rules.paths import name_of, parse_path
from rules.pills import Pill, pills, rewritten

ROOT = "payload"


def text_notes(rule: Rule, fields: list[CatalogField]) -> Iterator[Note]:
    """Notes on fields in the steps' texts that no event has had; they would stay blank."""
    known = {parse_path(field.path).text: field for field in fields if len(field.path) <= 500}
    if not known:
        return
    for at, step in enumerate(rule.then):
        for pointer, text in _texts(step.config, f"/then/{at}/config"):
            for pill in pills(text):
                yield from _unknown(pointer, text, pill, known)


def _texts(config: Mapping[str, Any], pointer: str) -> Iterator[tuple[str, str]]:
    for name, value in config.items():
        if isinstance(value, str):
            yield f"{pointer}/{name}", value
        elif isinstance(value, Mapping):
            yield from _texts(value, f"{pointer}/{name}")


def _unknown(pointer: str, text: str, pill: Pill, known: Known) -> Iterator[Note]:
    place = _place(pill.field)
    if place is None or place in known:
        return
    close = nearest_place(place, known)
    name = name_of(f"${pill.field.removeprefix(ROOT)}")
    message = f"No event of this hook has had the field {name}, which the message names."
    if close is None:
        if pill.fallback is None:
            yield Note(pointer, "unknown_in_text", message, "Choose a field from an event.")
        return
    better = short(close, ROOT)
    change = put(pointer, rewritten(text, pill, pill.calls, better)) if _fits(close, pill) else None
    called = name_of(close) if name_of(close) != name else close
    fix = f"Use '{called}'." if change else f"Did you mean '{called}'?"
    yield Note(pointer, "unknown_in_text", message, fix, change)


def _place(field: str) -> str | None:
    """The catalogue's path of a field of the payload; None for what is no such field."""
    if not field.startswith((f"{ROOT}.", f"{ROOT}[")):
        return None
    try:
        parts = [shared(segment) for segment in parse_path(f"${field[len(ROOT) :]}").segments]
    except Unusable:
        return None
    return None if None in parts else "$" + "".join(part or "" for part in parts)


def _fits(close: str, pill: Pill) -> bool:
    """Whether one field can simply stand for the other: neither goes through a list."""
    return "[*]" not in close and not pill.around
