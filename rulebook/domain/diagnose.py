"""Why a signature is wrong: what would have to be otherwise so that it were right."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

from rulebook.domain.hooks import secrets_of
from rulebook.domain.verify import REPEATED, request_of, scheme_of, verify
from rulebook.providers import PROVIDERS, Request, tolerating
from rulebook.storage.events import Event
from rulebook.storage.hooks import Hook

ANY_AGE = 10**12  # seconds


def diagnose(hook: Hook, event: Event, body: bytes) -> str:
    """Why this refused event was refused, by the secrets and settings of today, in sentences with
    what to do; empty when it would be taken now, or nothing can be checked."""
    if event.reason.startswith(REPEATED):
        return REPEATED
    request = request_of(event, hook, body)
    verified = verify(hook, request, event.received_at.timestamp())
    if verified is None or verified.ok:
        return ""
    for other, words in _otherwise(hook, request):
        if _fits(hook, other):
            return words
    hints = [words for source, words in PROVIDERS[hook.provider].if_wrong if source.read(request)]
    return " ".join([verified.reason, *hints, "" if hints else verified.fix]).strip()


def _fits(hook: Hook, request: Request) -> bool:
    """Whether the signature would be right, whatever the time."""
    scheme = scheme_of(hook)
    if scheme is None:
        return False
    return bool(tolerating(scheme, ANY_AGE).verify(request, secrets_of(hook), 0.0))


def _otherwise(hook: Hook, request: Request) -> Iterator[tuple[Request, str]]:
    """The request as it may have been when it was signed, and what that would mean."""
    for url in _urls(request):
        yield (
            replace(request, url=url),
            (
                f"The signature is right for {url}, but this hook is known as {request.url}. Set "
                "RULEBOOK_PUBLIC_URL to the address that the tool calls, and start it again."
            ),
        )
    for body, what in _bodies(request.body):
        yield (
            replace(request, body=body),
            (
                f"The body was changed on its way: the signature is right for {what}. A proxy or "
                "another tool in between rewrites it; let it pass the body on untouched."
            ),
        )


def _urls(request: Request) -> list[str]:
    """The address in other clothes: the other scheme, the host that was asked for, a slash more or
    less, without its query."""
    scheme, _, rest = request.url.partition("://")
    host, _, path = rest.partition("/")
    asked = request.headers.get("x-forwarded-host") or request.headers.get("host") or host
    found = [
        f"{each}://{name}/{end}"
        for each in ("https", "http")
        for name in dict.fromkeys((host, asked))
        for end in (path, path + "/", path.partition("?")[0])
    ]
    return [url for url in dict.fromkeys(found) if url != request.url]


def _bodies(body: bytes) -> Iterator[tuple[bytes, str]]:
    for end in (b"\n", b"\r\n"):
        if body.endswith(end):
            yield body.removesuffix(end), "the body without its last line break"
        yield body + end, "the body with a line break at its end"
    try:
        value = json.loads(body)
    except ValueError:
        return
    for separators in ((",", ":"), (", ", ": ")):
        for plain in (True, False):
            text = json.dumps(value, separators=separators, ensure_ascii=plain)
            yield text.encode("utf-8", "surrogatepass"), "the same JSON written differently"
