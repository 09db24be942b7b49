"""A rule is said in one way wherever it is met: in lists, in the builder, by the API, on events."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from flask import Flask

from rulebook.domain.voice import voice_at, voice_of
from rulebook.storage import hooks
from tests.people import Person, document, make_hook, make_rule
from tests.stories import path_of, send
from tests.web.test_builder import words
from tests.work import work

sqlite_only = pytest.mark.parametrize("app", ["sqlite"], indirect=True)
OBJECT = "$.data.object"
PAID = {"path": "$.type", "test": "text.is", "value": "invoice.paid"}
LARGE = {"path": f"{OBJECT}.amount_paid", "test": "number.at_least", "value": 5000}
BETWEEN = {"path": f"{OBJECT}.amount_paid", "test": "number.between", "value": [100, 4999]}
DEAR = {"path": "@.amount", "test": "number.at_least", "value": 4000}
ITEMS = {"items": f"{OBJECT}.lines.data[*]", "match": "any", "where": DEAR}
WHEN = {"all": [PAID, {"any": [LARGE, BETWEEN]}, ITEMS]}
SAID = (
    "When event type is Invoice paid, either amount paid is at least {50} or amount paid is "
    "between {1} and {49.99}, and at least one of line items fits (line item amount is at least "
    "{40}), text +1 415 555 0123."
)


def invoice(currency: str = "usd", paid: int = 9300) -> dict[str, Any]:
    about = {"amount_paid": paid, "currency": currency, "lines": {"data": [{"amount": 8900}]}}
    return {"type": "invoice.paid", "data": {"object": about}}


def stripe(person: Person, *bodies: dict[str, Any], **more: Any) -> tuple[str, str]:
    """The ids of a hook that these events came to, and of its rule."""
    with person.app.app_context():
        hook = make_hook(person, "Shop", provider="stripe")
        rule_id = make_rule(person, hook, **{"when": WHEN, **more}).id
        hook_id, path = hook.id, path_of(hook)
    for body in bodies:
        assert send(person.app, path, json.dumps(body).encode()).status_code == 200
    work(person.app)
    return hook_id, rule_id


def said(page: str) -> str:
    return re.sub(r" ([,.;)])", r"\1", words(page))


def test_a_rule_is_said_alike_wherever_it_is_met(app: Flask, ada: Person):
    hook_id, rule_id = stripe(ada, invoice())
    money = re.sub(r"\{([\d.]+)\}", lambda sum: f"${float(sum[1]):.2f}", SAID)
    for page in (
        "/rules",
        f"/rules/{rule_id}",
        f"/rules/{rule_id}/versions",
        f"/hooks/{hook_id}",
        "/",
    ):
        assert money in said(ada.get(page).text), page
    assert ada.api("GET", f"/rules/{rule_id}").json["sentence"] == money
    for several in ("/rules", f"/rules/{rule_id}/versions"):
        assert ada.api("GET", several).json["items"][0]["sentence"] == money


@sqlite_only
def test_an_amount_in_several_currencies_is_said_as_the_number_it_is(app: Flask, ada: Person):
    hook_id, _ = stripe(ada, invoice(), invoice("jpy"))
    with app.app_context():
        hook = hooks.hook(ada.workspace_id, hook_id)
        assert hook
        whole = document(when={"all": [LARGE]})
        assert "amount paid is at least 5000," in voice_of(hook).read_back(whole)
        assert "at least ¥5,000," in voice_at(hook, invoice("jpy")).read_back(whole)


@sqlite_only
def test_before_any_event_and_without_a_sender_numbers_stay_numbers(app: Flask, ada: Person):
    with app.app_context():
        for hook in (make_hook(ada, provider="stripe"), make_hook(ada, provider="generic")):
            whole = document(when={"all": [LARGE, ITEMS]})
            assert "is at least 5000 and at least one of" in voice_of(hook).read_back(whole)


@sqlite_only
def test_the_page_of_an_event_says_amounts_as_money(app: Flask, ada: Person):
    stripe(ada, invoice(paid=2500), when={"all": [PAID, LARGE]})
    event = ada.api("GET", "/events").json["items"][0]["id"]
    page = said(ada.get(f"/events/{event}").text)
    assert ": amount paid is $25.00, needs to be at least $50.00." in page
    assert "Amount paid is at least $50.00 $25.00 2500 as it was sent." in page
    assert "Event type is Invoice paid Invoice paid not met:" in page
    today = ada.get(f"/events/{event}/try").text
    assert "amount paid is $25.00, needs to be at least $50.00" in said(today)


@sqlite_only
def test_what_changed_is_told_as_money(app: Flask, ada: Person):
    _, rule_id = stripe(ada, invoice(), when={"all": [PAID, LARGE]})
    again = document(when={"all": [PAID, {**LARGE, "value": 7500}]})
    ada.api("PUT", f"/rules/{rule_id}", json={"document": again})
    page = said(ada.get(f"/rules/{rule_id}/versions").text)
    assert "“amount paid is at least $50.00” became “amount paid is at least $75.00”." in page


@sqlite_only
def test_a_value_of_a_later_item_is_not_taken_for_a_misspelt_one(app: Flask, ada: Person):
    lines = [{"description": "Kyusu"}, {"description": "Shipping"}]
    shipping = {"path": "@.description", "test": "text.is", "value": "Shipping"}
    body = {"type": "invoice.paid", "data": {"object": {"lines": {"data": lines}}}}
    _, rule_id = stripe(ada, *[body] * 3, when={"all": [{**ITEMS, "where": shipping}]})
    assert "never “Shipping”" not in said(ada.get(f"/rules/{rule_id}").text)
