"""How a secret, as people paste it, becomes the bytes of a key. Two secrets may look the same and
be used differently, so each provider names its kind. A kind gives all the keys that it may mean."""

from __future__ import annotations

import base64
import binascii
import html
import secrets as _secrets
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

WHSEC = "whsec_"


@dataclass(frozen=True)
class KeyKind:
    """One rule: its name in settings, what it is in words, the keys that a secret may mean (none
    when it is not of this kind), and a made-up secret of the kind."""

    name: str
    words: str
    keys: Callable[[str], tuple[bytes, ...]]
    example: Callable[[Random], str]


def _base64(text: str) -> tuple[bytes, ...]:
    padded = text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4)
    try:
        return (base64.b64decode(padded, altchars=None, validate=True),)
    except (binascii.Error, ValueError):
        return ()


def _hex(text: str) -> tuple[bytes, ...]:
    try:
        return (bytes.fromhex(text),)
    except ValueError:
        return ()


def _whsec(text: str) -> tuple[bytes, ...]:
    return _base64(text.removeprefix(WHSEC))


def _text(text: str) -> tuple[bytes, ...]:
    return (text.encode(),)


def _whsec_or_text(text: str) -> tuple[bytes, ...]:
    return _whsec(text) if text.startswith(WHSEC) else _text(text)


def _markup(text: str) -> tuple[bytes, ...]:
    plain = html.unescape(text)
    return (plain.encode(), text.encode()) if plain != text else (text.encode(),)


def _letters(rng: Random) -> str:
    return "".join(rng.choice("abcdefghjkmnpqrstuvwxyz23456789") for _ in range(32))


def _coded(rng: Random) -> str:
    return base64.b64encode(rng.randbytes(32)).decode()


TEXT = KeyKind("text", "text", _text, _letters)
HEX = KeyKind("hex", "hexadecimal text", _hex, lambda rng: rng.randbytes(32).hex().upper())
BASE64 = KeyKind("base64", "base64 text", _base64, _coded)
STANDARD = KeyKind(
    "whsec", "whsec_ and base64 text", _whsec, lambda rng: WHSEC + _coded(rng)
)  # Standard Webhooks 1.0.0
STANDARD_OR_TEXT = KeyKind("whsec_or_text", "text", _whsec_or_text, lambda rng: WHSEC + _coded(rng))
MARKUP = KeyKind("html", "text", _markup, _letters)

KINDS = {kind.name: kind for kind in (TEXT, HEX, BASE64, STANDARD, STANDARD_OR_TEXT, MARKUP)}


def new_secret() -> str:
    """A secret to be invented here and pasted at the sender: 256 bits as letters."""
    return _secrets.token_urlsafe(32)
