"""Which events or runs something is done to: the chosen ones, or all that fit a filter."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from rulebook.domain import found_runs
from rulebook.domain.actor import Actor
from rulebook.domain.asking import FieldAsked, field_asked
from rulebook.domain.history import count_all, search
from rulebook.storage.event_lists import EventFilter
from rulebook.storage.ledger import RunFilter, count_runs

MOST_CHOSEN = 500
MOST_COUNTED = 10_000
ABOVE_ALL = {"events": "evt_" + "f" * 32, "runs": "run_" + "f" * 32}


@dataclass(frozen=True)
class Which:
    """What is to be done, and to which: the chosen ones, or all that fit. again: what was sent, or
    may have arrived, as well."""

    what: str
    chosen: tuple[str, ...] = ()
    events: EventFilter = EventFilter()
    fields: tuple[FieldAsked, ...] = ()
    runs: RunFilter = RunFilter()
    again: bool = False


def next_ids(
    actor: Actor, which: Which, of: str, upto: str, limit: int
) -> tuple[list[str], str | None]:
    """What comes behind `upto`, newest first, and where to go on after it; None at the end."""
    if which.chosen:
        left = sorted((each for each in set(which.chosen) if each < upto), reverse=True)
        return left[:limit], left[limit - 1] if len(left) > limit else None
    if of == "events":
        found = search(actor, which.events, limit, upto, which.fields)
        return [event.id for event in found.events], found.next
    page = found_runs.page(actor.workspace_id, which.runs, limit, upto)
    return [run.id for run in page.runs], page.next


def total(actor: Actor, which: Which, of: str) -> int | None:
    """How many there are to look at, counted up to `MOST_COUNTED`; None where one has to look at
    them all to know."""
    if which.chosen:
        return len(set(which.chosen))
    if of == "runs":
        narrowed = which.runs
        return None if narrowed.to else count_runs(actor.workspace_id, narrowed, MOST_COUNTED)
    return count_all(actor) if which.events == EventFilter() and not which.fields else None


def written(which: Which) -> dict[str, Any]:
    """Which they are, as JSON."""

    def plain(values: dict[str, Any]) -> dict[str, Any]:
        return {
            name: value.isoformat() if isinstance(value, datetime) else value
            for name, value in values.items()
            if value not in (None, ())
        }

    fields = [[each.path.text, each.test, each.value] for each in which.fields]
    return {"chosen": list(which.chosen), "events": plain(asdict(which.events)),
            "runs": plain(asdict(which.runs)), "fields": fields, "again": which.again}  # fmt: skip


def read(what: str, asked: dict[str, Any]) -> Which:
    """What `written` wrote."""
    of_events, of_runs = dict(asked["events"]), dict(asked["runs"])
    for values, states in ((of_events, "run_states"), (of_runs, "states")):
        values[states] = tuple(values.get(states, ()))
        for name in ("after", "before"):
            if name in values:
                values[name] = datetime.fromisoformat(values[name])
    fields = tuple(field_asked(*each) for each in asked["fields"])
    return Which(what, tuple(asked["chosen"]), EventFilter(**of_events), fields,
                 RunFilter(**of_runs), asked["again"])  # fmt: skip
