"""The list of what was done to many at once: who asked, when, for what, how far it is."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import select

from rulebook.domain import bulk
from rulebook.domain.asking import field_asked
from rulebook.domain.chosen import Which
from rulebook.storage import db, utcnow
from rulebook.storage.bulks import Bulk
from rulebook.storage.event_lists import EventFilter
from rulebook.storage.ledger import RunFilter
from tests.people import Person, make_hook, make_person, make_rule
from tests.web.seeing import ON_SQLITE, runs_of, send, set_runs, text_of
from tests.work import work


def shop(app: Flask, ada: Person, count: int = 3) -> tuple[str, str]:
    """A hook and a rule of ada's, and that many runs of it."""
    with app.app_context():
        hook = make_hook(ada)
        rule = make_rule(ada, hook)
    for n in range(count):
        send(app, hook, f'{{"amount": {60 + n}}}')
    work(app)
    return hook.id, rule.id


def begin(app: Flask, person: Person, which: Which) -> Bulk:
    with app.app_context():
        return bulk.begin(person.actor, which)


def carry_on(app: Flask) -> None:
    with app.app_context():
        bulk.carry_on()


def test_it_says_who_when_what_and_how_many_of_how_many(
    app: Flask, ada: Person, bo: Person, cy: Person
) -> None:
    _, rule_id = shop(app, ada)
    assert "Nothing was done to many at once yet" in text_of(ada.get("/bulks"))
    set_runs(app, state="failed")
    failed = Which("retry", runs=RunFilter(states=("failed",), rule_id=rule_id))
    made = begin(app, bo, failed)
    page = text_of(ada.get("/bulks"))
    assert "Under way Retrying runs : 0 runs planned 0 of 3 runs looked at." in page
    assert (
        "Asked for all that fit: failed, by Text me big payments." in page
        and "bo@shop.example" in page
    )
    carry_on(app)
    page = text_of(ada.get("/bulks"))
    assert "Done Retried runs : 3 runs planned 3 runs looked at." in page
    one = text_of(ada.get(f"/bulks/{made.id}"))
    assert (
        "Asked by bo@shop.example, today" in one
        and "For runs, all that fit: failed, by Text me" in one
    )
    for where in ("/runs", "/events"):
        assert 'href="/bulks"' in ada.get(where).get_data(as_text=True)
    assert "Nothing was done to many at once yet" in text_of(cy.get("/bulks"))
    assert cy.get(f"/bulks/{made.id}").status_code == 404


@ON_SQLITE
def test_what_was_left_out_and_stopped_is_said(app: Flask, ada: Person) -> None:
    shop(app, ada)
    sent = [run.id for run in runs_of(app, ada)]
    begin(app, ada, Which("retry", tuple(sent)))
    carry_on(app)
    page = text_of(ada.get("/bulks"))
    assert "0 runs planned 3 runs looked at, 3 left out. Asked for those that were chosen." in page
    made = begin(app, ada, Which("replay", events=EventFilter(state="unmatched")))
    assert ada.post(f"/bulks/{made.id}/stop").status_code == 303
    page = text_of(ada.get("/bulks"))
    assert "Stopped Replayed events : 0 runs planned 0 events looked at." in page
    assert "Asked for all that fit: nothing matched. Stopped by a person." in page


@ON_SQLITE
def test_every_part_of_a_filter_is_told(app: Flask, ada: Person) -> None:
    hook_id, rule_id = shop(app, ada, 1)
    now = utcnow()
    events = EventFilter(hook_id, "invoice.paid", None, "ulm", now, now, ("failed",), "verified",
                         rule_id)  # fmt: skip
    begin(app, ada, Which("replay", (), events, (field_asked("amount", "is", "60"),), again=True))
    runs = RunFilter(hook_id=hook_id, rule_id=rule_id, connection_id="con_gone", states=("held",),
                     to="jenny", after=now)  # fmt: skip
    begin(app, ada, Which("cancel", runs=runs))
    page = text_of(ada.get("/bulks"))
    assert (
        "Asked for all that fit: something failed, with the words “ulm”, type invoice.paid, of "
        "Payments, that met Text me big payments, verified, amount is 60, since today"
    ) in page
    assert ", what may have arrived as well." in page
    told = "held, to “jenny”, of Payments, by Text me big payments, through one that is gone, since"
    assert f"Asked for all that fit: {told}" in page


@ON_SQLITE
def test_the_list_goes_on_and_outlives_whoever_asked(app: Flask, ada: Person) -> None:
    vi = make_person(app, "vi", workspace_of=ada, role="viewer")
    made = begin(app, ada, Which("cancel", ("run_1",)))
    with app.app_context():
        for n in range(50):
            row = {"workspace_id": ada.workspace_id, "what": "cancel", "asked": made.asked}
            db.session.add(Bulk(**row, state="done", upto="run_1", looked=n, user_id=None))
        db.session.commit()
        oldest = db.session.scalars(select(Bulk.id).order_by(Bulk.id)).first()
    page = vi.get("/bulks").get_data(as_text=True)
    assert page.count("somebody who left") == 50 and oldest and oldest not in page
    last = page.rpartition("/bulks?older=")[2].partition('"')[0]
    rest = vi.get(f"/bulks?older={last}").get_data(as_text=True)
    assert oldest in rest and "hx-get" not in rest
    told = ada.api("GET", f"/bulks/{made.id}").json
    assert told["total"] == 1 and told["of"] == "the one that was chosen"
    assert told["by"] == "ada@shop.example"
    assert ada.api("GET", "/bulks?limit=1").json["items"][0]["by"] is None
