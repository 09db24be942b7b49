"""What was asked to be done to many, in words: of which events or runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from rulebook.domain.asking import TESTS
from rulebook.domain.chosen import Which, read
from rulebook.domain.deeds import DEEDS
from rulebook.storage import connections, figures
from rulebook.storage.bulks import Bulk
from rules.paths import name_of
from web.finder import CHECKS, OF_RUNS, STATES
from web.shown import RUN_WORDS, day

GONE = "one that is gone"
Names = Mapping[str, str]


def of_which(workspace_id: str, bulks: Sequence[Bulk]) -> dict[str, str]:
    """For each bulk, which events or runs it was asked to look at."""
    asked = {each.id: read(each.what, each.asked) for each in bulks}
    known = [which.events for which in asked.values()], [which.runs for which in asked.values()]
    of_hooks = {narrowed.hook_id for some in known for narrowed in some if narrowed.hook_id}
    of_rules = {narrowed.rule_id for some in known for narrowed in some if narrowed.rule_id}
    names = figures.hook_names(workspace_id, of_hooks) if of_hooks else {}
    names |= figures.rule_names(workspace_id, of_rules)
    if any(narrowed.connection_id for narrowed in known[1]):
        names |= {each.id: each.name for each in connections.connections(workspace_id)}
    return {bulk_id: _words(which, names) for bulk_id, which in asked.items()}


def _words(which: Which, names: Names) -> str:
    if which.chosen:
        said = "the one that was chosen" if len(which.chosen) == 1 else "those that were chosen"
    else:
        parts = (_of_events if DEEDS[which.what].of == "events" else _of_runs)(which, names)
        told = ", ".join(parts)
        said = f"all that fit: {told}" if told else "all of them"
    return said + (", what may have arrived as well" if which.again else "")


def _of_runs(which: Which, names: Names) -> Iterator[str]:
    narrowed = which.runs
    states = narrowed.states or ((narrowed.state,) if narrowed.state else ())
    if states:
        yield " or ".join(RUN_WORDS[state][1].lower() for state in states)
    if narrowed.to:
        yield f"to “{narrowed.to}”"
    yield from _named(narrowed.hook_id, "of", names)
    yield from _named(narrowed.rule_id, "by", names)
    yield from _named(narrowed.connection_id, "through", names)
    yield from _between(narrowed.after, narrowed.before)


def _of_events(which: Which, names: Names) -> Iterator[str]:
    narrowed = which.events
    yield from (STATES[name] for name, states in OF_RUNS.items() if narrowed.run_states == states)
    if narrowed.state:
        yield STATES.get(narrowed.state, narrowed.state)
    if narrowed.text:
        yield f"with the words “{narrowed.text}”"
    if narrowed.event_type:
        yield f"type {narrowed.event_type}"
    yield from _named(narrowed.hook_id, "of", names)
    yield from _named(narrowed.rule_id, "that met", names)
    if narrowed.verification:
        yield CHECKS.get(narrowed.verification, narrowed.verification)
    for each in which.fields:
        yield f"{name_of(each.path.text)} {TESTS[each.test]} {each.value}".strip()
    yield from _between(narrowed.after, narrowed.before)


def _named(thing: str | None, how: str, names: Names) -> Iterator[str]:
    if thing:
        yield f"{how} {names.get(thing, GONE)}"


def _between(after: datetime | None, before: datetime | None) -> Iterator[str]:
    if after:
        yield f"since {day(after)}"
    if before:
        yield f"before {day(before)}"
