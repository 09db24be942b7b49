"""Rows of events: how an event is told in one line, here and on its hook's page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from rulebook.domain.gist import type_name
from rulebook.domain.hiding import gist_shown, told_before_hiding
from rulebook.storage import runs, verdicts
from rulebook.storage.events import Event
from rulebook.storage.hooks import Hook
from rulebook.storage.runs import Run
from web.shown import event_words, run_words, size

Mark = tuple[str, str, str]
CHECKED: dict[str, Mark] = {
    "verified": ("ok", "Verified", "shield-ok"),
    "refused": ("bad", "Refused", "shield-bad"),
    "none": ("off", "Not checked", "shield-none"),
}
# What a row tells first where the runs of an event ended differently.
_WORST_FIRST = (
    "failed", "unknown", "held", "queued", "sending", "succeeded", "watched", "skipped",
    "cancelled",
)  # fmt: skip


@dataclass(frozen=True)
class Line:
    """One event of a list."""

    event: Event
    hook: Hook
    title: str
    type_words: str
    checked: Mark
    rules: str
    near: str
    outcome: Mark


def lines(events: Sequence[Event], hooks: Iterable[Hook]) -> list[Line]:
    """The events as they stand in a list, with what the rules and runs made of them."""
    ids = [event.id for event in events]
    by_id = {hook.id: hook for hook in hooks}
    ran, judged = runs.runs_of_events(ids), verdicts.named_verdicts(ids)
    return [_line(event, by_id[event.hook_id], ran[event.id], judged[event.id]) for event in events]


def _line(event: Event, hook: Hook, ran: list[Run], judged: list[Any]) -> Line:
    near = [verdict.summary for verdict, _ in judged if not verdict.met and verdict.summary]
    if told_before_hiding(hook, event):
        near = ["Not met: what was found is hidden"] if near else []
    return Line(
        event=event,
        hook=hook,
        title=title(event, hook),
        type_words=type_words(event, hook),
        checked=CHECKED[event.verification],
        rules=", ".join(name for verdict, name in judged if verdict.met),
        near=_near(event, near),
        outcome=outcome(event, ran),
    )


def title(event: Event, hook: Hook) -> str:
    """What an event is called: its gist, else what is known of it."""
    known = gist_shown(hook, event) or type_name(hook.provider, event.event_type)
    return known or f"Unknown event, {size(event.size)}"


def type_words(event: Event, hook: Hook) -> str:
    """The event's type, where its title does not say it already."""
    words = type_name(hook.provider, event.event_type)
    return words if words != title(event, hook) else event.event_type or ""


def _near(event: Event, near: list[str]) -> str:
    if event.state in ("refused", "held", "poison"):
        return "kept, not judged"
    if event.state == "duplicate":
        return "counted with its first delivery"
    return near[0].replace("Not met: ", "missed by one: ", 1) if near else ""


def outcome(event: Event, ran: Sequence[Run]) -> Mark:
    """What became of an event, in the words of its runs where there are any."""
    if not ran:
        return event_words(event)
    groups: dict[Mark, int] = {}
    for run in sorted(ran, key=lambda run: _WORST_FIRST.index(run.state)):
        mark = run_words(run)
        groups[mark] = groups.get(mark, 0) + 1
    first = next(iter(groups))
    return first[0], "; ".join(f"{n} {mark[1].lower()}" for mark, n in groups.items()), first[2]
