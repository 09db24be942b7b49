"""What part each rule took in judging an event, and why one took none."""

from __future__ import annotations

from flask import Flask

from rulebook.domain import rules
from rulebook.domain.trace import trace
from tests.people import Person, document, make_hook, make_rule
from tests.stories import events_of, path_of, sent_and_judged


def parts(app: Flask, person: Person) -> dict[str, tuple[str, str | None]]:
    """By the rules' names: the part taken, and the rule that was in the way."""
    with app.app_context():
        told = trace(events_of(app, person)[0]).judged
        return {each.rule.name: (each.part, each.by.name if each.by else None) for each in told}


def test_a_stop_rule_cuts_off_the_rules_below_it_and_the_one_for_all_others(
    app: Flask, ada: Person
) -> None:
    with app.app_context():
        hook = make_hook(ada)
        make_rule(ada, hook, name="above", value=9000)
        make_rule(ada, hook, name="stops", options={"stop": True})
        make_rule(ada, hook, name="below, fits")
        make_rule(ada, hook, name="below, near", value=61)
        make_rule(ada, hook, name="others", options={"otherwise": True})
        make_rule(ada, hook, "off", name="off")
        path = path_of(hook)
    sent_and_judged(app, path)
    assert parts(app, ada) == {
        "stops": ("judged", None),
        "above": ("judged", None),
        "below, fits": ("stopped", "stops"),
        "below, near": ("stopped", "stops"),
        "others": ("spared", "stops"),
        "off": ("off", None),
    }


def test_the_rule_for_all_others_is_judged_where_none_matches(app: Flask, ada: Person) -> None:
    with app.app_context():
        hook = make_hook(ada)
        make_rule(ada, hook, name="far", value=9000)
        make_rule(ada, hook, name="others", options={"otherwise": True})
        make_rule(ada, hook, name="others too", options={"otherwise": True})
        path = path_of(hook)
    sent_and_judged(app, path)
    assert parts(app, ada) == {
        "others": ("judged", None), "far": ("judged", None), "others too": ("spared", "others"),
    }  # fmt: skip


def test_modes_are_told_as_they_were_however_often_they_changed(app: Flask, ada: Person) -> None:
    with app.app_context():
        hook = make_hook(ada)
        rule_id = make_rule(ada, hook, "watch", name="watched").id
        off_id = make_rule(ada, hook, "off", name="off", value=9000).id
        moved_id = make_rule(ada, hook, "live", name="moved", value=9000).id
        path = path_of(hook)
    sent_and_judged(app, path)
    with app.app_context():
        for mode in ("live", "off"):
            rules.switch_rule(ada.actor, rule_id, mode)
        rules.switch_rule(ada.actor, off_id, "live")
        rules.switch_rule(ada.actor, moved_id, "off")
        make_rule(ada, hook, name="newer")
        told = {each.rule.name: each for each in trace(events_of(app, ada)[0]).judged}
    assert {name: (each.mode, each.part) for name, each in told.items()} == {
        "watched": ("watch", "judged"), "off": ("off", "off"), "moved": ("live", "judged"),
        "newer": ("live", "newer"),
    }  # fmt: skip


def test_only_so_many_rules_are_explained_and_the_others_are_counted(
    app: Flask, ada: Person, monkeypatch
) -> None:
    from rulebook.domain import trace as tracing

    monkeypatch.setattr(tracing, "MOST_EXPLAINED", 2)
    with app.app_context():
        hook = make_hook(ada)
        for value in (9000, 9001, 9002):
            make_rule(ada, hook, value=value)
        met = rules.write_rule(ada.actor, hook.id, document(), "live").id
        path = path_of(hook)
    sent_and_judged(app, path)
    with app.app_context():
        told = trace(events_of(app, ada)[0])
    assert (len(told.judged), told.unexplained, told.judged[0].rule.id) == (2, 2, met)
