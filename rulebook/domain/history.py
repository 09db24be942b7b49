"""Looking through what arrived: a page of events, narrowed by what is in their payloads as well."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from rulebook.domain.actor import Actor
from rulebook.errors import Invalid
from rulebook.storage import events
from rulebook.storage.events import Event, EventFilter
from rules.errors import Unusable
from rules.paths import Path, TooMuch, parse_path
from rules.payload import read_payload
from rules.values import as_text, fold, plain_number
from rules.values import exact as exact_number

MOST_JUDGED = 2_000
STEP = 100


@dataclass(frozen=True)
class Page:
    """Some events, newest first. `next`: the id to go on behind, None at the end; `judged`: how
    many payloads were looked into."""

    events: list[Event]
    next: str | None
    judged: int = 0


def search(
    actor: Actor,
    narrowed: EventFilter,
    limit: int,
    before_id: str | None = None,
    field: str | None = None,
    value: str | None = None,
) -> Page:
    """Events newest first. With `field` those in which the path finds something, with `value`
    those where it finds this text or number; at most 2,000 payloads are looked into, then `next`
    says where to go on. Raises Invalid."""
    actor.must("read")
    if field is None:
        if value is not None:
            raise Invalid.at("/value", "A value needs a field to be looked for in.",
                             "Add field, such as $.amount.")  # fmt: skip
        found = events.page_of_events(actor.workspace_id, narrowed, limit + 1, before_id)
        more = len(found) > limit
        return Page(found[:limit], found[limit - 1].id if more else None)
    return _walk(actor.workspace_id, narrowed, limit, before_id, _path(field), value)


def _walk(
    workspace_id: str,
    narrowed: EventFilter,
    limit: int,
    before_id: str | None,
    path: Path,
    value: str | None,
) -> Page:
    found: list[Event] = []
    judged = 0
    while judged < MOST_JUDGED:
        step = events.page_of_events(workspace_id, narrowed, STEP, before_id)
        bodies = events.bodies_of([event.id for event in step])
        for event in step:
            judged, before_id = judged + 1, event.id
            if event.id in bodies and _holds(bodies[event.id], event.content_type, path, value):
                found.append(event)
                if len(found) == limit:
                    return Page(found, before_id, judged)
        if len(step) < STEP:
            return Page(found, None, judged)
    return Page(found, before_id, judged)


def _path(text: str) -> Path:
    try:
        return parse_path(text)
    except Unusable as problem:
        raise Invalid.at("/field", problem.message, problem.fix) from None


def _holds(body: bytes, content_type: str, path: Path, value: str | None) -> bool:
    try:
        found = path.values(read_payload(body, content_type).value)
    except TooMuch:
        return False
    return bool(found) if value is None else any(_equals(each, value) for each in found)


def _equals(found: Any, value: str) -> bool:
    """As a number where both are one, else as text without regard to case."""
    wanted = plain_number(value)
    number = plain_number(found) if isinstance(found, str) else exact_number(found)
    if wanted is not None and number is not None:
        return Decimal(number) == wanted
    text = "null" if found is None else as_text(found)
    return text is not None and fold(text) == fold(value)
