"""What needs a person is counted for every page as Home tells it, and read by Home alone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import event, update

from rulebook.domain.attention import Worry, count_worries, dismiss, mute, noted, worries
from rulebook.storage import db, notices, targets, utcnow
from rulebook.storage.events import Event
from rulebook.storage.targets import Target
from tests.people import Person, make_hook, make_rule
from tests.stories import path_of, send
from tests.web.seeing import runs_of, set_runs, text_of
from tests.work import work

KINDS = ["late", "unknown", "target", "failed", "held", "refused", "poison", "silent"]


@pytest.fixture
def troubled(app: Flask, ada: Person) -> str:
    """A workspace with one problem of each kind; the id of the hook of most of them."""
    with app.app_context():
        shop = make_hook(ada)
        for n in range(2):
            make_rule(ada, shop, name=f"Text me {n}")
        strict = make_hook(ada, "Strict", provider="github", secret="It is our secret, is it not")
        path, closed = path_of(shop), path_of(strict)
    for _ in range(3):
        send(app, path)
        assert send(app, closed).status_code == 401
    work(app)
    now = utcnow()
    unknown, failed, held, late, *_ = runs_of(app, ada)
    set_runs(app, unknown.id, state="unknown", finished_at=None)
    set_runs(app, failed.id, state="failed", finished_at=now)
    set_runs(app, held.id, state="held", finished_at=None)
    overdue = now - timedelta(minutes=5)
    set_runs(app, late.id, state="queued", finished_at=None, next_attempt_at=overdue)
    with app.app_context():
        broken = update(Event).where(Event.id == held.event_id)
        db.session.execute(broken.values(state="poison", reason="Judging failed three times."))
        targets.add_targets([(ada.workspace_id, "gone.example:443")])
        db.session.execute(update(Target).values(off_at=now, off_reason="It is gone."))
        silent = Worry("silent", shop.id, 1, "Payments", "Nothing came.", "Look.", now)
        notices.open_notice(ada.workspace_id, noted(silent, now))
        db.session.commit()
    return shop.id


def test_the_count_is_that_of_the_list(app: Flask, ada: Person, cy: Person, troubled: str) -> None:
    def told() -> list[Worry]:
        found = worries(ada.workspace_id)
        assert count_worries(ada.workspace_id) == len(found)
        return found

    with app.app_context():
        every = told()
        assert [each.kind for each in every] == KINDS
        for n, each in enumerate(every, 1):
            mute(ada.actor, *each.key)
            assert each.key not in [other.key for other in told()] and len(told()) == len(KINDS) - n
        assert count_worries(cy.workspace_id) == 0


def test_what_was_dealt_with_is_not_counted(app: Flask, ada: Person, troubled: str) -> None:
    with app.app_context():
        [failed] = [each for each in worries(ada.workspace_id) if each.kind == "failed"]
        for thing in (failed.thing, troubled):
            dismiss(ada.actor, thing)
        left = [each.kind for each in worries(ada.workspace_id)]
        assert left == [kind for kind in KINDS if kind not in ("failed", "poison")]
        assert count_worries(ada.workspace_id) == len(left)


def test_the_masthead_says_it_and_reads_no_body_for_it(
    app: Flask, ada: Person, troubled: str
) -> None:
    heard: list[str] = []
    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", lambda *given: heard.append(given[2]))
    assert f", waiting for you: {len(KINDS)}" in text_of(ada.get("/rules"))
    assert heard and not [said for said in heard if "event_body" in said]
    assert f", waiting for you: {len(KINDS)}" in text_of(ada.get("/"))
    assert [said for said in heard if "event_body" in said]  # Home tells what happened
