"""Who may call what, what strangers see, and how refusals read."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask

from rulebook.errors import TooMany
from rulebook.storage import db
from rulebook.storage.workspaces import Membership
from tests.people import Person, document, make_hook, make_person
from tests.work import work
from web.api import route_of
from web.api.calls import CALLS

sqlite_only = pytest.mark.parametrize("app", ["sqlite"], indirect=True)


def _things(app: Flask, person: Person) -> dict[str, str]:
    """One of each noun, by the name of its collection."""
    hook = person.api("POST", "/hooks", {"name": "Payments"}).json
    rule = person.api(
        "POST", "/rules", {"hook": hook["id"], "document": document(), "mode": "live"}
    )
    app.test_client().post("/in/" + hook["url"].rpartition("/")[2], json={"amount": 60})
    work(app)
    connection = person.api("POST", "/connections", {
        "kind": "smtp", "name": "Post",
        "config": {"host": "127.0.0.1", "port": 25, "security": "none", "from": "a@b.example"},
    })  # fmt: skip
    return {
        "hooks": hook["id"],
        "rules": rule.json["id"],
        "events": person.api("GET", "/events").json["items"][0]["id"],
        "runs": person.api("GET", "/runs").json["items"][0]["id"],
        "connections": connection.json["id"],
        "tokens": person.api("POST", "/tokens", {"name": "x"}).json["id"],
        "filters": person.api("POST", "/filters", {
            "of": "runs", "name": "Failed", "query": "state=failed",
        }).json["id"],
        "bulks": person.api("POST", "/bulks", {"what": "retry", "filter": {}}).json["id"],
        "people": make_person(app, "ed", workspace_of=person, role="editor").user_id,
        "invites": person.api("POST", "/invites", {
            "email": "dee@shop.example", "role": "viewer",
        }).json["id"],
    }  # fmt: skip


_BODIES = {
    ("PUT", "/rules/{id}"): {"document": document()},
    ("PATCH", "/rules/{id}"): {"mode": "off"},
    ("PATCH", "/hooks/{id}"): {"name": "mine"},
    ("PATCH", "/connections/{id}"): {"name": "mine"},
    ("POST", "/runs/{id}/resolve"): {"how": "arrived"},
    ("PATCH", "/people/{id}"): {"role": "viewer"},
    ("PATCH", "/filters/{id}"): {"name": "mine", "shared": True},
}


def test_a_stranger_finds_nothing_by_any_call(app: Flask, ada: Person, cy: Person) -> None:
    things = _things(app, ada)
    before = ada.api("GET", f"/rules/{things['rules']}").json
    for call in CALLS:
        body = _BODIES.get((call.method, call.path))
        if "{id}" in call.path:
            for thing in (things[call.noun], "nothing", "%00"):
                answer = cy.api(call.method, call.path.replace("{id}", thing), body)
                assert answer.status_code == 404, (call.method, call.path, thing, answer.data)
                assert answer.mimetype == "application/problem+json"
        elif call.listed and call.noun not in ("fields", "tokens", "people"):
            assert cy.api("GET", call.path).json["items"] == []
    foreign = things["hooks"], things["rules"]
    for path in ("/events?hook={0}", "/runs?hook={0}", "/runs?rule={1}", "/rules?hook={0}",
                 "/fields?hook={0}"):  # fmt: skip
        assert cy.api("GET", path.format(*foreign)).status_code == 404
    for path in ("/bulks", "/bulks/preview"):
        for what in ("retry", "replay"):
            wanted = {"what": what, "filter": {"hook": foreign[0]}}
            assert cy.api("POST", path, wanted).status_code == 404
        saved = {"what": "retry", "saved": things["filters"]}
        assert cy.api("POST", path, saved).status_code == 404
    for path in ("/rules", "/rules/preview"):
        wanted = {"hook": foreign[0], "document": document()}
        assert cy.api("POST", path, wanted).status_code == 404
    assert ada.api("GET", f"/rules/{things['rules']}").json == before


@sqlite_only
def test_without_a_good_token_nobody_comes_in(app: Flask, ada: Person) -> None:
    for call in CALLS:
        path = "/api/v1" + call.path.replace("{id}", "x")
        for headers in ({}, {"Authorization": "Bearer rbk_wrong"}, {"Authorization": "Basic YTpi"}):
            answer: Any = ada.client.open(path, method=call.method, headers=headers)
            if call.path == "/openapi.json":
                assert answer.status_code == 200
            else:
                assert answer.status_code == 401, "a browser's cookie opens nothing here"
                assert answer.headers["WWW-Authenticate"] == "Bearer" and answer.json["fix"]


@sqlite_only
def test_scope_and_role_both_bound_a_token(app: Flask, ada: Person) -> None:
    with app.app_context():
        hook_id = make_hook(ada).id
    event = "/events/none/replay"
    reads, sends = ada.token("read"), ada.token("read", "send")
    table = [
        (reads, "GET", "/hooks", None, 200),
        (reads, "POST", "/hooks", {"name": "x"}, 403),
        (reads, "POST", "/rules/preview", {"hook": hook_id, "document": document()}, 200),
        (reads, "POST", "/runs/none/retry", None, 403),
        (reads, "POST", "/bulks/preview", {"what": "cancel", "filter": {}}, 200),
        (reads, "POST", "/bulks", {"what": "cancel", "filter": {}}, 403),
        (
            reads,
            "POST",
            "/filters",
            {"of": "runs", "name": "x", "query": "to=a", "shared": True},
            403,
        ),
        (reads, "POST", "/filters", {"of": "runs", "name": "x", "query": "to=a"}, 201),
        (sends, "POST", "/runs/none/retry", None, 404),
        (sends, "POST", event, {}, 404),
        (sends, "DELETE", f"/hooks/{hook_id}", None, 403),
        (ada.token("write"), "GET", "/hooks", None, 403),
    ]
    for token, method, path, body, status in table:
        answer: Any = app.test_client().open(
            f"/api/v1{path}", method=method, json=body, headers={"Authorization": f"Bearer {token}"}
        )
        assert answer.status_code == status, (method, path, answer.data)
        assert status < 400 or answer.json["fix"]
    # A token never reaches further than its maker does today.
    bo = make_person(app, "bo", workspace_of=ada, role="editor")
    bo.api("GET", "/hooks")
    with app.app_context():
        db.session.get_one(Membership, (ada.workspace_id, bo.user_id)).role = "viewer"
        db.session.commit()
    assert bo.api("POST", "/hooks", {"name": "x"}).status_code == 403
    with app.app_context():
        db.session.delete(db.session.get_one(Membership, (ada.workspace_id, bo.user_id)))
        db.session.commit()
    assert bo.api("GET", "/hooks").status_code == 401


@sqlite_only
@pytest.mark.parametrize(
    ("method", "path", "body", "status", "pointer", "fix"),
    [
        ("POST", "/hooks", b'{"name": "x",}', 400, None, "commas"),
        ("POST", "/hooks", b'{"name": NaN}', 400, None, "NaN"),
        ("POST", "/hooks", b"\xff\xfe{}", 400, None, "UTF-8"),
        ("POST", "/hooks", b"[" * 100_000, 400, None, "JSON"),
        ("POST", "/hooks", b"[]", 422, "", "{}"),
        ("POST", "/hooks", b"{}", 422, "/name", "people"),
        ("POST", "/hooks", b'{"name": "x", "provder": "generic"}', 422, "/provder", "'provider'"),
        ("POST", "/hooks", b'{"name": 5}', 422, "/name", "people"),
        ("POST", "/hooks", b'{"name": "a\\u0000b"}', 422, "/name", "U+0000"),
        ("POST", "/hooks", b'{"name": "a\\ud800"}', 422, "/name", "surrogate"),
        ("POST", "/hooks", b'{"name": "x", "provider": "strip"}', 422, "/provider", "stripe"),
        ("POST", "/rules", b'{"hook": "x", "document": []}', 422, "/document", "document"),
        ("GET", "/events?hok=1", None, 422, "/hok", "'hook'"),
        ("GET", "/events?limit=201", None, 422, "/limit", "1 to 200"),
        ("GET", "/events?limit=-1", None, 422, "/limit", "1 to 200"),
        ("GET", "/events?cursor=%25", None, 422, "/cursor", "next"),
        ("GET", "/events?after=yesterday", None, 422, "/after", "Z"),
        ("GET", "/events?q=%00", None, 422, "/q", "U+0000"),
        ("GET", "/events?value=1", None, 422, "/value", "field"),
        ("GET", "/fields", None, 422, "/hook", "hook"),
        ("POST", "/filters", b'{"of": "runs", "name": "x", "query": "stat=a"}', 422, "/query",
         "'state'"),
        ("POST", "/filters", b'{"of": "runs", "name": " ", "query": "to=a"}', 422, "/name", "Such"),
        ("POST", "/filters", b'{"of": "hooks", "name": "x", "query": "a=b"}', 422, "/of", "events"),
        ("POST", "/bulks", b'{"what": "dance", "filter": {}}', 422, "/what", "replay"),
        ("POST", "/bulks", b'{"what": "retry"}', 422, "/ids", "filter"),
        ("POST", "/bulks", b'{"what": "retry", "ids": []}', 422, "/ids", "500"),
        ("POST", "/bulks", b'{"what": "retry", "ids": ["x"], "filter": {}}', 422, "/filter", "or"),
        ("POST", "/bulks", b'{"what": "retry", "filter": {"stat": "x"}}', 422, "/filter/stat",
         "'state'"),
        ("POST", "/bulks", b'{"what": "retry", "filter": {"state": "x"}}', 422, "/filter/state",
         "failed"),
        ("POST", "/bulks", b'{"what": "retry", "filter": {"state": 1}}', 422, "/filter/state",
         "held"),
        ("POST", "/bulks/preview", b'{"what": "replay", "filter": {"field": "a["}}', 422,
         "/filter/field", ""),
        ("GET", "/no-such-thing", None, 404, None, "address"),
        ("PUT", "/hooks", b"{}", 405, None, "method"),
    ],
)  # fmt: skip
def test_refusals_say_what_where_and_what_next(
    app: Flask, ada: Person, method: str, path: str, body: bytes | None, status: int,
    pointer: str | None, fix: str,
) -> None:  # fmt: skip
    answer = ada.api(method, path, data=body, content_type="application/json")
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    told = answer.json
    assert told["status"] == status and told["title"] and told["detail"]
    assert told.get("pointer") == pointer and fix in told["fix"], told
    if status == 405:
        assert "POST" in answer.headers["Allow"]


@sqlite_only
def test_too_many_and_unavailable_say_when_to_come_back(app: Flask, ada: Person) -> None:
    from web.faults import problem

    with app.test_request_context("/api/v1/hooks"):
        answer: Any = problem(TooMany("Slower.", 7))
    assert answer[1:] == (429, {"Retry-After": "7"})


@sqlite_only
def test_the_description_names_every_route(app: Flask) -> None:
    told: Any = app.test_client().get("/api/v1/openapi.json").json
    described = {
        (method.upper(), "/api/v1" + route_of(path))
        for path, calls in told["paths"].items()
        for method in calls
    }
    routes = {
        (method, rule.rule)
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert described == routes and len(routes) > 30
    schemas = told["components"]["schemas"]
    for name in re.findall(r'#/components/schemas/(\w+)', app.test_client().get(
        "/api/v1/openapi.json").text):  # fmt: skip
        assert name in schemas
    for path, calls in told["paths"].items():
        for call in calls.values():
            in_path = [p["name"] for p in call["parameters"] if p["in"] == "path"]
            assert in_path == re.findall(r"{(\w+)}", path) and call["summary"].endswith(".")


def test_lists_come_in_pages_and_bear_changes_between(app: Flask, ada: Person) -> None:
    hook = ada.api("POST", "/hooks", {"name": "hook 0"}).json
    for n in range(1, 5):
        ada.api("POST", "/hooks", {"name": f"hook {n}"})
        ada.api("POST", "/rules", {"hook": hook["id"], "document": document(name=f"rule {n}")})
    for noun, count in (("hooks", 5), ("rules", 4)):
        names, cursor = [], ""
        while True:
            page = ada.api("GET", f"/{noun}?limit=2{cursor}").json
            names += [each["name"] for each in page["items"]]
            # What was read already may go in the meantime: nothing is left out or told twice.
            ada.api("DELETE", f"/{noun}/{page['items'][-1]['id']}")
            if page["next"] is None:
                break
            cursor = f"&cursor={page['next']}"
        assert len(names) == len(set(names)) == count
