"""The breaker: when a target is left alone, who tries whether it is back, when it is given up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from rulebook.domain.breaker import Gate, Result, gates, give_back, let_through, note
from rulebook.storage import db, run_claims, targets
from rulebook.storage.targets import Target
from tests.domain.test_races import at_once
from tests.fakes import Sink
from tests.people import Person
from tests.stories import call, planned, run_of, said

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SHOP = "shop.example:443"
OTHER = "other.example:443"


def at(**after: float) -> datetime:
    return NOON + timedelta(**after)


def tell(
    app: Flask, who: Person, now: datetime, *kinds: str, target: str = SHOP, **more: Any
) -> None:
    """Note the outcomes of some tries, and commit."""
    with app.app_context():
        said = {"sentence": "No answer.", **more}
        note([Result(who.workspace_id, target, kind, **said) for kind in kinds], now)
        db.session.commit()


def gate(app: Flask, who: Person, now: datetime, target: str = SHOP) -> Gate:
    """The gate of a target, asked by a worker that commits."""
    with app.app_context():
        key = (who.workspace_id, target)
        found = gates([key], now)[key]
        db.session.commit()
        return found


def row_of(app: Flask, who: Person, target: str = SHOP) -> Target | None:
    with app.app_context():
        key = (who.workspace_id, target)
        return targets.targets_by_key([key]).get(key)


@pytest.mark.parametrize("kind", ["not_sent", "ambiguous"])
def test_ten_failures_in_a_row_open_it(app: Flask, ada: Person, cy: Person, kind: str) -> None:
    tell(app, ada, NOON, *[kind] * 9)
    assert gate(app, ada, NOON).kind == "all"
    tell(app, ada, NOON, kind)
    closed = gate(app, ada, NOON)
    assert (closed.kind, closed.until) == ("wait", at(seconds=30))
    assert SHOP in closed.sentence and "No answer." in closed.sentence
    assert gate(app, ada, NOON, OTHER).kind == "all"
    assert gate(app, cy, NOON).kind == "all", "each workspace has its own"


@pytest.mark.parametrize("kind", ["yes", "no", "no_for_good"])
def test_any_answer_ends_the_row(app: Flask, ada: Person, kind: str) -> None:
    tell(app, ada, NOON, *["not_sent"] * 9, kind, *["not_sent"] * 9)
    assert gate(app, ada, NOON).kind == "all"


def test_nothing_that_was_answered_opens_it(app: Flask, ada: Person) -> None:
    tell(app, ada, NOON, *["no", "no_for_good", "yes"] * 20)
    assert gate(app, ada, NOON).kind == "all"
    assert row_of(app, ada) is None


@pytest.mark.parametrize(("good", "opened"), [(3, True), (4, False)])
def test_more_than_four_fifths_of_twenty_open_it(
    app: Flask, ada: Person, good: int, opened: bool
) -> None:
    bad = 20 - good
    mixed = (["not_sent"] * (bad // (good + 1)) + ["yes"]) * good
    mixed += ["not_sent"] * (bad - mixed.count("not_sent"))
    # The first failure begins the counting; ten in a row must not be what opens it.
    assert mixed[0] == "not_sent" and len(mixed) == 20
    assert "not_sent " * 10 not in " ".join(mixed) + " "
    tell(app, ada, NOON, *mixed[:-1])
    assert gate(app, ada, NOON).kind == "all", "nineteen say nothing yet"
    tell(app, ada, NOON, mixed[-1])
    assert (gate(app, ada, NOON).kind == "wait") is opened


def test_what_was_ten_minutes_ago_does_not_count(app: Flask, ada: Person) -> None:
    tell(app, ada, NOON, *["not_sent"] * 9, "yes", *["not_sent"] * 7)
    tell(app, ada, at(minutes=10), "yes", *["not_sent"] * 8, "yes")
    assert gate(app, ada, at(minutes=10)).kind == "all"
    tell(app, ada, at(minutes=10), *["not_sent"] * 9, "yes")
    assert gate(app, ada, at(minutes=10)).kind == "all", "17 of 20 of late, the last an answer"
    tell(app, ada, at(minutes=10), "not_sent")
    assert gate(app, ada, at(minutes=10)).kind == "wait", "18 of 21 of late"


def test_the_wait_doubles_up_to_a_quarter_of_an_hour(app: Flask, ada: Person) -> None:
    now = NOON
    tell(app, ada, now, *["not_sent"] * 10)
    for wait in (30, 60, 120, 240, 480, 900, 900):
        until = now + timedelta(seconds=wait)
        assert gate(app, ada, until - timedelta(seconds=1)).until == until
        assert gate(app, ada, until).kind == "one"
        tell(app, ada, until, "ambiguous")
        now = until


def test_news_of_earlier_tries_does_not_make_the_wait_longer(app: Flask, ada: Person) -> None:
    tell(app, ada, NOON, *["not_sent"] * 10)
    tell(app, ada, at(seconds=5), *["not_sent"] * 10, "yes")
    assert gate(app, ada, at(seconds=5)).until == at(seconds=30)


def test_one_tries_and_its_answer_opens_the_gate(app: Flask, ada: Person) -> None:
    tell(app, ada, NOON, *["not_sent"] * 10)
    assert gate(app, ada, at(seconds=30)).kind == "one"
    second = gate(app, ada, at(seconds=31))
    assert (second.kind, second.until) == ("wait", at(seconds=46))
    tell(app, ada, at(seconds=32), "no")
    assert gate(app, ada, at(seconds=32)).kind == "all"
    # It soon fails again: the wait goes on where it was.
    tell(app, ada, at(seconds=40), *["not_sent"] * 10)
    assert gate(app, ada, at(seconds=40)).until == at(seconds=100)


def test_a_worker_that_died_with_the_trial_does_not_keep_it(app: Flask, ada: Person) -> None:
    tell(app, ada, NOON, *["not_sent"] * 10)
    assert gate(app, ada, at(seconds=30)).kind == "one"
    assert gate(app, ada, at(seconds=119)).kind == "wait"
    assert gate(app, ada, at(seconds=120)).kind == "one"
    with app.app_context():
        give_back((ada.workspace_id, SHOP))
        db.session.commit()
    assert gate(app, ada, at(seconds=121)).kind == "one", "it was not used after all"


def test_of_many_workers_one_gets_the_trial(app: Flask, ada: Person) -> None:
    tell(app, ada, NOON, *["not_sent"] * 10)
    key = (ada.workspace_id, SHOP)

    def ask() -> str:
        found = gates([key], at(seconds=30))[key].kind
        db.session.commit()
        return found

    assert sorted(at_once(app, *[ask] * 6)) == ["one"] + ["wait"] * 5


def test_failures_noted_at_once_are_all_counted(app: Flask, ada: Person) -> None:
    def fail() -> None:
        both = [SHOP, OTHER]
        note([Result(ada.workspace_id, name, "not_sent") for name in both], NOON)
        db.session.commit()

    assert at_once(app, *[fail] * 6) == [None] * 6
    for name in (SHOP, OTHER):
        row = row_of(app, ada, name)
        assert row is not None and row.failures == 6


def test_a_healthy_target_costs_no_write(app: Flask, ada: Person) -> None:
    with app.app_context():
        with said() as heard:
            note([Result(ada.workspace_id, f"h{n}:443", "yes") for n in range(50)], NOON)
        db.session.commit()
    assert [words.split()[0] for words in heard if "target" in words] == ["SELECT"]
    assert not [words for words in heard if words.split()[0] in ("INSERT", "UPDATE", "DELETE")]


def test_practice_is_nobodys_target(app: Flask, ada: Person) -> None:
    tell(app, ada, NOON, *["not_sent"] * 50, target="")
    assert gate(app, ada, NOON, "").kind == "all"


def test_all_is_forgotten_once_it_was_quiet(app: Flask, ada: Person) -> None:
    tell(app, ada, NOON, *["not_sent"] * 10)
    gate(app, ada, at(seconds=30))
    tell(app, ada, at(seconds=31), "yes")
    assert row_of(app, ada) is not None
    tell(app, ada, at(minutes=11), "yes")
    assert row_of(app, ada) is None
    tell(app, ada, at(minutes=12), *["not_sent"] * 10)
    assert gate(app, ada, at(minutes=12)).until == at(minutes=12, seconds=30)


def test_runs_wait_uncounted_and_one_goes(app: Flask, ada: Person) -> None:
    with Sink() as sink:
        run_ids = planned(app, ada, *[call(sink, f"s{n}") for n in range(3)])
        first = run_of(app, run_ids[0])
        target, due = first.target, first.next_attempt_at
        assert target.startswith(f"127.0.0.1:{sink.port}/") and due is not None
        tell(app, ada, due, *["not_sent"] * 10, target=target)

        def asked(now: datetime) -> list[str]:
            with app.app_context():
                through = let_through(run_claims.wanted(run_ids), now)
                db.session.commit()
                return [run.id for run in through]

        assert asked(due) == []
        for run_id in run_ids:
            run = run_of(app, run_id)
            assert (run.state, run.attempts) == ("queued", 0)
            assert run.next_attempt_at == due + timedelta(seconds=30)
            assert run.sentence.startswith("Waits, because 127.0.0.1")
        then = due + timedelta(seconds=30)
        assert asked(then) == run_ids[:1]
        states = [run_of(app, each).next_attempt_at for each in run_ids]
        assert states == [then, *[then + timedelta(seconds=15)] * 2]
        tell(app, ada, then, "yes", target=target)
        assert asked(then + timedelta(seconds=15)) == run_ids


def test_a_run_is_never_moved_to_an_earlier_time(app: Flask, ada: Person) -> None:
    from rulebook.domain.breaker import postpone

    with Sink() as sink:
        [run_id] = planned(app, ada, call(sink))
        due = run_of(app, run_id).next_attempt_at
        assert due is not None
        with app.app_context():
            sooner = Gate("wait", due - timedelta(hours=1), "Waits.")
            assert postpone([run_id], sooner) == 0
            db.session.rollback()
        assert run_of(app, run_id).next_attempt_at == due
