"""Each event has a card of its own in the index, also where several came in one moment."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from flask import Flask

from rulebook.storage import finding, search, search_cards
from rulebook.storage.finding import Wanted
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


def test_more_events_of_one_moment_than_are_looked_through_together_have_a_place_too(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_cards, "SAME_MOMENT", 16)
    put(app, card(0, after=2))
    one_by_one = [put(app, *(card(n) for n in range(at, at + 10))) for at in range(0, 40, 10)]
    assert len(set(one_by_one[-1])) == 41
    assert put(app, *(card(n) for n in range(39, -1, -1))) == one_by_one[-1]
    late = put(app, *(card(n, after=1) for n in range(10)))
    assert len(set(late)) == 51
    with app.app_context(), search.writing_index() as index:
        assert index is not None
        assert search_cards.missing(index, [card(n).event_id for n in range(41)]) == [
            card(40).event_id
        ]


@pytest.mark.parametrize("words", [(), (("paid",),)])
def test_whoever_was_crowded_out_of_a_moment_is_found_in_it(
    app: Flask, monkeypatch: pytest.MonkeyPatch, words: tuple[tuple[str, ...], ...]
) -> None:
    monkeypatch.setattr(search_cards, "SAME_MOMENT", 16)
    monkeypatch.setattr(finding, "SAME_MOMENT", 16, raising=False)
    crowd = [card(n) for n in range(70)]
    put(app, *crowd)
    ids = [each.event_id for each in crowd]
    ends = datetime.fromtimestamp((MOMENT + 1) / 1000, UTC)
    with app.app_context():
        wanted = Wanted("wsp_a", words=words, before=ends)
        assert sorted(finding.find(wanted, 100, None).event_ids) == ids
        assert finding.find(wanted, 100, ids[60]).event_ids == ids[59::-1]
        # Before one that has no card yet.
        assert finding.find(wanted, 100, card(100).event_id).event_ids == ids[::-1]
