"""Senders of webhooks: leaves, found by scanning. A file with a PROVIDER is a provider."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from importlib import import_module
from pathlib import Path

from rulebook.errors import Invalid
from rulebook.providers.contract import Provider, Sample, Source, did_you_mean
from rulebook.providers.schemes import Scheme, Verification
from rulebook.providers.sending import deliver, fresh

__all__ = [
    "PROVIDERS",
    "UNKNOWN_SENDER",
    "Provider",
    "Sample",
    "Scheme",
    "Verification",
    "choose",
    "deliver",
    "fresh",
    "read_event",
]

_TOOLS = {"__init__", "contract", "schemes", "sending"}  # files that are no provider
_LONGEST = 200  # characters of a type or an id that are kept as they are


def _scan() -> dict[str, Provider]:
    found = {}
    for file in Path(__file__).parent.glob("*.py"):
        if file.stem in _TOOLS:
            continue
        provider = getattr(import_module(f"{__name__}.{file.stem}"), "PROVIDER", None)
        if not isinstance(provider, Provider):
            raise TypeError(f"{file} has no PROVIDER: add one, or move the file elsewhere.")
        found[file.stem] = replace(provider, name=file.stem)
    return dict(sorted(found.items(), key=lambda item: (item[1].fallback, item[1].label.lower())))


# By name, in the order of their labels; the one for unknown senders comes last.
PROVIDERS = _scan()
UNKNOWN_SENDER = next(provider for provider in PROVIDERS.values() if provider.fallback)


def choose(name: str) -> Provider:
    """The provider of that name. Raises Invalid at /provider with the nearest name."""
    if name in PROVIDERS:
        return PROVIDERS[name]
    fix = did_you_mean(name, list(PROVIDERS))
    raise Invalid.at("/provider", f"There is no provider '{name}'.", fix)


def read_event(
    provider: Provider, headers: Mapping[str, str], payload: object
) -> tuple[str | None, str | None]:
    """Type and id of an event, each a printable text of at most 200 characters, or None.

    headers: names in any case. payload: the parsed body, or None when it could not be parsed.
    """
    lower = {name.lower(): value for name, value in headers.items()}
    kind = _first(provider.event_type, lower, payload)
    key = _first(provider.event_id, lower, payload)
    return kind and _shown(kind), key and _kept(key)


def _first(sources: Iterable[Source], headers: Mapping[str, str], payload: object) -> str | None:
    return next((text for source in sources if (text := source.read(headers, payload))), None)


def _shown(text: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in text[:_LONGEST])


def _kept(text: str) -> str:
    """An id stays distinct however long or odd it is."""
    if len(text) <= _LONGEST and text.isprintable():
        return text
    return "sha256:" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
