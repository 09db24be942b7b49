"""What every way of signing can do."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Sequence
from random import Random
from typing import NamedTuple, Protocol

from rulebook.providers.request import Request
from rulebook.providers.schemes.verdicts import Verification


class Secrets(NamedTuple):
    """What a sender signs with, and what is saved here to check it; mostly the same text."""

    sign: str
    check: str


class Scheme(Protocol):
    """One way of signing. now: Unix seconds."""

    @property
    def covers(self) -> frozenset[str]:
        """What a change of is noticed: any of body, time, url, id."""

    @property
    def shared(self) -> bool:
        """Whether who can check can sign too: the same secret on both sides."""

    def present(self, request: Request) -> bool:
        """Whether the request carries a signature of this kind, right or wrong."""

    def verify(self, request: Request, secrets: Sequence[str], now: float) -> Verification:
        """Check a request by any of several secrets, as while one is replaced."""

    def sign(self, request: Request, secret: str, now: float) -> Request:
        """The request as the sender would have sent it. Raises ValueError for an odd secret."""

    def example(self, rng: Random) -> Secrets:
        """Secrets such as this sender would make."""


def any_equal(expected: Iterable[str], given: Iterable[str]) -> bool:
    """Compare all with all in constant time, whatever stands in the header."""
    others = [text.encode("utf-8", "replace") for text in given]
    found = False
    for one in expected:
        for other in others:
            found |= hmac.compare_digest(one.encode(), other)
    return found
