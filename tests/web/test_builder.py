"""The builder as people meet it: start from an event, click fields, see verdicts, save."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

import web
from rulebook.actions import ACTIONS
from rulebook.domain import samples
from rulebook.domain.hooks import hook_url
from rulebook.storage import connections, event_lists, events, rules
from rulebook.storage.event_lists import EventFilter
from tests.people import Person, make_hook, make_person, make_rule
from tests.web.form import form_of
from tests.work import work

HTMX = {"HX-Request": "true"}
sqlite_only = pytest.mark.parametrize("app", ["sqlite"], indirect=True)


def shop(person: Person, *names: str) -> str:
    """The id of a Stripe hook with these sample events, oldest first."""
    with person.app.app_context():
        hook = make_hook(person, "Shop payments", provider="stripe")
        for name in names:
            samples.send_sample(person.actor, hook.id, f"stripe/{name}")
        hook_id = hook.id
    work(person.app)
    return hook_id


def event_ids(person: Person) -> list[str]:
    """Every event of the workspace, newest first."""
    with person.app.app_context():
        found = event_lists.page_of_events(person.workspace_id, EventFilter(), 50)
        return [event.id for event in found]


def words(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


class Builder:
    """A browser without script: it holds the form of the last answer."""

    def __init__(self, person: Person, address: str) -> None:
        self.person, self.address = person, address
        self.answer = person.get(address)
        self._read()

    def _read(self) -> None:
        self.page = self.answer.text
        self.form = form_of(self.page)

    def press(self, do: str, headers: dict[str, str] | None = None, **boxes: str) -> Builder:
        found = re.search(r'<form class="rb"[^>]*action="([^"]+)"', self.page)
        assert found, self.page
        assert f'value="{do}"' in self.page, f"there is no button {do}"
        data = {**self.form, **boxes, "do": do}
        self.answer = self.person.post(found[1], data, headers=headers)
        self._read()
        return self

    def fill(self, name: str, text: str) -> Builder:
        assert name in self.form, f"there is no box {name}: {sorted(self.form)}"
        self.form[name] = text
        return self


def saved(person: Person, rule_id: str) -> dict[str, Any]:
    with person.app.app_context():
        rule = rules.rule(person.workspace_id, rule_id)
        assert rule
        return rules.version(rule.id, rule.version).document


def test_a_rule_is_built_from_an_event_by_its_buttons_and_then_texts(app: Flask, ada: Person):
    hook_id = shop(ada, "payment_failed", "payment_succeeded")
    [newest, _] = event_ids(ada)
    builder = Builder(ada, f"/rules/new?event={newest}")
    assert builder.form["/name"] == "Text me: Payment succeeded"
    assert "Would have matched 1 of the last 2 events" in words(builder.page)
    builder.press("field payload $.data.object.amount")
    amount = builder.form["/when/all/1/value"]
    assert re.fullmatch(r"\$\d+\.\d\d", amount) and builder.form["/when/all/1/value:money"] == "usd"
    assert builder.form["/when/all/1/test"] == "number.at_least"
    builder.press("insert payload $.data.object.receipt_email")
    assert builder.form["/then/0/config/message"].endswith("[Customer name] [Customer email]")
    builder.fill("/then/0/config/to", "+14155550123").press("save")
    assert builder.answer.status_code == 303
    rule_id = builder.answer.location.rpartition("/")[2]
    document = saved(ada, rule_id)
    assert document["when"]["all"][0] == {
        "path": "$.type", "test": "text.is", "value": "payment_intent.succeeded"
    }  # fmt: skip
    assert document["when"]["all"][1]["value"] == int(re.sub(r"\D", "", amount))
    with app.app_context():
        samples.send_sample(ada.actor, hook_id, "stripe/payment_succeeded")
        samples.send_sample(ada.actor, hook_id, "stripe/payment_failed")
    work(app)
    with app.app_context():
        kept = [each.text for each in connections.page_of_messages(ada.workspace_id, 9)]
    assert all(text.startswith("Payment succeeded: $") for text in kept)


@sqlite_only
def test_an_answer_to_htmx_holds_the_same_form_and_saving_leads_away(app: Flask, ada: Person):
    shop(ada, "payment_succeeded")
    builder = Builder(ada, "/rules/new").press("add /when", HTMX)
    assert builder.answer.status_code == 200
    assert "/when/all/1/path" in builder.form
    builder.press("remove /when/all/1", HTMX).fill("/then/0/config/to", "+14155550123")
    address = re.search(r'action="(/rules[^"]*)"', builder.page)
    assert address
    answer = ada.post(address[1], {**builder.form, "do": "save"}, headers=HTMX)
    assert (answer.status_code, answer.data) == (204, b"")
    assert answer.headers["HX-Redirect"].startswith("/rules/rule_")


@sqlite_only
def test_the_preview_says_what_it_would_do_without_a_word_of_blame(app: Flask, ada: Person):
    shop(ada, "payment_failed", "payment_succeeded", "payment_succeeded")
    builder = Builder(ada, "/rules/new").press("group /when")
    builder.fill("/when/all/0/value", "payment_intent.payment_failed")
    answer = ada.post("/rules/preview", builder.form, headers=HTMX)
    said = words(answer.text)
    assert answer.status_code == 200
    assert "Would have matched 1 of the last 3 events" in said
    assert "1 unfinished condition is left out" in said
    assert "not met: Payment succeeded" in said and "choose a field" in said
    assert 'class="wrong" id="when' not in answer.text and "aria-invalid" not in answer.text


@sqlite_only
def test_problems_stand_beside_their_boxes_and_the_draft_is_kept(app: Flask, ada: Person):
    shop(ada, "payment_succeeded")
    builder = Builder(ada, "/rules/new").press("field payload $.data.object.amount")
    builder.fill("/when/all/1/value", "many").fill("/then/0/config/to", "12")
    builder.press("save")
    assert builder.answer.status_code == 422
    for box in ("/when/all/1/value", "/then/0/config/to"):
        drawn = re.search(rf'<input[^>]*name="{box}"[^>]*>', builder.page)
        assert drawn and 'aria-invalid="true"' in drawn[0]
        about = re.search(r'aria-describedby="([^"]+)"', drawn[0])
        assert about and f'id="{about[1].split()[-1]}"' in builder.page
    assert "&#39;many&#39; is not a number" in builder.page
    assert builder.form["/when/all/1/value"] == "many"
    builder.fill("/when/all/1/value", "5").fill("/then/0/config/to", "+14155550123")
    assert "aria-invalid" not in builder.press("look").page


@sqlite_only
def test_an_empty_rule_is_told_what_it_lacks(app: Flask, ada: Person):
    with app.app_context():
        make_hook(ada)
    builder = Builder(ada, "/rules/new").press("save")
    said = words(builder.page)
    assert builder.answer.status_code == 422
    for lack in ("The rule has no name", "group is empty", "The rule does nothing"):
        assert lack in said


@sqlite_only
def test_what_costs_money_says_how_much_is_sent_unasked(app: Flask, ada: Person):
    hook_id = shop(ada, "payment_succeeded")
    said = words(ada.get(f"/rules/new?hook={hook_id}&event={event_ids(ada)[0]}").text)
    assert "this rule sends at most 20 texts in an hour and 100 texts in a day, all rules" in said


@sqlite_only
def test_without_an_event_one_can_use_a_sample(app: Flask, ada: Person):
    shop(ada)
    builder = Builder(ada, "/rules/new")
    assert "No event to build on yet" in words(builder.page)
    builder.press("sample")
    assert "Text me: Payment succeeded" in builder.page and len(event_ids(ada)) == 1


@sqlite_only
def test_fields_can_be_written_by_path_and_groups_nest(app: Flask, ada: Person):
    with app.app_context():
        make_hook(ada)
    builder = Builder(ada, "/rules/new").press("add /when").press("group /when")
    builder.press("add /when/all/1").press("act sms")
    builder.form |= {
        "/name": "Big or blue", "/when:group": "any",
        "/when/all/0/path": "$.amount", "/when/all/0/test": "number.between",
        "/when/all/0/value": "50",
        "/when/all/1:group": "none",
        "/when/all/1/any/0/path": "$.colour", "/when/all/1/any/0/test": "text.is",
        "/when/all/1/any/0/value": "blue",
        "/when/all/1/any/1/path": "$.gone", "/when/all/1/any/1/test": "any.is_missing",
        "/then/0/config/to": "+14155550123", "/then/0/config/message": "Hello",
    }  # fmt: skip
    builder.press("look")
    builder.fill("/when/any/0/value/1", "90").press("save")
    document = saved(ada, builder.answer.location.rpartition("/")[2])
    assert document["when"] == {"any": [
        {"path": "$.amount", "test": "number.between", "value": [50, 90]},
        {"none": [{"path": "$.colour", "test": "text.is", "value": "blue"},
                  {"path": "$.gone", "test": "any.is_missing"}]},
    ]}  # fmt: skip


@sqlite_only
def test_a_field_is_found_by_its_value_and_older_events_can_be_looked_at(app: Flask, ada: Person):
    shop(ada, "small_payment_succeeded", "payment_failed")
    newest, oldest = event_ids(ada)
    builder = Builder(ada, "/rules/new?q=insufficient")
    listed = words(builder.page.partition('id="sheet"')[0])
    assert re.search(r"\d fields? holds? “insufficient”", listed)
    assert "Why it failed" in listed and "Customer name" not in listed
    builder.fill("q", "no such thing").press("look")
    assert "0 fields hold" in words(builder.page)
    builder.fill("q", "").press(f"event {oldest}")
    assert builder.form["event"] == oldest
    assert "The event on show does not match" in words(builder.page)
    assert builder.form["/when/all/0/value"] == "payment_intent.payment_failed"


@sqlite_only
def test_a_field_in_a_list_asks_which_item(app: Flask, ada: Person):
    with app.app_context():
        path = "/in/" + hook_url(make_hook(ada)).rpartition("/")[2]
    body = json.dumps({"lines": [{"sku": "A", "n": 1}, {"sku": "B", "n": 2}]})
    app.test_client().post(path, data=body, content_type="application/json")
    work(app)
    builder = Builder(ada, "/rules/new")
    assert builder.form["pick payload $.lines[*].n"] == "any"
    builder.press("field payload $.lines[*].n")
    builder.fill("pick payload $.lines[*].n", "last").press("field payload $.lines[*].n")
    found = builder.form
    assert found["/when/all/0/path"] == "$.lines[*].n" and found["/when/all/0/value"] == "1"
    assert found["/when/all/1/path"] == "$.lines[-1].n" and found["/when/all/1/value"] == "2"
    builder.press("remove /then/0")
    builder.press("insert payload $.lines[*].sku").fill("/then/0/config/to", "+14155550123")
    assert "A B" in words(builder.press("look").page)


@sqlite_only
def test_a_value_that_never_came_is_warned_of_and_saved_all_the_same(app: Flask, ada: Person):
    shop(ada, "payment_failed", "payment_succeeded")
    builder = Builder(ada, "/rules/new").fill("/when/all/0/value", "payment_intent.succeded")
    assert "never" in words(builder.press("look").page).partition("Warning:")[2][:200]
    builder.fill("/when/all/0/value", "payment_intent.succeeded").press("look")
    assert "Warning:" not in words(builder.page)
    builder.fill("/when/all/0/value", "payment_intent.succeded")
    builder.fill("/then/0/config/to", "+14155550123").press("save")
    assert builder.answer.status_code == 303


@sqlite_only
def test_a_test_shows_what_would_be_sent_and_sends_nothing(app: Flask, ada: Person):
    shop(ada, "payment_succeeded")
    builder = Builder(ada, "/rules/new").fill("/then/0/config/to", "+14155550123").press("test")
    said = words(builder.page)
    assert "Nothing was sent" in said and "SMS to +1 415 555 0123" in said
    assert "1 segment" in said
    with app.app_context():
        assert not connections.count_messages(ada.workspace_id)
        assert not rules.rules(ada.workspace_id)
    assert builder.fill("/name", "").press("test").answer.status_code == 422


def edited(person: Person) -> tuple[str, Builder]:
    with person.app.app_context():
        rule_id = make_rule(person, make_hook(person)).id
    return rule_id, Builder(person, f"/rules/{rule_id}")


@sqlite_only
def test_saving_a_change_makes_a_version_and_switches_the_mode(app: Flask, ada: Person):
    rule_id, builder = edited(ada)
    builder.fill("/when/all/0/value", "75").fill("mode", "watch").press("save")
    with app.app_context():
        rule = rules.rule(ada.workspace_id, rule_id)
        assert rule and (rule.version, rule.mode) == (2, "watch")
    assert saved(ada, rule_id)["when"]["all"][0]["value"] == 75
    page = ada.get(f"/rules/{rule_id}").text
    assert "Saved as version 2. It watches" in words(page)
    Builder(ada, f"/rules/{rule_id}").press("save")
    with app.app_context():
        rule = rules.rule(ada.workspace_id, rule_id)
        assert rule and rule.version == 2, "an unchanged rule makes no version"


@sqlite_only
def test_two_who_edit_at_once_are_told_and_no_draft_is_lost(app: Flask, ada: Person, bo: Person):
    rule_id, builder = edited(ada)
    Builder(bo, f"/rules/{rule_id}").fill("/when/all/0/value", "60").press("save")
    builder.fill("/when/all/0/value", "99").press("save")
    assert builder.answer.status_code == 409
    assert "saved as version 2 meanwhile" in builder.page and "Your draft is kept" in builder.page
    assert builder.form["/when/all/0/value"] == "99"
    builder.press("save over")
    assert saved(ada, rule_id)["when"]["all"][0]["value"] == 99


@sqlite_only
def test_an_edit_says_which_events_change(app: Flask, ada: Person):
    hook_id = shop(ada, "small_payment_succeeded", "payment_succeeded")
    with app.app_context():
        from rulebook.storage import hooks

        hook = hooks.hook(ada.workspace_id, hook_id)
        assert hook
        rule_id = make_rule(ada, hook, path="$.data.object.amount", value=1).id
    builder = Builder(ada, f"/rules/{rule_id}").fill("/when/all/0/value", "50").press("look")
    said = words(builder.page)
    assert "Would have matched 1 of the last 2" in said
    assert re.search(r"1 stop matching, 0 start", said)


@sqlite_only
def test_a_viewer_reads_and_changes_nothing(app: Flask, ada: Person):
    rule_id, builder = edited(ada)
    eve = make_person(app, "eve", workspace_of=ada, role="viewer")
    page = eve.get(f"/rules/{rule_id}").text
    assert "<fieldset" in page and re.search(r"<fieldset[^>]* disabled", page)
    assert 'value="save"' not in page and 'value="add /when"' not in page
    for do in ("save", "add /when"):
        assert eve.post(f"/rules/{rule_id}", {**builder.form, "do": do}).status_code == 403
    assert eve.get("/rules/new").status_code == 403


@sqlite_only
def test_a_stranger_finds_nothing(app: Flask, ada: Person, cy: Person):
    rule_id, builder = edited(ada)
    shop(ada, "payment_succeeded")
    form = builder.form
    hook_id, event_id = form["hook"], event_ids(ada)[0]
    assert cy.get(f"/rules/{rule_id}").status_code == 404
    assert cy.post(f"/rules/{rule_id}", {**form, "do": "save"}).status_code == 404
    assert cy.post("/rules/preview", form).status_code == 404
    assert cy.post("/rules/preview", {**form, "rule": ""}).status_code == 404
    assert cy.post("/rules", {**form, "do": "save"}).status_code == 404
    assert cy.get(f"/rules/new?hook={hook_id}").status_code == 404
    assert "No hook yet" in cy.get(f"/rules/new?event={event_id}").text
    assert app.test_client().get(f"/rules/{rule_id}").status_code == 302


@sqlite_only
def test_somebody_elses_event_is_not_drawn(app: Flask, ada: Person, cy: Person):
    shop(ada, "payment_succeeded")
    with app.app_context():
        make_hook(cy, "Hers")
    page = cy.get(f"/rules/new?event={event_ids(ada)[0]}").text
    assert "No event to build on yet" in words(page)


@sqlite_only
def test_with_several_hooks_one_is_chosen_first(app: Flask, ada: Person):
    assert "No hook yet" in words(ada.get("/rules/new").text)
    with app.app_context():
        make_hook(ada, "One")
        make_hook(ada, "Two")
    page = words(ada.get("/rules/new").text)
    assert "Which hook is the rule for?" in page and "One" in page and "Two" in page


def test_every_action_has_its_drawing_and_one_begins_rules():
    drawn = (Path(web.__file__).parent / "static" / "icons.svg").read_text()
    assert all(f'id="{action.icon}"' in drawn for action in ACTIONS.values())
    assert [bool(action.starter) for action in ACTIONS.values()].count(True) == 1


@sqlite_only
def test_a_row_without_a_field_is_told_once_and_in_plain_words(app: Flask, ada: Person):
    builder = Builder(ada, f"/rules/new?hook={shop(ada, 'payment_succeeded')}")
    builder.press("group /when").press("save")
    said = words(builder.page)
    assert "No field is chosen yet. Choose one, or remove this row." in said
    assert "There is no operator" not in said and "2 things are missing or wrong" in said
    assert re.search(r'id="when-1-0-field"[^>]*aria-invalid="true"', builder.page)


@sqlite_only
def test_stored_events_are_read_once_for_an_answer(app: Flask, ada: Person, monkeypatch):
    hook = shop(ada, "payment_failed", "payment_succeeded")
    asked: list[int] = []
    read = events.bodies_of

    def counted(ids):
        asked.append(len(ids))
        return read(ids)

    monkeypatch.setattr(events, "bodies_of", counted)
    older = event_ids(ada)[-1]
    builder = Builder(ada, f"/rules/new?hook={hook}&event={older}")
    assert asked == [2]
    for do in ("look", f"event {older}", "insert payload $.data.object.amount"):
        asked.clear()
        builder.press(do)
        assert asked == [2], do
