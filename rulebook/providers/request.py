"""A request as a sender made it, and the places in it that short texts are read from.

Paths are plain and written in canonical form: $.a.b, $['a-b'], $.list[0].
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Protocol
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from rules.payload import glance

_STEP = re.compile(r"\.(\w[\w-]*)|\['([^']*)'\]|\[(\d+)\]")


@dataclass(frozen=True)
class Request:
    """One request: header names in lower case, the body exactly as received, `url` as the sender
    sees it, query included."""

    headers: Mapping[str, str]
    body: bytes = b""
    url: str = ""
    method: str = "POST"

    @cached_property
    def payload(self) -> object:
        """The body as it is read for rules, as far as texts and whole numbers go; never raises."""
        return glance(self.body, self.headers.get("content-type", ""))

    @cached_property
    def query(self) -> dict[str, str]:
        """The fields behind the question mark, decoded; the first of each name."""
        pairs = parse_qsl(urlsplit(self.url).query, keep_blank_values=True)
        return dict(reversed(pairs))

    @cached_property
    def form(self) -> list[tuple[str, str]]:
        """The fields of a form body in their order; none where the body is no form."""
        kind = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/x-www-form-urlencoded":
            return []
        return parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True)

    def about(self, payload: object) -> Request:
        """The same request, read as if its body were this payload."""
        other = replace(self)
        other.__dict__["payload"] = payload
        return other

    def with_header(self, name: str, value: str) -> Request:
        """The same request with this header."""
        return replace(self, headers={**self.headers, name.lower(): value})


class Source(Protocol):
    """A place in a request that a short text is read from."""

    def read(self, request: Request) -> str | None:
        """The text found there, or None."""


class Place(Source, Protocol):
    """A source that can be written as well, as the sender does it."""

    def put(self, request: Request, text: str) -> Request:
        """The request with this text there."""


@dataclass(frozen=True)
class Header:
    """The value of one header."""

    name: str

    def read(self, request: Request) -> str | None:
        return request.headers.get(self.name, "").strip() or None

    def put(self, request: Request, text: str) -> Request:
        return request.with_header(self.name, text)

    def __str__(self) -> str:
        return f"header ({self.name})"


@dataclass(frozen=True)
class Query:
    """One field behind the question mark of the address."""

    name: str

    def read(self, request: Request) -> str | None:
        return request.query.get(self.name, "").strip() or None

    def put(self, request: Request, text: str) -> Request:
        parts = urlsplit(request.url)
        query = urlencode([*parse_qsl(parts.query, keep_blank_values=True), (self.name, text)])
        return replace(request, url=urlunsplit(parts._replace(query=query)))

    def __str__(self) -> str:
        return f"field of the address (?{self.name}=)"


@dataclass(frozen=True)
class Body:
    """The text or number at one plain path of the parsed body."""

    path: str

    def read(self, request: Request) -> str | None:
        found = at(request.payload, self.path)
        if isinstance(found, bool) or not isinstance(found, str | int | float):
            return None
        return str(found).strip() or None

    def put(self, request: Request, text: str) -> Request:
        """Only into JSON, at a path of names. What is missing on the way is made; where a number
        stood, one stands again."""
        whole = json.loads(request.body)
        *way, last = [name or quoted for name, quoted, _ in _STEP.findall(self.path)]
        inner = whole
        for name in way:
            inner = inner.setdefault(name, {})
        inner[last] = int(text) if isinstance(inner.get(last), int) else text
        return replace(request, body=json.dumps(whole).encode())

    def __str__(self) -> str:
        return f"field {self.path.removeprefix('$.')}"


@dataclass(frozen=True)
class Present:
    """The name of whatever stands at a path of the body, be it a group or a list."""

    path: str
    words: str = "yes"

    def read(self, request: Request) -> str | None:
        return self.words if at(request.payload, self.path) is not None else None


@dataclass(frozen=True)
class Empty:
    """A list in the body that holds nothing: some senders call so to see whether we are there."""

    path: str

    def read(self, request: Request) -> str | None:
        return "empty" if at(request.payload, self.path) == [] else None


@dataclass(frozen=True)
class Starting:
    """The text of another place, where it begins with one of these."""

    place: Source
    starts: tuple[str, ...]

    def read(self, request: Request) -> str | None:
        found = self.place.read(request)
        return found if found and found.startswith(self.starts) else None


@dataclass(frozen=True)
class Is:
    """Something where exactly this value stands at a path of the body."""

    path: str
    value: object

    def read(self, request: Request) -> str | None:
        found = at(request.payload, self.path)
        return "yes" if found == self.value and type(found) is type(self.value) else None


@dataclass(frozen=True)
class KeyBeside:
    """The name of the first field at the top of the body, besides these: some senders name the
    kind of an event only so."""

    others: tuple[str, ...]

    def read(self, request: Request) -> str | None:
        payload = request.payload
        if not isinstance(payload, dict) or not any(name in payload for name in self.others):
            return None
        return next((str(name) for name in payload if name not in self.others), None)


@dataclass(frozen=True)
class Fixed:
    """Always this text."""

    text: str

    def read(self, request: Request) -> str | None:
        return self.text


@dataclass(frozen=True)
class Joined:
    """Several places joined by a text; without the first there is nothing, others may lack."""

    parts: tuple[Source, ...]
    by: str = "."

    def read(self, request: Request) -> str | None:
        found = [part.read(request) for part in self.parts]
        return self.by.join(text for text in found if text) if found[0] else None


@dataclass(frozen=True)
class Where:
    """A place that counts only where something stands in another one too."""

    place: Source
    beside: Source

    def read(self, request: Request) -> str | None:
        return self.place.read(request) if self.beside.read(request) else None


@dataclass(frozen=True)
class Each:
    """All that stands in several places, with a space between; written into the first. For senders
    who put one signature each into headers of their own."""

    places: tuple[Place, ...]

    def read(self, request: Request) -> str | None:
        return " ".join(text for place in self.places if (text := place.read(request))) or None

    def put(self, request: Request, text: str) -> Request:
        return self.places[0].put(request, text)

    def __str__(self) -> str:
        return str(self.places[0])


@dataclass(frozen=True)
class FirstOf:
    """The first of several places where something stands; written into the first."""

    places: tuple[Place, ...]

    def read(self, request: Request) -> str | None:
        return next((text for place in self.places if (text := place.read(request))), None)

    def put(self, request: Request, text: str) -> Request:
        return self.places[0].put(request, text)

    def __str__(self) -> str:
        return str(self.places[0])


@dataclass(frozen=True)
class BasicLogin:
    """The name and password of HTTP Basic authentication as "name:password" (RFC 7617)."""

    def read(self, request: Request) -> str | None:
        kind, _, coded = request.headers.get("authorization", "").partition(" ")
        if kind.lower() != "basic":
            return None
        try:
            found = base64.b64decode(coded.strip(), validate=True)
            # base64 leaves a few bits open: only the one right way of writing counts
            return found.decode() if base64.b64encode(found).decode() == coded.strip() else None
        except (binascii.Error, ValueError):
            return None

    def put(self, request: Request, text: str) -> Request:
        coded = base64.b64encode(text.encode()).decode()
        return request.with_header("authorization", f"Basic {coded}")

    def __str__(self) -> str:
        return "login (Authorization: Basic)"


def at(payload: object, path: str) -> object:
    """The value at a plain path, or None."""
    for step in _steps(path):
        if isinstance(step, str):
            if not isinstance(payload, dict):
                return None
            payload = payload.get(step)
        elif isinstance(payload, list):
            payload = payload[step] if step < len(payload) else None
        else:
            return None
    return payload


@lru_cache(maxsize=10_000)
def _steps(path: str) -> tuple[str | int, ...]:
    """The steps of a plain path: names of fields, places in lists."""
    found = _STEP.findall(path)
    return tuple(int(index) if index else name or quoted for name, quoted, index in found)
