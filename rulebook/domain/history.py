"""Looking through what arrived: events by what they are, by words, by what their fields hold.

Where the search index has looked already, it says which events to look at; what came since is
looked at itself. Whatever is found is checked against the event as it is now. The work for one
page is bounded: what is not looked through is said, and `next` says where to go on.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rulebook.domain.actor import Actor
from rulebook.domain.asking import FieldAsked, holds
from rulebook.domain.hiding import Hiding
from rulebook.domain.indexing import cards_of, outcome_of
from rulebook.domain.reading import payload_in
from rulebook.storage import event_lists, events, finding, hooks, search_source
from rulebook.storage.event_lists import EventFilter
from rulebook.storage.events import Event, Readable
from rulebook.storage.finding import Wanted
from rules import terms

MOST_JUDGED = 50_000
SECONDS = 0.15
SECONDS_IN_FIELDS = 0.03  # a list is to be there at once, and one may look further
MOST_COUNTED = 10_000
STEP = 100  # time is looked at after each
MOST_FRESH = 100
_ID = re.compile(r"[a-z]+_[0-9a-f]{32}")


@dataclass(frozen=True)
class Page:
    """Some events, newest first. `next`: the id to go on behind, None at the end; `judged`: how
    many payloads were looked into; `unfinished`: the looking ended before there were enough."""

    events: list[Event]
    next: str | None
    judged: int = 0
    unfinished: bool = False


@dataclass(frozen=True)
class _Step:
    """Some ids to look at; `sure`: the index has looked at words and rules already. `upto`: how far
    the looking has come with them."""

    ids: Sequence[str]
    sure: bool
    upto: str


def search(
    actor: Actor,
    narrowed: EventFilter,
    limit: int,
    before_id: str | None = None,
    fields: Sequence[FieldAsked] = (),
    upto_id: str | None = None,
) -> Page:
    """Events newest first, older than `before_id`, or from `upto_id` on. At most 50,000 payloads
    and 0.15 seconds are spent on one page, 0.03 where fields are asked for. Raises Invalid."""
    actor.must("read")
    before = before_id if before_id and _ID.fullmatch(before_id) else None
    upto = upto_id if upto_id and _ID.fullmatch(upto_id) else None
    if narrowed == EventFilter() and not fields:
        found = event_lists.page_of_events(actor.workspace_id, narrowed, limit + 1, before, upto)
        more = len(found) > limit
        return Page(found[:limit], found[limit - 1].id if more else None)
    before = before or (_just_after(upto) if upto else None)
    return _Look(actor.workspace_id, narrowed, fields).page(limit, before)


def count_fresh(
    actor: Actor, narrowed: EventFilter, than_id: str, fields: Sequence[FieldAsked] = ()
) -> int:
    """How many events that fit came after this one, counted up to 100."""
    actor.must("read")
    if narrowed == EventFilter() and not fields:
        return event_lists.count_newer(actor.workspace_id, narrowed, than_id, MOST_FRESH)
    page = _Look(actor.workspace_id, narrowed, fields, than_id).page(MOST_FRESH, None)
    return sum(event.id > than_id for event in page.events)


def count_all(actor: Actor) -> int:
    """How many events there are in all, counted up to `MOST_COUNTED`."""
    actor.must("read")
    known = finding.count_cards(actor.workspace_id, MOST_COUNTED)
    left = MOST_COUNTED - known
    upto = finding.upto()
    return known + event_lists.count_newer(actor.workspace_id, EventFilter(), upto, left)


def _just_after(event_id: str) -> str:
    """The id that comes right after this one, so that "older than it" begins with it."""
    return f"{event_id[:4]}{int(event_id[4:], 16) + 1:032x}"


class _Look:
    """One looking through the events of a workspace."""

    def __init__(
        self,
        workspace_id: str,
        narrowed: EventFilter,
        fields: Sequence[FieldAsked],
        after_id: str = "",
    ) -> None:
        self.workspace_id, self.narrowed, self.fields = workspace_id, narrowed, fields
        self.after_id = after_id
        self.words = terms.asked(narrowed.text or "")
        self.unread = hooks.to_reread(workspace_id) if self.words else {}
        self.judged = 0

    def page(self, limit: int, before: str | None) -> Page:
        found: list[Event] = []
        if self.narrowed.text and not self.words:
            return Page(self._by_id(), None)
        seconds = SECONDS_IN_FIELDS if self.fields else SECONDS
        ends, reached = time.monotonic() + seconds, before
        for step in self._steps(before, limit, ends):
            for event in self._fitting(step):
                found.append(event)
                if len(found) > limit:
                    return Page(found[:limit], found[limit - 1].id, self.judged)
            reached = step.upto
            if self.after_id and reached <= self.after_id:
                break
            if self.judged >= MOST_JUDGED or time.monotonic() > ends:
                return Page(found, reached, self.judged, unfinished=True)
        return Page(found or self._by_id(), None, self.judged)

    def _by_id(self) -> list[Event]:
        """The event itself whose id was typed."""
        event = events.event(self.workspace_id, (self.narrowed.text or "").strip())
        return [event] if event is not None else []

    def _steps(self, before: str | None, limit: int, ends: float) -> Iterator[_Step]:
        workspace_id, states = self.workspace_id, self.narrowed.run_states
        if states:
            while ids := search_source.events_in_states(workspace_id, states, before, STEP):
                yield _Step(ids, False, ids[-1])
                before = ids[-1]
            return
        upto = finding.upto()
        while ids := event_lists.ids_after(workspace_id, upto, before, STEP):
            yield _Step(ids, False, ids[-1])
            before = ids[-1]
        size = STEP if self.fields else limit + 1
        wanted = self._wanted()
        while True:
            seen = finding.find(wanted, size, before, ends - time.monotonic())
            if seen.event_ids:
                before = seen.event_ids[-1]
                yield _Step(seen.event_ids, True, before)
            if seen.unseen is not None:
                before = _just_after(seen.unseen)
                yield _Step([], True, before)
            elif not seen.more:
                return

    def _wanted(self) -> Wanted:
        narrowed = self.narrowed
        return Wanted(
            self.workspace_id,
            narrowed.hook_id,
            narrowed.event_type,
            OUTCOMES.get(narrowed.state, (narrowed.state,)) if narrowed.state else (),
            narrowed.verification,
            narrowed.rule_id,
            narrowed.after,
            narrowed.before,
            tuple(each.beginnings for each in self.words),
            tuple(each.beginnings for field in self.fields for each in field.words),
            tuple(dict.fromkeys(field.mark for field in self.fields if field.mark)),
        )

    def _fitting(self, step: _Step) -> list[Event]:
        ids = [each for each in step.ids if each > self.after_id]
        if self.fields:
            ids = self._with_fields(ids)
        found = [each for each in events.events_by_id(self.workspace_id, ids) if self._fits(each)]
        if step.sure:
            return self._with_seen_words(found)
        if not found:
            return found
        self.judged += 0 if self.fields else len(found)
        return self._with_words(self._with_rule(found))

    def _with_fields(self, ids: Sequence[str]) -> list[str]:
        self.judged += len(ids)
        bodies = events.readable_bodies_of(ids)
        return [each for each in ids if each in bodies and self._holds(bodies[each])]

    def _holds(self, one: Readable) -> bool:
        value = payload_in(one.body, one.content_type, one.hook.provider, one.part).value
        # Nobody finds out by asking what is hidden.
        value = Hiding(one.hook, one.headers, one.query, value, one.body).payload
        return all(holds(each, value) for each in self.fields)

    def _fits(self, event: Event) -> bool:
        narrowed = self.narrowed
        outcome = outcome_of(event.state, event.matched)
        return (
            narrowed.hook_id in (None, event.hook_id)
            and narrowed.event_type in (None, event.event_type)
            and narrowed.verification in (None, event.verification)
            and (not narrowed.state or outcome in OUTCOMES.get(narrowed.state, (narrowed.state,)))
            and (narrowed.after is None or event.received_at >= narrowed.after)
            and (narrowed.before is None or event.received_at < narrowed.before)
        )

    def _with_rule(self, found: list[Event]) -> list[Event]:
        if not self.narrowed.rule_id:
            return found
        met = search_source.rules_met([event.id for event in found])
        return [each for each in found if self.narrowed.rule_id in met.get(each.id, ())]

    def _with_seen_words(self, found: list[Event]) -> list[Event]:
        """Those that have the words still, where a field was hidden since the index looked."""
        unsure = [each for each in found if each.id < self.unread.get(each.hook_id, "")]
        self.judged += len(unsure)
        kept = {each.id for each in self._with_words(unsure)}
        return [each for each in found if each.id in kept or each not in unsure]

    def _with_words(self, found: list[Event]) -> list[Event]:
        if not self.words or not found:
            return found
        cards = cards_of(search_source.sources_of([event.id for event in found]))
        words = {card.event_id: card.words or () for card in cards}
        return [each for each in found if terms.holds(words.get(each.id, ()), self.words)]


# An event that is done has one of two outcomes.
OUTCOMES = {"done": ("matched", "unmatched"), "waiting": ("received", "processing")}
