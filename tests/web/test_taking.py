"""Lists to take away: tables in which nothing is a formula, lines of JSON, and for whom."""

from __future__ import annotations

import csv
import io
import json

import pytest
from flask import Flask

from rulebook.domain import exporting
from rulebook.storage import db
from rulebook.storage.audit import AuditEntry
from tests.people import Person, make_person
from tests.web.seeing import set_runs
from tests.web.shop import Shop, sqlite_only
from web.taking import cell

SENT = {"id": "evt_{n}", "type": "invoice.paid", "amount": 99, "name": "=1+1", "token": "tok_1",
        "email": "jenny@teacup.example", "card": "4242424242424242",
        "note": "Bearer sk_live_abcdefghijklmnop"}  # fmt: skip


def shop_with(app: Flask, ada: Person, count: int) -> Shop:
    shop = Shop(app, ada, provider="stripe")
    shop.rule(path="$.amount")
    for n in range(count):
        shop.sends({**SENT, "id": f"evt_{n}"})
    return shop


def rows(text: str) -> list[dict[str, str]]:
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


def test_what_the_filter_shows_is_taken_away(
    app: Flask, ada: Person, cy: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "PAGE", 2)  # five rows are three pages
    shop_with(app, ada, 5)
    answer = ada.get("/events/export.csv?type=invoice.paid")
    assert answer.content_type == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="rulebook-events.csv"'
    found = rows(answer.get_data(as_text=True))
    assert [row["provider_id"] for row in found] == [f"evt_{n}" for n in range(4, -1, -1)]
    payload = json.loads(found[0]["payload"])
    assert (payload["token"], payload["card"]) == ("••••••", "•••• 4242")
    assert "sk_live" not in found[0]["payload"] and payload["email"] == "jenny@teacup.example"
    assert not rows_of(ada, "/events/export.ndjson?type=other")
    [first, *_] = rows_of(ada, "/events/export.ndjson")
    assert first["payload"]["name"] == "=1+1" and first["hook"] and first["matched"] == 1
    runs = rows(ada.get("/runs/export.csv?state=kept").get_data(as_text=True))
    assert tuple(found[0]) == exporting.COLUMNS["events"]
    assert tuple(runs[0]) == exporting.COLUMNS["runs"]
    assert rows(ada.get("/events/export.csv?type=other").get_data(as_text=True)) == []
    assert len(runs) == 5 and runs[0]["state"] == "succeeded" and runs[0]["practice"] == "yes"
    assert tuple(runs[0])[15:] == ("said", "to", "message", "cost", "hook", "rule_name",
                                   "connection", "may_repeat")  # fmt: skip
    assert (runs[0]["said"], runs[0]["to"]) == ("Kept, not sent", "'+14155550123")
    assert (runs[0]["message"], runs[0]["cost"]) == ("Paid: 99", "")
    assert runs[0]["rule_name"] == "Text me big payments" and runs[0]["attempts"] == "1"
    assert not rows_of(cy, "/events/export.ndjson") and not rows_of(cy, "/runs/export.ndjson")
    with app.app_context():
        noted = [each.detail for each in db.session.query(AuditEntry) if each.what == "export"]
    assert "events.csv" in noted and "runs.csv" in noted


def rows_of(person: Person, path: str) -> list[dict]:
    return [json.loads(line) for line in person.get(path).get_data(as_text=True).splitlines()]


@sqlite_only
def test_only_an_owner_takes_everything_away(app: Flask, ada: Person, bo: Person) -> None:
    shop_with(app, ada, 1)
    viewer = make_person(app, "vi", workspace_of=ada, role="viewer")
    for person in (bo, viewer):
        assert person.get("/events/export.csv").status_code == 403
        assert person.get("/runs/export.ndjson").status_code == 403
        assert "Export:" not in person.get("/events").get_data(as_text=True)
    assert bo.api("GET", "/events?format=csv").status_code == 403
    assert "Export:" in ada.get("/events").get_data(as_text=True)
    assert ada.get("/events/export.xls").status_code == 404
    answer = ada.api("GET", "/events?format=csv&type=invoice.paid")
    assert len(rows(answer.get_data(as_text=True))) == 1
    answer = ada.api("GET", "/runs?format=ndjson")
    assert len(answer.get_data(as_text=True).splitlines()) == 1


@sqlite_only
def test_runs_tell_whom_what_and_for_how_much(app: Flask, ada: Person) -> None:
    shop = Shop(app, ada, provider="stripe")
    texts = {"to": "+14155550123", "message": "{{ payload.name }} {{ payload.token }}"}
    calls = {"url": "https://books.example/in", "method": "POST",
             "body": '{"card": "{{ payload.card }}"}'}  # fmt: skip
    shop.rule(path="$.amount", then=[
        {"id": "one", "action": "sms", "config": texts},
        {"id": "two", "action": "http", "config": calls},
    ])  # fmt: skip
    shop.sends({**SENT, "token": "swordfish-nine"})
    set_runs(app, practice=False, state="failed", sentence="Refused: swordfish-nine.")
    for path in ("/runs/export.csv", "/runs/export.ndjson"):
        assert "swordfish" not in ada.get(path).text, "secret in the event, secret in its runs"
    found = rows_of(ada, "/runs/export.ndjson")
    called, texted = sorted(found, key=lambda row: row["action"])
    assert (texted["to"], texted["message"]) == ("+14155550123", "=1+1 ••••••")
    assert (texted["said"], texted["cost"], texted["sentence"]) == (
        "Failed", "0.0083", "Refused: ••••••.",
    )  # fmt: skip
    assert called["to"] == "books.example:443" and called["cost"] == ""
    assert called["message"] == '{"card": "•••• 4242"}'
    by_api = ada.api("GET", "/runs?format=ndjson").get_data(as_text=True).splitlines()
    assert [json.loads(line) for line in by_api] == found
    table = rows(ada.api("GET", "/runs?format=csv").get_data(as_text=True))
    assert {row["message"] for row in table} >= {"'=1+1 ••••••"}, "no formula"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1",
                                  '"=1', "'=1", "\u00a0=1", "\u3000=1", "\ufeff=1", "\uff1d1",
                                  "\0=1"])  # fmt: skip
def test_no_cell_is_a_formula(text: str) -> None:
    assert cell(text).startswith("'")


@pytest.mark.parametrize(("value", "shown"), [(-5, "-5"), ("a=1", "a=1"), (None, ""), (True, "yes"),
                                              ("nul\0", "nul\ufffd"), ([1], "[1]")])  # fmt: skip
def test_other_cells_stay_as_they_are(value: object, shown: str) -> None:
    assert cell(value) == shown
