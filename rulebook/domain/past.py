"""A hook's newest events as rules see them: what drafts are built on and judged against."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from rulebook.domain.hiding import Hiding
from rulebook.domain.masking import HIDDEN
from rulebook.domain.reading import seen_by_rules
from rulebook.storage import event_lists, events
from rulebook.storage.events import Event
from rulebook.storage.hooks import Hook
from rules.catalog import CatalogField, merge

AT_ONCE = 200  # bodies held in memory while many are looked at
MOST_BYTES = 1_500_000  # of bodies whose fields are added up
_MOST_CATALOGUES = 32
_catalogues: OrderedDict[tuple[str, ...], tuple[list[CatalogField], int]] = OrderedDict()
_lock = threading.Lock()


@dataclass(frozen=True)
class Past:
    """One stored event, and what rules see of it."""

    event: Event
    seen: dict[str, Any]
    hiding: Hiding


def newest(hook: Hook, limit: int) -> list[Past]:
    """The newest events whose bodies are still kept, newest first."""
    return list(older(hook, limit))


def older(hook: Hook, limit: int, than_id: str | None = None) -> Iterator[Past]:
    """Those that came before an event (without one: the newest), newest first, a few at a time."""
    while limit > 0:
        page = event_lists.newest(hook.id, min(limit, AT_ONCE), than_id)
        bodies = events.bodies_of([event.id for event in page])
        for event in page:
            if event.id in bodies:
                yield read(hook, event, bodies[event.id])
        if len(page) < AT_ONCE:
            return
        limit -= len(page)
        than_id = page[-1].id


def read(hook: Hook, event: Event, body: bytes) -> Past:
    """One event with its body."""
    seen, payload = seen_by_rules(event, hook, body)
    return Past(event, seen, Hiding(hook, event.headers, event.query, payload.value, body))


def fields_of(past: list[Past], event_type: str | None) -> tuple[list[CatalogField], int]:
    """The fields of those events that are of this type, added up, and how many events that were.

    The newest count where they are large. Kept for the next call with the same events.
    """
    same, size = [], 0
    for each in past:
        if each.event.event_type == event_type and size <= MOST_BYTES:
            same.append(each)
            size += each.event.size
    hidden = same[0].hiding.of_hook if same else None
    chosen = tuple(path.text for path in hidden.paths) if hidden else ()
    key = (*chosen, *(each.event.id for each in same))
    with _lock:
        if key in _catalogues:
            _catalogues.move_to_end(key)
            return _catalogues[key]
    merged = merge(each.seen.get("payload") for each in same)
    if hidden and chosen:
        merged = [_covered(each) if hidden.covers(each.path) else each for each in merged]
    found = merged, len(same)
    with _lock:
        _catalogues[key] = found
        while len(_catalogues) > _MOST_CATALOGUES:
            _catalogues.popitem(last=False)
    return found


def _covered(field: CatalogField) -> CatalogField:
    return replace(field, examples=(HIDDEN,), values={})
