"""The steps of a draft as their forms: boxes, the pills below them, and what people would read."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rulebook.actions import ACTIONS, Action, Field
from rulebook.domain.called import shared
from rulebook.domain.readings import Reading, path_of
from rulebook.storage import connections
from rulebook.storage.connections import Connection
from rules.paths import name_of
from rules.words import sentence_case
from web import draft, gaps, wording
from web import pills as pill_rows
from web.draft import Document
from web.gaps import GapRow
from web.panel import message_field
from web.pills import Around, PillRow
from web.rows import id_of

CODE = ("json", "html")  # what is written in another language shows its template as it is
CASES = {
    "this": "This event", "longest": "The longest", "shortest": "The shortest",
    "gaps": "One with gaps", "odd": "Odd letters", "failed": "One that fails",
}  # fmt: skip
Names = Mapping[tuple[str, str], str]


@dataclass(frozen=True)
class Box:
    """One box of a step's form. words: what the names in its text stand for, as JSON; blank where
    the template is shown as it is."""

    field: Field
    place: str
    name: str
    text: str
    words: str
    labels: list[str]
    pills: list[PillRow]


@dataclass(frozen=True)
class StepForm:
    """One action: what its form asks for, and what it would send."""

    place: str
    step: Document
    action: Action
    boxes: list[Box]
    connections: list[Connection]
    reading: Reading | None
    gaps: list[GapRow]
    names: Mapping[str, str]  # of the fields that are missing in some case

    @property
    def for_people(self) -> bool:
        """Whether people read what it sends."""
        return type(self.action).message is not Action.message

    @property
    def id(self) -> str:
        return id_of(self.place)

    @property
    def message_box(self) -> str:
        return f"{self.place}/config/{message_field(self.action)}"


def named(names: Names, field: str) -> str:
    """What people call a field that templates write as payload.a.b."""
    root, path = path_of(field)
    known = names.get((root, shared(path)))
    return known or (sentence_case(name_of(path)) if path != "$" else sentence_case(root))


def kind_of(kinds: Names, field: str) -> str:
    """The kind of such a field, or blank."""
    root, path = path_of(field)
    return kinds.get((root, shared(path)), "")


def forms(
    workspace_id: str,
    steps: Sequence[Document],
    readings: Sequence[Reading | None],
    around: Around,
    expert: bool,
) -> list[StepForm]:
    """A form for each step whose action there is. expert: show templates as they are."""
    mine = connections.connections(workspace_id)
    found = []
    for at, (step, reading) in enumerate(zip(steps, readings, strict=True)):
        action = ACTIONS.get(str(step.get("action")))
        if action is None:
            continue
        place, config = f"/then/{at}", step.get("config") or {}
        kinds = {kind.name for kind in action.connections}
        found.append(StepForm(
            place, step, action,
            [_box(each, place, config, around, expert) for each in action.fields],
            [each for each in mine if each.kind in kinds],
            reading,
            gaps.rows(place, id_of(place), step, reading, around.name_of),
            {
                field: around.name_of(field)
                for case in (reading.cases if reading else ())
                for field in case.gaps
            },
        ))  # fmt: skip
    return found


def _box(field: Field, step: str, config: Document, around: Around, expert: bool) -> Box:
    place, value = f"{step}/config/{field.name}", config.get(field.name)
    kind = f":{field.kind}" if field.kind in draft.CONFIG else ""
    text = draft.config_box(field.kind, value)
    if not field.template or not isinstance(value, str) or kind:
        return Box(field, place, place + kind, text, "", [], [])
    id = f"{id_of(step)}-{field.name}"
    below = pill_rows.rows(id, place, value, around)
    if expert or field.escape in CODE:
        return Box(field, place, place, text, "", [], below)
    shown = wording.shown(value, around.name_of)
    return Box(field, place, place, shown.text, _json(shown.words), list(shown.words), below)


def _json(words: Mapping[str, Any]) -> str:
    return json.dumps(words, ensure_ascii=False) if words else ""
