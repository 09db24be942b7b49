"""What a check of a signature says, in words."""

from __future__ import annotations

from dataclasses import dataclass

from rulebook.providers.fetching import Fetch

TOLERANCE = 300  # seconds between the tool's clock and ours


@dataclass(frozen=True)
class Verification:
    """Whether a request is the tool's own; why, and what to do if not. Falsy when refused.

    fetch: what has to be read first, before anything can be said. once: a text that may come with
    one body only; whoever stores the request looks whether it came with another before.
    """

    ok: bool
    reason: str
    fix: str = ""
    fetch: Fetch | None = None
    once: str = ""

    def __bool__(self) -> bool:
        return self.ok


def correct(detail: str = "") -> Verification:
    return Verification(True, f"The signature is correct{detail}.")


def in_time(stated: float, now: float, tolerance: int | None = TOLERANCE) -> Verification:
    """The verdict on a right signature whose tool states this Unix time; None judges no time."""
    age = now - stated
    if tolerance is None or abs(age) <= tolerance:
        return correct(f", {span(max(age, 0))} old")
    where = "old" if age > 0 else "ahead of our clock"
    return Verification(
        False,
        f"The timestamp is {span(abs(age))} {where}; at most {span(tolerance)} are allowed.",
        "If this is an old request repeated, have the tool make a new one. Otherwise set the "
        "clock of this machine.",
    )


def mismatch(url: str = "") -> Verification:
    """url: where the tool signs the address too, the one that we took it for."""
    if url:
        return Verification(
            False,
            "The signature does not match: was the secret changed, or is the address another?",
            f"This tool signs the address as well. It was checked for {url}: if the tool calls "
            "another one, set RULEBOOK_PUBLIC_URL to it. Otherwise copy the secret once more.",
        )
    return Verification(
        False,
        "The signature does not match: was the secret changed?",
        "Copy the secret from the tool once more and save it here. If it is the same, "
        "something on the way changes the body.",
    )


def not_the_secret(place: str) -> Verification:
    return Verification(
        False,
        f"The {place} is not the one saved here.",
        "Copy it from the tool once more and save it here.",
    )


def no_signature(place: str) -> Verification:
    return Verification(
        False,
        f"There is no signature: the {place} is missing.",
        "Set the same secret in the tool: without one it does not sign. Or somebody else "
        "sent this.",
    )


def unreadable(place: str) -> Verification:
    return Verification(
        False,
        f"The signature cannot be read: the {place} is not as this tool writes it.",
        "Check that this hook is set to the right tool.",
    )


def odd_secret(kind: str) -> Verification:
    return Verification(
        False,
        f"The secret saved here is not {kind}, so the signature cannot be checked.",
        "Copy the secret from the tool once more, whole, and save it here.",
    )


def no_secret() -> Verification:
    return Verification(
        False,
        "No secret is saved here, so the signature cannot be checked.",
        "Copy the secret from the tool and save it in this hook.",
    )


def span(seconds: float) -> str:
    """A duration in its largest whole unit: "12 minutes"."""
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= 2 * size or seconds == size:
            return _count(int(seconds // size), unit)
    return _count(int(seconds), "second")


def _count(number: int, unit: str) -> str:
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"
