"""How senders sign. A scheme is data: it says where signature and time stand, and what is signed.

Signatures are compared in constant time; several secrets may be active while one is replaced.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

TOLERANCE = 300  # seconds between the sender's clock and ours
_UNIX = re.compile(r"[0-9]{1,12}")


@dataclass(frozen=True)
class Verification:
    """Whether a request is the sender's own; why, and what to do if not. Falsy when refused."""

    ok: bool
    reason: str
    fix: str = ""

    def __bool__(self) -> bool:
        return self.ok


class Scheme(Protocol):
    """One way of signing. now: Unix seconds. url: ours, as the sender sees it, query included."""

    def verify(
        self,
        headers: Mapping[str, str],
        body: bytes,
        secrets: Sequence[str],
        now: float,
        *,
        url: str = "",
        method: str = "POST",
    ) -> Verification:
        """Check a request, its body exactly as received; header names in any case."""

    def sign(
        self, body: bytes, secret: str, now: float, *, url: str = "", method: str = "POST"
    ) -> dict[str, str]:
        """The headers with which the sender would have sent this body."""


@dataclass(frozen=True)
class BodyHmac:
    """An HMAC of the exact body in one header, after a prefix. Nothing is said about time."""

    header: str
    prefix: str = ""
    encoding: Literal["hex", "base64"] = "hex"
    algorithm: Literal["sha1", "sha256", "sha512"] = "sha256"
    other_headers: tuple[str, ...] = ()  # older or newer names of the same header

    def verify(
        self,
        headers: Mapping[str, str],
        body: bytes,
        secrets: Sequence[str],
        now: float,
        *,
        url: str = "",
        method: str = "POST",
    ) -> Verification:
        given = _first(headers, (self.header, *self.other_headers))
        if not given:
            return no_signature(self.header)
        if not any(secrets):
            return no_secret()
        expected = [self._signature(body, secret) for secret in secrets if secret]
        return correct() if _any_equal(expected, [given]) else mismatch()

    def sign(
        self, body: bytes, secret: str, now: float, *, url: str = "", method: str = "POST"
    ) -> dict[str, str]:
        return {self.header: self._signature(body, secret)}

    def _signature(self, body: bytes, secret: str) -> str:
        return self.prefix + digest(secret.encode(), body, self.algorithm, self.encoding)


@dataclass(frozen=True)
class TimedHmac:
    """An HMAC of time and body; header: `t=1700000000,v1=hex`, the signature any number of times.

    Unknown elements are ignored. The time is judged only when the signature is right.
    """

    header: str
    template: str = "{timestamp}.{body}"
    time: str = "t"
    signature: str = "v1"
    separator: str = ","
    tolerance: int = TOLERANCE

    def verify(
        self,
        headers: Mapping[str, str],
        body: bytes,
        secrets: Sequence[str],
        now: float,
        *,
        url: str = "",
        method: str = "POST",
    ) -> Verification:
        given = _first(headers, (self.header,))
        if not given:
            return no_signature(self.header)
        if not any(secrets):
            return no_secret()
        elements = [part.strip().partition("=") for part in given.split(self.separator)]
        times = [value for key, _, value in elements if key == self.time]
        signatures = [value for key, _, value in elements if key == self.signature]
        if len(times) != 1 or not _UNIX.fullmatch(times[0]) or not signatures:
            return unreadable(self.header)
        expected = [self._signature(body, times[0], secret) for secret in secrets if secret]
        if not _any_equal(expected, signatures):
            return mismatch()
        return in_time(int(times[0]), now, self.tolerance)

    def sign(
        self, body: bytes, secret: str, now: float, *, url: str = "", method: str = "POST"
    ) -> dict[str, str]:
        time = str(int(now))
        signature = self._signature(body, time, secret)
        return {
            self.header: f"{self.time}={time}{self.separator}{self.signature}={signature}",
        }

    def _signature(self, body: bytes, time: str, secret: str) -> str:
        before, _, after = self.template.replace("{timestamp}", time).partition("{body}")
        return digest(secret.encode(), before.encode() + body + after.encode())


def digest(key: bytes, message: bytes, algorithm: str = "sha256", encoding: str = "hex") -> str:
    """The HMAC as text: lower-case hex, or base64 with padding."""
    made = hmac.new(key, message, getattr(hashlib, algorithm))
    return made.hexdigest() if encoding == "hex" else base64.b64encode(made.digest()).decode()


def in_time(stated: float, now: float, tolerance: int = TOLERANCE) -> Verification:
    """The verdict on a right signature whose sender states this Unix time."""
    age = now - stated
    if abs(age) <= tolerance:
        return correct(f", {span(max(age, 0))} old")
    where = "old" if age > 0 else "ahead of our clock"
    return Verification(
        False,
        f"The timestamp is {span(abs(age))} {where}; at most {span(tolerance)} are allowed.",
        "If this is an old request repeated, have the sender make a new one. Otherwise set the "
        "clock of this machine.",
    )


def correct(detail: str = "") -> Verification:
    return Verification(True, f"The signature is correct{detail}.")


def mismatch() -> Verification:
    return Verification(
        False,
        "The signature does not match: was the secret changed?",
        "Copy the secret from the sender once more and save it here. If it is the same, "
        "something on the way changes the body.",
    )


def no_signature(header: str) -> Verification:
    return Verification(
        False,
        f"There is no signature header ({header}).",
        "Set the same secret at the sender: without one it does not sign. Or somebody else "
        "sent this.",
    )


def unreadable(header: str) -> Verification:
    return Verification(
        False,
        f"The signature header ({header}) cannot be read.",
        "Check that this hook is set to the right provider.",
    )


def no_secret() -> Verification:
    return Verification(
        False,
        "No secret is saved here, so the signature cannot be checked.",
        "Copy the secret from the sender and save it in this hook.",
    )


def span(seconds: float) -> str:
    """A duration in its largest whole unit: "12 minutes"."""
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= 2 * size or seconds == size:
            return _count(int(seconds // size), unit)
    return _count(int(seconds), "second")


def _count(number: int, unit: str) -> str:
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"


def _first(headers: Mapping[str, str], names: Iterable[str]) -> str:
    lower = {name.lower(): value for name, value in headers.items()}
    return next((value for name in names if (value := lower.get(name.lower(), "").strip())), "")


def _any_equal(expected: Iterable[str], given: Iterable[str]) -> bool:
    # As bytes: compare_digest refuses text with anything but ASCII in it.
    claims = [text.encode("utf-8", "replace") for text in given]
    return any([hmac.compare_digest(good.encode(), bad) for good in expected for bad in claims])
