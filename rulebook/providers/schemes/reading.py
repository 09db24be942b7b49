"""How signatures stand in a header: alone, as name=value pairs, or as a list of versions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol


class Given(NamedTuple):
    """The signatures that stand there, and the time where it stands with them."""

    signatures: Sequence[str]
    time: str = ""


class Reader(Protocol):
    """One way of writing signatures down."""

    def read(self, text: str) -> Given | None:
        """What stands there; None when it is not written so."""

    def write(self, signature: str, time: str) -> str:
        """The header as the sender would write it."""

    @property
    def holds_time(self) -> bool:
        """Whether the time stands there too."""


@dataclass(frozen=True)
class Plain:
    """A signature after a prefix; several where a separator stands between them."""

    prefix: str = ""
    separator: str = ""
    holds_time: bool = False

    def read(self, text: str) -> Given | None:
        each = [part.strip() for part in text.split(self.separator)] if self.separator else [text]
        found = [part.removeprefix(self.prefix) for part in each if part.startswith(self.prefix)]
        return Given(found) if found else None

    def write(self, signature: str, time: str) -> str:
        return self.prefix + signature


@dataclass(frozen=True)
class Pairs:
    """`t=1700000000,v1=...`: the signature any number of times, unknown names ignored."""

    signature: str = "v1"
    time: str = ""
    separator: str = ","
    space: str = ""  # written behind the separator

    @property
    def holds_time(self) -> bool:
        return bool(self.time)

    def read(self, text: str) -> Given | None:
        elements = [part.strip().partition("=") for part in text.split(self.separator)]
        signatures = [value for key, _, value in elements if key == self.signature]
        times = [value for key, _, value in elements if key == self.time] if self.time else [""]
        return Given(signatures, times[0]) if signatures and len(times) == 1 else None

    def write(self, signature: str, time: str) -> str:
        stated = f"{self.time}={time}{self.separator}{self.space}" if self.time else ""
        return f"{stated}{self.signature}={signature}"


@dataclass(frozen=True)
class Versions:
    """`v1,AAA= v1,BBB=`: a list of versions, unknown ones ignored (Standard Webhooks 1.0.0)."""

    version: str = "v1"
    holds_time: bool = False

    def read(self, text: str) -> Given | None:
        entries = [entry.partition(",") for entry in text.split(" ")]
        found = [value for version, _, value in entries if version == self.version]
        return Given(found) if found else None

    def write(self, signature: str, time: str) -> str:
        return f"{self.version},{signature}"
