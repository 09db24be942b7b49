"""A field that a live rule reads goes from what a sender sends: told once, with the difference, and
not for what was never always there."""

from __future__ import annotations

import json
import random

import pytest
from flask import Flask

from rulebook.domain import fieldwatch
from rulebook.domain.alerts import GATHER, link_to, tell
from rulebook.domain.attention import mute, worries
from rulebook.domain.drift import fields_read, gone
from rulebook.domain.rules import save_rule, switch_rule
from rulebook.domain.watching import watch
from rulebook.storage import alerts, db, notices, utcnow
from rulebook.storage.hooks import Hook
from rulebook.storage.notices import Notice
from rulebook.storage.rules import Rule
from rules import parse
from tests.people import Person, document, make_hook, make_rule
from tests.stories import path_of, send
from tests.web.seeing import ON_SQLITE, text_of

FULL = {"amount": 99, "customer": {"email": "jenny@shop.example"}}
WITHOUT = {"amount": 99, "customer": {"mail": "jenny@shop.example"}}
SMS = {"id": "sms", "action": "sms",
       "config": {"to": "+14155550123", "message": "To {{ payload.customer.email }}"}}  # fmt: skip


class Sender:
    """A hook, a live rule that writes the customer's address, and what comes in."""

    def __init__(self, app: Flask, ada: Person) -> None:
        self.app, self.ada = app, ada
        with app.app_context():
            self.hook: Hook = make_hook(ada)
            self.rule: Rule = make_rule(ada, self.hook, then=[SMS])
            self.path = path_of(self.hook)

    def sends(self, *bodies: object) -> None:
        for body in bodies:
            send(self.app, self.path, json.dumps(body).encode())

    def listens(self) -> list[Notice]:
        """The drifts that are open once the worker has looked."""
        with self.app.app_context():
            fieldwatch.listen_for_drift(seconds=600)
            return notices.open_notices(self.ada.workspace_id, "drift")

    def newest(self) -> Notice:
        with self.app.app_context():
            return notices.newest_notices(self.ada.workspace_id, 1)[0]


@pytest.fixture
def sender(app: Flask, ada: Person) -> Sender:
    return Sender(app, ada)


def there(missing: int, had: int, lacking: int = 0) -> list[bool]:
    """Newest first: so many without, then some with, the lacking ones spread among them."""
    every = had // lacking if lacking else had + 1
    return [False] * missing + [at % every != every - 1 for at in range(had)]


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        (there(10, 200), 10),
        (there(10, 40), 10),
        (there(9, 200), 0),  # not yet
        (there(10, 39), 0),  # not known for long enough
        (there(12, 200, lacking=10), 12),  # 95 %
        (there(12, 200, lacking=14), 0),  # 93 %: it is not always there
        ([False] * 11 + [True] * 90 + [False] * 4 + [True] * 106, 0),  # it was away for four before
        ([False] * 12 + [True] * 90 + [False] * 4 + [True] * 106, 12),
        ([True] + there(30, 200), 0),  # it is there again
        ([], 0),
        ([False] * 300, 0),  # it was never there
        ([True] * 300, 0),
    ],
)
def test_what_was_nearly_always_there_and_is_gone(seen: list[bool], told: int) -> None:
    assert gone(seen) == told


@pytest.mark.parametrize("share", [0.5, 0.8, 0.9, 0.95, 0.97])
def test_what_comes_and_goes_by_chance_is_never_told(share: float) -> None:
    for seed in range(300):
        chance = random.Random(seed)
        assert not gone([chance.random() < share for _ in range(300)])


def test_a_rule_reads_what_its_conditions_and_messages_name() -> None:
    when = {"all": [
        {"path": "$.amount", "test": "number.at_least", "value": 5},
        {"any": [{"path": "$.customer.name", "test": "text.is", "value": "Tom"},
                 {"in": "headers", "path": "$.shop", "test": "text.is", "value": "1"}]},
        {"path": "$.refunds[*].amount", "test": "number.at_least", "value": 1},
        {"items": "$.lines[*]", "match": "any",
         "where": {"path": "@.sku", "test": "text.is", "value": "T1"}},
    ]}  # fmt: skip
    found = {path.text for path in fields_read(parse(document(when=when, then=[SMS])))}
    wanted = {
        "$['amount']",
        "$['customer']['name']",
        "$['lines']",
        "$['refunds']",
        "$['customer']['email']",
    }
    assert found == wanted


def test_it_is_told_once_with_field_time_and_difference(
    app: Flask, ada: Person, cy: Person, sender: Sender
) -> None:
    sender.sends(*[FULL] * 60)
    assert sender.listens() == []
    sender.sends(*[WITHOUT] * 9)
    assert sender.listens() == []
    sender.sends(WITHOUT)
    [notice] = sender.listens()
    assert "It reads Customer email (customer.email). This was in 60 of 60 events on Payments" in (
        notice.sentence
    )
    assert "is in none of the last 10, since" in notice.sentence
    sender.sends(*[WITHOUT] * 5)
    assert [each.id for each in sender.listens()] == [notice.id]
    with app.app_context():
        assert [each.kind for each in worries(ada.workspace_id)] == ["drift"]
        assert worries(cy.workspace_id) == []
        watch()
        later = utcnow() + GATHER
        assert tell(ada.workspace_id, later) >= 1 and tell(ada.workspace_id, later) == 0
        [letter] = alerts.page_of_alerts(ada.workspace_id, 5)
        link = link_to(notice)
    assert "Text me big payments misses what it reads, 10 times, since" in letter.text
    assert link.endswith("?view=difference#sent") and link in letter.text
    there = link.partition("//")[2].partition("/")[2]
    page = text_of(ada.get(f"/{there}"))
    assert "customer.email" in page or "email" in page.lower()
    home = ada.get("/").get_data(as_text=True)
    assert "Looked at were the newest 300 events of the hook, and fields of what is sent" in home
    assert "Field missing" in home and f'href="/{there}' in home.replace("&amp;", "&")
    assert "is in none of the last 10" in text_of(ada.get(f"/rules/{sender.rule.id}"))
    assert cy.get(f"/{there}").status_code == 404


def test_its_end_is_told_when_the_field_is_there_again(
    app: Flask, ada: Person, sender: Sender
) -> None:
    sender.sends(*[FULL] * 40, *[WITHOUT] * 10)
    assert len(sender.listens()) == 1
    sender.sends(FULL, WITHOUT, FULL, FULL)
    assert len(sender.listens()) == 1, "it comes and goes"
    sender.sends(FULL)
    assert sender.listens() == []
    assert sender.newest().ending == "What was missing is there again."


@ON_SQLITE
def test_a_rule_that_reads_it_no_more_ends_it_in_silence(
    app: Flask, ada: Person, sender: Sender
) -> None:
    sender.sends(*[FULL] * 40, *[WITHOUT] * 10)
    assert len(sender.listens()) == 1
    with app.app_context():
        save_rule(ada.actor, sender.rule.id, document())
    assert sender.listens() == [] and sender.newest().ending == ""
    with app.app_context():
        save_rule(ada.actor, sender.rule.id, document(then=[SMS]))
    assert len(sender.listens()) == 1
    with app.app_context():
        switch_rule(ada.actor, sender.rule.id, "off")
    assert sender.listens() == [] and sender.newest().ending == ""


@ON_SQLITE
def test_what_is_optional_rare_or_read_by_nobody_is_not_told(
    app: Flask, ada: Person, sender: Sender
) -> None:
    some = [FULL if at % 10 else WITHOUT for at in range(60)]
    sender.sends(*some, *[WITHOUT] * 15)
    assert sender.listens() == [], "one in ten never had it"
    other = Sender(app, ada)
    other.sends(*[{**FULL, "note": "x"}] * 60, *[FULL] * 20)
    assert other.listens() == [], "no rule reads the note"
    with app.app_context():
        switch_rule(ada.actor, other.rule.id, "watch")
    other.sends(*[WITHOUT] * 15)
    assert other.listens() == [], "nothing is sent by it"
    null = Sender(app, ada)
    empty = {"amount": 99, "customer": {"email": None}}
    null.sends(*[FULL] * 60, *[empty] * 20)
    assert null.listens() == [], "a field that is empty is there"


@ON_SQLITE
def test_events_of_one_type_are_compared_and_only_those_that_a_rule_is_about(
    app: Flask, ada: Person
) -> None:
    with app.app_context():
        hook = make_hook(ada, provider="stripe")
        is_paid = {"path": "$.type", "test": "text.is", "value": "invoice.paid"}
        make_rule(ada, hook, when={"all": [is_paid]}, then=[SMS])
        path = path_of(hook)
    sender = Sender(app, ada)
    sender.path = path

    def event(kind: str, at: int, body: dict[str, object]) -> dict[str, object]:
        return {"id": f"evt_{kind}_{at}", "object": "event", "type": kind, **body}

    for at in range(50):
        sender.sends(event("invoice.paid", at, FULL), event("invoice.voided", at, FULL))
    sender.sends(*[event("invoice.voided", at, WITHOUT) for at in range(50, 65)])
    assert sender.listens() == [], "the rule is not about these"
    sender.sends(*[event("invoice.paid", at, WITHOUT) for at in range(50, 60)])
    [notice] = sender.listens()
    assert "events of the type “Invoice paid”" in notice.sentence


@ON_SQLITE
def test_it_can_be_muted_and_two_who_look_tell_it_once(
    app: Flask, ada: Person, sender: Sender
) -> None:
    sender.sends(*[FULL] * 40, *[WITHOUT] * 10)
    [notice] = sender.listens()
    with app.app_context():
        fieldwatch._looked.clear()
        mute(ada.actor, "drift", notice.thing)
    [same] = sender.listens()
    assert same.id == notice.id and same.muted_at
    with app.app_context():
        assert worries(ada.workspace_id) == []
        db.session.rollback()


@ON_SQLITE
def test_only_what_something_came_to_is_looked_at(
    app: Flask, ada: Person, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender.sends(FULL)
    looked: list[str] = []
    monkeypatch.setattr(fieldwatch, "_look", lambda hook, now: looked.append(hook.id))
    sender.listens()
    sender.listens()
    assert looked == [sender.hook.id]
    sender.sends(FULL)
    sender.listens()
    assert looked == [sender.hook.id] * 2


@ON_SQLITE
def test_a_hook_that_fails_or_takes_long_keeps_no_other_from_being_looked_at(
    app: Flask, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    some = [Sender(app, ada) for _ in range(3)]
    looked: list[str] = []

    def fails(hook: Hook, now: object) -> None:
        looked.append(hook.id)
        raise RuntimeError("cannot be read")

    monkeypatch.setattr(fieldwatch, "_look", fails)
    for _ in range(4):
        for each in some:
            each.sends(FULL)
        with app.app_context():
            fieldwatch.listen_for_drift(seconds=0)  # time is over after one
    assert looked[:3] == [each.hook.id for each in some] and looked[3] == looked[0]
