"""Deny unless allowed: every page of the URL map is tried, so a new one cannot be forgotten."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from sqlalchemy import select, text
from werkzeug.routing import Rule

from rulebook.domain import people
from rulebook.storage import Base, db
from tests.people import Person, make_hook, make_person, make_rule
from tests.web.seeing import ON_SQLITE, runs_of, send
from tests.work import work
from web.guard import OWN_DOOR, PUBLIC

pytestmark = ON_SQLITE
SAFE = {"GET", "HEAD", "OPTIONS"}


def pages_of(app: Flask) -> list[Rule]:
    """Every address that a signed-in person's browser uses."""
    return [
        rule
        for rule in app.url_map.iter_rules()
        if rule.endpoint != "static" and rule.endpoint.partition(".")[0] not in OWN_DOOR
    ]


def address(rule: Rule, **given: str) -> str:
    """An address for the rule; `given` fills in the names it asks for."""

    def fill(asked: re.Match[str]) -> str:
        return given.get(asked[2], "1" if asked[1] else "made-up")

    return re.sub(r"<(int:)?(\w+)>", fill, rule.rule)


def methods(rule: Rule) -> set[str]:
    """What the rule takes."""
    return set(rule.methods or ())


@pytest.fixture
def known(app: Flask, ada: Person) -> dict[str, str]:
    """Ids of ada's things, by the names that addresses use."""
    from rulebook.domain.connections import make_connection

    with app.app_context():
        hook = make_hook(ada)
        rule = make_rule(ada, hook)
        config = {"type": "bearer", "token": "tok_live_5f2c81d09a"}
        connection = make_connection(ada.actor, "http_auth", "Books", config)
    send(app, hook)
    work(app)
    bo = make_person(app, "bo", workspace_of=ada, role="editor")
    with app.app_context():
        invite, _ = people.invite(ada.actor, "dee@shop.example", "viewer")
    [run] = runs_of(app, ada)
    return {"hook_id": hook.id, "rule_id": rule.id, "run_id": run.id, "event_id": run.event_id,
            "connection_id": connection.id, "kind": connection.kind,
            "user_id": bo.user_id, "invite_id": invite.id,
            "workspace_id": ada.workspace_id}  # fmt: skip


def test_a_visitor_is_asked_to_sign_in_on_every_page(app: Flask) -> None:
    visitor = app.test_client()
    for rule in pages_of(app):
        if rule.endpoint in PUBLIC or "GET" not in methods(rule):
            continue
        answer = visitor.get(address(rule))
        assert answer.status_code == 302, rule.rule
        assert answer.location.startswith("/sign-in"), rule.rule


def test_a_part_that_polls_leads_to_the_sign_in_page_as_well(app: Flask) -> None:
    answer = app.test_client().get("/runs", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Redirect"][:8]) == (204, "/sign-in")


def test_nothing_is_changed_without_the_form_s_token(app: Flask, ada: Person) -> None:
    posts = [rule for rule in pages_of(app) if methods(rule) - SAFE]
    assert len(posts) > 10
    for rule in posts:
        for method in methods(rule) - SAFE:
            assert ada.client.open(address(rule), method=method).status_code == 400, rule.rule


def test_a_post_from_another_site_is_refused(app: Flask, ada: Person) -> None:
    for rule in pages_of(app):
        if "POST" in methods(rule):
            answer = ada.post(address(rule), headers={"Sec-Fetch-Site": "cross-site"})
            assert answer.status_code == 403, rule.rule


def test_every_answer_carries_its_headers(app: Flask, ada: Person, known: dict[str, str]) -> None:
    for rule in pages_of(app):
        if "GET" not in methods(rule):
            continue
        headers = ada.get(address(rule, **known)).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy, rule.rule
        assert headers["X-Content-Type-Options"] == "nosniff"
        private = rule.endpoint == "evidence.show"
        assert headers["Referrer-Policy"] == ("no-referrer" if private else "same-origin")
        assert headers["Cache-Control"] == "no-store", rule.rule


def test_looking_changes_nothing(app: Flask, ada: Person, known: dict[str, str]) -> None:
    before = rows(app)
    for rule in pages_of(app):
        if "GET" in methods(rule):
            for _ in range(2):
                assert ada.get(address(rule, **known)).status_code < 500, rule.rule
    assert rows(app) == before


def rows(app: Flask) -> dict[str, list[str]]:
    """Every row of every table."""
    with app.app_context():
        found = {
            name: sorted(map(repr, db.session.execute(select(table))))
            for name, table in Base.metadata.tables.items()
        }
        assert db.session.execute(text("PRAGMA query_only")).scalar() == 0
    return found


def test_a_viewer_changes_nothing(app: Flask, ada: Person, known: dict[str, str]) -> None:
    vic = make_person(app, "vic", workspace_of=ada, role="viewer")
    before = rows(app)
    own = {
        "accounts.sign_out",
        "accounts.theme",
        "accounts.sign_in",
        "accounts.prove",
        "account.change",
        "account.email",
        "account.forget",
        "account.password",
        "account.end_others",
        "account.code",
        "account.remove_phone",
        "alerts.mine",
        "people.leave",
    }
    for rule in pages_of(app):
        if "POST" in methods(rule) and rule.endpoint not in own:
            answer = vic.post(address(rule, **known), {"how": "arrived", "thing": known["rule_id"]})
            assert answer.status_code < 500, rule.rule
    assert rows(app) == before


@pytest.mark.parametrize(
    "there",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "\\\\evil.example", "/\t/evil",
     "javascript:alert(1)", "evil.example", "//[", "http:/evil.example", " /runs", "/ /evil"],
)  # fmt: skip
def test_no_form_leads_to_another_site(ada: Person, there: str) -> None:
    assert ada.post("/theme", {"theme": "dark", "next": there}).location == "/"


def test_a_page_of_ours_is_led_to(ada: Person) -> None:
    answer = ada.post("/theme", {"theme": "dark", "next": "/runs?state=failed&hook=hook_1"})
    assert answer.location == "/runs?state=failed&hook=hook_1"


def test_a_broken_database_is_told_as_a_page(app: Flask, ada: Person) -> None:
    with app.app_context():
        db.session.execute(text("ALTER TABLE run RENAME TO gone"))
        db.session.commit()
    answer = ada.get("/runs")
    assert answer.status_code == 503 and "does not answer" in answer.text
