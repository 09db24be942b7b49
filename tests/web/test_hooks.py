"""The hooks' pages: make one, see its first event arrive, guard it, pause it, delete it."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import replace

import pytest
from flask import Flask

from rulebook.config import Config
from rulebook.domain import hooks as verbs
from rulebook.storage import connections
from tests.people import Person, make_hook, make_rule
from tests.web.shop import first, sqlite_only, text
from tests.work import work


def new_hook(app: Flask, person: Person, **more) -> tuple[str, str]:
    """A hook's id and the path of its address."""
    with app.app_context():
        hook = make_hook(person, **more)
        return hook.id, "/in/" + verbs.hook_url(hook).rpartition("/")[2]


def box(page: str, label: str) -> str:
    """The text in a box to be copied."""
    return first(rf'value="([^"]*)" aria-label="{label}"', page)


def test_from_no_hook_to_a_first_event(app: Flask, ada: Person) -> None:
    assert "Hooks receive, rules decide. Make the first one." in text(ada.get("/hooks"))
    made = ada.post("/hooks", {"name": "Shop payments", "provider": "generic"})
    page = ada.get(made.location)
    assert "Waiting for the first event" in text(page)
    assert "No rules on this hook yet" in text(page)
    command = shlex.split(box(page.get_data(as_text=True), "Command for a terminal"))
    assert command[:3] == ["curl", "-X", "POST"] and command[4] == "Content-Type: application/json"
    path = command[-1].removeprefix("http://127.0.0.1:8000").removeprefix("http://localhost:8000")
    path = "/in/" + path.rpartition("/")[2]
    sent = app.test_client().post(path, data=command[6], content_type="application/json")
    assert sent.status_code == 200
    work(app)
    told = text(ada.get(made.location))
    assert "Waiting for the first event" not in told
    assert "Nothing matched" in told and "Amount amount 75 1 time" in told
    listed = text(ada.get("/hooks"))
    assert "Shop payments Any other tool Last event" in listed and "Receiving" in listed


@sqlite_only
@pytest.mark.parametrize(
    ("public", "outside"),
    [("", False), ("http://192.168.1.5:8000", False), ("https://rules.shop.example", True)],
)
def test_an_address_that_the_internet_does_not_reach_says_so(
    app: Flask, ada: Person, monkeypatch, public: str, outside: bool
) -> None:
    hook_id, _ = new_hook(app, ada, provider="stripe")
    house = app.extensions["rulebook"]
    config = Config({**house.config, "PUBLIC_URL": public})
    monkeypatch.setitem(app.extensions, "rulebook", replace(house, config=config))
    said = "a tool on the internet cannot call it" in text(ada.get(f"/hooks/{hook_id}"))
    assert said is not outside


@sqlite_only
def test_a_hook_without_a_name_is_not_made_and_says_why(app: Flask, ada: Person) -> None:
    answer = ada.post("/hooks", {"name": " ", "provider": "stripe"})
    assert answer.status_code == 422
    assert "The hook needs a name of 1 to 100 letters." in text(answer)
    assert 'value="stripe" selected' in answer.get_data(as_text=True)


@sqlite_only
def test_the_coach_goes_from_waiting_to_not_checked_to_verified(app: Flask, ada: Person) -> None:
    hook_id, path = new_hook(app, ada, provider="stripe")
    here = f"/hooks/{hook_id}"
    assert "Stripe calls it Waiting for the first event" in text(ada.get(f"{here}?part=coach"))
    app.test_client().post(path, json={"type": "invoice.paid"})
    assert "Not checked yet" in text(ada.get(f"{here}?part=coach"))
    assert "Anyone with this web address can trigger this" in text(ada.get(here))
    ada.post(here, {"secret": "whsec_linden"})
    assert app.test_client().post(path, json={"type": "invoice.paid"}).status_code == 401
    refused = text(ada.get(f"{here}?part=coach"))
    assert "The signature does not match" in refused and "1 event was refused and kept" in refused
    ada.post(f"{here}/sample")
    page = text(ada.get(here))
    assert "First event" not in page and "Verified" in page and "Secret set" in page
    app.test_client().post(path, json={"type": "invoice.paid"})
    page = text(ada.get(here))
    assert "Refusing events: signature" in page and "2 events were refused and kept" in page


@sqlite_only
def test_a_secret_is_never_shown_again_and_can_be_replaced_and_removed(
    app: Flask, ada: Person
) -> None:
    hook_id, _ = new_hook(app, ada, provider="github")
    here = f"/hooks/{hook_id}"
    for secret in ("first-secret", "second-secret"):
        ada.post(here, {"secret": secret})
    page = ada.get(here)
    page = ada.get(here)
    assert b"first-secret" not in page.data and b"second-secret" not in page.data
    assert "Two secrets are taken" in text(page)
    ada.post(here, {"remove_secret": "yes"})
    assert "Anyone with this web address can trigger this" in text(ada.get(here))
    empty = ada.post(here, {"secret": "  "})
    assert empty.status_code == 422 and "The secret is empty." in text(empty)


@sqlite_only
def test_a_sample_is_sent_and_its_page_shown(app: Flask, ada: Person) -> None:
    hook_id, _ = new_hook(app, ada, provider="stripe")
    sent = ada.post(f"/hooks/{hook_id}/sample", {"sample": "stripe/small_payment_succeeded"})
    assert sent.status_code == 303
    work(app)
    page = text(ada.get(sent.location))
    assert "A sample event was sent to this hook." in page
    assert re.search(r"\$\d+\.\d\d from \S+ Payment succeeded", page) and "Sample" in page
    assert ada.post(f"/hooks/{hook_id}/sample", {"sample": "nobody/nothing"}).status_code == 422
    seen = text(ada.get(f"/hooks/{hook_id}")).partition("Fields seen")[2]
    assert re.search(r"Amount data\.object\.amount \$\d+\.\d\d 1 time", seen), "money as money"
    assert re.search(r"Time of the event created today, \d\d:\d\d:\d\d 1 time", seen)
    assert "Live, not a test livemode no 1 time" in seen


@sqlite_only
def test_rules_stand_in_order_as_sentences_and_can_be_moved(app: Flask, ada: Person) -> None:
    with app.app_context():
        hook = make_hook(ada)
        rule = make_rule(ada, hook, name="First rule")
        make_rule(ada, hook, mode="watch", name="Second rule")
    page = ada.get(f"/hooks/{hook.id}").get_data(as_text=True)
    assert page.index("First rule") < page.index("Second rule")
    assert "When amount is at least 50, text +1 415 555 0123." in text(ada.get(f"/hooks/{hook.id}"))
    assert f'action="/rules/{rule.id}/move"' in page and 'aria-label="Move First rule down"' in page


@sqlite_only
def test_a_paused_hook_keeps_events_and_judges_none(app: Flask, ada: Person) -> None:
    hook_id, path = new_hook(app, ada)
    with app.app_context():
        make_rule(ada, verbs.find_hook(ada.actor, hook_id))
    ada.post(f"/hooks/{hook_id}/pause", {"paused": "yes"})
    assert "Paused" in text(ada.get("/hooks"))
    app.test_client().post(path, json={"amount": 99})
    work(app)
    assert "Held" in text(ada.get(f"/hooks/{hook_id}"))
    with app.app_context():
        assert not connections.page_of_messages(ada.workspace_id, 10)
    assert "1 is held so far" in text(ada.get(f"/hooks/{hook_id}"))
    ada.post(f"/hooks/{hook_id}/pause", {"paused": "no"})
    page = text(ada.get(f"/hooks/{hook_id}"))
    assert "This hook is paused" not in page and "Judge the held event" in page


@sqlite_only
def test_held_events_are_judged_when_one_says_so(app: Flask, ada: Person) -> None:
    hook_id, path = new_hook(app, ada)
    with app.app_context():
        make_rule(ada, verbs.find_hook(ada.actor, hook_id))
    ada.post(f"/hooks/{hook_id}/pause", {"paused": "yes"})
    for amount in (99, 98):
        app.test_client().post(path, json={"amount": amount})
    assert "Nothing was done" in text(ada.post(f"/hooks/{hook_id}/release", follow_redirects=True))
    ada.post(f"/hooks/{hook_id}/pause", {"paused": "no"})
    assert "Judge the 2 held events" in text(ada.get(f"/hooks/{hook_id}"))
    ada.post(f"/hooks/{hook_id}/release")
    work(app)
    with app.app_context():
        assert len(connections.page_of_messages(ada.workspace_id, 10)) == 2
    assert "Judge the" not in text(ada.get(f"/hooks/{hook_id}"))


@sqlite_only
def test_the_reply_is_what_the_sender_gets(app: Flask, ada: Person) -> None:
    hook_id, path = new_hook(app, ada)
    wrong = ada.post(f"/hooks/{hook_id}", {"name": "Payments", "reply_status": "500"})
    assert wrong.status_code == 422 and "a status of 200 to 299" in text(wrong)
    ada.post(f"/hooks/{hook_id}", {
        "name": "Orders", "provider": "generic", "reply_status": "202",
        "reply_type": "application/json", "reply_text": json.dumps({"ok": True}),
    })  # fmt: skip
    answer = app.test_client().post(path, json={})
    assert (answer.status_code, answer.json) == (202, {"ok": True})
    assert "Orders" in text(ada.get(f"/hooks/{hook_id}"))


@sqlite_only
def test_a_new_address_works_at_once_and_the_old_one_as_long_as_chosen(
    app: Flask, ada: Person
) -> None:
    hook_id, old = new_hook(app, ada)
    assert "The old address goes on working" in text(ada.get(f"/hooks/{hook_id}/rotate"))
    ada.post(f"/hooks/{hook_id}/rotate", {"overlap": "0"})
    page = ada.get(f"/hooks/{hook_id}").get_data(as_text=True)
    new = "/in/" + box(page, "Web address of this hook").rpartition("/")[2]
    assert new != old
    assert app.test_client().post(old, json={}).status_code == 404
    assert app.test_client().post(new, json={}).status_code == 200


@sqlite_only
def test_deleting_asks_first(app: Flask, ada: Person) -> None:
    hook_id, path = new_hook(app, ada)
    assert "Its web address stops working at once" in text(ada.get(f"/hooks/{hook_id}/delete"))
    assert app.test_client().post(path, json={}).status_code == 200
    ada.post(f"/hooks/{hook_id}/delete")
    assert app.test_client().post(path, json={}).status_code == 404
    assert "Hooks receive, rules decide." in text(ada.get("/hooks"))
    assert ada.get(f"/hooks/{hook_id}").status_code == 404


@sqlite_only
def test_a_viewer_sees_a_hook_and_no_button(app: Flask, ada: Person) -> None:
    from tests.people import make_person

    vic = make_person(app, "vic", workspace_of=ada, role="viewer")
    hook_id, _ = new_hook(app, ada)
    page = vic.get(f"/hooks/{hook_id}").get_data(as_text=True)
    assert "Send a sample" not in page and f'action="/hooks/{hook_id}' not in page
    assert vic.post(f"/hooks/{hook_id}/sample").status_code == 403
    assert vic.post("/hooks", {"name": "Mine"}).status_code == 403


@sqlite_only
def test_a_stranger_finds_nothing(app: Flask, ada: Person, bo: Person, cy: Person) -> None:
    hook_id, _ = new_hook(app, ada)
    assert bo.get(f"/hooks/{hook_id}").status_code == 200
    assert "Payments" not in text(cy.get("/hooks"))
    for path in ("", "/rotate", "/delete", "?part=newest", "?part=coach"):
        assert cy.get(f"/hooks/{hook_id}{path}").status_code == 404
    for path in ("", "/pause", "/rotate", "/delete", "/sample", "/release"):
        assert cy.post(f"/hooks/{hook_id}{path}", {"name": "Mine now"}).status_code == 404
    assert "Payments" in text(ada.get("/hooks"))
    assert ada.get(f"/hooks/{hook_id}?part=nothing").status_code == 404


@sqlite_only
def test_an_unknown_senders_samples_begin_with_a_payment(app: Flask, ada: Person) -> None:
    hook_id, _ = new_hook(app, ada)
    page = ada.get(f"/hooks/{hook_id}").get_data(as_text=True)
    assert page.index("Payment succeeded, 75 USD") < page.index("Payment succeeded, $129.00")
    sent = ada.post(f"/hooks/{hook_id}/sample")
    work(app)
    assert "75 USD from Marta Oliveira" in text(ada.get(sent.location))
