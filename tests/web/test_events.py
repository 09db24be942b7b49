"""The events' pages: find one, see why each rule was met or not, replay it."""

from __future__ import annotations

import json
import re

import pytest
from flask import Flask
from sqlalchemy import select

from rulebook.domain import rules as rule_verbs
from rulebook.domain.hooks import change_hook
from rulebook.storage import connections, db, events
from rulebook.storage.attempts import Attempt
from rulebook.storage.base import utcnow
from rulebook.storage.rules import version
from rulebook.storage.runs import Run
from tests.people import Person
from tests.web.shop import Shop, first, sqlite_only, text
from tests.work import work


def headline(answer) -> str:
    return first(r'id="headline"[^>]*>([^<]*)<', answer.get_data(as_text=True))


def test_a_match_and_a_near_miss_are_told_from_top_to_bottom(app: Flask, ada: Person) -> None:
    shop = Shop(app, ada)
    shop.rule()
    shop.rule(name="Huge payments", value=5000)
    page = ada.get(shop.sends({"amount": "120.50", "from": "Jenny"}))
    assert headline(page) == ("Matched 1 of 2 rules. 1 SMS kept in the Practice outbox, not sent.")
    told = text(page)
    for step in (
        "Received POST,", "Rule: Text me big payments, matched",
        "Judged by version 1, the one of today.", "met: Amount is at least 50 120.50",
        "Run: SMS to +1 415 555 0123", "Paid: 120.50", "Attempt 1: kept",
        "Kept in the Practice outbox. Nothing was sent.",
    ):  # fmt: skip
        assert step in told
        told = told.partition(step)[2]
    assert "Huge payments Live Missed by one condition : amount is “120.50”, needs" in told
    assert "not met: Amount is at least 5000" in told
    looked = re.findall(r'class="leaf looked"><span class="k">(\w+)', page.get_data(as_text=True))
    assert looked == ["amount"]


@sqlite_only
def test_a_missing_field_says_how_far_one_gets(app: Flask, ada: Person) -> None:
    shop = Shop(app, ada)
    shop.rule(path="$.data.items")
    told = text(ada.get(shop.sends({"data": {"item": 3}})))
    assert "there is data, but data has no items; did you mean item?" in told
    assert "Items is at least 50 not there" in told


@sqlite_only
def test_groups_and_items_stand_in_their_own_rows(app: Flask, ada: Person) -> None:
    shop = Shop(app, ada)
    line = {"path": "@.price", "test": "number.more_than", "value": 40}
    country = {"path": "$.country", "test": "text.is", "value": "US"}
    shop.rule(when={"all": [
        {"items": "$.lines", "where": {"all": [line]}},
        {"any": [country, {**country, "path": "$.channel", "value": "shop"}]},
    ]})  # fmt: skip
    page = ada.get(shop.sends({"lines": [{"price": 9}, {"price": 89}], "country": "US",
                               "channel": "web"}))  # fmt: skip
    told = text(page)
    assert "met: At least one of lines fits all of these 1 of 2 Item 2 of 2 is shown" in told
    assert "met: Price is more than 40 89" in told
    assert "met: Any of these 1 or more 1 of 2" in told
    assert "not met: Channel is “shop” web" in told
    looked = re.findall(r'leaf looked"><span class="k">(\w+)</span><span class="v">(\w+)',
                        page.get_data(as_text=True))  # fmt: skip
    assert ("price", "89") in looked and ("country", "US") in looked


@sqlite_only
def test_a_rule_that_was_off_says_that_it_took_no_part(app: Flask, ada: Person) -> None:
    shop = Shop(app, ada)
    shop.rule(mode="off")
    told = text(ada.get(shop.sends({"amount": 99})))
    assert "No rule was on for this hook." in told
    assert "It was off when the event came. Its conditions fit." in told
    assert "No rules on this hook yet" not in told


@sqlite_only
def test_a_rule_edited_since_shows_the_version_it_was_judged_by(app: Flask, ada: Person) -> None:
    shop = Shop(app, ada)
    rule = shop.rule()
    page = shop.sends({"amount": 99})
    with app.app_context():
        document = {**version(rule.id, 1).document, "name": "Text me"}
        rule_verbs.save_rule(ada.actor, rule.id, document)
    told = text(ada.get(page))
    assert "Judged by version 1. You are now on 2: see what changed" in told
    assert "The name was “Text me big payments”, now it is “Text me”." in told
    assert f'href="/rules/{rule.id}/versions#v1"' in ada.get(page).get_data(as_text=True)


@sqlite_only
def test_an_event_that_waits_asks_again_until_it_is_settled(app: Flask, ada: Person) -> None:
    shop = Shop(app, ada)
    shop.rule()
    here = shop.sends({"amount": 99}, judged=False)
    page = ada.get(here).get_data(as_text=True)
    assert f'hx-get="{here}?part=event' in page and 'hx-trigger="every 1s"' in page
    work(app)
    part = ada.get(f"{here}?part=event").get_data(as_text=True)
    assert "Matched 1 of 1 rule." in part and 'id="follow"' not in part and "<html" not in part


@sqlite_only
def test_an_event_without_rules_offers_to_make_one(app: Flask, ada: Person) -> None:
    shop = Shop(app, ada)
    here = shop.sends({"amount": 99})
    page = ada.get(here)
    assert "No rules on this hook yet" in text(page)
    link = f"/rules/new?hook={shop.hook.id}&amp;event={here.rpartition('/')[2]}"
    assert link in page.get_data(as_text=True)


@sqlite_only
def test_repeats_are_listed_with_their_first_delivery(app: Flask, ada: Person) -> None:
    shop = Shop(app, ada, provider="stripe")
    delivery = shop.sends({"id": "evt_1", "type": "invoice.paid"})
    again = shop.sends({"id": "evt_1", "type": "invoice.paid"})
    assert "1 more delivery was ignored" in text(ada.get(delivery))
    page = ada.get(again)
    assert headline(page).startswith("Seen before.")
    assert f'href="{delivery}"' in page.get_data(as_text=True)
    assert "Seen before" in text(ada.get("/events"))


@sqlite_only
def test_a_refused_event_says_why(app: Flask, ada: Person) -> None:
    shop = Shop(app, ada, provider="stripe", secret="whsec_linden")
    page = ada.get(shop.sends({"amount": 99}))
    assert headline(page).startswith("Refused. Kept, but not judged")
    assert "Stripe-Signature" in text(page) or "signature" in text(page)
    assert "kept, not judged" in text(ada.get("/events?state=refused"))
    assert "as soon as its signature is right" in text(page)
    too_early = ada.get(f"{page.request.path}/replay")
    assert too_early.status_code == 409 and "still not right" in text(too_early)
    with app.app_context():
        change_hook(ada.actor, shop.hook.id, secret="")
    assert "By what the hook checks today" in text(ada.get(f"{page.request.path}/replay"))


@sqlite_only
def test_the_exact_bytes_are_shown_and_downloaded_never_run(app: Flask, ada: Person) -> None:
    shop = Shop(app, ada)
    nasty = b'{"note": "<script>alert(1)</script>", }'
    here = shop.sends(nasty, content_type="application/json")
    page = ada.get(here)
    assert "The body is not valid JSON: line 1, column" in text(page)
    assert b"<script>alert" not in page.data
    assert "&lt;script&gt;alert(1)" in ada.get(f"{here}?view=bytes").get_data(as_text=True)
    saved = ada.get(f"{here}/body")
    assert saved.data == nasty
    assert saved.headers["Content-Type"] == "application/octet-stream"
    assert saved.headers["Content-Disposition"].startswith("attachment;")
    assert saved.headers["X-Content-Type-Options"] == "nosniff"
    assert saved.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"


@sqlite_only
def test_binary_is_shown_as_digits_and_headers_as_they_came(app: Flask, ada: Person) -> None:
    shop = Shop(app, ada)
    here = shop.sends(b"\x89PNG\x00\x01", content_type="image/png", headers={"X-Till": "<b>7"})
    assert "89 50 4e 47 00 01" in text(ada.get(f"{here}?view=bytes"))
    assert 'X-Till</th><td class="mono">&lt;b&gt;7' in ada.get(f"{here}?view=headers").get_data(
        as_text=True
    )
    assert "This is no text: 6 bytes of image/png." in text(ada.get(here))


@sqlite_only
def test_a_replay_says_first_what_it_would_send_again(app: Flask, ada: Person) -> None:
    shop = Shop(app, ada)
    shop.rule()
    here = shop.sends({"amount": 99})
    shop.rule(name="A later rule", then=[{"id": "two", "action": "sms", "config": {
        "to": "+14155550199", "message": "Also"}}])  # fmt: skip
    asked = text(ada.get(f"{here}/replay"))
    assert "Would send SMS to +1 415 555 0199." in asked
    assert "Already sent, held or on its way: SMS to +1 415 555 0123. send again" in asked
    assert len(_texts(app, ada)) == 1
    assert ada.post(f"{here}/replay").location == here
    work(app)
    assert _texts(app, ada) == ["Also", "Paid: 99"]
    told = text(ada.get(here))
    assert "Replayed: 1 run by the rules of today." in told and "Again: SMS to" in told
    ada.post(f"{here}/replay", {"again": "yes"})
    work(app)
    assert len(_texts(app, ada)) == 4
    assert "Nothing would be sent." in text(ada.get(f"{shop.sends({'amount': 1})}/replay"))


def _texts(app: Flask, person: Person) -> list[str]:
    with app.app_context():
        return sorted(m.text for m in connections.page_of_messages(person.workspace_id, 20))


@sqlite_only
@pytest.mark.parametrize(
    ("state", "offered"),
    [("failed", ["retry"]), ("unknown", ["resolve"]), ("held", ["cancel"])],
)
def test_a_run_offers_what_can_be_done_about_it(
    app: Flask, ada: Person, state: str, offered: list[str]
) -> None:
    shop = Shop(app, ada)
    shop.rule()
    here = shop.sends({"amount": 99})
    with app.app_context():
        run = db.session.scalars(select(Run)).one()
        run.state, run.practice = state, False
        db.session.commit()
        run_id = run.id
    page = ada.get(here).get_data(as_text=True)
    assert re.findall(rf'action="/runs/{run_id}/(\w+)"', page) == offered
    assert f'name="next" value="{here}#run-{run_id}"' in page


@sqlite_only
def test_an_attempt_tells_its_outcome_receipt_and_fix(app: Flask, ada: Person) -> None:
    shop = Shop(app, ada)
    shop.rule()
    here = shop.sends({"amount": 99})
    with app.app_context():
        run = db.session.scalars(select(Run)).one()
        run.practice, run.state, run.next_attempt_at = False, "queued", utcnow()
        attempt = db.session.scalars(select(Attempt)).one()
        attempt.outcome, attempt.duration_ms = "no", 210
        attempt.sentence, attempt.fix = "Twilio is busy.", "Nothing to do."
        attempt.receipt = "SM9f"
        db.session.commit()
    told = text(ada.get(here))
    assert "Attempt 1: not taken Took 210 ms. Twilio is busy. Receipt SM9f . Nothing to do." in told
    assert "Next attempt" in told and "1 SMS waiting, next attempt" in told


@sqlite_only
def test_neighbours_lead_to_the_next_event_of_the_hook(app: Flask, ada: Person) -> None:
    shop = Shop(app, ada)
    one, two = shop.sends({"n": 1}), shop.sends({"n": 2})
    assert f'href="{two}" aria-label="Newer event' in ada.get(one).get_data(as_text=True)
    assert f'href="{one}" aria-label="Older event' in ada.get(two).get_data(as_text=True)


@sqlite_only
def test_a_hook_deleted_since_still_has_its_events(app: Flask, ada: Person) -> None:
    from rulebook.domain.hooks import delete_hook

    shop = Shop(app, ada)
    here = shop.sends({"name": "Jenny"})
    with app.app_context():
        delete_hook(ada.actor, shop.hook.id)
    page = ada.get(here)
    assert page.status_code == 200 and "Do this for events" not in text(page)
    assert "Jenny" in text(ada.get("/events"))


@sqlite_only
def test_an_event_whose_body_is_gone_still_tells_what_was_done(app: Flask, ada: Person) -> None:
    shop = Shop(app, ada)
    shop.rule()
    here = shop.sends({"amount": 99})
    with app.app_context():
        events.forget_bodies([here.rpartition("/")[2]])
        db.session.commit()
    page = ada.get(here)
    assert "What was sent is no longer kept" in text(page) and "Paid: 99" in text(page)
    assert "Replay" not in text(page)
    assert ada.get(f"{here}/body").status_code == 404


@sqlite_only
def test_a_held_event_waits_for_a_replay(app: Flask, ada: Person) -> None:
    shop = Shop(app, ada)
    shop.rule()
    with app.app_context():
        change_hook(ada.actor, shop.hook.id, paused=True)
    here = shop.sends({"amount": 99})
    assert headline(ada.get(here)).startswith("Held while the hook was paused.")
    ada.post(f"{here}/replay")
    work(app)
    assert _texts(app, ada) == ["Paid: 99"]


@sqlite_only
@pytest.mark.parametrize("body", [
    b"", b"[]", b"null", b'"text"', b"12.50", b"[[[[1]]]]", b"\xff\xfe\x00", b"a=1&b=2",
    json.dumps({"a" * 600: {"b": 1}}).encode(), b'{"n": 1' + b"0" * 400 + b".5}",
    b'{"": 1, "a.b": 2, "it\'s": [null, true, {}]}', b"[" * 80 + b"]" * 80,
])  # fmt: skip
def test_every_kind_of_body_has_a_page(app: Flask, ada: Person, body: bytes) -> None:
    shop = Shop(app, ada)
    shop.rule(path="$..amount")
    here = shop.sends(body, content_type="application/json")
    for view in ("", "?view=bytes", "?view=headers"):
        assert ada.get(f"{here}{view}").status_code == 200


@sqlite_only
def test_a_stranger_finds_nothing(app: Flask, ada: Person, bo: Person, cy: Person) -> None:
    shop = Shop(app, ada)
    shop.rule()
    here = shop.sends({"amount": 99, "name": "Jenny Rosen"})
    assert bo.get(here).status_code == 200
    assert "Jenny Rosen" not in text(cy.get("/events"))
    assert "Jenny Rosen" not in text(cy.get(f"/events?hook={shop.hook.id}"))
    for path in ("", "/body", "/replay", "?part=event"):
        assert cy.get(f"{here}{path}").status_code == 404
    assert cy.post(f"{here}/replay", {"again": "yes"}).status_code == 404
    work(app)
    assert len(_texts(app, ada)) == 1
