"""The form and the document say the same: what is drawn is read back, node by node."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask, render_template_string

from rulebook.actions import ACTIONS
from rulebook.domain.weigh import Weighed
from rulebook.storage.connections import Connection
from rulebook.storage.hooks import Hook
from rules import parse
from rules.operators import OPERATORS
from tests.web.form import Form
from web import draft, edits, rows, steps
from web.desk import Frame
from web.draft import read, shape, shown, typed
from web.fieldlist import Fields
from web.pills import Around
from web.saying import voice

SMS = {"id": "sms", "action": "sms", "config": {"to": "+14155550123", "message": "Paid\n{{ 1 }}"}}
VALUES: dict[str, Any] = {
    "text": "paid", "texts": ["a", "b, c"], "number": 5000, "numbers": [1, 2], "length": 3,
    "number_pair": [1, 20], "scalar": "5", "scalars": ["5", 5, True, "true", "x"], "regex": "^a,b$",
    "like": "INV-*", "date": "2026-11-18", "date_pair": ["2026-01-01", "2026-02-01"],
    "duration": "7d", "weekdays": ["mon", "sun"], "time_pair": ["22:00", "06:30"],
    "ranges": ["192.0.2.0/24", "2001:db8::/32"], "nothing": None,
}  # fmt: skip


@pytest.fixture(scope="module")
def app():
    app = Flask("web", root_path=str(draft.__file__).rpartition("/")[0])
    app.jinja_env.globals["csrf_token"] = lambda: "token"
    return app


def sent(app: Flask, document: dict[str, Any], expert: bool = False) -> dict[str, str]:
    """The boxes of the builder for a document."""
    known = rows.Known(voice(Hook(provider="generic"), Fields([])), Weighed())
    tree = rows.tree(draft.drawn(document)["when"], known)
    around = Around(
        {}, lambda field: field.rpartition(".")[2], lambda field: "", lambda field: None
    )
    forms = [
        steps.StepForm(
            f"/then/{at}", step, ACTIONS[step["action"]],
            [steps._box(each, f"/then/{at}", step["config"], around, expert)
             for each in ACTIONS[step["action"]].fields],
            [Connection(id="con_1", name="Mine")], None, [], {},
        )
        for at, step in enumerate(document["then"])
    ]  # fmt: skip
    template = (
        '{% from "rules/when.html" import node, kinds %}{% from "rules/then.html" import step %}'
        '<input name="/name" value="{{ name }}">{{ kinds(tree) }}'
        "{% for row in tree.rows %}{{ node(row, frame) }}{% endfor %}"
        "{% for form in forms %}{{ step(form, {}, true, true, desk, none, {}) }}{% endfor %}"
    )
    with app.test_request_context("/"):
        desk = {"message": "", "expert": expert, "mine": {"phone": "", "email": ""}}
        page = render_template_string(
            template,
            tree=tree,
            forms=forms,
            name=document["name"],
            desk=desk,
            frame=Frame(0, {}, True),
        )
    return Form(page).data


def document(*nodes: Any, then: Any = (SMS,), **more: Any) -> dict[str, Any]:
    return {"name": "Paid", "when": {"all": list(nodes)}, "then": list(then), **more}


def test_a_name_is_one_line_however_it_is_typed():
    assert read({"/name": "Text me\r\n of  payments "})["name"] == "Text me of payments"


def test_every_kind_of_value_has_a_shape_and_an_example_here():
    assert {row.wants.name for row in OPERATORS.values()} == set(VALUES)


@pytest.mark.parametrize("test", sorted(OPERATORS))
def test_a_condition_of_every_operator_is_read_back_as_it_was(app, test):
    condition = {"path": "$.a['odd \"key\"'].b", "test": test}
    value = VALUES[OPERATORS[test].wants.name]
    whole = document(condition if value is None else {**condition, "value": value})
    parse(whole)
    assert read(sent(app, whole)) == whole


IS = {"path": "$.type", "test": "text.is", "value": "paid"}
NODES = {
    "a group in a group": {"any": [IS, {"none": [IS, {"all": [IS, IS]}]}, IS]},
    "items": {"items": "$.lines[*]", "match": "all",
              "where": {"all": [{"path": "@.sku", "test": "text.is", "value": "A"}]}},
    "items with a lone condition": {"items": "$.lines[*]", "match": {"at_least": 2},
                                    "where": {"path": "@.sku", "test": "any.has_value"}},
    "a header": {"path": "$['x-topic']", "in": "headers", "test": "text.is", "value": "a"},
    "options": {**IS, "match_case": True, "when_missing": "met"},
    "a match": {"path": "$.lines[*].n", "test": "number.is", "value": 1, "match": "all"},
    "a counted match": {**IS, "match": {"exactly": 2}},
    "another field": {"path": "$.a", "test": "number.is", "value": {"path": "$.b"}},
    "a header as other field": {"path": "$.a", "test": "text.is",
                                "value": {"path": "$.b", "in": "headers"}},
    "a decimal": {"path": "$.a", "test": "number.is", "value": 19.5},
    "a decimal as text": {"path": "$.a", "test": "number.is", "value": "19.50"},
    "an empty text": {**IS, "value": ""},
    "blanks and markup": {**IS, "value": "  <b> \"'\n"},
    "a list of one with a comma": {"path": "$.a", "test": "text.is_one_of", "value": ["a,b"]},
    "a list with blanks": {"path": "$.a", "test": "text.is_one_of", "value": [" a", ""]},
    "one range": {"path": "$.a", "test": "ip.in_range", "value": "192.0.2.0/24"},
}  # fmt: skip


@pytest.mark.parametrize("name", NODES)
def test_a_node_of_every_kind_is_read_back_as_it_was(app, name):
    whole = document(NODES[name], IS)
    parse(whole)
    assert read(sent(app, whole)) == whole


@pytest.mark.parametrize("expert", [False, True])
def test_a_message_with_fields_in_it_is_read_back_as_it_was(app, expert: bool):
    text = "Hi {{ payload.a.name | upper }}, {{ payload.b.name }} [ok]\n\n{% if payload.x %}!"
    text += "{% endif %}"
    config = {"to": "{{ payload.phone }}", "message": text}
    step = {"id": "sms", "action": "sms", "config": config, "if_missing": "skip"}
    boxes = sent(app, document(IS, then=[step]), expert)
    assert ("{{ payload.b" in boxes["/then/0/config/message"]) is expert
    assert read(boxes)["then"] == [step]


def test_every_event_and_a_lone_condition_are_read_back(app):
    every = {**document(), "when": {"every_event": True}}
    assert read(sent(app, every)) == every
    assert read(sent(app, {**document(), "when": IS}))["when"] == {"all": [IS]}


def test_steps_are_read_back_with_every_kind_of_field(app):
    http = {
        "id": "call", "action": "http", "connection": "con_1", "needs": ["sms"],
        "config": {"method": "PUT", "url": "https://a.example/{{ payload.id }}",
                   "headers": {"X-One": "a: b", "X-Two": "{{ payload.x }}"}, "body": '{"a": 1}\n',
                   "timeout": 20, "repeat_safe": False},
        "if_missing": "skip",
    }  # fmt: skip
    plain = {"id": "b", "action": "http", "config": {"url": "https://a.example"}}
    whole = document(IS, then=(SMS, http, plain))
    assert read(sent(app, whole)) == whole


TYPED = [
    ("number.at_least", ["5000"], 5000), ("number.at_least", [" -7 "], -7),
    ("number.at_least", ["19.50"], "19.50"), ("number.at_least", ["many"], "many"),
    ("number.at_least", [""], None), ("number.at_least", ["9007199254740993"], 9007199254740993),
    ("number.between", ["5", "10"], [5, 10]), ("number.between", ["5", ""], [5, ""]),
    ("number.is_one_of", ["1, 2,3"], [1, 2, 3]), ("text.is_one_of", ["US, CA"], ["US", "CA"]),
    ("text.is_one_of", ["a, b\nc"], ["a, b", "c"]), ("text.is", ["042"], "042"),
    ("list.includes", ["5"], 5), ("list.includes", ['"5"'], "5"), ("list.includes", ["true"], True),
    ("date.in_the_last", ["7d"], "7d"), ("date.time_between", ["09:00", "17:30"],
                                         ["09:00", "17:30"]),
    ("yesno.is_true", ["left over"], None),
]  # fmt: skip


@pytest.mark.parametrize(("test", "texts", "value"), TYPED)
def test_what_is_typed_becomes_what_the_operator_wants(test, texts, value):
    found = typed(texts, OPERATORS[test].wants)
    assert (found, type(found)) == (value, type(value))


def test_another_operator_takes_over_what_was_typed():
    boxes = {"/when:group": "all", "/when/all/0/path": "$.a", "/when/all/0/test": "number.between",
             "/when/all/0/value": "5"}  # fmt: skip
    assert read(boxes)["when"]["all"][0]["value"] == [5, ""]
    pair = {"/when/all/0/value/0": "5", "/when/all/0/value/1": "9"}
    boxes = {"/when:group": "all", "/when/all/0/path": "$.a", **pair}
    assert read({**boxes, "/when/all/0/test": "number.is"})["when"]["all"][0]["value"] == 5
    assert "value" not in read({**boxes, "/when/all/0/test": "any.has_value"})["when"]["all"][0]


def test_another_kind_of_group_keeps_its_members():
    boxes = {"/when:group": "none", "/when/all/0/path": "$.a", "/when/all/0/test": "any.has_value"}
    assert read(boxes)["when"] == {"none": [{"path": "$.a", "test": "any.has_value"}]}


@pytest.mark.parametrize(
    "form",
    [{}, {"/when/all/x/path": "1"}, {"/when:group": "odd"}, {"/then/0/needs:json": "{"},
     {"/then/99999999/id": "a"}],
)  # fmt: skip
def test_a_strange_form_is_read_without_a_fall(form):
    edits.edit(read(form), "add /when")


A, B, C = ({"path": f"$.{name}", "test": "any.has_value"} for name in "abc")
GROUP = {"any": [B, C]}
NAME, SIZE = ({"path": f"@.{name}", "test": "any.has_value"} for name in ("name", "size"))
ITEMS = {"items": "$.lines[*]", "match": "any", "where": {"all": [NAME, SIZE]}}
TURNED = {"items": "$.lines[*]", "match": "any", "where": {"all": [SIZE, NAME]}}
EDITS = [
    ("add /when", [A], [A, edits.BLANK]),
    ("add /when/all/0", [GROUP], [{"any": [B, C, edits.BLANK]}]),
    ("group /when", [A], [A, {"any": [edits.BLANK]}]),
    ("remove /when/all/0", [A, B], [B]),
    ("remove /when/all/0", [A], []),
    ("remove /when/all/1/any/0", [A, {"any": [B]}], [A]),
    ("up /when/all/1", [A, B], [B, A]),
    ("up /when/all/0", [A, B], [A, B]),
    ("down /when/all/0", [A, B], [B, A]),
    ("down /when/all/1", [A, B], [A, B]),
    ("move /when/all/2 /when/all/0", [A, B, C], [C, A, B]),
    ("move /when/all/0 /when/all/3", [A, B, C], [B, C, A]),
    ("move /when/all/1 /when/all/1", [A, B, C], [A, B, C]),
    ("move /when/all/1 /when/all/2", [A, B, C], [A, B, C]),
    ("move /when/all/0 /when/all/1/any/1", [A, GROUP], [{"any": [B, A, C]}]),
    ("move /when/all/1/any/0 /when/all/0", [A, GROUP], [B, A, {"any": [C]}]),
    ("move /when/all/0/any/0 /when/all/1", [{"any": [A]}, B], [A, B]),
    ("move /when/all/0 /when/all/1/all/1", [A, {"any": [B]}], [{"any": [B, A]}]),
    ("move /when/all/1 /when/all/1/any/0", [A, GROUP], [A, GROUP]),  # not into itself
    ("move /when/all/1 /when/all/1/any/0/all/0", [A, GROUP], [A, GROUP]),
    ("move /when/all/0 /when/all/9", [A, B], [A, B]),
    ("move /when/all/0 /then/0", [A, B], [A, B]),
    ("move /when/all/0 /when/0", [A, B], [A, B]),
    ("move /when/all/0 /name/0", [A, B], [A, B]),
    ("move /when/all/0", [A, B], [A, B]),
    (
        "move /when/all/0 /when/all/1/where/all/0",
        [A, ITEMS],
        [A, ITEMS],
    ),  # a list's items stay in it
    ("move /when/all/1/where/all/0 /when/all/0", [A, ITEMS], [A, ITEMS]),
    ("move /when/all/0/where/all/1 /when/all/0/where/all/0", [ITEMS], [TURNED]),
    ("kind /when/all/1 none", [A, GROUP], [A, {"none": [B, C]}]),
    ("kind /when/all/1 odd", [A, GROUP], [A, GROUP]),
    ("wrap /when/all/0", [A, B], [{"any": [A]}, B]),
    ("unwrap /when/all/1", [A, GROUP], [A, B, C]),
    ("other /when/all/0", [IS], [{"path": "$.type", "test": "text.is", "value": {"path": ""}}]),
    ("every", [A], [{"every_event": True}]),
    ("add /when", [{"every_event": True}], [edits.BLANK]),
    ("remove /when/all/7", [A], [A]),
    ("remove /name", [A], [A]),
    ("explode /when", [A], [A]),
    ("", [A], [A]),
]


@pytest.mark.parametrize(("do", "before", "after"), EDITS)
def test_a_button_edits_the_conditions(do, before, after):
    whole = document(*before)
    assert edits.edit(whole, do) == document(*after)
    assert whole == document(*before)


def test_a_pointer_of_the_kind_a_group_had_before_still_means_it():
    whole = {**document(), "when": {"none": [A, {"all": [B, C]}]}}
    changed = edits.edit(whole, "remove /when/all/1/any/0")
    assert changed["when"] == {"none": [A, {"all": [C]}]}


def test_steps_are_added_moved_and_removed():
    whole = edits.edit(document(A), "act sms")
    assert [step["id"] for step in whole["then"]] == ["sms", "sms-2"]
    assert [step["id"] for step in edits.edit(whole, "up /then/1")["then"]] == ["sms-2", "sms"]
    moved = edits.edit(whole, "move /then/1 /then/0")
    assert [step["id"] for step in moved["then"]] == ["sms-2", "sms"]
    assert edits.edit(whole, "remove /then/0")["then"] == [whole["then"][1]]
    assert edits.edit(whole, "act nothing") == whole


def test_a_field_goes_to_the_caret_or_to_the_end():
    place = "/then/0/config/message"
    step = {**SMS, "config": {"message": "Paid: ."}}
    changed, caret = edits.insert(document(A, then=(step,)), place, 6, "{{ payload.a }}")
    assert changed["then"][0]["config"]["message"] == "Paid: {{ payload.a }}."
    assert caret == 6 + len("{{ payload.a }}")
    changed, _ = edits.insert(document(A, then=(step,)), place, None, "{{ payload.a }}")
    assert changed["then"][0]["config"]["message"] == "Paid: . {{ payload.a }}"


def test_shapes_and_texts_agree():
    for row in OPERATORS.values():
        boxes = shown(VALUES[row.wants.name], row.wants)
        assert len(boxes) == {"none": 0, "one": 1, "several": 1, "two": 2}[shape(row.wants)]
