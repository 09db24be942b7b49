"""What happens is counted where it happens, in the same transaction, for charts and rhythms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

from rulebook.actions import ACTIONS
from rulebook.storage import tallies
from rulebook.storage.tallies import Key, slot_of

AT_THE_DOOR = {"refused": "refused", "duplicate": "repeated"}


class Ran(Protocol):
    """What must be known of a run that has ended."""

    @property
    def workspace_id(self) -> str: ...
    @property
    def hook_id(self) -> str: ...
    @property
    def rule_id(self) -> str: ...
    @property
    def action(self) -> str: ...
    @property
    def practice(self) -> bool: ...
    @property
    def config(self) -> Mapping[str, Any]: ...


def count_stored(events: Iterable[Mapping[str, Any]]) -> None:
    """Events were stored, each given with its hook, state and moment; a handshake is none."""
    counts: Counter[tuple[Any, ...]] = Counter()  # plain, because every webhook is counted here
    for event in events:
        state, slot = event["state"], slot_of(event["received_at"])
        if state != "handshake":
            kind = AT_THE_DOOR.get(state, "received")
            counts[event["workspace_id"], slot, kind, event["hook_id"], ""] += 1
    tallies.note({Key(*key): n for key, n in counts.items()})


def count_judged(judged: Iterable[tuple[Any, Iterable[str], Iterable[Mapping[str, Any]]]]) -> None:
    """Events were judged: each with the ids of the rules it met and the runs planned for it, of
    which some may have failed already."""
    counts: Counter[Key] = Counter()
    for event, met, planned in judged:
        slot = slot_of(event.received_at)
        rule_ids = list(met)
        if rule_ids:
            counts[Key(event.workspace_id, slot, "matched", event.hook_id, "")] += 1
        for rule_id in rule_ids:
            counts[Key(event.workspace_id, slot, "hit", event.hook_id, rule_id)] += 1
        for run in planned:
            if run["state"] == "failed":
                now = slot_of(run["finished_at"] or event.received_at)
                counts[Key(event.workspace_id, now, "failed", event.hook_id, run["rule_id"])] += 1
    tallies.note(counts)


def count_ended(ended: Iterable[tuple[Ran, str]], now: datetime) -> None:
    """Runs came to an end, each with the state it has now."""
    counts: Counter[Key] = Counter()
    for run, state in ended:
        for kind, n in _kinds(run, state):
            counts[Key(run.workspace_id, slot_of(now), kind, run.hook_id, run.rule_id)] += n
    tallies.note(counts)


def _kinds(run: Ran, state: str) -> list[tuple[str, int]]:
    if state == "failed":
        return [("failed", 1)]
    if state != "succeeded":
        return []
    if run.practice:
        return [("kept", 1)]
    cost = _cost(run)
    return [("sent", 1), ("cost", cost)] if cost else [("sent", 1)]


def _cost(run: Ran) -> int:
    """What a message costs at the usual rate, in hundredths of a cent."""
    return round((price_of(run) or 0) * 10_000)


def price_of(run: Ran) -> Decimal | None:
    """What a run's message costs at the usual rate, in US dollars; None where it costs nothing, or
    where that is not known."""
    action = ACTIONS.get(run.action)
    if action is None or not action.limits or run.practice:  # what has no limit costs nothing
        return None
    message = action.message(dict(run.config))
    return action.counted(message).price if message else None
