"""Tallies: what happened is counted once, where it happens, and never by reading events through."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask
from sqlalchemy import delete, func, select

from rulebook.domain import replay
from rulebook.domain.sweep import sweep
from rulebook.storage import db, tallies, utcnow
from rulebook.storage.tallies import Key, Tally, TallyNote
from tests.people import Person
from tests.stories import new_hook, send
from tests.web.seeing import ON_SQLITE, runs_of, set_runs
from tests.work import work


def counted(app: Flask, person: Person, **of: str) -> dict[str, int]:
    with app.app_context():
        found: dict[str, int] = {}
        for _slot, kind, n in tallies.by_slot(
            person.workspace_id, utcnow() - timedelta(hours=1), **of
        ):
            found[kind] = found.get(kind, 0) + n
        return found


def a_day(app: Flask, ada: Person) -> tuple[str, str]:
    """Two events of which one matches, a refused one and a repeat; the ids of hook and rule."""
    from tests.people import make_rule

    hook_id, path = new_hook(app, ada, provider="stripe")
    with app.app_context():
        from rulebook.storage import hooks

        hook = hooks.hook(ada.workspace_id, hook_id)
        assert hook
        rule_id = make_rule(ada, hook).id
    for body in (b'{"id": "a", "amount": 60}', b'{"id": "b", "amount": 1}'):
        send(app, path, body)
    send(app, path, b'{"id": "a", "amount": 60}')
    work(app)
    return hook_id, rule_id


def test_what_happens_is_counted_by_hook_and_rule(app: Flask, ada: Person, cy: Person) -> None:
    hook_id, rule_id = a_day(app, ada)
    everything = {"received": 2, "repeated": 1, "matched": 1, "hit": 1, "kept": 1}
    assert counted(app, ada) == everything
    assert counted(app, ada, hook_id=hook_id) == everything
    assert counted(app, ada, rule_id=rule_id) == {"hit": 1, "kept": 1}
    assert counted(app, cy) == {}


def test_folding_changes_no_figure_and_leaves_no_note(app: Flask, ada: Person) -> None:
    a_day(app, ada)
    before = counted(app, ada)
    with app.app_context():
        sweep()
        assert db.session.scalar(select(func.count()).select_from(TallyNote)) == 0
    assert counted(app, ada) == before
    [run] = runs_of(app, ada)
    set_runs(app, state="unknown", finished_at=None)
    with app.app_context():
        replay.resolve(ada.actor, run.id, "not_arrived")
        sweep()
    assert counted(app, ada) == {**before, "failed": 1}


def test_what_comes_to_its_end_untried_counts_as_failed(app: Flask, ada: Person) -> None:
    a_day(app, ada)
    past = utcnow() - timedelta(minutes=1)
    set_runs(app, state="held", finished_at=None, expires_at=past)
    with app.app_context():
        sweep()
    assert counted(app, ada)["failed"] == 1


def test_what_was_there_before_is_counted_at_the_upgrade(app: Flask, ada: Person) -> None:
    a_day(app, ada)
    before = counted(app, ada)
    with app.app_context():
        for table in (Tally, TallyNote):
            db.session.execute(delete(table))
        db.session.commit()
        tallies.begin_tallies()
        tallies.begin_tallies()
    assert counted(app, ada) == before


def test_by_thing_gives_stretches(app: Flask, ada: Person) -> None:
    now = utcnow()
    slots = [tallies.slot_of(now - timedelta(hours=back)) for back in (47, 25, 1)]
    with app.app_context():
        tallies.note({Key(ada.workspace_id, slot, "hit", "hook_1", "rule_1"): 3 for slot in slots})
        tallies.fold()
        db.session.commit()
        found = tallies.by_thing(ada.workspace_id, "rule_id", now - timedelta(hours=48), 48)
        assert sorted(found) == [("rule_1", 0, "hit", 6), ("rule_1", 1, "hit", 3)]
        assert tallies.forget_tallies(now - timedelta(hours=24)) == 2


@ON_SQLITE
def test_charts_read_no_event(app: Flask, ada: Person) -> None:
    """A million events cost them nothing: the plan names the tallies alone, by their index."""
    from sqlalchemy import event

    said: list[tuple[str, object]] = []
    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", lambda *c: said.append((c[2], c[3])))
        tallies.by_slot(ada.workspace_id, utcnow() - timedelta(days=30))
        tallies.by_thing(ada.workspace_id, "hook_id", utcnow() - timedelta(days=30), 48)
        [*asked] = [each for each in said if each[0].startswith("SELECT")]
        assert len(asked) == 2
        for statement, values in asked:
            plan = db.session.connection().exec_driver_sql(
                f"EXPLAIN QUERY PLAN {statement}",
                values,  # type: ignore[arg-type]
            )
            steps = [row[-1] for row in plan]
            assert any("SEARCH tally USING INDEX" in step for step in steps), steps
            assert not [s for s in steps if s.startswith("SCAN") and "tally_note" not in s
                        and not s.startswith("SCAN anon")], steps  # fmt: skip
