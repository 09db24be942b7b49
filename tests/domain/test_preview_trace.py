"""What a rule would have done, and why everything was as it was."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import text

from rulebook.domain import rules
from rulebook.domain.preview import preview, try_on
from rulebook.domain.sweep import prune
from rulebook.domain.trace import trace
from rulebook.errors import Invalid, NotFound
from rulebook.storage import Base, db, utcnow
from tests.fakes import Sink
from tests.people import Person, document, make_hook, make_rule
from tests.stories import call, events_of, new_hook, path_of, send, sent_and_judged
from tests.work import work


def count_rows(app: Flask) -> dict[str, int]:
    with app.app_context():
        tables = Base.metadata.tables
        return {t: db.session.scalar(text(f"SELECT count(*) FROM {t}")) for t in tables}


def test_a_preview_judges_what_was_and_does_nothing(app: Flask, ada: Person) -> None:
    hook_id, path = new_hook(app, ada)
    for amount in (10, 60, 70):
        sent_and_judged(app, path, b'{"amount": %d}' % amount)
    send(app, path, b'{"amount": 80}')  # received, not judged yet
    before = count_rows(app)
    with Sink() as sink, app.app_context():
        found = preview(ada.actor, hook_id, document(then=[call(sink)]))
        assert (found.judged, found.met) == (4, 3)
        assert len(found.met_ids) == 3
        shown = [(bool(e.explanation), e.planned[0].state) for e in found.examples]
        assert shown.count((True, "would send")) == 3
        assert preview(ada.actor, hook_id, document(then=[call(sink)]), limit=1).judged == 1
        one = try_on(ada.actor, hook_id, document(then=[call(sink)]), found.met_ids[0])
        assert one is not None and one.explanation.met
        db.session.commit()
        assert sink.requests == []
    assert count_rows(app) == before


def test_a_preview_is_for_ones_own_hooks_and_events(app: Flask, ada: Person, cy: Person) -> None:
    hook_id, path = new_hook(app, ada)
    his, _ = new_hook(app, cy)
    sent_and_judged(app, path)
    [event] = events_of(app, ada)
    with app.app_context():
        with pytest.raises(NotFound):
            preview(cy.actor, hook_id, document())
        with pytest.raises(NotFound):
            try_on(cy.actor, hook_id, document(), event.id)
        assert try_on(cy.actor, his, document(), event.id) is None
        with pytest.raises(Invalid) as wrong:
            preview(ada.actor, hook_id, document(test="number.at_leest"))
        assert wrong.value.problems[0].pointer.startswith("/when/all/0")


def test_a_trace_tells_it_as_it_was(app: Flask, ada: Person) -> None:
    with app.app_context():
        hook = make_hook(ada)
        met, near, far, later_off, later_gone = (
            make_rule(ada, hook, value=value).id for value in (50, 61, 1000, 40, 30)
        )
        off = make_rule(ada, hook, mode="off", value=1).id
        path = path_of(hook)
    sent_and_judged(app, path)
    with app.app_context():
        rules.save_rule(ada.actor, met, document(value=9000))
        rules.save_rule(ada.actor, far, document(value=1))
        rules.switch_rule(ada.actor, later_off, "off")
        rules.delete_rule(ada.actor, later_gone)
        after = rules.write_rule(ada.actor, hook.id, document(), "live").id
    work(app)
    [event] = events_of(app, ada)
    with app.app_context():
        told = trace(event)
        by_rule = {judged.rule.id: judged for judged in told.judged}
    assert (by_rule[after].part, by_rule[off].part) == ("newer", "off")
    assert (by_rule[later_off].mode, by_rule[later_off].part) == ("live", "judged")
    assert {rule for rule, judged in by_rule.items() if judged.met and judged.counted} == {
        met, later_off, later_gone
    }  # fmt: skip
    assert by_rule[met].version.number == 1
    assert (by_rule[far].met, by_rule[far].version.number) == (False, 1)
    assert not by_rule[near].met
    assert not by_rule[off].counted
    assert [run.state for run in by_rule[met].runs] == ["succeeded"]
    assert len(told.runs) == 3
    assert all(told.attempts[run.id][0].outcome == "yes" for run in told.runs)
    assert told.body == b'{"amount": 60}'
    with app.app_context():
        prune(utcnow() + timedelta(days=31))
        told = trace(event)
    assert (told.body, told.judged, len(told.runs)) == (None, [], 3)


def test_a_trace_of_what_was_never_judged(app: Flask, ada: Person) -> None:
    _, path = new_hook(app, ada, provider="stripe", secret="whsec_of-ada")
    send(app, path)
    [event] = events_of(app, ada)
    with app.app_context():
        told = trace(event)
    assert (told.event.state, told.judged, told.runs) == ("refused", [], [])
    assert told.event.reason


def test_saving_over_somebodys_change_is_refused(app: Flask, ada: Person, bo: Person) -> None:
    from rulebook.errors import Conflict

    with app.app_context():
        hook = make_hook(ada)
        rule = make_rule(ada, hook)
        rules.save_rule(bo.actor, rule.id, document(value=70), seen_version=1)
        with pytest.raises(Conflict, match="version 2"):
            rules.save_rule(ada.actor, rule.id, document(value=80), seen_version=1)
        assert rules.save_rule(ada.actor, rule.id, document(value=70)).version == 2


def test_rules_are_moved_and_belong_to_their_workspace(app: Flask, ada: Person, cy: Person) -> None:
    from rulebook.storage import rules as stored

    with app.app_context():
        hook = make_hook(ada)
        one, two, three = (make_rule(ada, hook).id for _ in range(3))
        rules.move_rule(ada.actor, three, -1)
        rules.move_rule(ada.actor, one, -1)
        order = [rule.id for rule in stored.rules(ada.workspace_id, hook.id)]
        assert order == [one, three, two]
        for verb in (
            lambda: rules.find_rule(cy.actor, one),
            lambda: rules.save_rule(cy.actor, one, document()),
            lambda: rules.switch_rule(cy.actor, one, "off"),
            lambda: rules.move_rule(cy.actor, one, 1),
            lambda: rules.delete_rule(cy.actor, one),
            lambda: rules.write_rule(cy.actor, hook.id, document()),
        ):
            with pytest.raises(NotFound):
                verb()
