"""The whole way through the API: a hook, a rule, an event, its reasons, a replay, a stop."""

from __future__ import annotations

import hashlib
import json

import pytest
from flask import Flask

from rulebook.domain import history
from tests.people import Person, document
from tests.work import work
from web.api import openapi

sqlite_only = pytest.mark.parametrize("app", ["sqlite"], indirect=True)
BODY = b'{"id": 7, "amount": 99.50, "exact": 0.1234567890123456789012345, "name": "caf\\u00e9"}'


def _fits_schema(answer: dict, name: str) -> None:
    shape = next(shape for shape in openapi.shapes() if shape.name == name)
    assert list(answer) == list(shape.fields)


def _send(app: Flask, url: str, body: bytes = BODY) -> None:
    sent = app.test_client().post("/in/" + url.rpartition("/")[2], data=body,
                                  content_type="application/json")  # fmt: skip
    assert sent.status_code == 200


def test_from_a_hook_to_what_was_sent(app: Flask, ada: Person) -> None:
    made = ada.api("POST", "/hooks", {"name": "Payments"})
    hook = made.json
    assert made.status_code == 201 and made.headers["Location"] == f"/api/v1/hooks/{hook['id']}"
    _fits_schema(hook, "Hook")
    assert (hook["provider"], hook["rules"], hook["last_event_at"]) == ("generic", 0, None)

    made = ada.api("POST", "/rules", {"hook": hook["id"], "document": document()})
    rule = made.json
    assert (made.status_code, rule["mode"], rule["version"]) == (201, "off", 1)
    _fits_schema(rule, "Rule")
    assert rule["document"] == document() and "amount" in rule["sentence"]
    assert ada.api("PATCH", f"/rules/{rule['id']}", {"mode": "live"}).json["mode"] == "live"

    _send(app, hook["url"])
    _send(app, hook["url"], b'{"amount": 3}')
    work(app)
    page = ada.api("GET", f"/events?hook={hook['id']}&state=matched").json
    [listed] = page["items"]
    assert page["next"] is None and listed["matched"] == 1
    _fits_schema(listed, "Event")
    assert listed["received_at"].endswith("Z") and listed["gist"] == "café"

    shown = ada.api("GET", f"/events/{listed['id']}")
    event = shown.json
    _fits_schema(event, "EventInFull")
    assert b"0.1234567890123456789012345" in shown.data, "every digit is kept"
    assert event["payload"]["name"] == "café"
    [judged] = event["rules"]
    _fits_schema(judged, "JudgedRule")
    assert judged["met"] and judged["explanation"]["tree"]["pointer"] == "/when"
    [run] = event["runs"]
    _fits_schema(run, "RunWithAttempts")
    _fits_schema(run["attempts"][0], "Attempt")
    assert (run["state"], run["practice"], run["message"]["text"]) == (
        "succeeded", True, "Paid: 99.5",
    )  # fmt: skip
    assert judged["runs"] == [run["id"]]
    exact = ada.api("GET", f"/events/{listed['id']}/body")
    assert (exact.data, exact.mimetype) == (BODY, "application/octet-stream")
    assert exact.headers["X-Content-Type-Options"] == "nosniff"
    assert exact.headers["Content-Disposition"].startswith("attachment")

    unmet = ada.api("GET", "/events?state=unmatched").json["items"][0]
    reason = ada.api("GET", f"/events/{unmet['id']}").json["rules"][0]["explanation"]
    assert not reason["met"] and reason["blame"] == ["/when/all/0"]
    assert ada.api("GET", f"/runs?rule={rule['id']}").json["items"][0]["id"] == run["id"]
    told = ada.api("GET", "/hooks").json["items"][0]
    assert told["rules"] == 1 and told["last_event_at"] == unmet["received_at"]


def test_a_replay_says_what_was_sent_and_sends_again_only_when_told(
    app: Flask, ada: Person
) -> None:
    hook = ada.api("POST", "/hooks", {"name": "Payments"}).json
    ada.api("POST", "/rules", {"hook": hook["id"], "document": document(), "mode": "live"})
    _send(app, hook["url"])
    work(app)
    event = ada.api("GET", "/events").json["items"][0]
    path = f"/events/{event['id']}/replay"
    dry = ada.api("POST", path, {"dry_run": True, "again": True}).json
    _fits_schema(dry, "Replayed")
    _fits_schema(dry["runs"][0], "Run")
    assert len(ada.api("GET", "/runs").json["items"]) == 1
    left_out = ada.api("POST", path).json
    assert not left_out["runs"] and len(left_out["already_sent"]) == 1
    again = ada.api("POST", path, {"again": True}).json
    assert [run["replay"] for run in again["runs"]] == [2]
    work(app)
    assert ada.api("GET", f"/runs/{again['runs'][0]['id']}").json["state"] == "succeeded"
    late = ada.api("POST", f"/runs/{again['runs'][0]['id']}/cancel")
    assert late.status_code == 409 and late.json["fix"]
    wrong = ada.api("POST", path, {"rules": ["rule_of_nobody"]})
    assert (wrong.status_code, wrong.json["pointer"]) == (422, "/rules/0")


def test_a_rule_is_tried_out_before_it_counts_and_keeps_its_versions(
    app: Flask, ada: Person
) -> None:
    hook = ada.api("POST", "/hooks", {"name": "Payments"}).json
    for amount in (10, 60, 70):
        _send(app, hook["url"], json.dumps({"amount": amount}).encode())
    work(app)
    wanted = {"hook": hook["id"], "document": document()}
    tried = ada.api("POST", "/rules/preview", wanted).json
    _fits_schema(tried, "Preview")
    assert (tried["judged"], tried["met"]) == (3, 2)
    _fits_schema(tried["examples"][0], "Example")
    assert tried["examples"][0]["would_send"][0]["message"]["text"] == "Paid: 70"
    assert ada.api("GET", "/runs").json["items"] == [], "a preview sends nothing"

    rule = ada.api("POST", "/rules", wanted).json
    second = document(value=500)
    saved = ada.api("PUT", f"/rules/{rule['id']}", {"document": second, "version": 1}).json
    assert saved["version"] == 2
    stale = ada.api("PUT", f"/rules/{rule['id']}", {"document": document(), "version": 1})
    assert stale.status_code == 409
    versions = ada.api("GET", f"/rules/{rule['id']}/versions?limit=1").json
    _fits_schema(versions["items"][0], "RuleVersion")
    assert versions["items"][0]["number"] == 2
    older = ada.api("GET", f"/rules/{rule['id']}/versions?cursor={versions['next']}").json
    assert [each["number"] for each in older["items"]] == [1] and older["next"] is None
    wrong = document()
    wrong["when"]["all"][0]["test"] = "number.over"
    refused = ada.api("POST", "/rules", {"hook": hook["id"], "document": wrong})
    assert (refused.status_code, refused.mimetype) == (422, "application/problem+json")
    assert refused.json["pointer"] == "/when/all/0/test" and refused.json["fix"]
    assert ada.api("DELETE", f"/rules/{rule['id']}").status_code == 204
    assert ada.api("GET", f"/rules/{rule['id']}").status_code == 404


def test_history_is_narrowed_by_field_text_and_time_and_paged(
    app: Flask, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "SECONDS_IN_FIELDS", 60)  # however busy the machine is
    hook = ada.api("POST", "/hooks", {"name": "Orders"}).json
    bodies = [{"n": 1, "to": {"city": "Łódź"}}, {"n": "2.0"}, {"n": 2, "to": {"city": "Ulm"}}]
    for each in bodies:
        _send(app, hook["url"], json.dumps(each).encode())
    work(app)

    def found(query: str) -> list:
        page = ada.api("GET", f"/events?{query}").json
        assert page["next"] is None
        whole = [ada.api("GET", f"/events/{e['id']}").json["payload"] for e in page["items"]]
        return [payload["n"] for payload in whole]

    assert found("field=$.to.city") == [2, 1]
    assert found("field=$.n&value=2") == [2, "2.0"]
    assert found("field=$.to.city&value=%C5%81%C3%B3d%C5%BA") == [1]
    assert found("field=$.to.city&value=Berlin") == []
    assert found("q=ulm") == [2]
    times = [e["received_at"] for e in ada.api("GET", "/events").json["items"]]
    assert found(f"before={times[0]}&after={times[1]}") == ["2.0"]
    # Page by page, with and without a field, everything comes exactly once.
    for query in ("", "&field=$.n"):
        seen, cursor = [], ""
        for _ in range(5):
            page = ada.api("GET", f"/events?limit=1{query}{cursor}").json
            seen += [e["received_at"] for e in page["items"]]
            if page["next"] is None:
                break
            cursor = f"&cursor={page['next']}"
        assert seen == times
    wrong = ada.api("GET", "/events?field=$.n[")
    assert (wrong.status_code, wrong.json["pointer"]) == (422, "/field")
    wrong = ada.api("GET", "/events?state=done-for")
    assert wrong.status_code == 422 and "unmatched" in wrong.json["fix"]
    fields = ada.api("GET", f"/fields?hook={hook['id']}").json["items"]
    _fits_schema(fields[0], "Field")
    assert {field["path"] for field in fields} >= {"$.n", "$.to.city"}


@sqlite_only
def test_a_search_that_finds_nothing_ends_within_bounds(
    app: Flask, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "SECONDS_IN_FIELDS", 60)
    monkeypatch.setattr(history, "MOST_JUDGED", 4)
    monkeypatch.setattr(history, "STEP", 2)
    hook = ada.api("POST", "/hooks", {"name": "Orders"}).json
    for n in range(7):
        _send(app, hook["url"], json.dumps({"n": n}).encode())
    page = ada.api("GET", "/events?field=$.n&value=0").json
    assert page["items"] == [] and page["next"]
    page = ada.api("GET", f"/events?field=$.n&value=0&cursor={page['next']}").json
    assert len(page["items"]) == 1 and page["next"] is None


@sqlite_only
def test_hooks_change_rotate_and_go(app: Flask, ada: Person) -> None:
    hook = ada.api("POST", "/hooks", {"name": "Shop", "provider": "stripe",
                                      "secret": "whsec_canary_1234567890"})  # fmt: skip
    assert b"canary" not in hook.data and hook.json["verified_by_secret"]
    path = f"/hooks/{hook.json['id']}"
    sample = ada.api("POST", f"{path}/sample", {"sample": "stripe/payment_succeeded"}).json
    _fits_schema(sample, "SampleSent")
    work(app)
    event = ada.api("GET", f"/events/{sample['event']}").json
    assert (event["state"], event["verification"], event["sample"]) == ("done", "verified", True)
    changed = ada.api("PATCH", path, {"paused": True, "secret": ""}).json
    assert changed["paused"] and not changed["verified_by_secret"]
    ada.api("PATCH", path, {"paused": True})
    _send(app, ada.api("GET", path).json["url"])
    assert ada.api("POST", f"{path}/release").json == {"released": 0}
    ada.api("PATCH", path, {"paused": False})
    assert ada.api("POST", f"{path}/release").json == {"released": 1}
    assert ada.api("POST", f"{path}/release").json == {"released": 0}
    rotated = ada.api("POST", f"{path}/rotate").json
    assert rotated["url"] != hook.json["url"]
    assert ada.api("DELETE", path).status_code == 204
    assert ada.api("GET", path).status_code == 404
    assert ada.api("GET", f"/events?hook={hook.json['id']}").json["items"], "its history stays"


@sqlite_only
def test_connections_keep_their_secrets(app: Flask, ada: Person, bo: Person) -> None:
    config = {"host": "127.0.0.1", "port": 9, "security": "none", "username": "ada",
              "password": "canary-4711", "from": "ada@shop.example"}  # fmt: skip
    wanted = {"kind": "smtp", "name": "Post", "config": config}
    assert bo.api("POST", "/connections", wanted).status_code == 403, "only owners"
    made = ada.api("POST", "/connections", wanted)
    assert made.status_code == 201, made.json
    _fits_schema(made.json, "Connection")
    path = f"/connections/{made.json['id']}"
    changed = ada.api("PATCH", path, {"name": "Mail"})
    tested = ada.api("POST", f"{path}/test")
    _fits_schema(tested.json, "ConnectionTest")
    assert not tested.json["ok"] and tested.json["sentence"]
    shown = bo.api("GET", path)
    assert shown.json["test_ok"] is False and shown.json["name"] == "Mail"
    for answer in (made, changed, tested, shown, ada.api("GET", "/connections")):
        assert b"canary" not in answer.data
    with app.app_context():
        from rulebook.storage import connections

        stored = connections.connection(ada.workspace_id, made.json["id"])
        assert stored and "canary" not in str(stored.config) + stored.sealed
    refused = ada.api("POST", "/connections", {**wanted, "config": {}})
    assert refused.status_code == 422 and refused.json["pointer"].startswith("/config/")
    assert ada.api("DELETE", path).status_code == 204
    assert ada.api("GET", "/connections").json["items"] == []


def test_tokens_are_told_once_and_revoked(app: Flask, ada: Person) -> None:
    made = ada.api("POST", "/tokens", {"name": "till", "scopes": ["read"]}).json
    _fits_schema(made, "NewToken")
    listed = ada.api("GET", "/tokens").json["items"]
    _fits_schema(listed[-1], "Token")
    assert made["token"] not in json.dumps(listed)
    headers = {"Authorization": f"Bearer {made['token']}"}
    client = app.test_client()
    assert client.get("/api/v1/hooks", headers=headers).status_code == 200
    used = ada.api("GET", "/tokens").json["items"][-1]
    assert used["used_at"]
    assert ada.api("DELETE", f"/tokens/{made['id']}").status_code == 204
    assert client.get("/api/v1/hooks", headers=headers).status_code == 401
    with app.app_context():
        from rulebook.storage import users

        assert users.token_by_hash(hashlib.sha256(made["token"].encode()).hexdigest()) is None
