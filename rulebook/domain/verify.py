"""Whether a request comes from the sender it says it comes from."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from rulebook.domain.hooks import hook_url, secrets_of
from rulebook.providers import PROVIDERS, Request, Scheme, Verification, tolerating
from rulebook.providers.custom import scheme_from
from rulebook.storage.events import Event
from rulebook.storage.hooks import Hook, HookAtDoor

REPEATED = (
    "The signature is right, but it came with another body before: somebody repeats one that was "
    "seen. Have the sender make a new key."
)


def verify(hook: Hook | HookAtDoor, request: Request, now: float) -> Verification | None:
    """Whether the signature is right by the hook's secrets; None where nothing can be checked.

    A verification that failed is falsy: compare with None before asking it. now: Unix seconds."""
    scheme = scheme_of(hook)
    secrets = secrets_of(hook)
    if scheme is None or not secrets:
        return None
    return scheme.verify(request, secrets, now)


def scheme_of(hook: Hook | HookAtDoor) -> Scheme | None:
    """How this hook's sender signs: as its provider says, or as the hook's settings say."""
    own, tolerance = hook.settings.get("scheme"), hook.settings.get("tolerance")
    if own is None and tolerance is None:
        return PROVIDERS[hook.provider].signature
    return _of_settings(hook.provider, json.dumps(own), tolerance)


@lru_cache(maxsize=1000)
def _of_settings(provider: str, own: str, tolerance: int | None) -> Scheme | None:
    said: dict[str, Any] | None = json.loads(own)
    scheme = scheme_from(said) if said else PROVIDERS[provider].signature
    return tolerating(scheme, tolerance) if scheme and tolerance is not None else scheme


def request_at(
    url: str, headers: Iterable[Sequence[str]], body: bytes, query: str, method: str
) -> Request:
    """A request at a hook's address as its sender made it. Of a header that comes twice the last
    one counts."""
    by_name = {name.lower(): value for name, value in headers}
    return Request(by_name, body, f"{url}?{query}" if query else url, method)


def request_of(event: Event, hook: Hook, body: bytes) -> Request:
    """The request that a stored event came in."""
    return request_at(hook_url(hook), event.headers, body, event.query, event.method)
