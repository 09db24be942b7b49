"""Filters that are saved by name: one's own, shared ones, and nobody else's."""

from __future__ import annotations

from flask import Flask

from rulebook.storage import db
from rulebook.storage.workspaces import Membership
from tests.people import Person, make_person
from tests.web.shop import first, sqlite_only, text

KEEP = {"of": "events", "query": "q=jenny&state=failed", "name": "Failed  for Jenny"}


def test_a_filter_is_saved_used_renamed_shared_and_deleted(
    app: Flask, ada: Person, bo: Person, cy: Person
) -> None:
    answer = ada.post("/filters", KEEP)
    assert answer.location.endswith("/events?q=jenny&state=failed")
    page = ada.get("/events").get_data(as_text=True)
    assert 'href="/events?q=jenny&amp;state=failed">Failed for Jenny</a>' in page
    change = first(r'action="(/filters/flt_[0-9a-f]+)"', page)
    for person in (bo, cy):
        assert "Failed for Jenny" not in text(person.get("/events"))
        assert person.post(change, {"of": "events", "do": "delete"}).status_code == 404
    ada.post(change, {"of": "events", "name": "Jenny", "shared": "yes", "do": "change"})
    assert "Jenny shared" in text(bo.get("/events"))
    assert "Jenny" not in text(cy.get("/events"))
    assert bo.post(change, {"of": "events", "do": "delete"}).status_code == 404
    ada.post(change, {"of": "events", "do": "delete"})
    assert "Jenny" not in text(bo.get("/events"))


@sqlite_only
def test_a_viewer_saves_for_themselves_and_shares_nothing(app: Flask, ada: Person) -> None:
    vi = make_person(app, "vi", workspace_of=ada, role="viewer")
    assert vi.post("/filters", {**KEEP, "shared": "yes"}).status_code == 403
    vi.post("/filters", KEEP)
    assert "Failed for Jenny" in text(vi.get("/events"))
    assert "has no name" in text(vi.post("/filters", {**KEEP, "name": " "}, follow_redirects=True))
    assert "nothing to save" in text(vi.post("/filters", {**KEEP, "query": ""},
                                             follow_redirects=True))  # fmt: skip


def made_by_a_viewer_now(app: Flask, ada: Person) -> tuple[Person, str]:
    """Whoever shared a filter as an editor and is a viewer since; where it is changed."""
    vi = make_person(app, "vi", workspace_of=ada, role="editor")
    vi.post("/filters", {**KEEP, "shared": "yes"})
    change = first(r'action="(/filters/flt_[0-9a-f]+)"', vi.get("/events").text)
    assert vi.api("GET", "/filters").status_code == 200, "the token was made by an editor"
    with app.app_context():
        membership = db.session.get_one(Membership, (ada.workspace_id, vi.user_id))
        membership.role = vi.role = "viewer"
        db.session.commit()
    return vi, change


def test_who_became_a_viewer_changes_no_filter_that_others_see(app: Flask, ada: Person) -> None:
    vi, change = made_by_a_viewer_now(app, ada)
    page = vi.get("/events").text
    assert "Failed for Jenny" in page and change not in page
    for form in ({"do": "delete"}, {"do": "change", "name": "Mine", "shared": "yes"},
                 {"do": "change", "name": "Mine"}):  # fmt: skip
        assert vi.post(change, {"of": "events", **form}).status_code == 403, form
    kept = change.removeprefix("/filters/")
    assert vi.api("GET", "/filters").json["items"][0]["changeable"] is False
    for method, asked in (("DELETE", None), ("PATCH", {"name": "Mine"}),
                          ("PATCH", {"shared": False})):  # fmt: skip
        assert vi.api(method, f"/filters/{kept}", asked).status_code == 403, asked
    assert "Failed for Jenny" in text(ada.get("/events"))


def test_an_owner_takes_away_what_somebody_else_shares(
    app: Flask, ada: Person, bo: Person, cy: Person
) -> None:
    vi, change = made_by_a_viewer_now(app, ada)
    assert change in ada.get("/events").text and change not in bo.get("/events").text
    for person in (bo, cy):
        assert person.post(change, {"of": "events", "do": "delete"}).status_code == 404
    ada.post(change, {"of": "events", "do": "change", "name": "Jenny"})
    assert change not in ada.get("/events").text, "it is vi's alone again"
    assert change in vi.get("/events").text, "and vi changes it as one of their own"
    assert ada.api("DELETE", change).status_code == 404


@sqlite_only
def test_the_parts_of_a_filter_stay_in_the_address(app: Flask, ada: Person) -> None:
    page = ada.get("/events?field=a.b&test=more_than&value=x&in=7d&checked=none")
    told = text(page)
    assert "'x' is not a number" in told and "No events yet" in told
    assert 'value="a.b"' in page.get_data(as_text=True)
    assert page.status_code == 200
