"""The search index follows what arrives: the newest events, what became of them, what was sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from rulebook.domain.hiding import Hiding
from rulebook.domain.reading import payload_in
from rulebook.domain.shown_runs import runs_shown
from rulebook.storage import db, hooks, reading, runs, search, search_cards, search_source, utcnow
from rulebook.storage.base import first_id
from rulebook.storage.runs import Run
from rulebook.storage.search import Card
from rulebook.storage.search_source import Source
from rules.terms import field_mark, terms_of

MOST_AT_ONCE = 300
MOST_TEXT = 20_000
MOST_NODES = 2_000
# Ids are made a moment before the events are stored; who comes later is found by `catch_up`.
LAG = timedelta(seconds=1)
LATE = timedelta(seconds=90)
MOST_LATE = 5_000


def index_some(now: datetime | None = None, most: int = MOST_AT_ONCE) -> bool:
    """Bring the index up to date by at most that many events. Whether more wait; harmless when
    several do it at once."""
    now = now or utcnow()
    with search.writing_index(wait=False) as index, reading():
        if index is None:
            return False
        upto, runs_upto = search.marks(index)
        fresh = search_source.sources_between(upto, first_id("evt", now - LAG), most)
        changed = _changed(index)
        if upto:
            replayed, runs_upto = search_source.replayed_after(runs_upto, 2_000)
            changed |= {event_id for event_id in replayed if event_id <= upto}
        changed -= {source.id for source in fresh}
        again = search_source.sources_of(sorted(changed)[:most]) if changed else []
        search_cards.put_cards(index, cards_of([*again, *fresh]))
        if fresh or runs_upto:
            search.set_marks(index, fresh[-1].id if fresh else upto, runs_upto)
        db.session.commit()
    return len(fresh) == most


def catch_up(now: datetime | None = None) -> int:
    """Index what was stored later than events with higher ids; how many there were."""
    now = now or utcnow()
    with search.writing_index(wait=False) as index, reading():
        if index is None:
            return 0
        upto, _ = search.marks(index)
        end = min(first_id("evt", now - LAG), upto)
        ids = search_source.ids_between(first_id("evt", now - LATE), end, MOST_LATE)
        late = search_cards.missing(index, ids)
        if late:
            search_cards.put_cards(index, cards_of(search_source.sources_of(late)))
        db.session.commit()
    return len(late)


def reread_some(most: int = MOST_AT_ONCE) -> bool:
    """Make the words of earlier events anew where a field was hidden or shown since, newest first,
    of so many; whether there was anything to do. Harmless when several do it at once, and when one
    dies in the middle: how far it has come is noted last."""
    with search.writing_index(wait=False) as index, reading():
        waiting = hooks.next_to_reread() if index is not None else None
        if index is None or waiting is None:
            db.session.commit()
            return False
        hook_id, below = waiting
        upto, _ = search.marks(index)
        ids = search_source.ids_of_hook(hook_id, below, most)
        known = [each for each in ids if each <= upto]
        search_cards.forget_words(index, known)
        search_cards.put_cards(index, cards_of(search_source.sources_of(known)))
        db.session.commit()
    hooks.note_reread(hook_id, below, ids[-1] if len(ids) == most else None)
    db.session.commit()
    return True


def _changed(index: Connection) -> set[str]:
    """Events whose card says that they wait for judging, and that do so no more."""
    waiting = search_cards.waiting_cards(index, 500)
    states = search_source.states_of(waiting) if waiting else {}
    return {each for each in waiting if states.get(each) not in ("received", "processing")}


def cards_of(sources: Sequence[Source]) -> list[Card]:
    """The events as the index keeps them, with the words of what was sent for them."""
    ids = [source.id for source in sources]
    met = search_source.rules_met(ids) if ids else {}
    read = {source.id: _hiding(source) for source in sources if source.body is not None}
    said = _said(read)
    return [
        Card(
            source.id,
            source.workspace_id,
            source.hook_id,
            source.event_type or "",
            outcome_of(source.state, source.matched),
            source.verification,
            tuple(sorted(met.get(source.id, ()))),
            _words(source, read[source.id], said[source.id]) if source.id in read else None,
        )
        for source in sources
    ]


def _hiding(source: Source) -> Hiding:
    body = source.body or b""
    value = payload_in(body, source.content_type, source.hook.provider, source.part).value
    return Hiding(source.hook, source.headers, source.query, value, body)


def _said(read: Mapping[str, Hiding]) -> dict[str, list[str]]:
    """What was sent for these events; what templates made of hidden fields is left out."""
    said: dict[str, list[str]] = {event_id: [] for event_id in read}
    plain = [event_id for event_id, hiding in read.items() if not hiding.hides_fields]
    for event_id, summary, message in search_source.messages_of(plain) if plain else ():
        said[event_id] += [summary, *_texts(message)]
    of_workspace: dict[str, list[Run]] = {}
    for some in runs.runs_of_events([*(read.keys() - set(plain))]).values():
        for run in some:
            of_workspace.setdefault(run.workspace_id, []).append(run)
    for some in of_workspace.values():
        for run in runs_shown(some):
            said[run.event_id] += [run.summary, *_texts(run.message)]
    return said


def outcome_of(state: str, matched: int) -> str:
    """An event's outcome in one word: its state, and whether any rule was met."""
    return ("matched" if matched else "unmatched") if state == "done" else state


def _words(source: Source, hiding: Hiding, said: Iterable[str]) -> frozenset[str]:
    texts = [source.event_type or "", source.provider_id or "", hiding.query]
    texts += [hiding.text(text) for text in (source.gist, *said)]
    marks = _look_through(hiding.payload, texts)
    return frozenset(terms_of("\n".join(texts)[:MOST_TEXT]) | marks)


def _look_through(value: object, texts: list[str]) -> set[str]:
    """Add the texts and numbers of a payload; the marks of its fields. Bounded."""
    marks: set[str] = set()
    waiting: list[tuple[tuple[str, ...], object]] = [((), value)]
    for _ in range(MOST_NODES):
        if not waiting:
            break
        names, found = waiting.pop()
        if names:
            marks.add(field_mark(names))
        if isinstance(found, dict):
            waiting += [((*names, str(key)), found[key]) for key in reversed(found)]
        elif isinstance(found, list):
            waiting += [(names, item) for item in reversed(found[:MOST_NODES])]
        elif isinstance(found, str):
            texts.append(found)
        elif found is not None and not isinstance(found, bool):
            texts.append(str(found))
    return marks


def _texts(value: object) -> list[str]:
    """The texts and numbers that a value is, or that a message holds."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, bool) or value is None:
        return []
    if isinstance(value, (dict, list)):
        inside = value.values() if isinstance(value, dict) else value
        return [text for each in inside for text in _texts(each)]
    return [str(value)]


def forget_words(event_ids: Sequence[str]) -> None:
    """Take the words of these events out of the index."""
    if not event_ids:
        return
    with search.writing_index() as index:
        if index is not None:
            search_cards.forget_words(index, event_ids)


def purge_some() -> bool:
    """Take what was forgotten off the disk, some of it; whether there was anything."""
    with search.writing_index() as index:
        found = index is not None and search_cards.purge(index)
    search.move_index_log()
    return found


def begin_anew(problem: Exception) -> bool:
    """Throw the index away if this problem says that its file is damaged; whether it was."""
    return search.discard(problem)
