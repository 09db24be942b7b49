"""Secrets of senders and fields that somebody hid: nowhere to be seen, and used all the same."""

from __future__ import annotations

import hmac
import json
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from rulebook.domain import evidence, hooks
from rulebook.domain.history import search
from rulebook.domain.indexing import index_some, reread_some
from rulebook.storage import audit, db, fields, utcnow
from rulebook.storage.event_lists import EventFilter
from tests.people import Person, make_person
from tests.web.seeing import runs_of
from tests.web.shop import Shop, sqlite_only, text
from tests.web.test_fresh import rewind

CANARY, NUMBER = "kestrel-4417-harbour", 731_944
SENT = {"type": "order", "amount": 99, "customer": {"code": CANARY, "limit": NUMBER},
        "lines": [{"note": "plain"}, {"note": f"for {CANARY}"}]}  # fmt: skip
STEP = {"id": "sms", "action": "sms", "config": {
    "to": "+14155550123",
    "message": "{{ payload.customer.code }} up to {{ payload.customer.limit }}",
}}  # fmt: skip
AUTH = {"Authorization": "Bearer merlin-8830-anchor"}


def everywhere(person: Person, shop: Shop, here: str, rule_id: str, run_id: str) -> dict[str, str]:
    """All that a member sees of an event: pages and the API's answers, by address."""
    hook_id, event_id = shop.hook.id, here.rpartition("/")[2]
    pages = [
        "/", "/events", f"/hooks/{hook_id}", here, f"{here}?view=bytes", f"{here}?view=headers",
        f"{here}?view=difference", f"{here}?rules=all", f"{here}?hide=yes", f"{here}/try",
        f"{here}/replay", f"/together/replay?id={event_id}", "/runs", f"/runs/{run_id}", "/outbox",
        "/rules", f"/rules/{rule_id}",
        f"/rules/new?hook={hook_id}&event={event_id}", f"/events?q={CANARY}",
    ]  # fmt: skip
    seen = {page: person.get(page).get_data(as_text=True) for page in pages}
    seen[f"/events?q={CANARY}"] = seen[f"/events?q={CANARY}"].replace(CANARY, "", 20)
    calls: list[tuple[str, str, Any]] = [
        ("GET", "/events", None), ("GET", f"/events/{event_id}", None), ("GET", "/runs", None),
        ("GET", f"/runs/{run_id}", None), ("GET", f"/fields?hook={hook_id}", None),
        ("POST", f"/events/{event_id}/replay", {"dry_run": True, "again": True}),
        ("POST", "/rules/preview", {"hook": hook_id, "document": {
            "name": "x", "then": [STEP],
            "when": {"all": [{"path": "$.customer.code", "test": "text.is", "value": "other"}]},
        }}),
    ]  # fmt: skip
    for method, path, asked in calls:
        answer = person.api(method, path, asked)
        assert answer.status_code == 200, (path, answer.text)
        seen[f"API {path}"] = answer.get_data(as_text=True)
    return seen


def told(app: Flask, person: Person, shop: Shop, body: Any = SENT) -> tuple[str, str, str]:
    """An event that a rule matched and another one missed; the rule and its run."""
    rule = shop.rule(then=[STEP])
    shop.rule(name="Near", path="$.customer.code", test="text.is", value="another")
    here = shop.sends(body, headers=AUTH)
    return here, rule.id, runs_of(app, person)[0].id


def hide(person: Person, here: str, path: str) -> None:
    assert person.post(f"{here}/hide", {"path": path}).status_code == 303


@sqlite_only
def test_a_hidden_field_is_nowhere_to_be_seen(app: Flask, ada: Person, bo: Person) -> None:
    shop = Shop(app, ada)
    before, *_ = told(app, ada, shop)
    assert CANARY in bo.get(before).text and str(NUMBER) in bo.get(before).text
    page = bo.get(f"{before}?hide=yes")
    assert 'name="path" value="$[&#39;customer&#39;][&#39;code&#39;]"' in page.text
    hide(bo, before, "$['customer']['code']")
    hide(bo, before, "$.customer.limit")
    here, rule_id, run_id = told(app, ada, shop)
    for event in (before, here):
        for where, what in everywhere(bo, shop, event, rule_id, run_id).items():
            assert CANARY not in what, where
            if "rules" not in where:
                assert str(NUMBER) not in what and "731,944" not in what, where
    with app.app_context():
        run = runs_of(app, ada)[0]
        assert run.message and run.message["text"] == f"{CANARY} up to {NUMBER}", "it is sent"
        link = evidence.make_link(ada.actor, here.rpartition("/")[2])[1]
    for where in (f"/evidence/{link}", "/events/export.ndjson", "/events/export.csv",
                  "/runs/export.csv"):  # fmt: skip
        taken = ada.get(where)
        assert taken.status_code == 200
        assert CANARY not in taken.text and str(NUMBER) not in taken.text, where


@sqlite_only
def test_rules_and_messages_use_what_is_hidden(app: Flask, ada: Person) -> None:
    shop = Shop(app, ada)
    hide(ada, shop.sends(SENT), "$.customer.limit")
    shop.rule(path="$.customer.limit", test="number.at_least", value=700_000, then=[STEP])
    here = shop.sends(SENT)
    page = text(ada.get(here))
    assert "Matched" in page and "Kept, not sent" in page and str(NUMBER) not in page


@sqlite_only
def test_only_an_owner_shows_a_field_again(app: Flask, ada: Person, bo: Person) -> None:
    shop = Shop(app, ada)
    here = shop.sends(SENT)
    hide(bo, here, "$['lines'][1]['note']")
    page = bo.get(f"/hooks/{shop.hook.id}")
    assert "$.lines[*].note" in page.text and "Show again" not in page.text
    assert "The search reads earlier events again" in page.text
    with app.app_context():
        assert reread_some() and not reread_some()
    assert "The search reads" not in bo.get(f"/hooks/{shop.hook.id}").text
    there = f"/hooks/{shop.hook.id}/show-again"
    assert bo.post(there, {"path": "$.lines[*].note"}).status_code == 403
    by_api = {"settings": {"hidden": None}}
    assert bo.api("PATCH", f"/hooks/{shop.hook.id}", by_api).status_code == 403
    assert "plain" not in bo.get(here).text
    rewind(ada, minutes=31)
    assert ada.post(there, {"path": "$.lines[*].note"}).status_code == 403, "asks for the password"
    ada.sign_in()
    assert ada.post(there, {"path": "$.lines[*].note"}).status_code == 303
    assert "plain" in bo.get(here).text
    with app.app_context():
        deeds = [(entry.what, entry.user_id) for entry in audit.entries(ada.workspace_id, 50)]
    assert ("hook.hide", bo.user_id) in deeds and ("hook.show", ada.user_id) in deeds


@sqlite_only
def test_a_new_signing_secret_hides_no_field_and_says_nothing_of_fields(
    app: Flask, ada: Person
) -> None:
    shop = Shop(app, ada, provider="github")
    here, there = shop.sends(SENT), f"/hooks/{shop.hook.id}"
    ada.post(there, {"secret": "merlin-8830"})
    with app.app_context():
        assert hooks.find_hook(ada.actor, shop.hook.id).reread_below, "for it is hidden"
    page = ada.get(there)
    assert "Hidden fields" not in page.text and "The search reads" not in page.text
    hide(ada, here, "$.amount")
    ada.post(f"{there}/show-again", {"path": "$.amount"})
    assert "The search reads earlier events again" in ada.get(there).text
    with app.app_context():
        assert reread_some() and not reread_some()
    assert "Hidden fields" not in ada.get(there).text
    ada.post(there, {"secret": "merlin-8831"})
    assert "Hidden fields" not in ada.get(there).text, "nothing is hidden any more"
    hide(ada, here, "$.amount")
    ada.post(there, {"secret": "merlin-8832"})
    assert "The search reads earlier events again" in ada.get(there).text, "it has not ended yet"


@sqlite_only
def test_a_viewer_hides_nothing_and_a_stranger_finds_nothing(
    app: Flask, ada: Person, cy: Person
) -> None:
    here = Shop(app, ada).sends(SENT)
    vic = make_person(app, "vic", workspace_of=ada, role="viewer")
    assert vic.post(f"{here}/hide", {"path": "$.amount"}).status_code == 403
    assert "Hide a field" not in vic.get(here).text
    assert cy.post(f"{here}/hide", {"path": "$.amount"}).status_code == 404
    assert ada.post(f"{here}/hide", {"path": "$..amount"}).status_code == 422


@sqlite_only
def test_nobody_finds_a_hidden_value_by_asking_for_it(app: Flask, ada: Person) -> None:
    shop = Shop(app, ada)
    before = shop.sends(SENT)
    hide(ada, before, "$.customer.code")
    after = shop.sends({**SENT, "amount": 100})
    with app.app_context():
        index_some(utcnow())
        assert search(ada.actor, EventFilter(text="kestrel"), 10).events == []
    page = ada.get("/events?field=customer.code&test=is&value=" + CANARY).text
    assert before not in page and after not in page
    assert after in ada.get("/events?field=amount&test=is&value=100").text


KO_FI = {"verification_token": CANARY, "type": "Donation", "amount": "5.00", "currency": "USD",
         "from_name": "Jo", "message": f"my token is {CANARY}"}  # fmt: skip


@pytest.fixture
def fan(app: Flask, ada: Person) -> Shop:
    return Shop(app, ada, provider="ko_fi", secret=CANARY)


def donation(shop: Shop) -> str:
    return shop.sends(b"data=" + json.dumps(KO_FI).encode(),
                      content_type="application/x-www-form-urlencoded")  # fmt: skip


@sqlite_only
def test_a_sender_s_own_secret_is_hidden_and_verifies(
    app: Flask, ada: Person, bo: Person, fan: Shop
) -> None:
    fan.rule(path="$.amount", test="text.is", value="5.00", then=[STEP])
    here = donation(fan)
    page = bo.get(here).text
    assert "Verified" in page and "verification_token" in page and CANARY not in page
    event_id = here.rpartition("/")[2]
    assert CANARY not in bo.api("GET", f"/events/{event_id}").text
    assert bo.api("GET", f"/events/{event_id}/body").status_code == 403
    assert bo.get(f"{here}/body").status_code == 403
    assert CANARY.encode() in ada.api("GET", f"/events/{event_id}/body").data
    with app.app_context():
        deeds = [entry for entry in audit.entries(ada.workspace_id, 50)
                 if entry.what == "event.reveal"]  # fmt: skip
    assert [(deed.thing, deed.user_id) for deed in deeds] == [(event_id, ada.user_id)]


@sqlite_only
def test_an_owner_reveals_the_bytes_and_it_is_noted(
    app: Flask, ada: Person, bo: Person, cy: Person, fan: Shop
) -> None:
    here = donation(fan)
    closed = ada.get(f"{here}?view=bytes")
    assert "hold something that is hidden here" in text(closed) and CANARY not in closed.text
    assert bo.post(f"{here}/reveal").status_code == 403
    assert cy.post(f"{here}/reveal").status_code == 404
    assert CANARY in ada.post(f"{here}/reveal").text
    saved = ada.post(f"{here}/reveal", {"save": "yes"})
    assert CANARY.encode() in saved.data and "attachment" in saved.headers["Content-Disposition"]
    noted = "ada@shop.example read the exact bytes of an event, with what is hidden in them"
    assert text(ada.get("/settings")).count(noted) == 2
    assert CANARY not in ada.get(here).text, "it was shown once"


@sqlite_only
def test_headers_that_are_secrets_are_masked_by_the_api_as_on_pages(
    app: Flask, ada: Person
) -> None:
    shop = Shop(app, ada)
    headers = {**AUTH, "X-Api-Token": "osprey-5512", "X-Till": "seven", "X-Signature": "abc123"}
    here = shop.sends({"amount": 5, "echo": "merlin-8830-anchor"}, headers=headers)
    told = ada.api("GET", f"/events/{here.rpartition('/')[2]}")
    shown = dict(map(tuple, told.get_json()["headers"]))
    assert shown["Authorization"] == shown["X-Api-Token"] == "••••••" and shown["X-Till"] == "seven"
    assert "merlin" not in told.text and "osprey" not in told.text
    assert "merlin" not in ada.get(here).text, "wherever it stands"


@sqlite_only
def test_what_repeats_a_secret_header_is_not_found_by_it(
    app: Flask, ada: Person, bo: Person
) -> None:
    """Neither by words nor by a field, before the index has looked and after; nor is it an example
    or in the exact bytes."""
    shop = Shop(app, ada, provider="github", secret="osprey-5512-lantern")
    shop.rule(path="$.amount", test="number.at_least", value=9, then=[STEP])
    sent = {"amount": 5, "debug": {"sent": AUTH["Authorization"], "key": "osprey-5512-lantern",
                                   "note": "plover"}}  # fmt: skip
    body = json.dumps(sent).encode()
    signed = "sha256=" + hmac.new(b"osprey-5512-lantern", body, "sha256").hexdigest()
    headers = {**AUTH, "X-Hub-Signature-256": signed, "X-GitHub-Event": "ping"}
    here = shop.sends(body, headers=headers, content_type="application/json")
    asked = ("/events?q=merlin", "/events?q=osprey", "/events?q=lantern",
             "/events?field=debug.sent&test=contains&value=merlin-8830-anchor",
             "/events?field=debug.key&test=is&value=osprey-5512-lantern")  # fmt: skip
    for indexed in (False, True):
        if indexed:
            with app.app_context():
                index_some(utcnow() + timedelta(seconds=5))
        for path in asked:
            assert here not in bo.get(path).text, (path, indexed)
            api = path.replace("&test=", ":").replace("&value=", ":")
            assert bo.api("GET", api).get_json()["items"] == [], (api, indexed)
        assert here in bo.get("/events?field=amount&test=is&value=5").text
        assert here in bo.get("/events?q=plover").text
    with app.app_context():
        catalogue = str([(each.path, each.examples) for each in fields.fields(shop.hook.id)])
    event_id = here.rpartition("/")[2]
    assert "debug" in catalogue
    for word in ("merlin", "osprey"):
        assert word not in catalogue
        assert word not in bo.get(f"{here}?view=bytes").text
        assert word not in bo.api("GET", f"/events/{event_id}").text
    assert bo.api("GET", f"/events/{event_id}/body").status_code == 403


@sqlite_only
def test_a_signing_secret_that_comes_later_is_not_found_in_earlier_events(
    app: Flask, ada: Person
) -> None:
    shop = Shop(app, ada, provider="stripe")
    here = shop.sends({"amount": 5, "note": "whsec_kestrelharbour"})
    with app.app_context():
        index_some(utcnow() + timedelta(seconds=5))
        assert search(ada.actor, EventFilter(text="whsec_kestrelharbour"), 10).events
        hooks.change_hook(ada.actor, shop.hook.id, secret="whsec_kestrelharbour")
        assert search(ada.actor, EventFilter(text="whsec_kestrelharbour"), 10).events == []
        assert reread_some() and not reread_some()
        assert search(ada.actor, EventFilter(text="whsec_kestrelharbour"), 10).events == []
    assert here in ada.get("/events").text


@sqlite_only
def test_where_the_body_is_gone_nobody_guesses_what_to_hide(app: Flask, ada: Person) -> None:
    from sqlalchemy import delete

    from rulebook.storage.events import EventBody

    shop = Shop(app, ada)
    here, _, run_id = told(app, ada, shop)
    hide(ada, here, "$.customer.code")
    with app.app_context():
        db.session.execute(delete(EventBody))
        db.session.commit()
    for page in (here, f"/runs/{run_id}", "/runs", "/outbox"):
        assert CANARY not in ada.get(page).text, page


@sqlite_only
def test_what_can_be_hidden_is_a_plain_path(app: Flask, ada: Person) -> None:
    shop = Shop(app, ada)
    for wrong in ("$..a", "$[?@.a]", "nonsense", "$"):
        asked = {"settings": {"hidden": [wrong]}}
        refused = ada.api("PATCH", f"/hooks/{shop.hook.id}", asked)
        assert refused.status_code == 422, wrong
    asked = {"settings": {"hidden": ["$.customer"]}}
    assert ada.api("PATCH", f"/hooks/{shop.hook.id}", asked).status_code == 200
    with app.app_context():
        assert hooks.find_hook(ada.actor, shop.hook.id).hidden_at is not None
    assert CANARY not in ada.get(shop.sends(SENT)).text, "a group hides all that is in it"


CHANGED = {"who": "Ann Lee", "total": 73_194_400, "at": "2026-03-09T10:00:00Z", "vip": True,
           "card": "4242424242424242", "amount": 99,
           "lines": [{"note": "blue kayak"}, {"note": "red tent"}]}  # fmt: skip
SAYS = (
    "{{ payload.who | upper }}, {{ payload.total | money('usd') }} on "
    "{{ payload.at | date }}, {{ payload.card | mask }}, "
    "{{ 'gold' if payload.vip else 'tin' }}"
    "{% for line in payload.lines %}, {{ line.note | upper }}{% endfor %}, {{ payload.amount }}"
)


@sqlite_only
def test_what_a_template_makes_of_a_hidden_value_is_hidden(
    app: Flask, ada: Person, bo: Person
) -> None:
    shop = Shop(app, ada)
    step = {"id": "sms", "action": "sms", "config": {"to": "+14155550123", "message": SAYS}}
    rule = shop.rule(then=[step])
    here = shop.sends(CHANGED)
    [run] = runs_of(app, ada)
    said = run.message["text"] if run.message else ""
    made = said.split(", ")[:-1]
    made[1:2] = made[1].split(" on ")
    assert len(made) == 7 and all(part in bo.get(f"/runs/{run.id}").text for part in made), said
    for field in ("who", "total", "at", "card", "vip", "lines[*].note"):
        hide(bo, here, f"$.{field}")
    for where, what in everywhere(bo, shop, here, rule.id, run.id).items():
        for part in made:
            # Examples in the builder are made of what is covered, and words of its own are no leak.
            assert part not in what or "rules" in where, (where, part)
    shown = bo.api("GET", f"/runs/{run.id}").get_json()["message"]["text"]
    assert shown.endswith(", 99") and shown.count("••••••") == 7
    with app.app_context():
        link = evidence.make_link(ada.actor, here.rpartition("/")[2])[1]
    for where in (f"/evidence/{link}", "/runs/export.csv"):
        assert not any(part in ada.get(where).text for part in made), where
