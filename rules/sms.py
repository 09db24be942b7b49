"""How many parts an SMS is sent and paid in (3GPP TS 23.038 and 23.040)."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("\f^{}\\[~]|€")  # an escape before each, so they take two places
_GSM = _BASIC | _EXTENDED
NO_BREAK = dict.fromkeys("\u00a0\u2007\u202f", " ") | dict.fromkeys("\u00ad\u2060\ufeff", "")
_PLAIN = NO_BREAK | {
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212•·", "-"),
    **dict.fromkeys("‘’‚‛′`´", "'"),
    **dict.fromkeys("“”„‟″«»", '"'),
    **dict.fromkeys("\u2002\u2003\u2009\u200a\u3000", " "),
    **dict.fromkeys("\u200b\u200c\u200d\ufe0e\ufe0f", ""),
    "…": "...", "×": "x", "™": "TM", "©": "(c)", "®": "(R)", "‹": "<", "›": ">",
}  # fmt: skip
_NAMES = {
    "\u2013": "long dash", "\u2014": "long dash", "’": "curly apostrophe", "‘": "curly quote",
    "“": "curly quote", "”": "curly quote", "…": "ellipsis in one letter",
    "\u00a0": "no-break space", "\u202f": "no-break space", "•": "bullet", "`": "backtick",
}  # fmt: skip


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


@lru_cache(maxsize=1024)
def plain_letter(letter: str) -> str | None:
    """What can stand for a letter in the SMS alphabet, perhaps nothing; None where nothing can."""
    if letter in _GSM:
        return letter
    if letter in _PLAIN:
        return _PLAIN[letter]
    base = "".join(
        each for each in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(each)
    )
    return base if base and all(each in _GSM for each in base) else None


def plain(text: str) -> str:
    """The text with whatever has a plain form in it; other letters stay as they are."""
    found = (plain_letter(letter) for letter in text)
    return "".join(
        letter if given is None else given for letter, given in zip(text, found, strict=True)
    )


def named(letter: str) -> str:
    """How to speak of a letter: "the long dash", or the letter itself in quotes."""
    return f"the {_NAMES[letter]}" if letter in _NAMES else f"“{letter}”"


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
