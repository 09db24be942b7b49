"""The list of runs: narrowed in the address, ticked, saved by name, honest where nothing fits."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask

from rulebook.domain import bulk
from rulebook.storage import ledger, utcnow
from rulebook.storage.runs import Run
from tests.people import Person, make_person
from tests.web.seeing import ON_SQLITE, found, runs_of, set_runs, text_of, three_messages


@pytest.fixture
def three(app: Flask, ada: Person) -> list[Run]:
    return three_messages(app, ada)


def ids_in(page: str) -> list[str]:
    return re.findall(r'<li class="run" id="(\w+)"', page)


@ON_SQLITE
def test_runs_are_found_by_whom_they_went_to(app: Flask, ada: Person, three: list[Run]) -> None:
    set_runs(app, three[1].id, summary="E-mail to Jenny_100%@shop.example")
    assert ids_in(ada.get("/runs?to=jenny_100%25@").text) == [three[1].id]
    assert ids_in(ada.get("/runs?to=enny%25").text) == [], "a sign of LIKE is a letter here"
    page = ada.get("/runs?to=nobody&in=24h")
    assert "None of 3 runs fits" in text_of(page) and "Drop one of them" in text_of(page)
    assert 'href="/runs?in=24h"' in page.text and 'href="/runs?to=nobody"' in page.text


@ON_SQLITE
def test_looking_for_a_receiver_is_bounded_and_goes_on(
    app: Flask, ada: Person, three: list[Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "MOST_LOOKED", 2)
    set_runs(app, three[2].id, summary="E-mail to jenny@shop.example")
    page = ada.get("/runs?to=jenny").text
    assert "None found yet" in page
    further = found(r'href="(/runs\?to=jenny&amp;older=\w+)">Look further', page)
    assert ids_in(ada.get(further.replace("&amp;", "&")).text) == [three[2].id]
    answer = ada.api("GET", "/runs?to=jenny").json
    assert answer["items"] == [] and answer["next"]
    [item] = ada.api("GET", f"/runs?to=jenny&cursor={answer['next']}").json["items"]
    assert item["id"] == three[2].id


@ON_SQLITE
def test_runs_are_narrowed_by_time_and_connection(
    app: Flask, ada: Person, three: list[Run]
) -> None:
    today = utcnow().date()
    for query, count in (
        (f"after={today}", 3), (f"after={today + timedelta(days=1)}", 0), (f"before={today}", 3),
        (f"before={today - timedelta(days=1)}", 0), ("in=1h", 3), ("in=nonsense", 3),
        ("through=con_0", 0), ("after=never", 3),
    ):  # fmt: skip
        assert len(ids_in(ada.get(f"/runs?{query}").text)) == count, query
    set_runs(app, three[0].id, connection_id="con_1")
    assert ids_in(ada.get("/runs?through=con_1").text) == [three[0].id]
    [one] = ada.api("GET", "/runs?connection=con_1").json["items"]
    assert one["id"] == three[0].id
    soon = (utcnow() + timedelta(minutes=1)).isoformat().replace("+", "%2B")
    assert ada.api("GET", f"/runs?after={soon}").json["items"] == []
    assert len(ada.api("GET", f"/runs?before={soon}").json["items"]) == 3


@ON_SQLITE
def test_only_what_can_be_done_something_to_is_ticked(
    app: Flask, ada: Person, three: list[Run]
) -> None:
    failed, waits, sent = three
    set_runs(app, failed.id, state="failed")
    set_runs(app, waits.id, state="queued", finished_at=None)
    page = ada.get("/runs").text
    ticks = re.findall(r'name="id" value="(\w+)"', page)
    assert ticks == [failed.id, waits.id]
    assert found(r'name="page" value="([\w.]+)"', page) == f"{failed.id}.{waits.id}"
    assert 'formaction="/together/release"' in page and "All runs (3)" in page
    failed_only = ada.get("/runs?state=failed").text
    assert 'formaction="/together/retry"' in failed_only
    assert 'formaction="/together/cancel"' not in failed_only
    assert 'name="state" value="failed"' in found(r'(<form[^>]+id="choose".*?</form>)', failed_only)
    assert 'id="choose"' not in ada.get("/runs?state=kept").text
    vi = make_person(app, "vi", workspace_of=ada, role="viewer")
    assert 'name="id"' not in vi.get("/runs").text and 'id="choose"' not in vi.get("/runs").text


def test_ticked_runs_are_retried_released_and_cancelled(
    app: Flask, ada: Person, three: list[Run]
) -> None:
    set_runs(app, state="failed")
    page = text_of(ada.get(f"/together/retry?page={three[0].id}.{three[1].id}"))
    assert "Retry 2 runs" in page and "Would send 2 SMS" in page
    set_runs(app, state="held", held_for="limit", practice=False,
             expires_at=utcnow() + timedelta(hours=1))  # fmt: skip
    page = text_of(ada.get(f"/together/release?id={three[0].id}"))
    assert "Release 1 held run" in page and "Would send 1 SMS, about $0.01" in page
    there = ada.post("/together/release", {"id": three[0].id}).location
    there_too = ada.post("/together/cancel", {"fit": "yes", "state": "held"}).location
    with app.app_context():
        bulk.carry_on()
        bulk.carry_on()
    assert [run.state for run in runs_of(app, ada)] == ["queued", "cancelled", "cancelled"]
    assert "Done: 1 run released" in text_of(ada.get(there))
    assert "Done: 2 runs cancelled" in text_of(ada.get(there_too))


@ON_SQLITE
def test_nothing_chosen_is_not_everything(app: Flask, ada: Person, three: list[Run]) -> None:
    set_runs(app, state="failed")
    answer = ada.get("/together/retry?state=failed")
    assert (answer.status_code, answer.location) == (303, "/runs?state=failed")
    assert ada.post("/together/retry", {"state": "failed"}).status_code == 303
    assert "Nothing was chosen" in text_of(ada.get("/runs"))
    assert len(runs_of(app, ada)) == 3
    assert "Retry 3 runs" in text_of(ada.get("/together/retry?state=failed&fit=yes"))


@ON_SQLITE
def test_filters_of_runs_are_saved_by_name(app: Flask, ada: Person, bo: Person) -> None:
    keep = {"of": "runs", "query": "state=failed&in=7d", "name": "Failed this week"}
    assert ada.post("/filters", keep).location == "/runs?state=failed&in=7d"
    page = ada.get("/runs").text
    assert 'href="/runs?state=failed&amp;in=7d">Failed this week</a>' in page
    assert "Failed this week" not in ada.get("/events").text
    assert "Failed this week" not in bo.get("/runs").text


@ON_SQLITE
def test_the_part_that_polls_is_the_list_alone(app: Flask, ada: Person, three: list[Run]) -> None:
    part = ada.get("/runs?part=list").text
    assert ids_in(part) == [run.id for run in three] and "<select" not in part
    empty = ada.get("/runs?part=list&state=failed&rule=rule_0").text
    assert "None of 3 runs fits" in empty and "by one that is gone" in empty
