"""Senders of webhooks: leaves, found by scanning. A file with a PROVIDER is a provider."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from rulebook.errors import Invalid
from rulebook.providers.contract import Provider, Sample, did_you_mean
from rulebook.providers.fetching import Fetch, fetch
from rulebook.providers.handshakes import Asked, Reply, verify_word
from rulebook.providers.recipes import Recipe, recipes_in
from rulebook.providers.request import Request, Source
from rulebook.providers.schemes import Scheme, Verification, tolerating
from rulebook.providers.sending import deliver, fresh

__all__ = [
    "PROVIDERS",
    "RECIPES",
    "UNKNOWN_SENDER",
    "Asked",
    "Fetch",
    "Provider",
    "Recipe",
    "Reply",
    "Request",
    "Sample",
    "Scheme",
    "Told",
    "Verification",
    "choose",
    "deliver",
    "fetch",
    "fresh",
    "likely_sender",
    "read_event",
    "tolerating",
    "verify_word",
]

# Files that are no provider.
_TOOLS = {
    "__init__",
    "contract",
    "custom",
    "fetching",
    "handshakes",
    "recipes",
    "request",
    "sending",
}
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
# Rules to start from, in the order of their senders.
RECIPES = tuple(recipe for name in PROVIDERS for recipe in recipes_in(name))


def choose(name: str) -> Provider:
    """The provider of that name. Raises Invalid at /provider with the nearest name."""
    if name in PROVIDERS:
        return PROVIDERS[name]
    fix = did_you_mean(name, list(PROVIDERS))
    raise Invalid.at("/provider", f"There is no provider '{name}'.", fix)


class Told(NamedTuple):
    """What a request tells of its event: printable texts of at most 200 characters, or None."""

    type: str | None
    id: str | None


def read_event(provider: Provider, request: Request) -> Told:
    """Type and id of the event in a request, as its sender states them. The payload is read as the
    provider opens it; of a batch, hand in each part (`Request.about`)."""
    kind = _first(provider.event_type, request)
    key = _first(provider.event_id, request)
    return Told(kind and _shown(kind), key and _kept(key))


def likely_sender(request: Request) -> Provider | None:
    """Who probably sent this, by what only they send; None where nothing tells."""
    seen = [each for each in PROVIDERS.values() if _first(each.detect, request)]
    return min(seen, key=lambda each: each.broad, default=None)


def _first(sources: Iterable[Source], request: Request) -> str | None:
    for source in sources:
        if text := source.read(request):
            return text
    return None


def _shown(text: str) -> str:
    if len(text) <= _LONGEST and text.isprintable():
        return text
    return "".join(char if char.isprintable() else "?" for char in text[:_LONGEST])


def _kept(text: str) -> str:
    """An id stays distinct however long or odd it is."""
    if len(text) <= _LONGEST and text.isprintable():
        return text
    return "sha256:" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
