"""Many at once and saved filters through the API: a preview, the doing, how far it has come."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from rulebook.domain import bulk
from rulebook.storage import utcnow
from rulebook.storage.runs import Run
from tests.api.test_story import _fits_schema
from tests.people import Person
from tests.web.seeing import runs_of, set_runs, three_messages


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine ends no step early."""
    monkeypatch.setattr(bulk, "STEP_SECONDS", 600)
    monkeypatch.setattr(bulk, "PREVIEW_SECONDS", 600)


@pytest.fixture
def three(app: Flask, ada: Person) -> list[Run]:
    return three_messages(app, ada)


def carry_on(app: Flask) -> list[str]:
    with app.app_context():
        return bulk.carry_on().due


def test_a_preview_says_what_the_doing_does(app: Flask, ada: Person, three: list[Run]) -> None:
    set_runs(app, state="failed")
    set_runs(app, three[0].id, may_repeat=True)
    wanted = {"what": "retry", "filter": {"state": "failed", "rule": three[0].rule_id}}
    told = ada.api("POST", "/bulks/preview", wanted).json
    _fits_schema(told, "BulkPreview")
    assert (told["looked"], told["already_sent"], told["next"]) == (3, 1, None)
    assert told["would"] == [{"action": "sms", "count": 2}]
    assert told["left_out"] == [{"why": "Not sent again, because it may have arrived.", "count": 1}]
    _fits_schema(told["examples"][0], "Run")
    again = ada.api("POST", "/bulks/preview", {**wanted, "again": True}).json
    assert again["would"] == [{"action": "sms", "count": 3}]
    assert len(runs_of(app, ada)) == 3, "a preview sends nothing"
    made = ada.api("POST", "/bulks", wanted)
    assert made.status_code == 201
    assert made.headers["Location"] == f"/api/v1/bulks/{made.json['id']}"
    _fits_schema(made.json, "Bulk")
    assert (made.json["state"], made.json["done"]) == ("going", 0)
    assert len(carry_on(app)) == 2
    ended = ada.api("GET", f"/bulks/{made.json['id']}").json
    assert (ended["state"], ended["looked"], ended["done"]) == ("done", 3, 2)
    assert ended["left_out"] == told["left_out"] and ended["finished_at"]
    assert ada.api("GET", "/bulks").json["items"] == [ended]
    assert ada.api("POST", f"/bulks/{ended['id']}/stop").status_code == 409


def test_events_are_replayed_and_a_bulk_is_stopped(
    app: Flask, ada: Person, three: list[Run]
) -> None:
    wanted = {"what": "replay", "ids": [run.event_id for run in three]}
    told = ada.api("POST", "/bulks/preview", wanted).json
    assert (told["already_sent"], told["would"]) == (3, [])
    by_filter = {"what": "replay", "filter": {"state": "matched"}, "again": True}
    told = ada.api("POST", "/bulks/preview", by_filter).json
    assert told["would"] == [{"action": "sms", "count": 3}]
    made = ada.api("POST", "/bulks", by_filter).json
    stopped = ada.api("POST", f"/bulks/{made['id']}/stop").json
    assert (stopped["state"], stopped["done"]) == ("stopped", 0)
    assert carry_on(app) == [] and len(runs_of(app, ada)) == 3


def test_held_runs_are_released_and_cancelled_with_what_it_costs(
    app: Flask, ada: Person, three: list[Run]
) -> None:
    set_runs(app, state="held", held_for="limit", practice=False, finished_at=None,
             expires_at=utcnow() + timedelta(hours=1))  # fmt: skip
    wanted = {"what": "release", "ids": [three[0].id, three[1].id, "run_0"]}
    told = ada.api("POST", "/bulks/preview", wanted).json
    assert float(told["cost"]) > 0 and told["would"] == [{"action": "sms", "count": 2}]
    assert told["left_out"] == [{"why": "It is no longer there.", "count": 1}]
    ada.api("POST", "/bulks", wanted)
    ada.api("POST", "/bulks", {"what": "cancel", "filter": {"state": "held"}})
    assert sorted(carry_on(app)) == sorted([three[0].id, three[1].id])
    assert carry_on(app) == []
    assert [run.state for run in runs_of(app, ada)] == ["queued", "queued", "cancelled"]


def test_a_sixth_at_the_same_time_has_to_wait(app: Flask, ada: Person) -> None:
    wanted = {"what": "cancel", "filter": {}}
    for _ in range(5):
        assert ada.api("POST", "/bulks", wanted).status_code == 201
    refused = ada.api("POST", "/bulks", wanted)
    assert refused.status_code == 409 and "under way" in refused.json["detail"]
    too_many = {"what": "cancel", "ids": [f"run_{n}" for n in range(501)]}
    refused = ada.api("POST", "/bulks", too_many)
    assert (refused.status_code, refused.json["pointer"]) == (422, "/ids")


def test_filters_are_saved_used_shared_and_deleted(
    app: Flask, ada: Person, bo: Person, cy: Person, three: list[Run]
) -> None:
    made = ada.api("POST", "/filters", {
        "of": "runs", "name": "  Failed  today ", "query": "state=failed&in=24h",
    })  # fmt: skip
    kept = made.json
    assert made.status_code == 201
    _fits_schema(kept, "SavedFilter")
    assert (kept["name"], kept["query"], kept["mine"], kept["shared"]) == (
        "Failed today", "state=failed&in=24h", True, False,
    )  # fmt: skip
    assert "Failed today" in ada.get("/runs").text
    assert ada.api("GET", "/filters?of=events").json["items"] == []
    assert ada.api("GET", "/filters").json["items"] == [kept]
    assert bo.api("GET", "/filters").json["items"] == []
    shared = ada.api("PATCH", f"/filters/{kept['id']}", {"shared": True}).json
    assert (shared["name"], shared["shared"]) == ("Failed today", True)
    [seen] = bo.api("GET", "/filters").json["items"]
    assert seen == {**shared, "mine": False, "changeable": False}
    assert cy.api("GET", "/filters").json["items"] == []
    set_runs(app, three[0].id, state="failed")
    told = bo.api("POST", "/bulks/preview", {"what": "retry", "saved": kept["id"]}).json
    assert (told["looked"], told["would"]) == (1, [{"action": "sms", "count": 1}])
    wrong_list = bo.api("POST", "/bulks/preview", {"what": "replay", "saved": kept["id"]})
    assert wrong_list.status_code == 404
    assert bo.api("DELETE", f"/filters/{kept['id']}").status_code == 404
    assert ada.api("DELETE", f"/filters/{kept['id']}").status_code == 204
    assert bo.api("GET", "/filters").json["items"] == []
