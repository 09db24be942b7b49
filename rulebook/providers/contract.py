"""What a provider's file says: one PROVIDER, mostly data. Paths are written in canonical form."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Protocol

from rulebook.errors import Invalid
from rulebook.providers.schemes import Scheme

_SAMPLES = Path(__file__).parent / "samples"
_STEP = re.compile(r"\.(\w[\w-]*)|\['([^']*)'\]|\[(\d+)\]")


class Source(Protocol):
    """A place in a request that a short text is read from."""

    def read(self, headers: Mapping[str, str], payload: object) -> str | None:
        """The text found there, or None. headers: names in lower case; payload: parsed."""


@dataclass(frozen=True)
class Header:
    """The value of one header."""

    name: str

    def read(self, headers: Mapping[str, str], payload: object) -> str | None:
        return headers.get(self.name.lower(), "").strip() or None


@dataclass(frozen=True)
class Body:
    """The text or number at one plain path ($.a.b, $['a-b'], $.list[0]) of the parsed body."""

    path: str

    def read(self, headers: Mapping[str, str], payload: object) -> str | None:
        found = at(payload, self.path)
        if isinstance(found, bool) or not isinstance(found, str | int):
            return None
        return str(found).strip() or None


@dataclass(frozen=True)
class Joined:
    """Several places joined by a text; without the first there is nothing, others may lack."""

    parts: tuple[Source, ...]
    by: str = "."

    def read(self, headers: Mapping[str, str], payload: object) -> str | None:
        found = [part.read(headers, payload) for part in self.parts]
        return self.by.join(text for text in found if text) if found[0] else None


def at(payload: object, path: str) -> object:
    """The value at a plain path, or None."""
    for name, quoted, index in _STEP.findall(path):
        if isinstance(payload, list) and index:
            payload = payload[int(index)] if int(index) < len(payload) else None
        elif isinstance(payload, dict) and not index:
            payload = payload.get(name or quoted)
        else:
            return None
    return payload


@dataclass(frozen=True)
class Sample:
    """One event as this sender would send it, written by us.

    Times in body and headers are written as if it were `sending.WRITTEN`; ids and amounts are the
    texts that differ from one sending to the next.
    """

    name: str
    label: str
    body: bytes
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    ids: tuple[str, ...] = ()
    amounts: tuple[str, ...] = ()  # "12900" counts cents, "129.00" whole units; move together
    lead: bool = False  # the one to begin with, where samples of several senders are offered


@dataclass(frozen=True)
class Provider:
    """One sender of webhooks; its name is the name of its file."""

    label: str
    samples: tuple[Sample, ...]
    signature: Scheme | None = None
    secret_hint: str = ""  # what the secret looks like and where it is found
    event_type: tuple[Source, ...] = ()  # tried in order
    event_id: tuple[Source, ...] = ()  # the same on every delivery of one event; tried in order
    types: Mapping[str, str] = field(default_factory=dict)  # event type -> words
    names: Mapping[str, str] = field(default_factory=dict)  # path -> friendly field name
    money: Mapping[str, str] = field(default_factory=dict)  # path in minor units -> its currency
    gist: tuple[str, ...] = ()  # templates for one line about an event; the first that fits
    steps: tuple[str, ...] = ()  # how to set it up, in the order of clicking
    docs: str = ""
    retries: str = ""  # what the sender does when we were down, in one sentence
    fallback: bool = False  # stands for every sender that has no file
    name: str = ""  # set from the file's name when it is found

    def sample(self, name: str) -> Sample:
        """The sample of that name. Raises Invalid at /event with the names there are."""
        for sample in self.samples:
            if sample.name == name:
                return sample
        raise Invalid.at(
            "/event",
            f"{self.label} has no sample event '{name}'.",
            did_you_mean(name, [sample.name for sample in self.samples]),
        )


def sample_body(file: str) -> bytes:
    """The bytes of one file in the samples folder, without the line end."""
    return (_SAMPLES / file).read_bytes().strip()


def did_you_mean(name: str, names: list[str]) -> str:
    """The remedy for a mistyped name: the nearest one, or all there are."""
    near = get_close_matches(name, names, n=1)
    return f"Did you mean '{near[0]}'?" if near else f"Choose one of: {', '.join(names)}."
