"""Recipes: from the list to a saved rule that does what it says."""

from __future__ import annotations

import re
from typing import Any

from flask import Flask

from rulebook.domain.recipes import blanks_of, filled, find_recipe, told
from rulebook.providers import PROVIDERS, RECIPES
from rulebook.storage import connections, hooks
from tests.people import Person, make_hook, make_person
from tests.web.shop import sqlite_only, text
from tests.web.test_builder import Builder, event_ids, saved
from tests.work import work

PAID = "/recipes/stripe.text_me_when_paid"


def opened(person: Person, address: str, answers: dict[str, Any]) -> Builder:
    """The builder that a recipe opens."""
    builder = Builder(person, address)
    builder.answer = person.post(address, answers)
    builder._read()
    return builder


def test_a_newcomer_goes_from_a_recipe_to_a_message(app: Flask, ada: Person):
    answers = {"name": "Payments", "/then/0/config/to": "+14155550123"}
    builder = opened(ada, PAID, answers)
    assert builder.answer.status_code == 200
    assert builder.form["/then/0/config/to"] == "+14155550123"
    assert "1 of 1 event so far" in text(builder.answer), "its sample is there to be seen"
    work(app)
    builder.press("save")
    assert builder.answer.status_code == 303
    document = saved(ada, builder.answer.location.rpartition("/")[2])
    assert document["name"] == "Text me when a payment succeeds"
    with app.app_context():
        [hook] = hooks.hooks(ada.workspace_id)
        assert (hook.name, hook.provider) == ("Payments", "stripe")
        from rulebook.domain import samples

        samples.send_sample(ada.actor, hook.id, "stripe/payment_succeeded")
    work(app)
    with app.app_context():
        [kept] = connections.page_of_messages(ada.workspace_id, 9)
        assert kept.text.startswith("Paid: $")


@sqlite_only
def test_a_hook_that_has_events_is_used_as_it_is(app: Flask, ada: Person):
    with app.app_context():
        hook_id = make_hook(ada, "Shop", provider="stripe").id
    page = ada.get(PAID)
    assert "Which hook?" in text(page) and "Shop" in text(page)
    opened(ada, PAID, {"hook": hook_id})
    opened(ada, PAID, {"hook": hook_id})
    assert len(event_ids(ada)) == 1, "one sample, and only while there is nothing else"


@sqlite_only
def test_amounts_are_asked_for_as_people_write_them(app: Flask, ada: Person):
    recipe = find_recipe("stripe.big_payment")
    amount = blanks_of(recipe)[0]
    assert (amount.question, amount.text, amount.cents) == ("From which amount on?", "50", True)
    for typed, kept in (("75", 7500), ("$1,250.50", 125050), ("a lot", "a lot"), ("", 5000)):
        document = filled(recipe, {amount.place: typed})
        assert document["when"]["all"][1]["value"] == kept
    assert recipe.document["when"]["all"][1]["value"] == 5000, "the recipe itself stays as it is"


@sqlite_only
def test_each_recipe_can_be_read_and_shows_a_message(app: Flask, ada: Person):
    for recipe in RECIPES:
        page = ada.get(f"/recipes/{recipe.id}")
        said = text(page)
        assert page.status_code == 200 and recipe.label in said
        assert all(question in said for question in recipe.blanks.values())
        for action, message in told(recipe).messages:
            assert action.label in said and (message.text or message.html)
            assert "{{" not in message.text
    listed = text(ada.get("/recipes"))
    assert all(recipe.label in listed for recipe in RECIPES)


@sqlite_only
def test_the_list_is_narrowed_by_sender_and_by_words(app: Flask, ada: Person):
    with app.app_context():
        make_hook(ada, provider="typeform")
    whole = text(ada.get("/recipes"))
    assert whole.index("Typeform") < whole.index("Adyen"), "one's own tools come first"
    stripe = ada.get("/recipes?provider=stripe").text
    assert set(re.findall(r'href="/recipes/(\w+)\.', stripe)) == {"stripe"}
    found = text(ada.get("/recipes?q=whatsapp"))
    assert PROVIDERS["meta"].label in found and "Shopify" not in found
    assert "No recipe fits" in text(ada.get("/recipes?q=zzz"))
    for asked in ("payment failed", "stripe payment e-mail", "emails when payments fail"):
        assert "When a payment fails, e-mail" in text(ada.get(f"/recipes?q={asked}")), asked
    said = "When somebody subscribes, e-mail me"
    assert all(said in text(ada.get(f"/recipes?q={each}")) for each in ("email me", "E-mail me"))


@sqlite_only
def test_pages_lead_to_recipes(app: Flask, ada: Person):
    assert 'href="/recipes' in ada.get("/").text and 'href="/recipes"' in ada.get("/rules").text
    with app.app_context():
        hook_id = make_hook(ada, provider="stripe").id
    assert 'href="/recipes?provider=stripe"' in ada.get(f"/hooks/{hook_id}").text


@sqlite_only
def test_a_viewer_looks_and_a_stranger_has_no_use_of_others_hooks(
    app: Flask, ada: Person, cy: Person
):
    with app.app_context():
        hook_id = make_hook(ada, "Secret name", provider="stripe").id
    eve = make_person(app, "eve", workspace_of=ada, role="viewer")
    assert "Fill in" not in text(eve.get(PAID))
    assert eve.post(PAID, {"hook": hook_id}).status_code == 403
    assert "Secret name" not in text(cy.get(PAID))
    assert cy.post(PAID, {"hook": hook_id}).status_code == 404
    assert ada.get("/recipes/stripe.nothing").status_code == 404
    assert ada.post(PAID, {"name": ""}).status_code == 422
