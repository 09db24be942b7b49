"""The list of rules: what each says, its mode, order, history and end."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from rulebook.domain.hooks import hook_url
from rulebook.domain.rules import save_rule, switch_rule
from rulebook.storage import hooks, rules
from tests.people import Person, document, make_hook, make_person, make_rule
from tests.web.test_builder import HTMX, Builder, shop, words
from tests.work import work

sqlite_only = pytest.mark.parametrize("app", ["sqlite"], indirect=True)


def two_rules(person: Person) -> tuple[str, str]:
    with person.app.app_context():
        hook = make_hook(person)
        first = make_rule(person, hook, name="First").id
        return first, make_rule(person, hook, name="Second", value=70).id


def in_order(person: Person) -> list[str]:
    with person.app.app_context():
        return [rule.name for rule in rules.rules(person.workspace_id)]


def test_each_rule_is_a_sentence_with_its_hits(app: Flask, ada: Person):
    first, _ = two_rules(ada)
    with app.app_context():
        hook = hooks.hooks(ada.workspace_id)[0]
        path = "/in/" + hook_url(hook).rpartition("/")[2]
    for amount in (60, 80, 10):
        app.test_client().post(path, json={"amount": amount})
    work(app)
    page = ada.get("/rules").text
    row = words(page.partition(f'id="{first}"')[2].partition("</li>")[0])
    assert "First" in row and "When amount is at least 50, text +1 415 555 0123." in row
    assert "2 hits in 7 days" in row and "last just now" in row
    second = words(page.partition(">Second</a>")[2])
    assert "1 hit in 7 days" in second


@sqlite_only
def test_without_rules_the_list_says_what_to_do(app: Flask, ada: Person):
    assert "Make one first" in words(ada.get("/rules").text)
    with app.app_context():
        make_hook(ada)
    assert "No rules. Start from an event or a recipe." in words(ada.get("/rules").text)


@sqlite_only
def test_what_is_probably_not_meant_is_said(app: Flask, ada: Person):
    with app.app_context():
        both = [{"path": "$.status", "test": "text.is", "value": value} for value in ("a", "b")]
        make_rule(ada, make_hook(ada), when={"all": both})
    assert "Status can&#39;t be both" in ada.get("/rules").text


@sqlite_only
def test_fields_have_the_names_that_the_sender_gave_them(app: Flask, ada: Person):
    """In the sentence, in the receiver of a message and in what is warned of, here as in the
    builder."""
    shop(ada, "payment_succeeded")
    when = {"path": "$.data.object.status", "test": "text.is", "value": "payed"}
    to = {"to": "{{ payload.data.object.shipping.phone }}", "message": "Thank you"}
    with app.app_context():
        [hook] = hooks.hooks(ada.workspace_id)
        then = [{"id": "sms", "action": "sms", "config": to}]
        rule = make_rule(ada, hook, when={"all": [when]}, then=then)
    for page in (ada.get("/rules").text, ada.get(f"/rules/{rule.id}").text):
        said = words(page)
        assert "text the number in customer phone" in said and "shipping.phone." not in said
        assert "Status has been succeeded, never" in said


@sqlite_only
def test_a_mode_is_switched_with_and_without_script(app: Flask, ada: Person):
    first, _ = two_rules(ada)
    for mode, headers in (("watch", {}), ("off", HTMX)):
        answer = ada.post(f"/rules/{first}/mode", {"mode": mode}, headers=headers)
        assert answer.status_code == 303
        page = ada.get("/rules", headers=headers).text
        assert re.search(rf'id="{first}-{mode}"[^>]*checked', page)
    assert ada.post(f"/rules/{first}/mode", {"mode": "loud"}).status_code == 422


@sqlite_only
def test_rules_are_moved(app: Flask, ada: Person):
    first, second = two_rules(ada)
    ada.post(f"/rules/{second}/move", {"by": "-1"})
    assert in_order(ada) == ["Second", "First"]
    ada.post(f"/rules/{second}/move", {"by": "1"})
    assert in_order(ada) == ["First", "Second"]


@sqlite_only
def test_a_rule_is_deleted_after_a_question(app: Flask, ada: Person):
    first, _ = two_rules(ada)
    assert "Delete “First”?" in ada.get(f"/rules/{first}/delete").text
    assert in_order(ada) == ["First", "Second"]
    page = ada.post(f"/rules/{first}/delete", follow_redirects=True).text
    assert "“First” is deleted" in page and in_order(ada) == ["Second"]
    assert ada.get(f"/rules/{first}").status_code == 404


@sqlite_only
def test_a_copy_is_a_draft_that_is_off_until_it_is_saved(app: Flask, ada: Person, cy: Person):
    first, _ = two_rules(ada)
    copy = f"/rules/new?copy={first}"
    assert copy in ada.get("/rules").text
    builder = Builder(ada, copy)
    assert in_order(ada) == ["First", "Second"]
    builder.press("save")
    assert in_order(ada) == ["First", "Second", "First (copy)"]
    with app.app_context():
        made = rules.rules(ada.workspace_id)[-1]
        original = rules.version(first, 1).document
        assert made.mode == "off" and made.hook_id == rules.rules(ada.workspace_id)[0].hook_id
        assert rules.version(made.id, 1).document == original | {"name": "First (copy)"}
    assert cy.get(copy).status_code == 404


@sqlite_only
def test_the_copy_of_a_rule_with_a_long_name_has_a_name_that_fits(app: Flask, ada: Person):
    with app.app_context():
        long = make_rule(ada, make_hook(ada), name="n" * 200).id
    Builder(ada, f"/rules/new?copy={long}").press("save")
    assert in_order(ada)[-1] == "n" * 193 + " (copy)"


@sqlite_only
def test_one_goes_back_to_an_earlier_version(app: Flask, ada: Person, bo: Person):
    first, _ = two_rules(ada)
    with app.app_context():
        save_rule(bo.actor, first, document(value=99, name="First"))
        path = "/in/" + hook_url(hooks.hooks(ada.workspace_id)[0]).rpartition("/")[2]
    for amount in (60, 80, 100):
        app.test_client().post(path, json={"amount": amount})
    for address in (f"/rules/{first}/versions", f"/rules/{first}"):
        page = words(ada.get(address).text)
        assert "Version 2, in force" in page and "amount is at least 99" in page
        assert "became “amount is at least 99”." in page
        assert "by bo@shop.example" in page and "by ada@shop.example" in page
        assert "Go back to version 1…" in page and "Go back to version 2" not in page
    builder = Builder(ada, f"/rules/{first}?version=1")
    said = words(builder.page)
    assert "This is version 1 , not the one in force." in said
    assert "Against version 2: 0 stop matching, 2 start." in said
    assert "was 99 in version 2" in said and "Go back to version 1" in said
    assert ada.api("GET", f"/rules/{first}").json["version"] == 2, "nothing is saved by looking"
    builder.press("save")
    page = words(ada.get(f"/rules/{first}").text)
    assert "again as it was in version 1. Saved as version 3. It is live" in page
    with app.app_context():
        assert rules.version(first, 3).document == rules.version(first, 1).document
    for number in ("9", "0", "x", "1" * 12):
        assert ada.get(f"/rules/{first}?version={number}").status_code == (
            404 if number in ("9", "0") else 200
        )


@sqlite_only
def test_an_earlier_version_is_changed_before_it_is_saved(app: Flask, ada: Person):
    first, _ = two_rules(ada)
    with app.app_context():
        save_rule(ada.actor, first, document(value=99, name="First"))
    builder = Builder(ada, f"/rules/{first}?version=1").fill("/when/all/0/value", "70")
    builder.press("look")
    said = words(builder.page)
    assert "This is version 1 with your changes" in said and "Save as version 3" in said
    builder.press("save")
    assert "Saved as version 3." in (page := words(ada.get(f"/rules/{first}").text))
    assert "again as it was" not in page


@sqlite_only
def test_a_viewer_sees_modes_and_switches_nothing(app: Flask, ada: Person):
    first, _ = two_rules(ada)
    with app.app_context():
        switch_rule(ada.actor, first, "watch")
    eve = make_person(app, "eve", workspace_of=ada, role="viewer")
    page = eve.get("/rules").text
    assert "Watch" in page and f"/rules/{first}/mode" not in page
    for path in ("mode", "move", "delete"):
        assert eve.post(f"/rules/{first}/{path}", {"mode": "off"}).status_code == 403
    with app.app_context():
        save_rule(ada.actor, first, document(value=99, name="First"))
    page = eve.get(f"/rules/{first}/versions").text
    assert "Go back" not in page and "Look at version 1" in words(page)
    page = words(eve.get(f"/rules/{first}?version=1").text)
    assert "This is version 1" in page and "Go back" not in page and "until you save" not in page


@sqlite_only
def test_a_stranger_finds_no_rule(app: Flask, ada: Person, cy: Person):
    first, _ = two_rules(ada)
    assert "First" not in cy.get("/rules").text
    for path in ("versions", "delete"):
        assert cy.get(f"/rules/{first}/{path}").status_code == 404
    for path in ("mode", "move", "delete"):
        assert cy.post(f"/rules/{first}/{path}", {"mode": "off", "by": "1"}).status_code == 404
    assert in_order(ada) == ["First", "Second"]
