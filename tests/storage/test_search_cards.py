"""Each event has a card of its own in the index, also where several came in one moment."""

from __future__ import annotations

from flask import Flask

from rulebook.storage import search, search_cards
from rulebook.storage.search import Card

MOMENT = 0x019A2212_53E8


def card(number: int, after: int = 0, outcome: str = "matched") -> Card:
    """The event with this number of those in one millisecond, so many after the first."""
    event_id = f"evt_{MOMENT + after:012x}7{number:019x}"
    return Card(event_id, "wsp_a", "hook_a", "paid", outcome, "none", (), frozenset({"paid"}))


def put(app: Flask, *some: Card) -> list[int]:
    """Put them into the index; the places of all that are there, by their ids."""
    with app.app_context(), search.writing_index() as index:
        assert index is not None
        search_cards.put_cards(index, some)
        ids = sorted(card(n, after).event_id for n in range(40) for after in range(3))
        known = search_cards.places_of(index, ids)
        return [known[event_id] for event_id in sorted(known)]


def test_a_card_that_is_written_anew_keeps_its_place_from_others(app: Flask) -> None:
    [first] = put(app, card(0, outcome="received"))
    places = put(app, card(0), card(1))
    assert places[0] == first and len(set(places)) == 2


def test_many_events_of_one_moment_have_a_place_each(app: Flask) -> None:
    assert len(set(put(app, *(card(n) for n in range(20))))) == 20
    # Also those that came after the places of their moment were given away.
    assert len(set(put(app, *(card(n, after=1) for n in range(20))))) == 40
    places = put(app, card(20), card(21), card(0, after=2), *(card(n) for n in range(3)))
    assert len(set(places)) == 43
