"""Who may send to a hook: its secret, the word for its sender, and a way of signing of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rulebook.domain import hooks as verbs
from rulebook.domain.diagnose import diagnose
from rulebook.domain.verify import request_of, scheme_of
from rulebook.providers import PROVIDERS, UNKNOWN_SENDER, Provider, likely_sender, verify_word
from rulebook.providers.schemes import describe
from rulebook.storage import events
from rulebook.storage.events import Event
from rulebook.storage.hooks import Hook
from web.shown import stamp

TRIED = 20  # newest events that a way of signing may be looked for in
CHOICES = {
    "kind": (("hmac", "A signature (HMAC)"), ("token", "The secret itself"),
             ("basic", "A login (name:password)")),
    "algorithm": (("sha256", "SHA-256"), ("sha1", "SHA-1"), ("sha512", "SHA-512")),
    "encoding": (("hex", "Hexadecimal"), ("base64", "Base64")),
    "key": (("text", "As text"), ("base64", "Base64, decoded"), ("hex", "Hexadecimal, decoded"),
            ("whsec", "whsec_ cut off, the rest base64, decoded")),
    "unit": (("s", "Seconds"), ("ms", "Milliseconds"), ("iso", "A date and time")),
}  # fmt: skip


@dataclass(frozen=True)
class Signing:
    """What the hook's page says of signatures. likely: whom a hook without a sender seems to be
    called by. word: what a sender asks to be told when it is set up. why: the reason, looked into,
    for which the newest event was refused. own: the settings of a way of signing of its own."""

    signs: bool
    label: str
    hint: str
    words: str
    word: str
    likely: Provider | None
    why: str
    own: dict[str, Any]
    judges_unverified: bool


def signing(hook: Hook, newest: Sequence[Event]) -> Signing:
    """What there is to say; `newest` are the hook's newest events, newest first."""
    provider, scheme = PROVIDERS.get(hook.provider, UNKNOWN_SENDER), scheme_of(hook)
    token = verbs.hook_url(hook).rpartition("/")[2]
    return Signing(
        signs=scheme is not None,
        label=provider.secret_label,
        hint=provider.secret_hint or "What the tool signs with, or shows with each event.",
        words=describe(scheme) if scheme else "",
        word=verify_word(token) if provider.verify_word else "",
        likely=_likely(hook, newest) if provider.fallback and scheme is None else None,
        why=_why(hook, newest[0]) if newest and newest[0].state == "refused" else "",
        own=hook.settings.get("scheme") or {},
        judges_unverified=hook.settings.get("allow_unverified", True),
    )


def _likely(hook: Hook, newest: Sequence[Event]) -> Provider | None:
    """Whom the newest events seem to come from."""
    for event in newest[:3]:
        if event.sample:
            continue
        found = likely_sender(request_of(event, hook, events.body_of(event.id) or b""))
        if found is not None:
            return found
    return None


def _why(hook: Hook, event: Event) -> str:
    body = events.body_of(event.id)
    return diagnose(hook, event, body) if body else ""


def event_choices(newest: Sequence[Event]) -> list[tuple[str, str]]:
    """Events to look for a way of signing in, newest first."""
    return [
        (event.id, f"{stamp(event.received_at)} {event.event_type or ''}".strip())
        for event in newest[:TRIED]
        if not event.sample
    ]
