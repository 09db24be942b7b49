"""A stored request as a command for a terminal, safe to paste: it sends the same bytes again.

Everything that was sent to us stands in single quotes, control characters never reach the
terminal, and secrets are left out. Headers that sign the body stay, so that a check can be tried.
"""

from __future__ import annotations

import base64
import re
import shlex
from collections.abc import Iterable, Sequence
from urllib.parse import parse_qsl, urlencode

from rulebook.domain.hiding import hides

MOST = 60_000  # bytes; terminals and kernels take no longer arguments
LEFT_OUT = "(left out)"
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, 5.6.2
_SAFE = re.compile(r"[^\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]*")
_OWN = {"host", "content-length", "connection", "transfer-encoding", "expect", "keep-alive", "te",
        "upgrade", "trailer", "proxy-connection", "accept-encoding"}  # fmt: skip


def curl(
    method: str,
    url: str,
    query: str,
    headers: Iterable[Sequence[str]],
    body: bytes,
    secrets: Sequence[str] = (),
) -> str | None:
    """The command; None for a body that is too long for one, or holds one of the secrets."""
    if len(body) > MOST or any(secret.encode() in body for secret in secrets):
        return None
    there = url + (f"?{_without_secrets(query, secrets)}" if query else "")
    parts = [f"curl --globoff -X {shlex.quote(method)} {shlex.quote(there)}"]
    parts += [f"-H {shlex.quote(line)}" for line in _headers(headers, secrets)]
    text = _plain(body)
    if not body:
        return _joined(parts)
    if text is not None:
        # --data-raw, because a body that begins with @ would name a file.
        return _joined([*parts, f"--data-raw {shlex.quote(text)}"])
    packed = base64.b64encode(body).decode()
    return f"printf %s {packed} | base64 -d | {_joined([*parts, '--data-binary @-'])}"


def _headers(headers: Iterable[Sequence[str]], secrets: Sequence[str]) -> Iterable[str]:
    typed = False
    for name, value in headers:
        if name.lower() in _OWN or not _TOKEN.fullmatch(name):
            continue
        typed = typed or name.lower() == "content-type"
        value = LEFT_OUT if hides(name, value, secrets) else value.strip()
        if "\n" in value or not _SAFE.fullmatch(value):
            value = LEFT_OUT
        yield f"{name}: {value}" if value else f"{name};"
    if not typed:
        yield "Content-Type:"  # or curl would call it a form


def _without_secrets(query: str, secrets: Sequence[str]) -> str:
    pairs = parse_qsl(query, keep_blank_values=True)
    hidden = [hides(name, value, secrets) for name, value in pairs]
    if not any(hidden) and re.fullmatch(r"[!-~]*", query):
        return query
    shown = zip(pairs, hidden, strict=True)
    return urlencode([(name, LEFT_OUT if hide else value) for (name, value), hide in shown])


def _plain(body: bytes) -> str | None:
    """The body as a text that a terminal takes as it is; None where it needs packing."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return None
    return text if _SAFE.fullmatch(text) else None


def _joined(parts: Sequence[str]) -> str:
    return " \\\n  ".join(parts)
