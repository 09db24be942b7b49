"""Conditions in the builder: money, choices, gaps, warnings with their fixes, what was changed."""

from __future__ import annotations

import json
import re
from typing import Any

from flask import Flask

from rulebook.storage import hooks, rules
from tests.people import Person, make_hook, make_rule
from tests.stories import path_of, send
from tests.web.test_builder import Builder, saved, shop, sqlite_only, words
from tests.work import work

OBJECT = "$.data.object"
LINES = f"{OBJECT}.lines.data"


def invoice(**more: Any) -> dict[str, Any]:
    lines = [
        {"description": "Kyusu teapot", "amount": 8900},
        {"description": "Shipping", "amount": 400},
    ]
    about = {"amount_paid": 9300, "currency": "usd", "status": "paid", "lines": {"data": lines}}
    return {"type": "invoice.paid", "data": {"object": {**about, **more}}}


def stripe(person: Person, *bodies: dict[str, Any], **rule: Any) -> str:
    """The id of a rule on a Stripe hook that these events came to, oldest first."""
    with person.app.app_context():
        hook = make_hook(person, "Shop", provider="stripe")
        rule_id = make_rule(person, hook, mode="off", **rule).id
        path = path_of(hook)
    for body in bodies:
        assert send(person.app, path, json.dumps(body).encode()).status_code == 200
    work(person.app)
    return rule_id


def told(builder: Builder, part: str, end: str) -> str:
    """The words of one part of the page."""
    found = re.search(rf'id="{part}".*?</{end}>', builder.page, re.S)
    return words(found[0]) if found else ""


@sqlite_only
def test_an_amount_is_shown_typed_and_said_as_money(app: Flask, ada: Person):
    rule_id = stripe(ada, invoice(), path=f"{OBJECT}.amount_paid", value=5000)
    builder = Builder(ada, f"/rules/{rule_id}")
    assert builder.form["/when/all/0/value"] == "$50.00"
    assert "amount paid is at least $50.00 , text" in told(builder, "told", "p")
    builder.fill("/when/all/0/value", "1,234.5").press("look")
    assert builder.form["/when/all/0/value"] == "$1,234.50"
    assert "not met: $93.00" in words(builder.page)
    assert "amount paid is $93.00, needs to be at least $1,234.50" in words(builder.page)
    builder.press("save")
    assert saved(ada, rule_id)["when"]["all"][0]["value"] == 123450


@sqlite_only
def test_what_is_no_money_is_told_beside_its_box(app: Flask, ada: Person):
    rule_id = stripe(ada, invoice(), path=f"{OBJECT}.amount_paid", value=5000)
    builder = Builder(ada, f"/rules/{rule_id}").fill("/when/all/0/value", "a lot").press("save")
    assert builder.answer.status_code == 422
    assert builder.form["/when/all/0/value"] == "a lot" and "aria-invalid" in builder.page


@sqlite_only
def test_a_changed_condition_says_what_it_was_and_is_put_back(app: Flask, ada: Person):
    rule_id = stripe(ada, invoice(), path=f"{OBJECT}.amount_paid", value=5000)
    builder = Builder(ada, f"/rules/{rule_id}").fill("/when/all/0/value", "95").press("look")
    said = words(builder.page)
    assert "was $50.00 in version 1" in said and "1 change not saved" in said
    assert "Would have matched 0 of 1 event so far (1 before your edit)" in said
    builder.press("back /when/all/0")
    assert builder.form["/when/all/0/value"] == "$50.00" and "was $50.00" not in builder.page
    builder.press("remove /when/all/0")
    assert "amount paid is at least $50.00: taken out since version 1" in words(builder.page)
    builder.press("back 0")
    assert builder.form["/when/all/0/value"] == "$50.00"
    assert "Saved as version 1" in words(builder.page)


@sqlite_only
def test_a_warning_is_followed_by_one_press(app: Flask, ada: Person):
    bodies = [
        invoice(status=status) for status in ("paid", "void", "draft", "paid", "paid", "void")
    ]
    rule_id = stripe(ada, *bodies, path=f"{OBJECT}.status", test="text.is", value="payed")
    builder = Builder(ada, f"/rules/{rule_id}")
    assert "Status has been" in words(builder.page) and "never “payed”" in words(builder.page)
    [do] = re.findall(r'value="(fix [^"]*)"', builder.page)
    assert "Use “paid”" in words(builder.page)
    builder.press(do)
    assert builder.form["/when/all/0/value"] == "paid" and "never “" not in words(builder.page)
    assert "Would have matched 3 of the last 6 events (0 before your edit)" in words(builder.page)


@sqlite_only
def test_rules_of_the_same_conditions_are_told(app: Flask, ada: Person):
    rule_id = stripe(ada, invoice(), path=f"{OBJECT}.status", test="text.is", value="paid")
    with app.app_context():
        rule = rules.rule(ada.workspace_id, rule_id)
        hook = rule and hooks.hook(ada.workspace_id, rule.hook_id)
        assert hook
        again = {"path": f"{OBJECT}.status", "test": "text.is", "value": "paid"}
        make_rule(ada, hook, **again)
    said = words(ada.get(f"/rules/{rule_id}").text)
    assert "The rule “Text me big payments” has the same conditions." in said
    assert "both write to +14155550123" in said


@sqlite_only
def test_a_field_that_is_often_missing_says_so_and_may_count_as_met(app: Flask, ada: Person):
    bodies = [invoice(customer_name="Jenny"), invoice(), invoice(), invoice()]
    rule_id = stripe(ada, *bodies, path=f"{OBJECT}.customer_name", test="text.is", value="Jenny")
    builder = Builder(ada, f"/rules/{rule_id}")
    assert "missing in 75%: not met" in words(builder.page)
    assert "not in this event" in told(builder, "field-panel", "aside") and "in 25%" in builder.page
    builder.form["/when/all/0/when_missing"] = "met"
    builder.press("look")
    said = words(builder.page)
    assert "missing in 75%: met" in said and "Would have matched 4 of the last 4" in said


@sqlite_only
def test_the_item_whose_name_is_x_makes_a_group_of_its_own(app: Flask, ada: Person):
    rule_id = stripe(ada, invoice(), path=f"{OBJECT}.status", test="text.is", value="paid")
    builder = Builder(ada, f"/rules/{rule_id}")
    what = f"payload {LINES}[*].amount"
    assert "There are 2 here. Which do you mean?" in words(builder.page)
    builder.form |= {
        f"pick {what}": "whose",
        f"key {what}": "description",
        f"of {what}": "Shipping",
    }
    builder.press(f"field {what}")
    builder.fill("/when/all/1/where/all/1/value", "4").press("save")
    group = saved(ada, rule_id)["when"]["all"][1]
    assert group == {"items": f"{LINES}[*]", "match": "any", "where": {"all": [
        {"path": "@.description", "test": "text.is", "value": "Shipping"},
        {"path": "@.amount", "test": "number.at_least", "value": 400},
    ]}}  # fmt: skip
    said = words(ada.get(f"/rules/{rule_id}").text)
    assert "item 2 of 2 fits" in said and "met: $4.00" in said


@sqlite_only
def test_every_item_and_no_item(app: Flask, ada: Person):
    rule_id = stripe(ada, invoice(), path=f"{OBJECT}.status", test="text.is", value="paid")
    builder = Builder(ada, f"/rules/{rule_id}")
    what = f"payload {LINES}[*].amount"
    for how in ("every", "no"):
        builder.fill(f"pick {what}", how).press(f"field {what}")
    builder.press("save")
    made = saved(ada, rule_id)["when"]["all"]
    assert [one.get("match") for one in made] == [None, "all", "none"]


@sqlite_only
def test_an_item_group_gets_its_list_from_the_first_field(app: Flask, ada: Person):
    rule_id = stripe(ada, invoice(), path=f"{OBJECT}.status", test="text.is", value="paid")
    builder = Builder(ada, f"/rules/{rule_id}").press("items /when")
    assert f'value="{LINES}[*]"' in builder.page, "its list can be chosen without script as well"
    builder.fill("into", "/when/all/1").press(f"field payload {LINES}[*].description")
    assert builder.form["/when/all/1/items"] == f"{LINES}[*]"
    assert builder.form["/when/all/1/where/all/0/path"] == "@.description"
    builder.press("add /when/all/1/where")
    assert 'value="payload @.amount"' in builder.page
    builder.fill("/when/all/1/where/all/1:field", "payload @.amount").press("save")
    group = saved(ada, rule_id)["when"]["all"][1]["where"]["all"]
    assert group[1] == {"path": "@.amount", "test": "number.at_least", "value": 8900}


@sqlite_only
def test_a_group_and_its_members_are_moved_in_and_out_by_buttons(app: Flask, ada: Person):
    rule_id = stripe(ada, invoice(), path=f"{OBJECT}.status", test="text.is", value="paid")
    builder = Builder(ada, f"/rules/{rule_id}").press(f"field payload {OBJECT}.currency")
    builder.press("wrap /when/all/0").press("in /when/all/1")
    assert builder.form["/when/all/0/any/1/path"] == f"{OBJECT}.currency"
    builder.press("up /when/all/0/any/1").press("out /when/all/0/any/0").press("up /when/all/1")
    assert builder.form["/when/all/0/path"] == f"{OBJECT}.currency"
    focused = re.search(r'<select[^>]*name="([^"]*)"[^>]* autofocus', builder.page)
    assert focused and focused[1] == "/when/all/0/test", "the moved row is gone on with"
    builder.press("unwrap /when/all/1").press("remove /when/all/0").press("save")
    assert saved(ada, rule_id)["when"]["all"] == [
        {"path": f"{OBJECT}.status", "test": "text.is", "value": "paid"}
    ]


@sqlite_only
def test_a_search_finds_cents_by_the_price_and_values_of_other_events(app: Flask, ada: Person):
    shop(ada, "payment_succeeded")
    with app.app_context():
        path = path_of(make_hook(ada, "Plain"))
    for body in (
        {"price": 2999},
        {"price": 10, "channel": "wholesale"},
        {"price": 10, "note": "x"},
    ):
        send(app, path, json.dumps(body).encode())
    work(app)
    with app.app_context():
        hook_id = next(one.id for one in hooks.hooks(ada.workspace_id) if one.name == "Plain")
    builder = Builder(ada, f"/rules/new?hook={hook_id}&q=29.99")
    assert "1 field holds “29.99”" in words(builder.page)
    assert "Price" in told(builder, "field-panel", "aside")
    builder.fill("q", "wholesale").press("look")
    assert "Channel" in told(builder, "field-panel", "aside")


@sqlite_only
def test_events_open_with_their_explanation_and_lists_open_in_full(app: Flask, ada: Person):
    bodies = [invoice(amount_paid=100 * each) for each in range(1, 9)]
    rule_id = stripe(ada, *bodies, path=f"{OBJECT}.amount_paid", value=700)
    builder = Builder(ada, f"/rules/{rule_id}")
    said = words(builder.page)
    assert "2 matched" in said and "6 near misses" in said and "6 not matched" in said
    assert "amount paid is $6.00, needs to be at least $7.00" in said
    assert "$1.00" not in told(builder, "turn-near", "details")
    builder.press("more near")
    assert "amount paid is $1.00, needs to be at least $7.00" in words(builder.page)
    events = re.findall(r'<button name="do" value="(event [^"]+)" tabindex="-1"', builder.page)
    assert len(events) == 8
    builder.press(events[-1])
    assert "not met: $1.00" in words(builder.page)


@sqlite_only
def test_one_of_several_values_is_chosen_from_those_that_came(app: Flask, ada: Person):
    bodies = [invoice(status=status) for status in ("paid", "void", "draft")]
    rule_id = stripe(ada, *bodies, path=f"{OBJECT}.status", test="text.is_one_of", value=["paid"])
    builder = Builder(ada, f"/rules/{rule_id}")
    assert "Add paid" not in builder.page
    builder.press("value /when/all/0 void")
    assert builder.form["/when/all/0/value"] == "paid, void"
    assert "Would have matched 2 of the last 3 events (1 before your edit)" in words(builder.page)


@sqlite_only
def test_another_field_to_compare_with_is_chosen_by_name(app: Flask, ada: Person):
    rule_id = stripe(ada, invoice(amount_due=9300), path=f"{OBJECT}.amount_paid", value=1)
    builder = Builder(ada, f"/rules/{rule_id}").press("other /when/all/0")
    builder.fill("/when/all/0/value:pick", f"payload {OBJECT}.amount_due").press("look")
    assert "amount paid is at least amount due" in told(builder, "told", "p")
    builder.press("save")
    condition = saved(ada, rule_id)["when"]["all"][0]
    assert condition["value"] == {"path": f"{OBJECT}.amount_due"}


@sqlite_only
def test_a_test_says_in_the_words_of_the_page_what_was_missed(app: Flask, ada: Person):
    shop(ada, "payment_succeeded")
    builder = Builder(ada, "/rules/new").fill("/then/0/config/to", "+14155550123")
    assert "This event matches." in words(builder.press("test").page)
    builder.fill("/when/all/0/value", "payment_intent.payment_failed").press("test")
    missed = "Missed by one condition: event type is Payment succeeded, needs to be Payment failed."
    assert missed in words(builder.page)


@sqlite_only
def test_a_type_of_the_tool_that_has_not_come_yet_is_no_slip_of_the_pen(app: Flask, ada: Person):
    shop(ada, "payment_succeeded")
    builder = Builder(ada, "/rules/new").fill("/when/all/0/value", "payment_intent.payment_failed")
    assert "Warning:" not in words(builder.press("look").page)
