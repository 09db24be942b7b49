"""What is wrong with a rule document: where, what, and what to do next."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field


class RuleError(Exception):
    """A document that cannot be taken; `others` are further problems in the same document.

    pointer: JSON pointer to the place (RFC 6901); message: what is wrong; fix: the remedy.
    """

    def __init__(
        self, pointer: str, message: str, fix: str = "", others: Iterable[RuleError] = ()
    ) -> None:
        super().__init__(pointer, message, fix)
        self.pointer = pointer
        self.message = message
        self.fix = fix
        self.others = tuple(others)

    def __str__(self) -> str:
        place = f"{self.pointer}: " if self.pointer else ""
        return f"{place}{self.message} {self.fix}".rstrip()


@dataclass
class Problems:
    """Collects what is wrong, so that one reading reports everything."""

    found: list[RuleError] = field(default_factory=list)

    def add(self, pointer: str, message: str, fix: str = "") -> None:
        self.found.append(RuleError(pointer, message, fix))

    def finish(self) -> None:
        """Raise the first problem, carrying the others; nothing when there are none."""
        if self.found:
            first, *others = self.found
            raise RuleError(first.pointer, first.message, first.fix, others)


class Unusable(ValueError):
    """A value or path as written cannot be used: what is wrong, and the fix."""

    def __init__(self, message: str, fix: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix


def below(pointer: str, key: str | int) -> str:
    """The pointer to a member; `~` and `/` are escaped as RFC 6901 asks."""
    return f"{pointer}/{str(key).replace('~', '~0').replace('/', '~1')}"


def did_you_mean(word: str, known: Iterable[str], otherwise: str = "") -> str:
    """A question naming the nearest known word, or `otherwise`."""
    close = nearest(word, known)
    return f"Did you mean '{close}'?" if close else otherwise


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word most like this one, or None when none is."""
    folded = {name.lower(): name for name in known}
    close = difflib.get_close_matches(word.lower()[:100], folded, n=1, cutoff=0.65)
    return folded[close[0]] if close else None
