"""The event's page: what is known of each step, what was sent and how it differs."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from rulebook.storage import db, events
from rulebook.storage.base import utcnow
from rulebook.storage.runs import Run
from tests.people import Person
from tests.web.shop import Shop, first, sqlite_only, text
from tests.work import work
from web.shown import EVENT_WORDS


def headline(answer) -> str:
    return first(r'id="headline"[^>]*>([^<]*)<', answer.get_data(as_text=True))


@sqlite_only
def test_steps_say_what_is_known_and_can_be_linked_to(app: Flask, ada: Person) -> None:
    shop = Shop(app, ada)
    rule = shop.rule()
    near = shop.rule(name="Near", value=100)
    page = ada.get(shop.sends({"amount": 99}))
    told = text(page)
    assert "Anyone with this web address can trigger this." in told
    assert "8 letters, 1 segment." in told and "What happened" in told
    for anchor in ("received", "checked", "delivery", f"rule-{rule.id}", f"rule-{near.id}"):
        assert f'id="{anchor}"' in page.text


@sqlite_only
def test_times_stand_on_the_readers_clock_beside_what_was_sent(app: Flask, ada: Person) -> None:
    shop = Shop(app, ada)
    sent = {"created": 1_761_998_400, "at": "2025-11-01T13:00:00Z", "times": ["2025-11-01"]}
    told = text(ada.get(shop.sends(sent)))
    assert "created 1761998400 1 Nov 2025, 12:00:00" in told
    assert "at 2025-11-01T13:00:00Z 1 Nov 2025, 13:00:00" in told


@sqlite_only
def test_a_report_is_waited_for_and_told_in_the_headline(app: Flask, ada: Person) -> None:
    shop = Shop(app, ada)
    shop.rule()
    here = shop.sends({"amount": 99})
    with app.app_context():
        run = db.session.scalars(select(Run)).one()
        run.practice, run.provider_ref = False, "SM1"
        db.session.commit()
    assert 'hx-trigger="every 5s"' in ada.get(here).text
    with app.app_context():
        run = db.session.scalars(select(Run)).one()
        run.delivery, run.delivery_at = "delivered", utcnow().replace(hour=14, minute=3, second=7)
        db.session.commit()
    page = ada.get(here)
    assert headline(page) == "Matched 1 of 1 rule. 1 SMS sent, delivered 14:03:07."
    assert 'id="follow"' not in page.text and "Report: delivered" in text(page)


@sqlite_only
def test_a_test_that_a_person_asked_for_is_called_one(app: Flask, ada: Person) -> None:
    shop = Shop(app, ada)
    shop.rule()
    here = shop.sends({"amount": 99})
    with app.app_context():
        db.session.scalars(select(Run)).one().test = True
        db.session.commit()
    assert "1 test SMS kept in the Practice outbox, not sent." in headline(ada.get(here))


@sqlite_only
def test_a_run_leads_to_its_step_and_waits_for_its_report(app: Flask, ada: Person) -> None:
    shop = Shop(app, ada)
    shop.rule()
    here = shop.sends({"amount": 99})
    with app.app_context():
        run = db.session.scalars(select(Run)).one()
        run.practice, run.provider_ref, run_id = False, "SM1", run.id
        db.session.commit()
    page = ada.get(f"/runs/{run_id}").text
    assert f'href="{here}#run-{run_id}"' in page and 'hx-trigger="every 5s"' in page


@sqlite_only
def test_todays_rules_are_tried_and_send_nothing(app: Flask, ada: Person, cy: Person) -> None:
    shop = Shop(app, ada)
    here = shop.sends({"amount": 99})
    assert "There are no rules on this hook today. Nothing was sent." in text(
        ada.get(f"{here}/try")
    )
    shop.rule(name="Stops", options={"stop": True})
    shop.rule(name="Below")
    shop.rule(name="Huge", value=5000)
    shop.rule("off", name="Asleep")
    told = text(ada.get(f"{here}/try"))
    assert "1 of 4 would match. Nothing was sent." in told
    assert "Stops Live Would send SMS to +1 415 555 0123." in told
    assert "Below Live Its conditions fit, but another rule keeps it from being looked at." in told
    assert "Huge Live Missed by one condition : amount is 99, needs" in told
    assert "Asleep Off Its conditions fit, but it is off." in told
    assert cy.get(f"{here}/try").status_code == 404
    work(app)
    with app.app_context():
        assert not db.session.scalars(select(Run)).all()


@sqlite_only
def test_what_was_sent_is_searched_by_name_and_by_value(app: Flask, ada: Person) -> None:
    shop = Shop(app, ada)
    here = shop.sends(
        {"customer": {"name": "Jenny", "city": "Oslo"}, "big": 2**70, "tea": "x" * 900}
    )
    page = ada.get(here)
    assert str(2**70) in page.text and "900 letters" in text(page)
    found = text(ada.get(f"{here}?find=jen"))
    assert "Only what holds “jen”" in found and "customer name Jenny" in found
    assert "Oslo" not in found
    assert "city Oslo" in text(ada.get(f"{here}?find=CITY"))
    assert "Nothing here holds “coffee”" in text(ada.get(f"{here}?find=coffee"))


@sqlite_only
def test_an_event_is_compared_with_the_one_before_it_of_its_type(app: Flask, ada: Person) -> None:
    shop = Shop(app, ada, provider="stripe")
    first_one = shop.sends({"id": "1", "type": "a", "n": 1, "old": True, "l": [1, 2]})
    shop.sends({"id": "2", "type": "b", "n": 9})
    shop.sends({"id": "1", "type": "a", "n": 1})  # seen before
    here = shop.sends({"id": "3", "type": "a", "n": 2, "new": "x", "l": [1, 3]})
    page = ada.get(f"{here}?view=difference")
    told = text(page)
    assert f'href="{first_one}">the one before it' in page.text
    for words in ("n changed before 1 here 2", "new new here x", "old gone before yes",
                  "l 2 changed before 2 here 3"):  # fmt: skip
        assert words in told
    assert "There is no earlier event of this type" in text(ada.get(f"{first_one}?view=difference"))


@sqlite_only
def test_secrets_in_headers_stay_hidden(app: Flask, ada: Person) -> None:
    shop = Shop(app, ada)
    here = shop.sends({"n": 1}, headers={"Authorization": "Bearer tea", "X-Hub-Signature": "ab"})
    for view in ("headers", "bytes"):
        told = ada.get(f"{here}?view={view}").text
        assert "Bearer tea" not in told and "ab" in told


@sqlite_only
@pytest.mark.parametrize("state", sorted(set(EVENT_WORDS) - {"matched", "unmatched"}))
def test_every_state_has_its_words_in_list_and_page(app: Flask, ada: Person, state: str) -> None:
    here = Shop(app, ada).sends({"n": 1}, judged=False)
    with app.app_context():
        event = events.event_by_id(here.rpartition("/")[2])
        event.state, event.reason = state, "Tea was asked for."
        db.session.commit()
    assert EVENT_WORDS[state][1] in text(ada.get("/events"))
    assert headline(ada.get(here)) and ada.get(here).status_code == 200
