"""How does this sender sign? Tries the known ways on a request that came, with a pasted secret."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rulebook.domain.actor import Actor
from rulebook.domain.diagnose import ANY_AGE
from rulebook.domain.hooks import find_hook
from rulebook.domain.verify import request_of
from rulebook.errors import Invalid, NotFound
from rulebook.providers import PROVIDERS, Request, tolerating
from rulebook.providers.custom import scheme_from
from rulebook.providers.request import BasicLogin
from rulebook.storage import events

_ALGORITHMS = {20: "sha1", 32: "sha256", 64: "sha512"}  # by the bytes of a digest
_HEX = re.compile(r"(?:[0-9a-f]{2}){20,64}")
_PREFIX = re.compile(r"([A-Za-z0-9_.-]{1,20}=)(.+)")
_NOT_SIGNED = {"host", "content-length", "accept", "accept-encoding", "user-agent", "connection",
               "content-type", "x-forwarded-for", "x-forwarded-proto"}  # fmt: skip
_TIMED = (
    "{timestamp}.{body}", "{timestamp}:{body}", "{timestamp}{body}", "{body}{timestamp}",
    "v0:{timestamp}:{body}", "{timestamp}|{body}", "{body}.{timestamp}",
    "{method}{url}{body}{timestamp}",
)  # fmt: skip
_UNTIMED = ("{body}", "{url}{body}", "{body}{url}", "{method}{url}{body}", "{url}{params}")
_KEYS = ("text", "whsec", "base64", "hex")


@dataclass(frozen=True)
class Way:
    """What was found: a provider that signs so, or settings for a sender without a file."""

    provider: str = ""
    scheme: dict[str, Any] | None = None


def find_scheme(actor: Actor, hook_id: str, event_id: str, secret: str) -> Way | None:
    """The way of signing by which a stored event's signature is right with this secret; None when
    no known way is. Raises Invalid, NotFound."""
    actor.must("write")
    hook = find_hook(actor, hook_id)
    event = events.event(actor.workspace_id, event_id)
    if event is None or event.hook_id != hook.id:
        raise NotFound("event")
    if not secret:
        raise Invalid.at("/secret", "The secret is empty.", "Paste the tool's secret here.")
    request = request_of(event, hook, events.body_of(event.id) or b"")
    for name, provider in PROVIDERS.items():
        if provider.signature and provider.signature.present(request):
            if tolerating(provider.signature, ANY_AGE).verify(request, [secret], 0.0):
                return Way(provider=name)
    for scheme in _candidates(request, secret):
        if scheme_from({**scheme, "tolerance": ANY_AGE}).verify(request, [secret], 0.0):
            return Way(scheme=scheme)
    return None


def _candidates(request: Request, secret: str) -> Iterator[dict[str, Any]]:
    headers = {n: v for n, v in request.headers.items() if n not in _NOT_SIGNED and v}
    for name, value in headers.items():
        if BasicLogin().read(request) == secret and name == "authorization":
            yield {"kind": "basic"}
        elif value.endswith(secret):
            yield {"kind": "token", "header": name, "prefix": value.removesuffix(secret)}
    times = [(n, unit) for n, v in headers.items() if (unit := _unit(v))]
    ids = [n for n in headers if n.endswith("id") and n not in [t for t, _ in times]]
    for name, value in headers.items():
        for reads, digest in _digests(value):
            yield from _messages({"header": name, **reads}, digest, times, ids)


def _digests(value: str) -> Iterator[tuple[dict[str, Any], dict[str, str]]]:
    """The digests that may stand in a header, and how they stand there."""
    if (kind := _kind(value)) is not None:
        yield {}, kind
    prefixed = _PREFIX.fullmatch(value)
    if prefixed and (kind := _kind(prefixed[2])) is not None:
        yield {"prefix": prefixed[1]}, kind
    for separator in (",", ";"):
        pairs = [part.strip().partition("=") for part in value.split(separator)]
        time = next((key for key, _, text in pairs if _unit(text)), "")
        for key, _, text in pairs:
            if len(pairs) > 1 and key != time and (kind := _kind(text)) is not None:
                reads = {"signature": key, "separator": separator}
                unit = next((_unit(stated) for name, _, stated in pairs if name == time), "")
                timed = {"pairs": reads | {"time": time}, "unit": unit}
                yield timed if time else {"pairs": reads}, kind


def _kind(text: str) -> dict[str, str] | None:
    """Algorithm and encoding of what looks like a digest."""
    if _HEX.fullmatch(text) and len(text) // 2 in _ALGORITHMS:
        return {"algorithm": _ALGORITHMS[len(text) // 2], "encoding": "hex"}
    try:
        size = len(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        return None
    return {"algorithm": _ALGORITHMS[size], "encoding": "base64"} if size in _ALGORITHMS else None


def _unit(text: str) -> str:
    """The unit of what looks like a time: s, ms or iso; empty when it does not."""
    if re.fullmatch(r"\d{10}", text):
        return "s"
    if re.fullmatch(r"\d{13}", text):
        return "ms"
    return "iso" if re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:?\d\d)?", text) else ""


def _messages(
    reads: dict[str, Any], digest: dict[str, str], times: list[tuple[str, str]], ids: list[str]
) -> Iterator[dict[str, Any]]:
    for key in _KEYS:
        common = {"kind": "hmac", **reads, **digest, "key": key}
        for message in _UNTIMED:
            yield {**common, "message": message}
        inside = reads.get("pairs", {}).get("time")
        for message in _TIMED if inside else ():
            yield {**common, "message": message}
        for header, unit in times:
            timed = {**common, "timestamp_header": header, "unit": unit}
            for message in _TIMED:
                yield {**timed, "message": message}
            for name in ids:
                for message in ("{id}.{timestamp}.{body}", "{id}{timestamp}{body}"):
                    yield {**timed, "id_header": name, "message": message}
