"""An event in one line."""

from __future__ import annotations

from typing import Any

from rulebook.providers import PROVIDERS
from rules.catalog import walk
from rules.payload import Payload
from rules.templates import TemplateError, compile_template

_TELLING = ("name", "title", "subject", "email", "number", "message", "text", "description", "id")


def type_name(provider: str, event_type: str | None) -> str:
    """The event's type in friendly words, such as Invoice paid."""
    if not event_type:
        return ""
    known = PROVIDERS[provider].types.get(event_type) if provider in PROVIDERS else None
    return known or event_type.replace("_", " ").replace(".", " ").replace("/", " ").capitalize()


def gist_of(provider: str, payload: Payload) -> str:
    """What tells this event from its neighbours, in at most 200 letters."""
    if payload.kind == "empty":
        return "empty body"
    if isinstance(payload.value, str):
        return " ".join(payload.value.split())[:120]
    told = _told_by_provider(provider, payload.value)[1]
    return _clean(told or _first_telling(payload.value))[:200]


def telling_line(provider: str, value: Any) -> str:
    """The first of the provider's own lines, a template, whose fields are all in this payload."""
    return _told_by_provider(provider, value)[0]


def _told_by_provider(provider: str, value: Any) -> tuple[str, str]:
    """That line, and the line filled in."""
    for line in PROVIDERS[provider].gist if provider in PROVIDERS else ():
        try:
            return line, compile_template(line).render({"payload": value}, if_missing="skip")
        except TemplateError:
            continue
    return "", ""


def _first_telling(value: Any) -> str:
    """The most telling short text of a payload: a name before a number before an id, then any."""
    best: dict[str, str] = {}
    first = ""
    for _segments, key, found, _depth in walk(value):
        if isinstance(found, str) and 0 < len(found) <= 120 and isinstance(key, str):
            first = first or found
            for ending in _TELLING:
                if key.lower().endswith(ending):
                    best.setdefault(ending, found)
    return next((best[ending] for ending in _TELLING if ending in best), first)


def _clean(text: str) -> str:
    return text.replace("\0", " ")
