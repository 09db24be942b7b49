"""Messages as people write them: fields by name, pills, what stands in for a missing one."""

from __future__ import annotations

import json
import re
from typing import Any

from flask import Flask

from tests.people import Person, make_person
from tests.web.shop import Shop, sqlite_only
from tests.web.test_builder import Builder, saved, words

ORDERS: list[dict[str, Any]] = [
    {"id": n, "amount": 1999 * n, "currency": "usd", "at": f"2026-04-0{n}T10:00:00Z",
     "customer": {"name": name, "phone": "+12025550123"}, "lines": [{"sku": "A"}, {"sku": "B"}]}
    for n, name in enumerate(("Jenny Rosen", "Ann – Deli", "Bo Erdős " * 20, "Al"), 1)
]  # fmt: skip


def orders(app: Flask, person: Person) -> Builder:
    """The builder of a new rule on four orders and one without a customer; the newest is chosen."""
    shop = Shop(app, person, name="Orders")
    shop.sends({"id": 5, "amount": 100, "currency": "usd"})
    for order in ORDERS:
        shop.sends(order)
    builder = Builder(person, "/rules/new").press("field payload $.amount")
    return builder.fill("/when/all/0/value", "1").fill("/then/0/config/to", "+14155550123")


def say(builder: Builder, template: str) -> Builder:
    """The draft with this template for its message."""
    builder.form.pop("/then/0/config/message:words", None)
    return builder.fill("/then/0/config/message", template).press("look")


def button(builder: Builder, verb: str, **wanted: Any) -> str:
    """What the button says that does this to a pill."""
    drawn = re.findall(rf'value="({verb} [^"]+)"', builder.page)
    for each in (found.replace("&#34;", '"').replace("&#39;", "'") for found in drawn):
        mark = json.loads(each.partition(" ")[2])
        if all(mark.get(name) == value for name, value in wanted.items()):
            return each
    raise AssertionError(f"no button {verb} {wanted} among {drawn}")


def offers(builder: Builder) -> dict[str, set[str]]:
    """The formats that the pills offer, by field."""
    found: dict[str, set[str]] = {}
    for each in re.findall(r'value="format ([^"]+)"', builder.page):
        mark = json.loads(each.replace("&#34;", '"').replace("&#39;", "'"))
        found.setdefault(mark["base"], set()).add(mark["call"])
    return found


def press(builder: Builder, do: str, **boxes: str) -> Builder:
    """Press a button whose value is JSON."""
    found = re.search(r'<form class="rb"[^>]*action="([^"]+)"', builder.page)
    assert found
    builder.answer = builder.person.post(found[1], {**builder.form, **boxes, "do": do})
    builder._read()
    return builder


def message(builder: Builder) -> str:
    """The template that would be saved."""
    builder.press("save")
    document = saved(builder.person, builder.answer.location.rpartition("/")[2])
    return str(document["then"][0]["config"]["message"])


def test_a_message_is_written_by_pills_alone(app: Flask, ada: Person):
    builder = say(orders(app, ada), "Order ")
    builder.press("insert payload $.id").press("insert payload $.amount")
    assert builder.form["/then/0/config/message"] == "Order [Id] [Amount]"
    press(builder, button(builder, "format", base="payload.amount", call="money(payload.currency)"))
    assert "Order 4 $79.96" in words(builder.page)
    press(builder, button(builder, "fallback", base="payload.id"),
          **{"instead /then/0/config/message 0": "of today"})  # fmt: skip
    builder.press("insert payload $.customer.name")
    press(builder, button(builder, "unpill", base="payload.customer.name"))
    assert message(builder) == (
        "Order {{ payload.id | default('of today') }} "
        "{{ payload.amount | money(payload.currency) }} "
    )


@sqlite_only
def test_formats_are_offered_by_what_a_field_holds(app: Flask, ada: Person):
    builder = say(
        orders(app, ada), "{{ payload.at }} {{ payload.amount }} {{ payload.customer.name }}"
    )
    offered = offers(builder)
    assert {"date", "date('time')", "ago"} <= offered["payload.at"]
    assert "money(payload.currency)" in offered["payload.amount"]
    for text in ("{{ payload.customer.name }}", "{{ payload.customer.name | upper }}"):
        offered = offers(say(builder, text))
        assert {"upper", "truncate(40)"} <= offered["payload.customer.name"]
        odd = {"date", "money(payload.currency)", "length", "round", "number"}
        assert not odd & offered["payload.customer.name"]


@sqlite_only
def test_a_missing_field_is_told_with_its_share_and_a_choice(app: Flask, ada: Person):
    builder = say(orders(app, ada), "Hi {{ payload.customer.name }}")
    assert "1 of 5 events has no customer name." in words(builder.page)
    assert builder.form["gap /then/0 0"] == "blank"
    builder.fill("gap /then/0 0", "skip").press("look")
    assert builder.form["gap /then/0 0"] == "skip" and builder.form["/then/0/if_missing"] == "skip"
    assert "1 of 5 would be skipped" in words(builder.page)
    builder.fill("gap /then/0 0 text", "a customer").press("look")
    assert builder.form["gap /then/0 0"] == "text"
    assert "Hi a customer" in words(builder.page)
    builder.fill("gap /then/0 0", "blank")  # without script the choice goes along with Save
    assert message(builder) == "Hi {{ payload.customer.name | default('') }}"


@sqlite_only
def test_a_receiver_from_the_event_is_skipped_where_it_is_missing(app: Flask, ada: Person):
    builder = say(orders(app, ada), "Hi {{ payload.customer.name }} of {{ payload.id }}")
    builder.fill("/then/0/config/to", "").press("into /then/0/config/to")
    builder.press("insert payload $.customer.phone")
    assert builder.form["/then/0/config/to"] == "[Customer phone]"
    assert builder.form["/then/0/if_missing"] == "skip"
    # Only what the receiver needs skips the message: a missing name is still left blank.
    builder.press("save")
    [step] = saved(ada, builder.answer.location.rpartition("/")[2])["then"]
    assert step["config"]["message"] == (
        "Hi {{ payload.customer.name | default('') }} of {{ payload.id }}"
    )


@sqlite_only
def test_what_people_would_read_shows_the_worst_of_the_real_events(app: Flask, ada: Person):
    builder = say(orders(app, ada), "Hi {{ payload.customer.name }}")
    said = words(builder.page)
    for case in ("This event", "The longest", "One with gaps"):
        assert case in said
    assert re.search(r"3 segments 18\d letters \$0.0249", said), "ő cuts the segments to 67"
    assert "“ő” cuts a segment from 160 letters to 70." in said
    builder.press(next(do for do in re.findall(r'value="(plain [^"]+)"', builder.page)))
    assert "2 segments" in words(builder.page) and "cuts a segment" not in words(builder.page)
    assert message(builder) == "Hi {{ payload.customer.name | plain }}"


@sqlite_only
def test_odd_letters_of_the_author_are_replaced_where_they_stand(app: Flask, ada: Person):
    builder = say(orders(app, ada), "Order – {{ payload.id }}")
    assert "The long dash cuts a segment" in words(builder.page)
    assert "Send a plain - instead" in words(builder.page)
    builder.press(next(do for do in re.findall(r'value="(plain [^"]+)"', builder.page)))
    assert message(builder) == "Order - {{ payload.id }}"


@sqlite_only
def test_experts_see_and_write_the_template_itself(app: Flask, ada: Person):
    builder = say(orders(app, ada), "Hi {{ payload.customer.name }}").press("expert")
    assert builder.form["/then/0/config/message"] == "Hi {{ payload.customer.name }}"
    builder.fill("/then/0/config/message", "Hi {{ payload.id | upper }}").press("expert")
    assert builder.form["/then/0/config/message"] == "Hi [Id]"


@sqlite_only
def test_a_mistyped_field_is_told_and_one_click_puts_it_right(app: Flask, ada: Person):
    builder = say(orders(app, ada), "Paid: {{ payload.amuont }}")
    assert "amuont, which the message names" in words(builder.page)
    builder.press(
        next(do for do in re.findall(r'value="(fix [^"]+unknown_in_text[^"]+)"', builder.page))
    )
    assert message(builder) == "Paid: {{ payload.amount }}"


@sqlite_only
def test_a_field_goes_where_the_hand_was_in_the_shown_text(app: Flask, ada: Person):
    builder = say(orders(app, ada), "A {{ payload.id }} B")
    builder.form |= {"message": "/then/0/config/message", "hand": str(len("A [Id]"))}
    builder.press("insert payload $.currency")
    assert builder.form["/then/0/config/message"] == "A [Id][Currency] B"


@sqlite_only
def test_a_viewer_sees_what_people_read_and_no_buttons(app: Flask, ada: Person, cy: Person):
    builder = say(orders(app, ada), "Order – {{ payload.id }}").press("save")
    address = builder.answer.location
    eve = make_person(app, "eve", workspace_of=ada, role="viewer")
    page = eve.get(address).text
    assert "Order – 4" in words(page) and 'value="plain' not in page and 'value="format' not in page
    form = {
        **builder.form,
        "do": 'format {"at":"/then/0/config/message","n":0,"base":"payload.id"}',
    }
    assert eve.post(address, form).status_code == 403
    assert cy.post(address, form).status_code == 404


@sqlite_only
def test_buttons_that_make_no_sense_change_nothing(app: Flask, ada: Person):
    builder = say(orders(app, ada), "Hi {{ payload.id }}")
    marks = (
        "{}", "[]", "no json", '{"at":"/then/9/config/message","n":0,"base":"payload.id"}',
        '{"at":"/x","n":"0","base":3}', '{"at":"/then/0/config/message","n":0,"base":"gone"}',
    )  # fmt: skip
    for mark in marks:
        for verb in ("format", "fallback", "unpill"):
            assert press(builder, f"{verb} {mark}").answer.status_code == 200
    for do in ("plain /then/x", "plain", "into nowhere"):
        assert press(builder, do).answer.status_code == 200
    builder.form |= {"gap /then/0 0 was": "[1]", "/then/0/config/message:words": '{"Id": 5}'}
    assert builder.press("look").answer.status_code == 200
