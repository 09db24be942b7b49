"""The table of calls: each one's address, right, parameters, body and answer in one row.

Routes and the OpenAPI document are both made from it. A view takes an `Ask` and the ids in its
address, and returns what is to be said as JSON (or a whole response).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from flask import Response, g, request

from rulebook.domain.actor import Actor
from rulebook.errors import Invalid, Problem, RulebookError
from rules.errors import below
from rules.filters.plain import compact
from web.api.paging import PAGED, unpack
from web.api.shapes import Shape, Want, problems_of, storable, unknown_word


@dataclass(frozen=True)
class Ask:
    """What a caller asks: who it is, the query's values by name, the body's fields."""

    actor: Actor
    query: dict[str, Any] = field(default_factory=dict)
    body: dict[str, Any] = field(default_factory=dict)

    @property
    def limit(self) -> int:
        """How many things one page of a list may hold."""
        found: int = self.query["limit"]
        return found

    @property
    def cursor(self) -> str | None:
        """The key of the last thing that the page before held."""
        return self.query.get("cursor")


@dataclass(frozen=True)
class Call:
    """One row. `gives`: the shape of the answer; `listed`: a page of them. `right`: what role and
    token must allow; None for a call that anybody may make."""

    name: str
    method: str
    path: str
    sentence: str
    right: str | None
    query: tuple[Want, ...]
    body: tuple[Want, ...]
    gives: Shape | None
    listed: bool
    status: int
    reads: bool
    view: Callable[..., Any]

    @property
    def noun(self) -> str:
        return self.path.split("/")[1].split(".")[0]


CALLS: list[Call] = []


def call(
    method: str,
    path: str,
    right: str | None = "read",
    *,
    query: tuple[Want, ...] = (),
    body: tuple[Want, ...] = (),
    gives: Shape | None = None,
    listed: bool = False,
    status: int = 200,
    reads: bool = False,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Put a view into the table; its docstring is the sentence that describes the call.

    `reads`: nothing is written, although the method is POST."""

    def register(view: Callable[..., Any]) -> Callable[..., Any]:
        name = f"{view.__module__.rpartition('.')[2]}_{view.__name__}"
        CALLS.append(
            Call(
                name,
                method,
                path,
                (view.__doc__ or "").strip(),
                right,
                query + (PAGED if listed else ()),
                body,
                gives,
                listed,
                status,
                reads or method == "GET",
                view,
            )
        )
        return view

    return register


def answer(made: Call, **ids: str) -> Response:
    """Carry out a call: check what was asked, ask the view, write its answer."""
    if made.right is None:
        return said(made.view())
    actor: Actor = g.actor
    actor.must(made.right)
    ask = Ask(
        actor,
        read_query(made.query, request.args),
        _body(made.body) if made.method != "GET" else {},
    )
    found = made.view(ask, **ids)
    if isinstance(found, Response):
        return found
    if made.status == 204:
        return Response(status=204)
    response = said(found, made.status)
    if made.status == 201:
        response.headers["Location"] = f"/api/v1{made.path.format(**ids)}/{found['id']}"
    return response


def said(data: Any, status: int = 200) -> Response:
    """The data as JSON; numbers keep every digit."""
    text = compact(data).encode("utf-8", "replace") + b"\n"
    return Response(text, status, mimetype="application/json")


def read_query(
    wanted: tuple[Want, ...], given: Mapping[str, str], where: str = ""
) -> dict[str, Any]:
    """The values of parameters by name; where: the pointer of what holds them. Raises Invalid."""
    known = {want.name: want for want in wanted}
    problems, found = [], {}
    for name, value in given.items():
        if name not in known:
            problems.append(Problem(below(where, name), f"There is no parameter '{name}' here.",
                                    unknown_word(name, known)))  # fmt: skip
        elif value != "":
            try:
                found[name] = _READ[known[name].kind](known[name], value)
            except Invalid as error:
                problems += [replace(each, pointer=where + each.pointer) for each in error.problems]
    problems += [
        Problem(below(where, want.name), f"The parameter {want.name} is missing.", want.sentence)
        for want in wanted
        if want.required and not given.get(want.name)
    ]
    if problems:
        raise Invalid(problems)
    if "limit" in known:
        found = {"limit": 50, **found}
    return found


def _text(want: Want, value: str) -> str:
    if not storable(value):
        raise Invalid.at(f"/{want.name}", f"{want.name} holds a character that is never stored.",
                         "Remove U+0000.")  # fmt: skip
    if want.choices and value not in want.choices:
        raise Invalid.at(f"/{want.name}", f"There is no {want.name} {value!r}.",
                         f"Choose one of {', '.join(want.choices)}.")  # fmt: skip
    return unpack(value) if want.name == "cursor" else value


def _count(want: Want, value: str) -> int:
    if not value.isascii() or not value.isdigit() or not 1 <= int(value[:9]) <= 200:
        raise Invalid.at(f"/{want.name}", f"{want.name} is {value[:40]!r}.", "Choose 1 to 200.")
    return int(value[:9])


def _time(want: Want, value: str) -> datetime:
    # A plus that was not percent-encoded arrives as a blank.
    date, blank, offset = value.rpartition(" ")
    for text in (value, f"{date}+{offset}" if blank else value):
        try:
            at = datetime.fromisoformat(text)
            return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
        except (ValueError, OverflowError):
            continue
    raise Invalid.at(f"/{want.name}", f"{value[:40]!r} is not a time.",
                     "Write it like 2026-11-02T10:15:00Z.")  # fmt: skip


_READ: dict[str, Callable[[Want, str], Any]] = {"text": _text, "count": _count, "time": _time}


class NotJson(RulebookError):
    """The body cannot be read at all."""

    status, title = 400, "Not JSON"


def _body(wanted: tuple[Want, ...]) -> dict[str, Any]:
    raw = request.get_data(cache=False, parse_form_data=False)
    if not raw.strip():
        body: Any = {}
    else:
        body = _parsed(raw)
    if problems := problems_of(body, wanted):
        raise Invalid(problems)
    found: dict[str, Any] = body
    return found


def _parsed(raw: bytes) -> Any:
    try:
        body = json.loads(raw.decode("utf-8-sig"), parse_constant=_no_number)
        json.dumps(body)  # as deep as this can be written again
        return body
    except UnicodeDecodeError:
        raise NotJson("The body is not UTF-8.", "Send JSON in UTF-8.") from None
    except json.JSONDecodeError as problem:
        where = f"line {problem.lineno}, column {problem.colno}"
        raise NotJson(f"The body is not JSON: {problem.msg} at {where}.",
                      "Check commas, quotes and brackets there.") from None  # fmt: skip
    except (ValueError, RecursionError):
        raise NotJson("The body holds a number or a nesting that is beyond all bounds.",
                      "Send plain JSON without NaN and Infinity.") from None  # fmt: skip


def _no_number(name: str) -> None:
    raise ValueError(name)
