"""Queries: each workspace sees its own, lists go on where they ended, filters narrow."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from rulebook.storage import (
    audit,
    connections,
    db,
    event_lists,
    events,
    hooks,
    ledger,
    rules,
    runs,
    tallies,
    users,
    utcnow,
    verdicts,
    workspaces,
)
from rulebook.storage.event_lists import EventFilter
from rulebook.storage.ledger import RunFilter
from tests.people import Person, make_hook, make_rule
from tests.stories import new_hook, path_of, send
from tests.work import work


@pytest.fixture
def shop(app: Flask, ada: Person) -> str:
    """Three events at ada's, two of them matched; the path of her hook."""
    with app.app_context():
        hook = make_hook(ada, provider="stripe")
        make_rule(ada, hook)
        path = path_of(hook)
    for body in (b'{"id": "a", "amount": 60, "type": "paid"}',
                 b'{"id": "b", "amount": 1, "type": "lost", "who": "Gr\xc3\xbcn 100%_"}',
                 b'{"id": "c", "amount": 70, "type": "paid"}'):  # fmt: skip
        send(app, path, body)
    work(app)
    return path


def test_a_stranger_sees_nothing_of_it(app: Flask, ada: Person, cy: Person, shop: str) -> None:
    with app.app_context():
        long_ago = utcnow() - timedelta(days=1)
        [hook] = hooks.hooks(ada.workspace_id)
        [rule] = rules.rules(ada.workspace_id)
        event = event_lists.page_of_events(ada.workspace_id, EventFilter(), 1)[0]
        run = ledger.page_of_runs(ada.workspace_id, RunFilter(), 1)[0]

        def seen(person: Person) -> list[object]:
            them = person.workspace_id
            return [
                hooks.hook(them, hook.id), hooks.hook(them, hook.id, deleted=True),
                hooks.hooks(them), rules.rule(them, rule.id), rules.rules(them),
                rules.rules(them, hook.id), rules.current(them), rules.current(them, hook.id),
                events.event(them, event.id), event_lists.page_of_events(them, EventFilter(), 10),
                event_lists.page_of_events(them, EventFilter(hook_id=hook.id), 10),
                event_lists.count_newer(them, EventFilter(), "evt_0"),
                event_lists.event_types(them), event_lists.event_types(them, hook.id),
                runs.run(them, run.id),
                ledger.page_of_runs(them, RunFilter(), 10),
                ledger.page_of_runs(them, RunFilter(rule_id=rule.id), 10),
                ledger.count_runs(them, RunFilter(), 10),
                ledger.count_runs(them, RunFilter(rule_id=rule.id), 10),
                ledger.count_runs(them, RunFilter(hook_id=hook.id), 10),
                ledger.count_runs(them, RunFilter(hook_id=hook.id, rule_id=rule.id), 10),
                tallies.by_slot(them, long_ago), tallies.by_thing(them, "rule_id", long_ago, 1),
                verdicts.hits_since(them, long_ago), verdicts.newest_hits(them, [rule.id]),
                verdicts.last_hits(them), connections.page_of_messages(them, 10),
                connections.count_messages(them), audit.entries(them, 10),
            ]  # fmt: skip

        assert not [thing for thing in seen(cy) if thing]
        assert not [at for at, thing in enumerate(seen(ada)) if not thing]
        assert [user.id for user, _ in workspaces.members(cy.workspace_id)] == [cy.user_id]
        assert workspaces.role_of(cy.user_id, ada.workspace_id) is None
        assert users.tokens_of(cy.workspace_id) == []


def test_a_list_goes_on_where_it_ended(app: Flask, ada: Person) -> None:
    _, path = new_hook(app, ada)
    for _ in range(7):
        send(app, path)
    with app.app_context():

        def pages(size: int) -> list[str]:
            found: list[str] = []
            cursor = None
            while page := event_lists.page_of_events(ada.workspace_id, EventFilter(), size, cursor):
                assert len(page) <= size
                found += [event.id for event in page]
                cursor = page[-1].id
            return found

        everything = pages(100)
        assert everything == sorted(everything, reverse=True)
        assert len(everything) == 7
        assert pages(1) == pages(3) == everything
        db.session.rollback()
    send(app, path)  # a newcomer does not move what comes after the cursor
    with app.app_context():
        page = event_lists.page_of_events(ada.workspace_id, EventFilter(), 3, everything[2])
        assert [event.id for event in page] == everything[3:6]
        assert event_lists.count_newer(ada.workspace_id, EventFilter(), everything[0]) == 1
        assert (
            event_lists.count_newer(ada.workspace_id, EventFilter(), everything[-1], limit=3) == 3
        )


def test_events_are_found_by_what_they_hold(app: Flask, ada: Person, shop: str) -> None:
    def count(**narrowed: object) -> int:
        with app.app_context():
            found = event_lists.page_of_events(ada.workspace_id, EventFilter(**narrowed), 10)  # type: ignore[arg-type]
            return len(found)

    assert count(event_type="paid") == 2
    assert count(state="matched") == 2
    assert count(state="unmatched") == 1
    assert count(state="done") == 3
    assert count(verification="none") == 3
    assert count(verification="refused") == 0
    assert count(before=utcnow() - timedelta(hours=1)) == 0
    assert count(after=utcnow() - timedelta(hours=1)) == 3
    with app.app_context():
        assert event_lists.event_types(ada.workspace_id) == ["lost", "paid"]
        newest = event_lists.page_of_events(ada.workspace_id, EventFilter(), 3)
        assert event_lists.neighbours(newest[1]) == (newest[2].id, newest[0].id)
        assert event_lists.neighbours(newest[0])[1] is None


def test_runs_are_narrowed(app: Flask, ada: Person, shop: str) -> None:
    with app.app_context():
        [hook] = hooks.hooks(ada.workspace_id)
        found = ledger.page_of_runs(ada.workspace_id, RunFilter(state="succeeded"), 10)
        assert len(found) == 2
        assert ledger.page_of_runs(ada.workspace_id, RunFilter(state="failed"), 10) == []
        assert len(ledger.page_of_runs(ada.workspace_id, RunFilter(hook_id=hook.id), 1)) == 1
        assert ledger.page_of_runs(ada.workspace_id, RunFilter(), 10, found[-1].id) == []
