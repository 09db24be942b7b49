"""Every route, every role, and a stranger: what each takes is written down here, from the URL map,
so that a new route cannot be forgotten. Refusals come before anything else is looked at."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from flask import Flask
from sqlalchemy import select

from rulebook.domain import bulk, evidence, people, tokens
from rulebook.domain.chosen import Which
from rulebook.domain.connections import make_connection
from rulebook.storage import Base, db, utcnow
from rulebook.storage.ledger import RunFilter
from rulebook.storage.workspaces import Membership
from tests.people import Person, document, make_hook, make_person, make_rule
from tests.web.seeing import ON_SQLITE, runs_of, send
from tests.work import work
from web.guard import PUBLIC

pytestmark = ON_SQLITE

# What an editor does and a viewer does not; what an owner alone does (with a token of their own,
# an editor too: the one that is tried here is ada's). All else is for everybody in
# the workspace, or for oneself, or for whoever comes without an account.
EDITORS = """
POST bulk.begin, POST bulk.stop, POST connections.switch_on, POST connections.test,
POST events.hide, POST events.pin, POST events.replay, POST events.revoke, POST events.share,
POST home.dealt_with, POST home.muted, POST hooks.change, POST hooks.create, GET hooks.delete,
POST hooks.delete, POST hooks.pause, POST hooks.release, GET hooks.rotate, POST hooks.rotate,
POST hooks.sample, POST recipes.start, POST rules.create, GET rules.delete, POST rules.delete,
POST rules.mode, POST rules.move, GET rules.new, POST rules.save, POST runs.cancel,
POST runs.release, POST runs.resolve, POST runs.retry, POST runs.retry_these,
POST settings.make_token, POST ways.find, POST ways.write_down,
DELETE api.events_unshare, DELETE api.hooks_delete, DELETE api.rules_delete,
PATCH api.hooks_change, PATCH api.rules_switch, POST api.bulks_begin,
POST api.bulks_stop, POST api.connections_test, POST api.events_pin, POST api.events_replay,
POST api.events_share, POST api.hooks_make, POST api.hooks_release, POST api.hooks_rotate,
POST api.hooks_sample, POST api.problems_hush, POST api.rules_make, POST api.runs_cancel,
POST api.runs_release, POST api.runs_resolve, POST api.runs_retry, POST api.targets_switch_on,
POST api.tokens_make, PUT api.rules_save
"""
OWNERS = """
GET connections.edit, POST connections.edit, POST connections.delete, GET connections.new,
POST connections.new, POST events.reveal, POST hooks.show_again, POST alerts.try_mail,
POST alerts.ways,
POST people.hand_over, POST people.invite, POST people.remove, POST people.revoke,
POST people.role, POST settings.revoke_token, POST settings.workspace, GET taking.take_events,
GET taking.take_runs, DELETE api.connections_delete, DELETE api.tokens_revoke,
PATCH api.connections_change, POST api.connections_make, DELETE api.people_revoke,
DELETE api.people_remove, PATCH api.people_change, POST api.people_invite
"""
EVERYBODY = """
GET alerts.index, POST alerts.mine, GET bulk.ask, GET bulk.index, GET bulk.show,
GET connections.index, GET events.body, GET events.index, GET events.replay, GET events.share,
GET events.show, GET events.try_today, GET help.index, GET home.index, GET hooks.index,
GET hooks.show,
GET outbox.index, GET people.index, POST people.leave, POST people.enter_workspace,
GET recipes.index, GET recipes.show, GET rules.edit, POST rules.far, GET rules.index,
POST rules.preview, GET rules.versions, GET runs.index, GET runs.retry_failed, GET runs.show,
POST saved.change, POST saved.save, GET settings.index, GET account.confirm, POST account.confirm,
GET account.index, POST account.change, POST account.code, POST account.email,
POST account.end_one, POST account.end_others, POST account.forget, POST account.password,
POST account.phone, POST account.remove_phone, GET accounts.prove, POST accounts.prove,
POST accounts.sign_out,
DELETE api.filters_delete, GET api.bulks_index, GET api.bulks_one, GET api.connections_index,
GET api.connections_one, GET api.events_body, GET api.events_index, GET api.events_links,
GET api.events_one, GET api.fields_index, GET api.filters_index, GET api.hooks_index,
GET api.hooks_one, GET api.openapi_document, GET api.problems_index, GET api.problems_told,
GET api.rules_index, GET api.rules_one, GET api.rules_versions, GET api.runs_index,
GET api.runs_one, GET api.targets_index, GET api.tokens_index, PATCH api.filters_change,
POST api.bulks_preview, POST api.filters_save, POST api.rules_try_out, GET api.people_index,
GET api.people_asked
"""
OWN_DOORS = ("inbox", "callbacks", "static")  # they know nobody; what is theirs is tested there


class Route(NamedTuple):
    """A method of a route; `path` with ada's ids; `asks`: whether it names any of them."""

    key: str
    method: str
    path: str
    asks: bool


class Ada(NamedTuple):
    """Ada's things by the names that pages use, and by the API's nouns."""

    pages: dict[str, str]
    nouns: dict[str, str]

    def ids(self) -> set[str]:
        return {text for name, text in self.pages.items() if name.endswith("_id")}


def keys(text: str) -> set[str]:
    return {" ".join(each.split()) for each in text.split(",")}


@pytest.fixture
def things(app: Flask, ada: Person, bo: Person) -> Ada:
    """One of each, named after a bird that no answer to a stranger may name."""
    with app.app_context():
        hook = make_hook(ada, "Osprey orders")
        rule = make_rule(ada, hook, name="Osprey rule")
        config = {"type": "bearer", "token": "tok_live_5f2c81d09a"}
        connection = make_connection(ada.actor, "http_auth", "Osprey books", config)
    send(app, hook, '{"amount": 99, "who": "osprey"}')
    work(app)
    [run] = runs_of(app, ada)
    with app.app_context():
        pages = {
            "hook_id": hook.id, "rule_id": rule.id, "run_id": run.id, "event_id": run.event_id,
            "connection_id": connection.id, "kind": connection.kind, "user_id": bo.user_id,
            "invite_id": people.invite(ada.actor, "dee@shop.example", "viewer")[0].id,
            "evidence_id": evidence.make_link(ada.actor, run.event_id)[0].id,
            "bulk_id": bulk.begin(ada.actor, Which("retry", runs=RunFilter())).id,
            "token_id": tokens.make_token(ada.actor, "osprey")[0].id,
            "workspace_id": ada.workspace_id, "what": "retry",
        }  # fmt: skip
    saved = {"of": "runs", "name": "Osprey", "query": "state=failed"}
    pages["filter_id"] = ada.api("POST", "/filters", saved).json["id"]
    nouns = ("hook", "rule", "run", "event", "connection", "bulk", "filter", "token")
    with app.app_context():
        while bulk.carry_on(utcnow()).again is not None:
            pass
    others = {"people": bo.user_id, "invites": pages["invite_id"]}
    return Ada(pages, others | {f"{noun}s": pages[f"{noun}_id"] for noun in nouns})


@pytest.fixture
def vic(app: Flask, ada: Person) -> Person:
    """Who was an editor with a token for everything, and is a viewer now."""
    vic = make_person(app, "vic", workspace_of=ada, role="editor")
    vic.api("GET", "/hooks")
    with app.app_context():
        db.session.get_one(Membership, (ada.workspace_id, vic.user_id)).role = "viewer"
        db.session.commit()
    return vic


def routes(app: Flask, ada: Ada) -> Iterator[Route]:
    """Every method of every route of pages and API."""
    for rule in app.url_map.iter_rules():
        blueprint = rule.endpoint.partition(".")[0]
        if blueprint in OWN_DOORS or rule.endpoint in PUBLIC:
            continue
        given = {**ada.pages, "link": ada.pages["evidence_id"]}
        if blueprint == "api":
            given["id"] = ada.nouns.get(rule.rule.split("/")[3], "none")
        elif blueprint == "taking":
            given["kind"] = "csv"

        def fill(found: re.Match[str], given: dict[str, str] = given) -> str:
            return given.get(found[2], "stripe-payment")

        path = re.sub(r"<(\w+:)?(\w+)>", fill, rule.rule)
        asks = bool({"id", *(n for n in ada.pages if n.endswith("_id"))} & rule.arguments)
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            yield Route(f"{method} {rule.endpoint}", method, path, asks)


def call(person: Person, route: Route, given: dict[str, Any]) -> Any:
    """What a person gets from a route, with these values in the form or the body."""
    if route.path.startswith("/api/v1"):
        body = None if route.method == "GET" else given
        return person.api(route.method, route.path.removeprefix("/api/v1"), body)
    return person.get(route.path) if route.method == "GET" else person.post(route.path, given)


def forms(ada: Ada) -> dict[str, dict[str, Any]]:
    """What a form or body holds where the right depends on nothing else being wrong."""
    ids, doc = ada.pages, document()
    name = {"name": "Mine"}
    wanted = {"what": "retry", "ids": [ids["run_id"]]}
    return {
        "POST bulk.begin": {"id": ids["run_id"]},
        "POST rules.create": {"hook": ids["hook_id"]},
        "POST rules.save": {"hook": ids["hook_id"], "do": "save"},
        "POST settings.make_token": name,
        "POST recipes.start": {"hook": ids["hook_id"]},
        "POST ways.find": {"event": ids["event_id"], "secret": "x"},
        "POST api.bulks_begin": wanted,
        "POST api.rules_make": {"hook": ids["hook_id"], "document": doc},
        "PUT api.rules_save": {"document": doc},
        "PATCH api.rules_switch": {"mode": "off"},
        "PATCH api.hooks_change": name,
        "POST api.hooks_make": name,
        "PATCH api.connections_change": name,
        "POST api.runs_resolve": {"how": "arrived"},
        "PATCH api.filters_change": name,
        "PATCH api.people_change": {"role": "viewer"},
        "POST api.people_invite": {"email": "dee@shop.example", "role": "viewer"},
        "POST api.tokens_make": name,
        "POST api.problems_hush": {"kind": "failed", "thing": ids["rule_id"]},
        "POST api.targets_switch_on": {"name": "shop.example:443"},
        "POST api.connections_make": {"kind": "http_auth", "name": "x", "config": {}},
    }


def rows(app: Flask, ids: set[str]) -> set[str]:
    """Every row that has to do with any of these."""
    with app.app_context():
        return {
            f"{name} {row!r}"
            for name, table in Base.metadata.tables.items()
            for row in db.session.execute(select(table))
            if name not in ("session", "login_try") and any(each in repr(row) for each in ids)
        }


def test_every_route_says_who_may(app: Flask, things: Ada) -> None:
    told = [*keys(EDITORS), *keys(OWNERS), *keys(EVERYBODY)]
    assert sorted(told) == sorted({route.key for route in routes(app, things)})


def test_a_role_does_what_it_may_and_no_more(
    app: Flask, things: Ada, vic: Person, bo: Person
) -> None:
    bo.api("GET", "/hooks")
    before, given = rows(app, things.ids()), forms(things)
    refused, let_in = [], []
    for route in routes(app, things):
        form = given.get(route.key, {})
        if route.key in keys(EDITORS) | keys(OWNERS):
            let_in += [("vic", route.key)] if call(vic, route, form).status_code != 403 else []
        elif route.method == "GET" and call(vic, route, form).status_code == 403:
            refused.append(route.key)
        if route.key in keys(OWNERS):
            let_in += [("bo", route.key)] if call(bo, route, form).status_code != 403 else []
    assert (refused, let_in) == ([], [])
    assert rows(app, things.ids()) == before


def test_a_stranger_finds_nothing_by_an_id(app: Flask, things: Ada, cy: Person) -> None:
    before, given = rows(app, things.ids()), forms(things)
    for route in routes(app, things):
        answer = call(cy, route, given.get(route.key, {})) if route.asks else None
        if answer is not None:
            assert answer.status_code == 404 and "osprey" not in answer.text.lower(), route
    assert rows(app, things.ids()) == before


def smuggled(ada: Ada, hook_id: str, rule_id: str, event_id: str) -> Iterator[tuple[str, str, Any]]:
    """Ada's ids where a stranger's own page or call takes an id: in forms, queries and bodies."""
    its = ada.pages
    hook, event, run, rule = its["hook_id"], its["event_id"], its["run_id"], its["rule_id"]
    books, link, kept = its["connection_id"], its["evidence_id"], its["filter_id"]
    for query in (f"hook={hook}", f"rule={rule}", f"older={event}", f"top={event}", f"q={event}",
                  "q=osprey", "field=who&value=osprey"):  # fmt: skip
        yield "GET", f"/events?{query}", None
    for query in (f"hook={hook}", f"rule={rule}", f"through={books}", f"older={run}z",
                  "to=415", f"top={run}"):  # fmt: skip
        yield "GET", f"/runs?{query}", None
    for path in (f"/?of={hook}", f"/?of={rule}&part=charts", f"/outbox?before={run}",
                 f"/rules/new?hook={hook}", f"/rules/new?hook={hook}&event={event}",
                 f"/rules/new?hook={hook_id}&event={event}", f"/rules/{rule_id}?event={event}",
                 f"/runs/retry?rule={rule}", f"/recipes?hook={hook}",
                 f"/recipes/stripe-payment?hook={hook}"):  # fmt: skip
        yield "GET", path, None
    for what, id in (("replay", event), ("retry", run), ("release", run), ("cancel", run)):
        yield "GET", f"/together/{what}?id={id}", None
        yield "GET", f"/together/{what}?all=yes&hook={hook}", None
        yield "POST", f"/together/{what}", {"id": id}
        yield "POST", f"/together/{what}", {"all": "yes", "hook": hook}
        for path in ("/bulks", "/bulks/preview"):
            yield "API POST", path, {"what": what, "ids": [id], "again": True}
            yield "API POST", path, {"what": what, "saved": kept}
    yield "POST", f"/events/{event_id}/share/{link}", {}
    yield "API DELETE", f"/events/{event_id}/evidence/{link}", None
    yield "POST", "/runs/retry", {"rule": rule}
    yield "POST", "/dismiss", {"thing": rule}
    yield "POST", "/mute", {"kind": "failed", "thing": rule}
    yield "POST", "/connections/targets/on", {"name": books, "held": "send"}
    yield "API POST", "/targets/switch-on", {"name": books}
    yield "API POST", "/problems/mute", {"kind": "failed", "thing": rule}
    yield "POST", f"/hooks/{hook_id}/find", {"event": event, "secret": "x"}
    for path in ("/rules/preview", "/rules/far", "/rules"):
        for of, at in ((hook, event), (hook_id, event)):
            yield "POST", path, {"hook": of, "event": at, "name": "Mine", "do": "look"}
    yield "POST", f"/rules/{rule_id}", {"hook": hook, "rule": rule, "event": event, "do": "trial"}
    yield "POST", "/alerts/ways", {"mail": books}
    yield "POST", "/alerts/ways", {"other": f"http {books}", "to": "https://x.example/"}
    step = {"id": "a", "action": "http", "connection": books,
            "config": {"method": "POST", "url": "https://x.example/"}}  # fmt: skip
    yield "API POST", "/rules", {"hook": hook_id, "document": document(then=[step])}
    yield "API PUT", f"/rules/{rule_id}", {"document": document(then=[step])}
    yield "API POST", "/rules/preview", {"hook": hook, "document": document()}
    for query in (f"/events?hook={hook}", f"/runs?connection={books}", f"/fields?hook={hook}"):
        yield "API GET", query, None


def test_a_stranger_smuggles_no_id_in(app: Flask, things: Ada, cy: Person) -> None:
    with app.app_context():
        hook = make_hook(cy, "Mine")
        rule = make_rule(cy, hook)
    send(app, hook)
    work(app)
    [run] = runs_of(app, cy)
    before = rows(app, things.ids())
    for method, path, given in smuggled(things, hook.id, rule.id, run.event_id):
        if method.startswith("API "):
            answer = cy.api(method.removeprefix("API "), path, given)
        else:
            answer = cy.get(path) if method == "GET" else cy.post(path, given)
        assert answer.status_code < 500, (method, path, given)
        said = answer.text.lower().replace("q=osprey", "").replace("value=osprey", "")
        said = re.sub(r'value="osprey"|“osprey”|is osprey', "", said)
        assert "osprey" not in said, (method, path, given)
    with app.app_context():
        while bulk.carry_on(utcnow()).again is not None:
            pass
    work(app)
    # Her own notes may name what she typed.
    changed = rows(app, things.ids()) ^ before
    assert [row for row in changed if cy.workspace_id not in row] == []
