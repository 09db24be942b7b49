"""A rule from an example: what this event and its like have, and most of the others have not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rulebook.domain.past import Past
from rulebook.storage.events import Event
from rules import parse
from rules.suggest import MOST_APART, of_a_kind, set_apart
from rules.trying import met_by, scenes_of

STEP = {"id": "none", "action": "none", "config": {}}


@dataclass(frozen=True)
class Like:
    """A condition that the event meets, and so do `met` of the `of` newest events. ticked: it says
    of what kind the event is, such as its type or status, and not what happened to be in it."""

    condition: dict[str, Any]
    met: int
    of: int
    ticked: bool


def like_this(
    event: Event,
    seen: Mapping[str, Any],
    kind: dict[str, Any] | None,
    past: list[Past],
    zone: str = "UTC",
) -> list[Like]:
    """At most five conditions, the event's type first; kind: the condition on it, if it has one.

    What tells it from the others of its type comes after; which of that is meant only a person
    knows, so a country or a name is offered and not ticked.
    """
    others = [each.seen for each in past if each.event.id != event.id
              and (kind is None or each.event.event_type == event.event_type)]  # fmt: skip
    apart = [one.condition for one in set_apart(seen, others, zone)] if others else []
    made = ([kind] if kind else []) + [one for one in apart if one != kind]
    if not others:
        made = made[:1]
    scenes = scenes_of([each.seen for each in past], zone)
    return [
        Like(one, _count(one, scenes), len(past), one == kind or of_a_kind(one))
        for one in made[:MOST_APART]
    ]


def _count(condition: dict[str, Any], scenes: list[Any]) -> int:
    return sum(met_by(parse({"name": "like", "when": condition, "then": [STEP]}).when, scenes))
