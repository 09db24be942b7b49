"""What a draft would have done: however it is counted, the same as judging each version."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from flask import Flask

from rulebook.domain import past
from rulebook.domain.lookback import Sofar, look_back
from rulebook.domain.preview import preview
from rulebook.domain.weigh import Finished, weigh
from rulebook.errors import NotFound
from rules import compile_rules, explain, parse
from tests.people import Person, document, make_hook
from tests.stories import path_of, send
from tests.work import work

AMOUNT = {"path": "$.amount", "test": "number.at_least", "value": 50}
BLUE = {"path": "$.colour", "test": "text.is", "value": "blue"}
LINE: dict[str, Any] = {"items": "$.lines[*]", "match": "any", "where": {"all": [
    {"path": "@.sku", "test": "text.is", "value": "A"},
    {"path": "@.n", "test": "number.more_than", "value": 1},
]}}  # fmt: skip


def hook_with(app: Flask, person: Person, *bodies: Any) -> str:
    with app.app_context():
        hook = make_hook(person)
        hook_id, path = hook.id, path_of(hook)
    for body in bodies:
        assert send(app, path, json.dumps(body).encode()).status_code == 200
    work(app)
    return hook_id


def made_up(count: int, seed: int = 5) -> list[Any]:
    chance = random.Random(seed)
    return [
        {"amount": chance.randrange(100), "colour": chance.choice(["blue", "red", None]),
         "lines": [{"sku": chance.choice("AB"), "n": chance.randrange(4)} for _ in range(3)]}
        for _ in range(count)
    ]  # fmt: skip


def drafts() -> list[dict[str, Any]]:
    return [
        {"all": [AMOUNT, BLUE]}, {"all": [{**AMOUNT, "value": 70}, BLUE]}, {"any": [AMOUNT, BLUE]},
        {"none": [BLUE]}, {"all": [AMOUNT, {"any": [BLUE, LINE]}]}, {"all": [LINE]},
        {"every_event": True},
    ]  # fmt: skip


def test_the_difference_equals_judging_both_versions_in_full(app: Flask, ada: Person):
    hook_id = hook_with(app, ada, *made_up(40))
    with app.app_context():
        from rulebook.domain.hooks import find_hook

        newest = past.newest(find_hook(ada.actor, hook_id), 200)
        for now in drafts():
            for before in drafts():
                new, old = document(when=now), document(when=before, options={"stop": True})
                weighed = weigh(ada.actor, hook_id, new, newest, None, old)
                full = set(preview(ada.actor, hook_id, new).met_ids)
                was = set(preview(ada.actor, hook_id, old).met_ids)
                ids = {turn: {e.event.id for e in weighed.judged if e.turn == turn}
                       for turn in ("stops", "starts", "met", "near", "not")}  # fmt: skip
                assert (ids["stops"], ids["starts"]) == (was - full, full - was)
                assert ids["met"] == full & was
                assert (weighed.met, weighed.met_before) == (len(full), len(was))
                far = look_back(ada.actor, hook_id, new, old, Sofar(), 60)
                assert (far.stops, far.starts) == (len(was - full), len(full - was))
                assert far.done and far.judged == 40


def test_near_misses_are_those_one_condition_away(app: Flask, ada: Person):
    hook_id = hook_with(app, ada, *made_up(30))
    new = document(when={"all": [AMOUNT, BLUE, LINE]})
    with app.app_context():
        from rulebook.domain.hooks import find_hook

        newest = past.newest(find_hook(ada.actor, hook_id), 200)
        weighed = weigh(ada.actor, hook_id, new, newest)
        near = {each.event.id for each in weighed.judged if each.turn == "near"}
        rule = parse(new)
        assert near == {
            each.event.id for each in newest if explain(rule, each.seen).missed == 1
        }  # fmt: skip
        assert near


def test_added_up_the_stretches_are_the_whole(app: Flask, ada: Person, monkeypatch):
    monkeypatch.setattr("rulebook.domain.lookback.AT_ONCE", 4)
    monkeypatch.setattr(past, "AT_ONCE", 3)
    hook_id = hook_with(app, ada, *made_up(25))
    new, old = document(when={"all": [AMOUNT]}), document(when={"all": [BLUE]})
    with app.app_context():
        whole = look_back(ada.actor, hook_id, new, old, Sofar(), 60)
        sofar, asked = Sofar(), 0
        while not sofar.done:
            sofar, asked = look_back(ada.actor, hook_id, new, old, sofar, 0), asked + 1
        assert sofar == whole and whole.judged == 25 and asked == 7
        part = look_back(ada.actor, hook_id, new, old, Sofar(), 60, farthest=10)
        assert part.done and part.judged == 10


def test_a_stranger_looks_at_nothing(app: Flask, ada: Person, cy: Person):
    hook_id = hook_with(app, ada, {"amount": 60})
    with app.app_context(), pytest.raises(NotFound):
        look_back(cy.actor, hook_id, document(), None, Sofar(), 1)


def test_what_is_unfinished_is_left_out_and_nothing_else_moves():
    blank = {"path": "", "test": ""}
    items = {**LINE, "where": {"all": [blank, *LINE["where"]["all"]]}}
    finished = Finished({"all": [blank, AMOUNT, {"any": [blank, BLUE]}, items, {"none": [blank]}]})
    assert finished.unfinished == [
        "/when/all/0", "/when/all/2/any/0", "/when/all/3/where/all/0", "/when/all/4/none/0"
    ]  # fmt: skip
    event = {"payload": {"amount": 60, "colour": "red", "lines": [{"sku": "A", "n": 2}]},
             "headers": {}, "query": {}, "event": {}}  # fmt: skip
    assert finished.rule
    found = finished.findings(explain(finished.rule, event).tree)
    met = {pointer: finding.met for pointer, finding in found.items()}
    assert met["/when/all/1"] and met["/when/all/3"] and met["/when/all/3/where/all/2"]
    assert not met["/when/all/2/any/1"] and not met["/when"]
    hits = compile_rules(list(finished.nodes.items())).match(event)
    assert {pointer for pointer, yes in met.items() if yes} <= set(hits)
