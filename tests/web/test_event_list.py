"""The list of events: its filter lives in the address, its rows never move under the reader."""

from __future__ import annotations

import re

from flask import Flask

from rulebook.domain import history
from tests.people import Person
from tests.web.shop import Shop, first, sqlite_only, text


def test_the_list_is_narrowed_by_its_address(app: Flask, ada: Person, monkeypatch) -> None:
    shop = Shop(app, ada, provider="stripe")
    shop.rule(path="$.amount")
    other = Shop(app, ada, name="Contact form")
    shop.sends({"id": "1", "type": "invoice.paid", "amount": 99, "name": "Jenny Rosen"})
    shop.sends({"id": "2", "type": "charge.refunded", "amount": 1, "name": "Pine Street"})
    other.sends({"name": "Harbour"})

    def found(query: str) -> set[str]:
        page = ada.get(f"/events?{query}").get_data(as_text=True)
        return {
            name for name in ("Jenny Rosen", "Pine Street", "Harbour") if f">{name}</a>" in page
        }

    everyone = {"Jenny Rosen", "Pine Street", "Harbour"}
    assert found("") == everyone
    assert found("q=pine+street") == {"Pine Street"}
    assert found(f"hook={other.hook.id}") == {"Harbour"}
    assert found("type=invoice.paid") == {"Jenny Rosen"}
    assert found("state=matched") == {"Jenny Rosen"}
    assert found("state=unmatched") == {"Pine Street", "Harbour"}
    assert found("state=failed") == set()
    assert found("after=2001-01-01&before=2001-01-02") == set()
    assert found("after=2001-01-01") == everyone == found("after=nonsense&state=nonsense")
    told = text(ada.get("/events?q=nobody&state=matched"))
    assert "None of 3 events fits" in told and "Drop all of it" in told
    monkeypatch.setattr(history, "MOST_COUNTED", 2)
    assert "None of 2 or more events fits" in text(ada.get("/events?q=nobody"))
    assert "Text me big payments" in text(ada.get("/events?state=matched"))
    assert "1 kept, not sent" in text(ada.get("/events?state=matched"))
    assert "missed by one: amount is 1" in text(ada.get("/events?type=charge.refunded"))


@sqlite_only
def test_no_events_at_all_say_where_to_begin(app: Flask, ada: Person) -> None:
    assert "No events yet" in text(ada.get("/events"))


@sqlite_only
def test_new_events_wait_behind_a_bar_and_rows_stay(app: Flask, ada: Person) -> None:
    shop = Shop(app, ada)
    shop.sends({"name": "First"}, judged=False)
    page = ada.get("/events").get_data(as_text=True)
    poll = first(r'id="list" hx-get="([^"]+)"', page)
    assert "new event" not in ada.get(poll).get_data(as_text=True)
    shop.sends({"name": "Second"})
    shop.sends({"name": "Third"})
    part = ada.get(poll).get_data(as_text=True)
    assert "2 new events: show them" in part
    assert ">First</a>" in part, "the row's own news are shown in its place"
    assert "Second" not in part and "Third" not in part
    assert "Third" in ada.get("/events").get_data(as_text=True)


@sqlite_only
def test_an_empty_list_that_asks_again_counts_what_came(app: Flask, ada: Person) -> None:
    page = ada.get("/events").get_data(as_text=True)
    poll = first(r'id="list" hx-get="([^"]+)"', page)
    Shop(app, ada).sends({"name": "First"})
    assert "1 new event: show it" in text(ada.get(poll))


@sqlite_only
def test_pages_lead_older_and_back_to_the_newest(app: Flask, ada: Person, monkeypatch) -> None:
    monkeypatch.setattr("web.finder.SHOWN", 2)
    shop = Shop(app, ada)
    for name in "ABCDE":
        shop.sends({"name": f"Name {name}"})

    def names(page: str) -> str:
        return "".join(re.findall(r">Name (\w)</a>", page))

    def follow(page: str, word: str) -> str:
        link = first(rf'rel="{word}" href="([^"]+)"', page)
        return ada.get(link).get_data(as_text=True)

    newest = ada.get("/events?state=unmatched").get_data(as_text=True)
    second = follow(newest, "next")
    third = follow(second, "next")
    assert [names(page) for page in (newest, second, third)] == ["ED", "CB", "A"]
    assert names(follow(third, "prev")) == "ED"
    assert 'rel="next"' not in third and 'rel="prev"' not in newest
    assert "state=unmatched" in first(r'rel="prev" href="([^"]+)"', second)
