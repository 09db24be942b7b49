"""How many parts an SMS is sent and paid in (3GPP TS 23.038 and 23.040)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("\f^{}\\[~]|€")  # an escape before each, so they take two places
_GSM = _BASIC | _EXTENDED


@dataclass(frozen=True)
class Segments:
    """How a text is sent. `letters`: the places it takes in its encoding.

    `odd`: the first character that forces UCS-2, which holds 70 letters where GSM-7 holds 160.
    """

    encoding: Literal["GSM-7", "UCS-2"]
    letters: int
    segments: int
    odd: str | None = None


def segments(text: str) -> Segments:
    """How many parts this text is sent in; none for an empty one."""
    odd = next((letter for letter in text if letter not in _GSM), None)
    if odd is None:
        sizes = [2 if letter in _EXTENDED else 1 for letter in text]
        return Segments("GSM-7", sum(sizes), _parts(sizes, 160, 153))
    sizes = [2 if ord(letter) > 0xFFFF else 1 for letter in text]
    return Segments("UCS-2", sum(sizes), _parts(sizes, 70, 67), odd)


def _parts(sizes: list[int], single: int, each: int) -> int:
    """A letter of two places is never cut: it moves to the next part whole."""
    if sum(sizes) <= single:
        return 1 if sizes else 0
    count, room = 1, each
    for size in sizes:
        if size > room:
            count, room = count + 1, each
        room -= size
    return count
