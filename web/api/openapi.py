"""The OpenAPI document, made from the table of calls that makes the routes."""

from __future__ import annotations

import re
from typing import Any

from rulebook import __version__
from web.api import (
    bulks,
    connections,
    events,
    fields,
    filters,
    hooks,
    people,
    problems,
    rules,
    runs,
    targets,
    tokens,
)
from web.api.calls import CALLS, Call, call
from web.api.shapes import Shape, Want, reference
from web.guard import public_url

_NOUNS = (hooks, rules, events, runs, connections, targets, problems, fields, tokens, filters,
          bulks, people)  # fmt: skip
_PROBLEM = {
    "type": "object",
    "description": "What went wrong (RFC 9457), and in `fix` what to do next.",
    "required": ["type", "title", "status", "detail", "fix"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "fix": {"type": "string"},
        "pointer": {
            "type": "string",
            "description": "Where: in the body or query, or inside the rule document (RFC 6901).",
        },
        "errors": {
            "type": "array",
            "description": "Every problem, each with pointer, detail and fix.",
            "items": {"type": "object"},
        },
    },
}
_SCOPES = {"read": "read", "write": "write", "send": "send", "own": "write, in an owner's hands",
           "people": "people, which only an owner can give"}  # fmt: skip


@call("GET", "/openapi.json", None)
def document() -> Any:
    """This description of the API, in OpenAPI 3.1."""
    paths: dict[str, dict[str, Any]] = {}
    for each in CALLS:
        paths.setdefault(each.path, {})[each.method.lower()] = _operation(each)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Rulebook",
            "version": __version__,
            "description": "Webhooks in, rules judged, messages out. Lists come in pages: go on "
            "with `cursor` set to `next` until it is null. Times are ISO 8601 in UTC.",
        },
        "servers": [{"url": f"{public_url()}/api/v1"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {"Problem": _PROBLEM, **{s.name: s.schema() for s in shapes()}},
        },
    }


def shapes() -> list[Shape]:
    """Every shape that the nouns' files state."""
    return [value for noun in _NOUNS for value in vars(noun).values() if isinstance(value, Shape)]


def _operation(made: Call) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": made.name,
        "tags": [made.noun],
        "summary": made.sentence.replace("\n    ", " "),
        "parameters": [*_in_path(made), *map(_in_query, made.query)],
        "responses": _answers(made),
    }
    if made.right is None:
        operation["security"] = []
    else:
        operation["description"] = f"Needs a token with the scope {_SCOPES[made.right]}."
    if made.body:
        operation["requestBody"] = _body(made.body)
    return operation


def _in_path(made: Call) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"{(\w+)}", made.path)
    ]


def _in_query(want: Want) -> dict[str, Any]:
    schema = want.schema()
    if want.name == "limit":
        schema |= {"minimum": 1, "maximum": 200, "default": 50}
    return {"name": want.name, "in": "query", "required": want.required, "schema": schema,
            "description": schema.pop("description")}  # fmt: skip


def _body(wanted: tuple[Want, ...]) -> dict[str, Any]:
    schema = {
        "type": "object",
        "properties": {want.name: want.schema() for want in wanted},
        "required": [want.name for want in wanted if want.required],
        "additionalProperties": False,
    }
    return {"required": any(want.required for want in wanted),
            "content": {"application/json": {"schema": schema}}}  # fmt: skip


def _answers(made: Call) -> dict[str, Any]:
    good: dict[str, Any] = {"description": "Done."}
    if made.gives:
        schema = reference(made.gives.name)
        good["content"] = {"application/json": {"schema": _page(schema) if made.listed else schema}}
    problem = {"application/problem+json": {"schema": reference("Problem")}}
    return {
        str(made.status): good,
        "default": {"description": "A problem, with its remedy.", "content": problem},
    }


def _page(schema: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["items", "next"],
        "properties": {
            "items": {"type": "array", "items": schema},
            "next": {"type": ["string", "null"], "description": "The next page's cursor."},
        },
    }
