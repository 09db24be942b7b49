"""The conditions of a draft as the builder draws them: a row for each node."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from rulebook.actions import ACTIONS
from rulebook.domain.weigh import Weighed
from rulebook.errors import Problem
from rules.lint import Note
from rules.operators import OPERATORS, Operator, operators_for
from rules.values import say_all
from web import draft
from web.draft import Document, group_of
from web.panel import canonical

FAMILIES = {
    "text": "As text", "number": "As a number", "date": "As a date", "yesno": "Yes or no",
    "list": "As a list", "any": "Any kind", "ip": "As an address",
}  # fmt: skip
JOINS = {"all": "and", "any": "or", "none": "nor"}
MATCHES = (("any", "any of its values"), ("all", "every one"), ("none", "none of them"))


@dataclass
class Row:
    """One node. kind: all, any, none, items, every or condition; id stays when kinds change."""

    place: str
    kind: str
    join: str = ""
    node: Document = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    name: str = ""
    operator: Operator | None = None
    menu: list[tuple[str, list[Operator]]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    shape: str = "one"
    was: str | None = None
    hint: str = ""
    met: bool | None = None
    found: str = ""
    hits: int | None = None
    unfinished: bool = False
    notes: list[Note] = field(default_factory=list)

    @property
    def id(self) -> str:
        return id_of(self.place)


def id_of(place: str) -> str:
    """An element's id for a pointer; the same whatever kind its groups have just now."""
    parts = [part for part in place.strip("/").split("/") if part not in draft.GROUPS]
    return "-".join(part for part in parts if part)


@dataclass(frozen=True)
class Known:
    """What rows are drawn with: the kinds and friendly names of fields, and the verdicts."""

    kinds: dict[tuple[str, str], str]
    names: dict[tuple[str, str], str]
    weighed: Weighed
    money: Any  # (path, amount) -> words


def tree(when: Document, known: Known) -> Row:
    """The outermost group with everything in it."""
    return _row(when, "/when", "", known)


def _row(node: Document, place: str, join: str, known: Known) -> Row:
    kind = group_of(node) or ("items" if "items" in node else None)
    if "every_event" in node:
        row = Row(place, "every", join, node)
    elif kind == "items":
        row = Row(place, kind, join, node, [_row(node["where"], f"{place}/where", "", known)])
    elif kind:
        inside = f"{place}/{kind}"
        row = Row(place, kind, join, node, [
            _row(each, f"{inside}/{at}", JOINS[kind] if at else "", known)
            for at, each in enumerate(node[kind])
        ])  # fmt: skip
    else:
        row = _condition(node, place, join, known)
    return _judged(row, known)


def _condition(node: Document, place: str, join: str, known: Known) -> Row:
    part, path = node.get("in", "payload"), str(node.get("path") or "")
    at = (part, canonical(path))
    row = Row(place, "condition", join, node, name=known.names.get(at, ""))
    row.operator = OPERATORS.get(node.get("test") or "")
    kind = known.kinds.get(at) or {"headers": "text", "query": "text"}.get(part, "")
    row.menu = _menu(kind if path else "text", row.operator)
    operator = row.operator or row.menu[0][1][0]
    value = node.get("value")
    row.shape = draft.shape(operator.wants)
    if isinstance(value, dict):
        row.shape = "field"
    else:
        row.texts = draft.shown(value, operator.wants)
        row.was = None if value is None else draft.was(value, operator.wants)
        row.hint = known.money(path, value) if isinstance(value, int) else ""
    return row


def _menu(kind: str, chosen: Operator | None) -> list[tuple[str, list[Operator]]]:
    """What makes sense for a field, in families; the chosen one is always among them."""
    listed = operators_for(kind)
    if chosen is not None and chosen not in listed:
        listed = [*listed, chosen]
    families = dict.fromkeys(row.family for row in listed)
    return [(FAMILIES[each], [row for row in listed if row.family == each]) for each in families]


def _judged(row: Row, known: Known) -> Row:
    weighed = known.weighed
    row.unfinished = row.place in weighed.unfinished
    row.notes = [note for note in weighed.notes if note.pointer == row.place]
    row.hits = weighed.hits.get(row.place)
    verdict = weighed.here.get(row.place)
    if verdict is not None:
        row.met = verdict.met
        row.found = _found(row, verdict.tree, known)
    return row


def _found(row: Row, finding: Any, known: Known) -> str:
    """The value where it is met, the reason where it is not; of a group how many are met."""
    if row.kind in draft.GROUPS:
        count = sum(child.met for child in finding.children)
        return f"{count} of {len(finding.children)} met"
    values = finding.detail.get("found", {}).get("values")
    if finding.met and values:
        path = str(row.node.get("path") or "")
        money = len(values) == 1 and isinstance(values[0], int) and known.money(path, values[0])
        return money or say_all(values, 3).replace("'", "")
    return str(finding.reason)


def beside(problems: Iterable[Problem], document: Document) -> dict[str, list[Problem]]:
    """Each problem at the nearest place that is drawn, "" where there is none."""
    places = {"/name", "/then", "/mode", *_places(document["when"], "/when")}
    for at, step in enumerate(document.get("then") or []):
        here = f"/then/{at}"
        action = ACTIONS.get(str(step.get("action")))
        places |= {here, f"{here}/connection", f"{here}/if_missing"}
        places |= {f"{here}/config/{each.name}" for each in (action.fields if action else ())}
    found: dict[str, list[Problem]] = {}
    for problem in problems:
        place = problem.pointer
        while place and place not in places:
            place = place.rpartition("/")[0]
        found.setdefault(place, []).append(problem)
    return found


def _places(node: Document, place: str) -> Iterable[str]:
    yield place
    kind = group_of(node)
    if kind:
        for at, each in enumerate(node[kind]):
            yield from _places(each, f"{place}/{kind}/{at}")
    elif "items" in node:
        yield f"{place}/items"
        yield from _places(node["where"], f"{place}/where")
    else:
        yield from (f"{place}/{box}" for box in ("path", "test", "value"))
