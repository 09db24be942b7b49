"""Texts with * for any characters and ? for one, in time that grows with the text alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import re2

from rules.errors import Unusable

MOST_SINGLE = 50


class Alike:
    """A text with marks, ready to search with; Unusable where it holds too many single ones.

    programsize: how dear a search is, as RE2 counts it for its patterns.
    """

    programsize = 1

    def __init__(self, wanted: str) -> None:
        if wanted.count("?") > MOST_SINGLE:
            raise Unusable(f"There are more than {MOST_SINGLE} '?' in this text.", "Use * instead.")
        self.first, *self.rest = [_Piece(piece) for piece in wanted.split("*")]

    def search(self, text: str) -> bool | None:
        """Each piece where it first fits after the one before, the last at the very end."""
        first, rest = self.first, self.rest
        if not first.stands(text, 0) or (not rest and first.length != len(text)):
            return None
        after = first.length
        for piece in rest[:-1]:
            after = piece.find(text, after)
            if after < 0:
                return None
        last = len(text) - rest[-1].length if rest else after
        return True if last >= after and (not rest or rest[-1].stands(text, last)) else None


class _Piece:
    """What stands between two stars; always as long as it is written."""

    def __init__(self, wanted: str) -> None:
        self.wanted = wanted
        self.length = len(wanted)
        self.search: Callable[[str], Any] | None = None
        if "?" in wanted:
            letters = ("." if letter == "?" else re2.escape(letter) for letter in wanted)
            self.search = re2.compile(f"(?s){''.join(letters)}").search

    def stands(self, text: str, at: int) -> bool:
        """Whether it stands at this place."""
        if self.search is None:
            return text.startswith(self.wanted, at)
        piece = text[at : at + self.length]
        return len(piece) == self.length and self.search(piece) is not None

    def find(self, text: str, start: int) -> int:
        """Where it ends, at its first place from `start` on; -1 if it has none."""
        if self.search is None:
            at = text.find(self.wanted, start)
        else:
            found = self.search(text[start:])
            at = start + found.start() if found else -1
        return at + self.length if at >= 0 else -1
