"""What goes in and out as JSON: kinds of values, wanted fields, shapes of answers.

One row is one field; the checks of what comes in and the OpenAPI document are made from the same
rows, so that they cannot disagree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from rulebook.errors import Problem
from rules.errors import below, did_you_mean

Schema = dict[str, Any]


@dataclass(frozen=True)
class Kind:
    """A kind of value: the word that errors use, its schema, and whether a value is one."""

    words: str
    schema: Schema
    fits: Callable[[Any], bool]


KINDS = {
    "text": Kind("text", {"type": "string"}, lambda v: isinstance(v, str)),
    "yes/no": Kind("true or false", {"type": "boolean"}, lambda v: isinstance(v, bool)),
    "count": Kind(
        "a whole number",
        {"type": "integer"},
        lambda v: isinstance(v, int) and not isinstance(v, bool),
    ),
    "object": Kind("an object", {"type": "object"}, lambda v: isinstance(v, dict)),
    "texts": Kind(
        "a list of texts",
        {"type": "array", "items": {"type": "string"}},
        lambda v: isinstance(v, list) and all(isinstance(each, str) for each in v),
    ),
    "time": Kind("a time", {"type": "string", "format": "date-time"}, lambda v: False),
    "list": Kind("a list", {"type": "array"}, lambda v: isinstance(v, list)),
    "any": Kind("anything", {}, lambda v: True),
}


@dataclass(frozen=True)
class Want:
    """One field of a body or one parameter of a query."""

    name: str
    kind: str
    sentence: str
    required: bool = False
    choices: tuple[str, ...] = ()

    def schema(self) -> Schema:
        more: Schema = {"enum": list(self.choices)} if self.choices else {}
        return {**KINDS[self.kind].schema, **more, "description": self.sentence}


@dataclass(frozen=True)
class Shape:
    """An answer: each field with its kind; "?" behind it: may be null; "[Run]": a list of Run."""

    name: str
    sentence: str
    fields: Mapping[str, str]

    def schema(self) -> Schema:
        return {
            "type": "object",
            "description": self.sentence,
            "required": list(self.fields),
            "properties": {name: _field_schema(kind) for name, kind in self.fields.items()},
        }


def _field_schema(kind: str) -> Schema:
    if kind.endswith("?"):
        schema = _field_schema(kind[:-1])
        if "type" in schema:
            return {**schema, "type": [schema["type"], "null"]}
        return {"anyOf": [schema, {"type": "null"}]} if schema else {}
    if kind.startswith("["):
        return {"type": "array", "items": _field_schema(kind[1:-1])}
    return KINDS[kind].schema if kind in KINDS else reference(kind)


def reference(name: str) -> Schema:
    """A pointer to a named schema of the OpenAPI document."""
    return {"$ref": f"#/components/schemas/{name}"}


def problems_of(body: Any, wanted: tuple[Want, ...]) -> list[Problem]:
    """What is wrong with a body, before any verb looks at it."""
    if not isinstance(body, dict):
        return [Problem("", "The body must be a JSON object.", 'Such as {} or {"name": "x"}.')]
    known = {want.name: want for want in wanted}
    found = [_unknown(name, known) for name in body if name not in known]
    found += [
        Problem(below("", want.name), f"{want.name} is missing.", want.sentence)
        for want in wanted
        if want.required and want.name not in body
    ]
    found += [
        _misfit(known[n], v) for n, v in body.items() if n in known and not _fits(known[n], v)
    ]
    return found or list(_unstorable(body, ""))


def unknown_word(name: str, known: Mapping[str, Want]) -> str:
    """The remedy for a name that nobody knows."""
    return did_you_mean(name, known, f"Known are: {', '.join(known) or 'none'}.")


def _unknown(name: str, known: Mapping[str, Want]) -> Problem:
    return Problem(below("", name), f"There is no field '{name}' here.", unknown_word(name, known))


def _fits(want: Want, value: Any) -> bool:
    return KINDS[want.kind].fits(value) and (not want.choices or value in want.choices)


def _misfit(want: Want, value: Any) -> Problem:
    if want.choices and KINDS[want.kind].fits(value):
        return Problem(below("", want.name), f"{want.name} cannot be {value!r}.",
                       f"Choose one of {', '.join(want.choices)}.")  # fmt: skip
    words = KINDS[want.kind].words
    return Problem(below("", want.name), f"{want.name} must be {words}.", want.sentence)


def _unstorable(value: Any, pointer: str) -> Iterator[Problem]:
    """Texts that no database takes: NUL, and half of a surrogate pair."""
    if isinstance(value, str) and not storable(value):
        yield Problem(pointer, "This text holds a character that cannot be stored.",
                      "Remove U+0000 and single surrogates.")  # fmt: skip
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _unstorable(key, pointer)
            yield from _unstorable(item, below(pointer, key))
    elif isinstance(value, list):
        for at, item in enumerate(value):
            yield from _unstorable(item, below(pointer, at))


def storable(text: str) -> bool:
    """Whether a database takes the text."""
    return "\0" not in text and not any("\ud800" <= c <= "\udfff" for c in text)


def moment(at: datetime | None) -> str | None:
    """A time in ISO 8601, in UTC, with Z."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z") if at else None
