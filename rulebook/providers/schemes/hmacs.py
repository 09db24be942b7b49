"""HMACs: over the body, over a template with time and id, with the address inside, over fields."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Literal

from rulebook.providers.request import Place, Request, Source
from rulebook.providers.schemes.keys import TEXT, KeyKind
from rulebook.providers.schemes.messages import Unit, fill, names, time_of, time_text
from rulebook.providers.schemes.reading import Given, Plain, Reader
from rulebook.providers.schemes.scheme import Secrets, any_equal
from rulebook.providers.schemes.verdicts import (
    TOLERANCE,
    Verification,
    correct,
    in_time,
    mismatch,
    no_secret,
    no_signature,
    odd_secret,
    unreadable,
)

Algorithm = Literal["sha1", "sha256", "sha512"]
Encoding = Literal["hex", "base64"]


def _same(url: str) -> tuple[str, ...]:
    return (url,)


@dataclass(frozen=True)
class Hmac:
    """An HMAC of a message made from the request.

    message: a template of {body}, {timestamp}, {id}, {url}, {method}, {params} (form fields, names
    and values sorted) and the names in `fields`. The time stands in the header itself (`reads`) or
    in `timestamp`; it is judged only when the signature is right, and only where it is signed or
    stands in what is signed. `urls`: the forms in which the sender may have signed our address.
    keyed: False where the digest is a plain one of secret and message.
    """

    signature: Place
    message: str = "{body}"
    reads: Reader = Plain()
    algorithm: Algorithm = "sha256"
    encoding: Encoding = "hex"
    key: KeyKind = TEXT
    timestamp: Place | None = None
    unit: Unit = "s"
    tolerance: int | None = TOLERANCE
    fields: Mapping[str, Source] = field(default_factory=dict)
    urls: Callable[[str], Sequence[str]] = _same
    keyed: bool = True

    @property
    def covers(self) -> frozenset[str]:
        inside = names(self.message)
        found: set[str] = set(inside) & {"body", "url", "id", "method"}
        if "params" in inside:
            found.add("body")
        if self.timestamp is not None or self.reads.holds_time:
            found.add("time")
        return frozenset(found)

    @property
    def shared(self) -> bool:
        return True

    def present(self, request: Request) -> bool:
        return self.signature.read(request) is not None

    def verify(self, request: Request, secrets: Sequence[str], now: float) -> Verification:
        given = self.signature.read(request)
        if not given:
            return no_signature(str(self.signature))
        if not any(secrets):
            return no_secret()
        found = self.reads.read(given)
        time = self._time(request, found) if found else None
        if found is None or time is None:
            return unreadable(str(self.signature))
        keys = [key for secret in secrets if secret for key in self.key.keys(secret)]
        if not keys:
            return odd_secret(self.key.words)
        if not any_equal(self._expected(request, time, keys), found.signatures):
            return mismatch(request.url if "url" in names(self.message) else "")
        return self._in_time(time, now)

    def sign(self, request: Request, secret: str, now: float) -> Request:
        time = time_text(now, self.unit)
        if self.timestamp is not None:
            request = self.timestamp.put(request, time)
        keys = self.key.keys(secret)
        if not keys:
            raise ValueError(f"The secret is not {self.key.words}.")
        made = next(iter(self._expected(request, time, keys[:1])))
        return self.signature.put(request, self.reads.write(made, time))

    def example(self, rng: Random) -> Secrets:
        made = self.key.example(rng)
        return Secrets(made, made)

    def digest(self, key: bytes, message: bytes) -> str:
        """The digest as text: lower-case hex, or base64 with padding."""
        kind = getattr(hashlib, self.algorithm)
        made = hmac.new(key, message, kind) if self.keyed else kind(key + message)
        if self.encoding == "hex":
            return str(made.hexdigest())
        return base64.b64encode(made.digest()).decode()

    def _expected(self, request: Request, time: str, keys: Sequence[bytes]) -> list[str]:
        urls = self.urls(request.url) if "url" in names(self.message) else ("",)
        messages = [fill(self.message, request, time, url, self.fields) for url in urls]
        return [self.digest(key, message) for key in keys for message in messages]

    def _time(self, request: Request, given: Given) -> str | None:
        """The time as the sender wrote it; empty where it states none, None where it must."""
        if self.reads.holds_time:
            return given.time if time_of(given.time, self.unit) is not None else None
        if self.timestamp is None:
            return ""
        time = self.timestamp.read(request) or ""
        return time if time_of(time, self.unit) is not None else None

    def _in_time(self, time: str, now: float) -> Verification:
        stated = time_of(time, self.unit) if time else None
        return correct() if stated is None else in_time(stated, now, self.tolerance)
