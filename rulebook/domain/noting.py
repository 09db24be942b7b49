"""What the field pickers go by: the fields that events have shown, noted after they were judged.

A worker gathers what many events showed and writes it down once in a while (`Notes`), for a
catalogue is no promise to a sender: what a crash takes from it is a few counts.
"""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from datetime import datetime

from rulebook.domain.hiding import Hiding
from rulebook.domain.masking import HIDDEN
from rulebook.storage import db, fields, hooks, utcnow
from rulebook.storage.fields import Sighting
from rules.catalog import fields_of

MOST_AT_ONCE = 100


class Notes:
    """Sightings by hook and path, until they are written down."""

    def __init__(self) -> None:
        self._seen: dict[str, defaultdict[str, Sighting]] = {}
        self._events: Counter[str] = Counter()
        self._lock = threading.Lock()

    def add(self, hook_id: str, value: object, hiding: Hiding) -> None:
        """What the payload of one event of this hook shows; of a burst, the first hundred. Of what
        is hidden there is no example."""
        if self._events[hook_id] >= MOST_AT_ONCE:
            return
        shown, covering = fields_of(value), hiding.hides_fields or hiding.texts
        with self._lock:
            self._events[hook_id] += 1
            of_hook = self._seen.setdefault(hook_id, defaultdict(Sighting))
            for each in shown:
                example = each.example
                if covering:
                    covers = hiding.of_hook.covers(each.path)
                    example = HIDDEN if covers else hiding.value(example)
                of_hook[each.path].add(each.kind, example)

    def write_down(self, now: datetime | None = None) -> None:
        """Add it all to the catalogues. Commits."""
        with self._lock:
            seen, self._seen = self._seen, {}
            self._events.clear()
        # One worker at a time changes a catalogue, and all take the hooks in one order, so that
        # none waits for the other in a ring.
        for hook_id in sorted(seen):
            hooks.lock_hook(hook_id)
            fields.see(hook_id, seen[hook_id], now or utcnow())
            db.session.commit()
