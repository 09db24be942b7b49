"""Filters are saved by name, renamed, shared and deleted by whoever made them; what is shared, by
owners too."""

from __future__ import annotations

from rulebook.domain.actor import Actor
from rulebook.errors import Conflict, Invalid, NotFound
from rulebook.storage import db, saved
from rulebook.storage.saved import SavedFilter

LISTS = ("events", "runs")
MOST_FILTERS = 50
LONGEST_NAME = 60


def saved_filters(actor: Actor, of: str) -> list[SavedFilter]:
    """The actor's own filters of a list, and those that others share."""
    actor.must("read")
    return saved.saved_filters(actor.workspace_id, actor.user_id, of)


def find_filter(actor: Actor, of: str, filter_id: str) -> SavedFilter:
    """One of the filters of a list that the actor sees. Raises NotFound."""
    found = next((each for each in saved_filters(actor, of) if each.id == filter_id), None)
    if found is None:
        raise NotFound("filter")
    return found


def save_filter(actor: Actor, of: str, name: str, query: str, shared: bool = False) -> SavedFilter:
    """Keep a filter, as it stands in an address; sharing it needs the right to write. Raises
    Invalid, Conflict."""
    actor.must("write" if shared else "read")
    if actor.user_id is None or of not in LISTS or not query:
        raise Invalid.at("/query", "There is nothing to save yet.", "Narrow the list first.")
    if saved.count_own(actor.workspace_id, actor.user_id) >= MOST_FILTERS:
        raise Conflict(f"You have saved {MOST_FILTERS} filters.", "Delete one first.")
    kept = SavedFilter(workspace_id=actor.workspace_id, user_id=actor.user_id, of=of,
                       name=_name(name), query=query[:2000], shared=shared)  # fmt: skip
    db.session.add(kept)
    db.session.commit()
    return kept


def change_filter(actor: Actor, filter_id: str, name: str, shared: bool) -> SavedFilter:
    """Give a filter another name; share it, or share it no more. Raises NotFound, NotAllowed,
    Invalid."""
    kept = filter_to_change(actor, filter_id)
    actor.must("write" if shared else "read")
    kept.name, kept.shared = _name(name), shared
    db.session.commit()
    return kept


def delete_filter(actor: Actor, filter_id: str) -> None:
    """Delete a filter. Raises NotFound, NotAllowed."""
    db.session.delete(filter_to_change(actor, filter_id))
    db.session.commit()


def filter_to_change(actor: Actor, filter_id: str) -> SavedFilter:
    """A filter of one's own; for an owner, one that anybody shares. What others see is changed with
    the right to write alone, also by who made it. Raises NotFound, NotAllowed."""
    actor.must("read")
    kept = saved.saved_filter(actor.workspace_id, filter_id)
    if kept is None or not (_made(actor, kept) or kept.shared and actor.may("own")):
        raise NotFound("filter")
    actor.must("write" if kept.shared else "read")
    return kept


def may_change(actor: Actor, kept: SavedFilter) -> bool:
    """Whether `filter_to_change` gives it."""
    return actor.may("own") or _made(actor, kept) and (not kept.shared or actor.may("write"))


def _made(actor: Actor, kept: SavedFilter) -> bool:
    return actor.user_id is not None and kept.user_id == actor.user_id


def _name(text: str) -> str:
    name = " ".join(text.split())[:LONGEST_NAME]
    if not name:
        raise Invalid.at("/name", "The filter has no name.", "Such as Failed this week.")
    return name
