"""The conditions of a draft as the builder draws them: a row for each node."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from rulebook.actions import ACTIONS
from rulebook.domain.called import label_for, name_for, own_name
from rulebook.domain.voice import MONEY_ROWS, inside
from rulebook.domain.weigh import Weighed
from rulebook.errors import Problem
from rules.lint import Note
from rules.money import money_words
from rules.nodes import Condition, conditions_of
from rules.operators import OPERATORS, Env, Operator, Unfit, operators_for
from rules.words import sentence_case
from web import draft, fieldlist
from web.changed import Changes
from web.draft import Document, group_of
from web.saying import Voice

FAMILIES = {
    "text": "As text", "number": "As a number", "date": "As a date", "yesno": "Yes or no",
    "list": "As a list", "any": "Any kind", "ip": "As an address",
}  # fmt: skip
CHOSEN = ("text", "texts", "number", "numbers", "scalar", "scalars")  # wants with values to choose
MOST_CHOICES = 20
JOINS = {"all": "and", "any": "or", "none": "nor"}
FIXES = {"never_seen": "Use “{}”", "unknown_field": "Use {}"}


@dataclass(frozen=True)
class Lint:
    """A warning beside its row, and what its button does: `do`, in words."""

    message: str
    fix: str
    do: str = ""
    button: str = ""


@dataclass
class Row:
    """One node. kind: all, any, none, items, every or condition; id stays when kinds change."""

    place: str
    kind: str
    join: str = ""
    node: Document = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    base: str = ""  # the list whose item it looks at
    name: str = ""
    about: fieldlist.Row | None = None  # what is known of its field
    operator: Operator | None = None
    menu: list[tuple[str, list[Operator]]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    shape: str = "one"
    money: str = ""
    was: str | None = None
    hint: str = ""
    choices: list[tuple[str, str]] = field(default_factory=list)
    before: str = ""  # what it was in the saved version: in words, or a group's kind
    new: bool = False
    met: bool | None = None
    found: str = ""
    hits: int | None = None
    unfinished: bool = False
    notes: list[Lint] = field(default_factory=list)
    first: bool = True
    last: bool = True
    enters: bool = False  # whether there is a group beside it to go into
    leaves: bool = False  # whether it stands in a group that it can go out of

    @property
    def id(self) -> str:
        return id_of(self.place)


def id_of(place: str) -> str:
    """An element's id for a pointer; the same whatever kind its groups have just now."""
    parts = [part for part in place.strip("/").split("/") if part not in draft.GROUPS]
    return "-".join(part for part in parts if part)


@dataclass(frozen=True)
class Known:
    """What rows are drawn with: how fields are called, the verdicts, what was changed."""

    voice: Voice
    weighed: Weighed
    changes: Changes = field(default_factory=Changes)
    version: int = 0


def tree(when: Document, known: Known) -> Row:
    """The outermost group with everything in it."""
    return _row(when, "/when", "", "", known)


def _row(node: Document, place: str, join: str, base: str, known: Known) -> Row:
    kind = group_of(node) or ("items" if "items" in node else None)
    if "every_event" in node:
        row = Row(place, "every", join, node)
    elif kind == "items":
        row = _items(node, place, join, base, known)
    elif kind:
        inside = f"{place}/{kind}"
        row = Row(place, kind, join, node, [
            _row(each, f"{inside}/{at}", JOINS[kind] if at else "", base, known)
            for at, each in enumerate(node[kind])
        ], base)  # fmt: skip
        _neighbours(row)
        row.before = known.changes.kinds.get(place, "")
    else:
        row = _condition(node, place, join, base, known)
    return _judged(row, known)


def _neighbours(group: Row) -> None:
    """Which ways the members of a group can be moved."""
    rows = group.rows
    inner = group.place != "/when" and not group.place.endswith("/where")
    for at, row in enumerate(rows):
        row.first, row.last, row.leaves = at == 0, at == len(rows) - 1, inner
        beside = rows[max(0, at - 1) : at] + rows[at + 1 : at + 2]
        row.enters = any(each.kind in draft.GROUPS for each in beside)


def _items(node: Document, place: str, join: str, base: str, known: Known) -> Row:
    path = str(node.get("items") or "")
    inner = inside(path, base) if path else ""
    row = Row(place, "items", join, node, [], base)
    row.rows = [_row(node["where"], f"{place}/where", "", inner, known)]
    row.about = known.voice.fields.find("payload", path, base)
    row.name = row.about.name if row.about else own_name(path) if path else ""
    return row


def _condition(node: Document, place: str, join: str, base: str, known: Known) -> Row:
    part, path = node.get("in", "payload"), str(node.get("path") or "")
    row = Row(place, "condition", join, node, [], base)
    row.about = known.voice.fields.find(part, path, base)
    row.name = row.about.name if row.about else ""
    row.operator = OPERATORS.get(node.get("test") or "")
    kind = (row.about.kind if row.about else "") or {"headers": "text", "query": "text"}.get(
        part, ""
    )
    row.menu = _menu(kind if path else "text", row.operator, row.about)
    operator = row.operator or row.menu[0][1][0]
    row.shape = draft.shape(operator.wants)
    value = node.get("value")
    if isinstance(value, dict):
        row.shape = "field"
        other = known.voice.fields.find(value.get("in", "payload"), str(value.get("path")), base)
        row.hint = other.name if other else ""
    else:
        _fill(row, value, operator, known)
    _changed(row, known)
    return row


def _fill(row: Row, value: Any, operator: Operator, known: Known) -> None:
    """The texts of a condition's value, as money where it is money, and what it might be."""
    row.texts = draft.shown(value, operator.wants)
    row.was = None if value is None else draft.was(value, operator.wants)
    found, money = row.about, operator.wants.name in MONEY_ROWS
    if found is None:
        return
    if found.currency and money and row.shape in ("one", "two") and row.was is None:
        told = draft.in_money(row.texts, found.currency) if value is not None else row.texts
        if told is not None:
            row.texts, row.money = told, found.currency
    elif found.currency and money:
        row.hint = f"in the smallest unit: 5000 is {money_words(5000, found.currency)}"
    label = label_for(known.voice.provider, found.part, row.node["path"], value)
    row.hint = row.hint or label
    typed = operator.family in ("text", "number", "list") and operator.wants.name in CHOSEN
    if typed and not found.currency:
        taken = value if isinstance(value, list) else []
        row.choices = [
            (each, label_for(known.voice.provider, found.part, row.node["path"], each))
            for each in found.values[:MOST_CHOICES]
            if each not in map(str, taken)
        ]


def _changed(row: Row, known: Known) -> None:
    """What the condition was in the version that is saved, as far as it differs."""
    row.new = row.place in known.changes.new
    was = known.changes.was.get(row.place)
    if was:
        row.before = words_of(was, known.voice, row.base, same=row.node.get("test"))


def words_of(node: Document, voice: Voice, base: str = "", same: str | None = None) -> str:
    """A saved condition in words; of the same test only its value."""
    told = _parsed(node)
    if told is None:
        return "another condition"
    if node.get("test") == same and "value" in node:
        return voice.value(told, base)
    return voice.condition(told, base)


def _parsed(node: Document) -> Condition | None:
    """A condition by itself, once it is finished."""
    parsed = draft.parsed(node)
    return next(iter(conditions_of(parsed))) if parsed else None


def _menu(
    kind: str, chosen: Operator | None, about: fieldlist.Row | None
) -> list[tuple[str, list[Operator]]]:
    """What makes sense for a field, in families; the chosen one is always among them."""
    listed = operators_for(kind)
    if kind == "text" and about and about.values:
        listed = [row for row in listed if row.family == "text" or _reads(row, about.values)]
    if kind == "number":
        listed = [row for row in listed if row.family != "date"]
    if chosen is not None and chosen not in listed:
        listed = [*listed, chosen]
    families = dict.fromkeys(row.family for row in listed)
    return [(FAMILIES[each], [row for row in listed if row.family == each]) for each in families]


def _reads(row: Operator, values: Iterable[str]) -> bool:
    """Whether an operator can read any of the texts that a field has had."""
    return any(not isinstance(row.read(value, Env()), Unfit) for value in values)


def _judged(row: Row, known: Known) -> Row:
    weighed = known.weighed
    row.unfinished = row.place in weighed.unfinished
    row.notes = [lint_of(note, at, known) for at, note in enumerate(weighed.notes)
                 if note.pointer == row.place]  # fmt: skip
    row.hits = weighed.hits.get(row.place)
    finding = weighed.here.get(row.place)
    if finding is not None:
        row.met = finding.met
        row.found = _found(row, finding, known)
    return row


def notes_at(block: str, known: Known) -> list[Lint]:
    """The warnings that belong to a block and to no row of its: to the conditions as a whole, to
    the steps, to the options."""
    return [
        lint_of(note, at, known)
        for at, note in enumerate(known.weighed.notes)
        if note.pointer == block or (block != "/when" and note.pointer.startswith(f"{block}/"))
    ]


def lint_of(note: Note, at: int, known: Known) -> Lint:
    """A warning with its button, which names what it does."""
    message = sentence_case(known.voice.noted(note, known.weighed.rule))
    if note.change is None:
        return Lint(message, note.fix)
    value = note.change.get("value")
    button = note.fix.rstrip(".")
    if isinstance(value, str | int):
        text = str(value)
        if note.kind == "unknown_field":
            text = name_for(known.voice.provider, text)
        button = FIXES[note.kind].format(text) if note.kind in FIXES else button
    return Lint(message, "", f"fix {at} {note.kind} {note.pointer}", button)


def _found(row: Row, finding: Any, known: Known) -> str:
    """The value where it is met, the reason where it is not; of a group how many are met."""
    if row.kind in draft.GROUPS:
        count, of = sum(child.met for child in finding.children), len(finding.children)
        return f"{count} of {of} {'is' if count == 1 else 'are'} met"
    if row.kind == "items":
        return _item(finding)
    found = finding.detail.get("found", {})
    if found.get("values"):
        told = _parsed(row.node)
        return known.voice.found(found["values"], told.field, row.base) if told else ""
    return "not there" if found.get("status") == "missing" else str(finding.reason)


def _item(finding: Any) -> str:
    """item 2 of 3 fits"""
    found = finding.detail["found"]
    if not finding.children:
        return str(finding.reason)
    fitting = [at + 1 for at, child in enumerate(finding.children) if child.met]
    count = found["count"]
    if found["fitting"] == 1 and fitting:
        return f"item {fitting[0]} of {count} fits"
    return f"{found['fitting'] or 'none'} of {count} {'fits' if not found['fitting'] else 'fit'}"


def beside(problems: Iterable[Problem], document: Document) -> dict[str, list[Problem]]:
    """Each problem at the nearest place that is drawn, "" where there is none."""
    places = {"/name", "/then", "/mode", *_places(document["when"], "/when")}
    for at, step in enumerate(document.get("then") or []):
        here = f"/then/{at}"
        action = ACTIONS.get(str(step.get("action")))
        places |= {here, f"{here}/connection", f"{here}/if_missing"}
        places |= {f"{here}/config/{each.name}" for each in (action.fields if action else ())}
    found: dict[str, list[Problem]] = {}
    blank = {
        place for place, node in _conditions(document["when"], "/when") if not node.get("path")
    }
    for problem in problems:
        place = problem.pointer
        above, _, box = place.rpartition("/")
        if above in blank and box != "path":  # what is compared is asked once there is a field
            continue
        if above in blank:
            problem = Problem(place, "No field is chosen yet.", "Choose one, or remove this row.")
        while place and place not in places:
            place = place.rpartition("/")[0]
        found.setdefault(place, []).append(problem)
    return found


def _conditions(node: Document, place: str) -> Iterable[tuple[str, Document]]:
    """Each condition with its pointer."""
    kind = group_of(node)
    if kind:
        for at, each in enumerate(node[kind]):
            yield from _conditions(each, f"{place}/{kind}/{at}")
    elif "items" in node:
        yield from _conditions(node["where"], f"{place}/where")
    elif "every_event" not in node:
        yield place, node


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
