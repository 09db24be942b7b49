"""Looking far back with a draft, and a rule begun from an example."""

from __future__ import annotations

import json
import re

from flask import Flask

from tests.people import Person, make_hook, make_rule
from tests.stories import path_of, send
from tests.web.form import Form
from tests.web.test_builder import HTMX, Builder, saved, sqlite_only, words
from tests.web.test_builder_rows import OBJECT, invoice, stripe
from tests.work import work
from web import desk, far


def many(monkeypatch) -> None:
    """As if the page judged one event and offered to look further back from there."""
    monkeypatch.setattr(desk, "DEFAULT", 1)


@sqlite_only
def test_one_looks_far_back_a_stretch_at_a_time(app: Flask, ada: Person, monkeypatch):
    many(monkeypatch)
    monkeypatch.setattr("rulebook.domain.lookback.AT_ONCE", 3)
    monkeypatch.setattr(far, "STRETCH", 0)
    monkeypatch.setattr(far, "FIRST", 0)
    bodies = [invoice(amount_paid=100 * each) for each in range(1, 9)]
    rule_id = stripe(ada, *bodies, path=f"{OBJECT}.amount_paid", value=300)
    builder = Builder(ada, f"/rules/{rule_id}").fill("/when/all/0/value", "6").press("far")
    assert "So far, of the last 3 events 3 match (3 before your edit): no change" in words(
        builder.page
    )
    form = builder.form
    for judged, say in ((6, "So far, of the last 6 events 3 match"), (8, "Of the last 8 events 3")):
        answer = ada.post("/rules/far", form, headers=HTMX)
        assert answer.status_code == 200 and say in words(answer.text)
        form = {**form, **Form(answer.text).data}
        assert json.loads(form["far"])["judged"] == judged
    assert "(6 before your edit): 3 stop, 0 start" in words(answer.text)
    assert "hx-trigger" not in answer.text, "it is done, and asks no more"
    builder.form = form
    said = words(builder.press("look").page)
    assert "Of the last 8 events 3 match" in said and "The newest that stop matching" in said
    builder.fill("/when/all/0/value", "5").press("look")
    assert "This was before your last change. Look again" in words(builder.page)
    said = words(builder.press("far").page)
    assert "So far, of the last 3 events 3 match" in said, "from the beginning"
    assert "Look at the last 10,000" in words(builder.press("far stop").page)


@sqlite_only
def test_looking_far_back_is_for_those_who_may_see_the_hook(
    app: Flask, ada: Person, cy: Person, monkeypatch
):
    many(monkeypatch)
    rule_id = stripe(ada, invoice(), path=f"{OBJECT}.amount_paid", value=300)
    form = Builder(ada, f"/rules/{rule_id}").form
    assert cy.post("/rules/far", form).status_code == 404
    assert cy.post("/rules/far", {**form, "rule": ""}).status_code == 404
    assert app.test_client().post("/rules/far", data=form).status_code in (302, 400)


@sqlite_only
def test_what_a_form_says_of_the_past_is_never_believed_blindly(app: Flask, ada: Person):
    rule_id = stripe(ada, invoice(), path=f"{OBJECT}.amount_paid", value=300)
    form = Builder(ada, f"/rules/{rule_id}").form
    for odd in ("x", "[]", "{}", '{"about":1,"judged":"<b>"}', '{"about":"","judged":1}'):
        answer = ada.post("/rules/far", {**form, "far": odd})
        assert answer.status_code == 200 and "Of the last 1 events 1 matches" in words(answer.text)


@sqlite_only
def test_a_rule_from_an_example_ticks_its_kind_and_offers_the_rest(app: Flask, ada: Person):
    with app.app_context():
        path = path_of(make_hook(ada, "Shop", provider="stripe"))
    countries = ["US", "US", "DE", "DE", "US", "US"]
    kinds = ["paid", "void", "paid", "void", "void", "paid"]
    for at, (country, status) in enumerate(zip(countries, kinds, strict=True)):
        body = invoice(status=status, country=country, id=f"in_{at}")
        assert send(app, path, json.dumps(body).encode()).status_code == 200
    work(app)
    builder = Builder(ada, "/rules/new")
    listed = re.findall(r'name="like \d" [^>]*?(checked)?><span>(.*?)</span></span>', builder.page)
    told = {words(said): bool(ticked) for ticked, said in listed}
    assert told["Event type is Invoice paid 6 of 6"] and told["Status is “paid” 3 of 6"]
    assert told["Country is “US” 4 of 6"] is False
    assert 2 < len(told) <= 5
    assert "Would have matched 3 of the last 6" in words(builder.page)
    at = list(told).index("Country is “US” 4 of 6")
    builder.form[f"like {at}"] = "yes"
    del builder.form[f"like {list(told).index('Status is “paid” 3 of 6')}"]
    builder.press("look")
    assert "Would have matched 4 of the last 6" in words(builder.page)
    assert builder.form[f"like {at}"] == "yes"
    builder.fill("/then/0/config/to", "+14155550123")
    del builder.form[f"like {at}"]
    builder.press("save")
    assert [each["path"] for each in saved(ada, builder.answer.location[-37:])["when"]["all"]] == [
        "$.type"
    ]


@sqlite_only
def test_a_condition_that_was_edited_is_no_longer_the_ticks(app: Flask, ada: Person):
    with app.app_context():
        hook = make_hook(ada, "Shop", provider="stripe")
        make_rule(ada, hook, mode="off")
        path = path_of(hook)
    for kind in ("invoice.paid", "invoice.voided"):
        send(app, path, json.dumps({**invoice(), "type": kind}).encode())
    work(app)
    builder = Builder(ada, "/rules/new").fill("/when/all/0/value", "invoice.paid").press("look")
    assert builder.form["/when/all/0/value"] == "invoice.paid"
    assert "/when/all/1/path" not in builder.form and "like 0" not in builder.form
