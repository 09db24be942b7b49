"""What a press changed is told, and put back by one press, with what was typed since."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from flask import Flask

from tests.people import Person, document, make_hook, make_rule
from tests.web.test_builder import Builder, saved, words
from web import undo

sqlite_only = pytest.mark.parametrize("app", ["sqlite"], indirect=True)
PAID = {"path": "$.status", "test": "text.is", "value": "paid"}
LARGE = {"path": "$.amount", "test": "number.at_least", "value": 50}
HOME = {"path": "$.country", "test": "text.is", "value": "US"}
MAIL = {
    "id": "email",
    "action": "email",
    "config": {"to": "a@shop.example", "subject": "Paid", "text": "All"},
}


def rule_of(person: Person, *conditions: dict[str, Any], **more: Any) -> str:
    with person.app.app_context():
        when = {"all": list(conditions)}
        return make_rule(person, make_hook(person), when=when, **more).id


def said(builder: Builder) -> str:
    """What stands beside the button that puts back."""
    return words(builder.page.partition('id="undo" role="status">')[2].partition("</div>")[0])


@sqlite_only
def test_a_removed_condition_is_put_back_with_what_was_typed_since(app: Flask, ada: Person):
    builder = Builder(ada, f"/rules/{rule_of(ada, PAID, LARGE, HOME)}")
    assert said(builder) == ""
    builder.press("remove /when/all/1")
    assert said(builder).startswith("“amount is at least 50” was taken out.")
    builder.fill("/when/all/1/value", "CA").press("look")
    assert "was taken out" in said(builder), "typing does not take the offer away"
    builder.press("undo")
    assert [builder.form[f"/when/all/{at}/value"] for at in range(3)] == ["paid", "50", "CA"]
    assert said(builder) == "It is as it was before."


@sqlite_only
def test_several_presses_are_put_back_one_after_the_other(app: Flask, ada: Person):
    builder = Builder(ada, f"/rules/{rule_of(ada, PAID, LARGE, HOME)}")
    builder.press("wrap /when/all/2").press("in /when/all/1").press("remove /when/all/0")
    assert builder.form["/when/all/0/any/0/path"] == "$.amount"
    builder.press("undo")
    assert said(builder) == (
        "It is as it was before. Before that: “amount is at least 50” was moved: now 1 of 2, "
        "in a group. Put it back"
    )
    builder.press("undo").press("undo")
    paths = [builder.form[f"/when/all/{at}/path"] for at in range(3)]
    assert paths == ["$.status", "$.amount", "$.country"]


@sqlite_only
def test_what_a_move_changed_is_told_and_put_back(app: Flask, ada: Person):
    rule_id = rule_of(ada, PAID, LARGE, HOME)
    builder = Builder(ada, f"/rules/{rule_id}")
    builder.page += 'value="move /when/all/2 /when/all/0"'  # a drop writes it into a hidden button
    builder.press("move /when/all/2 /when/all/0")
    assert said(builder).startswith("“country is “US”” was moved: now 1 of 3.")
    assert builder.form["/when/all/0/path"] == "$.country"
    assert re.search(r'id="when-0-test"[^>]* autofocus', builder.page), "one goes on with it"
    builder.press("save")
    assert saved(ada, rule_id)["when"]["all"] == [HOME, PAID, LARGE]


@sqlite_only
def test_a_groups_kind_is_told_as_it_was_and_put_back(app: Flask, ada: Person):
    rule_id = rule_of(ada, PAID, {"any": [LARGE, HOME]})
    builder = Builder(ada, f"/rules/{rule_id}")
    builder.fill("/when/all/1:group", "none").press("look")
    assert said(builder).startswith("“Any of these” became “None of these”.")
    assert "was “Any of” in version 1" in words(builder.page)
    builder.press("undo").press("look")
    assert builder.form["/when/all/1:group"] == "any" and said(builder) == ""
    builder.fill("/when:group", "any").press("look")
    assert "was “All of” in version 1" in words(builder.page)
    assert "1 change" in words(builder.page)
    builder.press("kind /when all").press("save")
    assert saved(ada, rule_id)["when"] == {"all": [PAID, {"any": [LARGE, HOME]}]}


@sqlite_only
def test_a_removed_action_is_put_back_with_its_text(app: Flask, ada: Person):
    builder = Builder(ada, f"/rules/{rule_of(ada, PAID, then=[MAIL])}")
    builder.press("remove /then/0")
    assert said(builder).startswith("“Send an e-mail” was taken out.")
    assert "“Send an e-mail” : taken out since version 1" in words(builder.page).replace(
        "”:", "” :"
    )
    for button in ("undo", "back step 0"):
        again = Builder(ada, builder.address)
        again.press("remove /then/0").press(button)
        assert again.form["/then/0/config/text"] == "All"
        assert "Saved as version 1" in words(again.page)


@pytest.mark.parametrize(
    "told",
    ["{", "5", '["a"]', '[["said","when","/when",5,5]]', '[["said","name","","a","b"]]',
     '[["said","when","",{"all":[{"path":5}]},{}]]', '[["said","then","",[{"id":5}],[]]]',
     '[["said","when","",{"items":5,"where":{}},{}]]'],
)  # fmt: skip
def test_what_no_form_of_ours_says_is_not_put_back(told: str):
    assert undo.read({"undo": told}) == []


def test_only_the_newest_deeds_go_along():
    many = [undo.Deed(str(at), "when", "/when", document()["when"], {}) for at in range(30)]
    assert [each.said for each in undo.read({"undo": undo.written(many)})] == [
        str(at) for at in range(20, 30)
    ]
    large = [undo.Deed("large", "when", "/when", {"all": []}, "x" * 90_000) for _ in range(3)]
    assert len(json.loads(undo.written(large))) == 1
