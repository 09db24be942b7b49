"""Alerts: once per problem, with cause and link, once when it is over; never twice in silence."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from rulebook.domain import connections as accounts
from rulebook.domain import replay
from rulebook.domain.alerts import (
    GATHER,
    KINDS,
    MOST_IN_AN_HOUR,
    choose_kinds,
    choose_ways,
    send_due,
    tell,
)
from rulebook.domain.attention import mute, worries
from rulebook.domain.watching import listen_for_silence, watch
from rulebook.errors import Invalid, NotAllowed
from rulebook.storage import alerts, db, hooks, notices, tallies, utcnow
from rulebook.storage.alerts import Alert
from rulebook.storage.tallies import Key, slot_of
from rulebook.storage.users import User
from tests.fakes import Mail, Sink
from tests.people import Person, make_hook, make_person, make_rule
from tests.stories import path_of, send
from tests.web.seeing import ON_SQLITE, runs_of, set_runs, text_of
from tests.work import work


@pytest.fixture
def settings(mail: Mail) -> dict[str, str]:
    return {"RULEBOOK_MAIL_URL": mail.url, "RULEBOOK_PUBLIC_URL": "http://rules.shop.example"}


def look(app: Flask, seconds: float = 0, now: datetime | None = None) -> None:
    """What the worker does every few seconds, so many seconds from now."""
    at = (now or utcnow()) + timedelta(seconds=seconds)
    with app.app_context():
        for workspace_id in watch(at):
            tell(workspace_id, at)
        send_due(at)


def failing(app: Flask, ada: Person, count: int = 2) -> tuple[str, str]:
    """A rule whose runs have failed; the path of its hook and its id."""
    with app.app_context():
        hook = make_hook(ada)
        rule = make_rule(ada, hook)
        path = path_of(hook)
    for _ in range(count):
        send(app, path)
    work(app)
    fails(app, ada)
    return path, rule.id


def fails(app: Flask, person: Person, run_id: str | None = None) -> None:
    words = {"sentence": "Twilio refuses the token.", "fix": "Replace the secret."}
    set_runs(app, run_id, state="failed", finished_at=utcnow(), **words)
    with app.app_context():
        [hook] = hooks.hooks(person.workspace_id)
        key = Key(person.workspace_id, slot_of(utcnow()), "failed", hook.id, "rule_1")
        tallies.note({key: 1})
        db.session.commit()


def kept(app: Flask, person: Person) -> list[Alert]:
    with app.app_context():
        return alerts.page_of_alerts(person.workspace_id, 50)


def test_a_failing_rule_is_told_once_with_cause_and_link(
    app: Flask, ada: Person, bo: Person, cy: Person, mail: Mail
) -> None:
    _, rule_id = failing(app, ada)
    look(app)
    assert mail.letters == [], "what comes together is gathered"
    look(app, GATHER.seconds)
    look(app, 60)
    letters = mail.wait_for(2)
    assert sorted(each.recipients[0] for each in letters) == ["ada@shop.example", "bo@shop.example"]
    assert letters[0].subject == "[Ada's shop] Text me big payments is failing"
    text = letters[0].text
    assert "Text me big payments is failing, 2 times, since" in text
    assert "Twilio refuses the token. Replace the secret." in text
    assert f"http://rules.shop.example/runs?state=failed&rule={rule_id}" in text
    assert [each.state for each in kept(app, ada)] == ["sent", "sent"]
    assert kept(app, cy) == []


def test_its_end_is_told_once_it_sends_again(app: Flask, ada: Person, mail: Mail) -> None:
    path, _ = failing(app, ada)
    look(app)
    look(app, GATHER.seconds)
    send(app, path)
    work(app)
    look(app, 20)
    assert len(mail.letters) == 1, "it may fail again in the next moment"
    look(app, 400)
    look(app, 410)
    [_, over] = mail.wait_for(2)
    assert over.subject == "[Ada's shop] Over: Text me big payments is failing"
    assert "It sends again. What failed before still waits for you." in over.text
    look(app, 4000)
    assert len(mail.letters) == 2


def test_who_fails_now_and_then_is_one_problem(app: Flask, ada: Person, mail: Mail) -> None:
    path, _ = failing(app, ada)
    look(app)
    look(app, GATHER.seconds)
    for seconds in (60, 120, 180):
        send(app, path)
        work(app)
        look(app, seconds)
        fails(app, ada, runs_of(app, ada)[0].id)
        look(app, seconds + 5)
    assert len(mail.letters) == 1


@ON_SQLITE
def test_failures_that_a_person_dealt_with_end_without_a_word(
    app: Flask, ada: Person, mail: Mail
) -> None:
    from rulebook.domain.attention import dismiss

    _, rule_id = failing(app, ada)
    look(app)
    look(app, GATHER.seconds)
    with app.app_context():
        dismiss(ada.actor, rule_id)
    look(app, 400)
    look(app, 420)
    assert len(mail.letters) == 1
    with app.app_context():
        assert notices.open_notices(ada.workspace_id) == []


def test_several_problems_go_into_one_message(app: Flask, ada: Person, mail: Mail) -> None:
    failing(app, ada, 3)
    [first, second, _] = runs_of(app, ada)
    set_runs(app, first.id, state="unknown", sentence="The answer was lost.", finished_at=None)
    set_runs(app, second.id, state="held", sentence="Beyond 20 in an hour.", finished_at=None,
             held_for="limit")  # fmt: skip
    look(app)
    look(app, GATHER.seconds)
    [letter] = mail.wait_for(1)
    assert letter.subject == "[Ada's shop] 3 problems"
    for said in ("may have been sent", "waits for your decision", "is failing",
                 "/runs?state=unknown&rule=", "/runs?state=held&rule="):  # fmt: skip
        assert said in letter.text
    with app.app_context():
        replay.resolve(ada.actor, first.id, "arrived")
    look(app, 30)
    look(app, 40)
    assert len(mail.letters) == 1, "a person decided: nobody has to be told"


@ON_SQLITE
def test_held_runs_are_told_with_the_hour_that_ends_them(
    app: Flask, ada: Person, bo: Person, mail: Mail
) -> None:
    """On each reader's clock; the first one's, where several are held."""
    failing(app, ada, 2)
    first, second = runs_of(app, ada)
    end = (utcnow() + timedelta(hours=1)).replace(microsecond=0)
    held = {"state": "held", "sentence": "Beyond 20.", "finished_at": None, "held_for": "limit"}
    set_runs(app, first.id, **held, expires_at=end + timedelta(minutes=7))
    set_runs(app, second.id, **held, expires_at=end)
    with app.app_context():
        db.session.get_one(User, ada.user_id).zone = "Asia/Kathmandu"
        db.session.commit()
        [worry] = [each for each in worries(ada.workspace_id) if each.kind == "held"]
        assert worry.until == end
    look(app)
    look(app, GATHER.seconds)
    said = {letter.recipients[0].partition("@")[0]: letter.text for letter in mail.wait_for(2)}
    there = end.astimezone(ZoneInfo("Asia/Kathmandu"))
    told = f"The first is too old to be sent from {there:%A %d %B, %H:%M} (Asia/Kathmandu)."
    assert told in said[ada.name]
    assert f"sent from {end:%A %d %B, %H:%M} (UTC)." in said[bo.name]
    assert "The first is too old to be sent from" in text_of(ada.get("/"))


@ON_SQLITE
def test_what_is_muted_is_told_to_nobody(app: Flask, ada: Person, mail: Mail) -> None:
    _, rule_id = failing(app, ada)
    with app.app_context():
        mute(ada.actor, "failed", rule_id)
    look(app)
    look(app, 60)
    assert mail.letters == [] and kept(app, ada) == []


@ON_SQLITE
def test_everybody_chooses_for_themselves(app: Flask, ada: Person, bo: Person, mail: Mail) -> None:
    vi = make_person(app, "vi", workspace_of=ada, role="viewer")
    with app.app_context():
        choose_kinds(bo.actor, ["silent"], False)
        choose_kinds(vi.actor, ["failed", "nonsense"], True)
    failing(app, ada)
    look(app)
    look(app, GATHER.seconds)
    to = sorted(each.recipients[0] for each in mail.wait_for(2))
    assert to == ["ada@shop.example", "vi@shop.example"]


@ON_SQLITE
def test_a_lost_answer_is_shown_and_not_sent_again(app: Flask, ada: Person, mail: Mail) -> None:
    mail.drops_after_data()
    failing(app, ada)
    look(app)
    look(app, GATHER.seconds)
    mail.takes_all()
    look(app, 3600)
    assert len(mail.letters) == 1
    [alert] = kept(app, ada)
    assert alert.state == "unknown"
    page = ada.get("/").get_data(as_text=True)
    assert "An alert did not get out" in page


@ON_SQLITE
def test_a_worker_that_dies_in_the_middle_leaves_doubt(app: Flask, ada: Person, mail: Mail) -> None:
    failing(app, ada)
    now = utcnow()
    look(app, now=now)
    with app.app_context():
        at = now + GATHER
        watch(at)
        tell(ada.workspace_id, at)
        [due] = alerts.due_alerts(at)
        assert alerts.claim_alert(due, at)
        db.session.commit()  # and here it dies
    look(app, 30, now)
    assert kept(app, ada)[0].state == "sending"
    look(app, 200, now)
    assert [(each.state, each.tries) for each in kept(app, ada)] == [("unknown", 1)]
    assert mail.letters == []


@ON_SQLITE
def test_a_mail_server_that_is_away_is_tried_again(app: Flask, ada: Person, mail: Mail) -> None:
    mail.greylists()
    failing(app, ada)
    look(app)
    look(app, GATHER.seconds)
    [alert] = kept(app, ada)
    assert (alert.state, alert.tries) == ("planned", 1) and "451" in alert.sentence
    mail.takes_all()
    look(app, 120)
    assert [(each.state, each.tries) for each in kept(app, ada)] == [("sent", 2)]
    assert len(mail.letters) == 1


@ON_SQLITE
def test_a_flood_of_problems_is_no_flood_of_messages(app: Flask, ada: Person, mail: Mail) -> None:
    failing(app, ada)
    row = {"workspace_id": ada.workspace_id, "action": "", "to": "", "subject": "", "text": "",
           "state": "sent"}  # fmt: skip
    with app.app_context():
        alerts.plan_alerts([row] * MOST_IN_AN_HOUR)
        db.session.commit()
    look(app)
    look(app, 60)
    assert mail.letters == []
    look(app, 3700)
    assert len(mail.wait_for(1)) == 1


@pytest.mark.parametrize("settings", [{}], ids=["no mail"])
@ON_SQLITE
def test_without_a_mail_server_it_is_kept_and_said(app: Flask, ada: Person) -> None:
    failing(app, ada)
    look(app)
    look(app, GATHER.seconds)
    [alert] = kept(app, ada)
    assert alert.state == "kept" and "is failing" in alert.text
    assert "no mail server is connected" in ada.get("/").get_data(as_text=True)
    page = ada.get("/alerts").get_data(as_text=True)
    assert "No e-mail can leave yet." in page and "Text me big payments is failing" in page


@pytest.mark.parametrize("settings", [{}], ids=["no mail"])
@ON_SQLITE
def test_a_connection_and_one_other_way(app: Flask, ada: Person, bo: Person, mail: Mail) -> None:
    with Sink() as sink, app.app_context():
        made = accounts.make_connection(ada.actor, "smtp", "Shop mail", mail.connection)
        with pytest.raises(NotAllowed):
            choose_ways(bo.actor, made.id)
        for wrong in (("http", None, "not an address"), ("sms", None, "+14155550123"),
                      ("email", None, "a@b.example"), ("nothing", None, "")):  # fmt: skip
            with pytest.raises(Invalid):
                choose_ways(ada.actor, made.id, *wrong)
        choose_ways(ada.actor, made.id, "http", None, f"{sink.url}/chat")
        failing(app, ada)
        look(app)
        look(app, GATHER.seconds)
        [call] = sink.wait_for(1)
        assert call.json["subject"] == "[Ada's shop] Text me big payments is failing"
        assert "Twilio refuses the token." in call.json["text"]
        assert len(mail.wait_for(2)) == 2
        assert mail.last.sender == "alerts@books.example"


def test_refused_signatures_and_their_end(app: Flask, ada: Person, mail: Mail) -> None:
    with app.app_context():
        hook = make_hook(ada, provider="github", secret="It is our secret, is it not")
        path = path_of(hook)
    for _ in range(3):
        assert send(app, path).status_code == 401
    look(app)
    look(app, GATHER.seconds)
    [letter] = mail.wait_for(1)
    assert letter.subject == "[Ada's shop] Payments refuses what comes"
    assert f"/hooks/{hook.id}" in letter.text and "secret, is it" not in letter.text
    page = ada.get("/").get_data(as_text=True)
    assert "3 refused" in page and f"/hooks/{hook.id}#check" in page
    with app.app_context():
        from rulebook.domain.hooks import change_hook

        change_hook(ada.actor, hook.id, secret="")
    assert send(app, path).status_code == 200
    look(app, 30)
    look(app, 40)
    assert mail.wait_for(2)[1].subject == "[Ada's shop] Over: Payments refuses what comes"


def test_silence_is_noted_told_and_ends_when_something_comes(
    app: Flask, ada: Person, mail: Mail
) -> None:
    with app.app_context():
        hook = make_hook(ada, name="Newsletter signups")
        quiet = make_hook(ada, name="Just made")
        path = path_of(hook)
        here = slot_of(utcnow())
        history = {Key(ada.workspace_id, slot, "received", hook.id, ""): 1
                   for slot in range(here - 8 * 336, here - 96, 2)}  # fmt: skip
        tallies.note(history)
        tallies.fold()
        db.session.commit()
        listen_for_silence()
        listen_for_silence()
        [notice] = notices.open_notices(ada.workspace_id)
        assert (notice.kind, notice.thing) == ("silent", hook.id) and quiet.id != hook.id
    look(app)
    look(app, GATHER.seconds)
    [letter] = mail.wait_for(1)
    assert letter.subject == "[Ada's shop] Newsletter signups fell silent"
    assert "Usually gets 24 a day, none since " in letter.text
    assert f"http://rules.shop.example/hooks/{hook.id}" in letter.text
    send(app, path)
    with app.app_context():
        listen_for_silence()
        assert notices.open_notices(ada.workspace_id) == []
    look(app, 30)
    assert "Something came again." in mail.wait_for(2)[1].text


@ON_SQLITE
def test_a_paused_hook_may_be_silent(app: Flask, ada: Person) -> None:
    with app.app_context():
        hook = make_hook(ada)
        found = hooks.hook(ada.workspace_id, hook.id)
        assert found
        found.paused = True
        here = slot_of(utcnow())
        tallies.note({Key(ada.workspace_id, slot, "received", hook.id, ""): 1
                      for slot in range(here - 8 * 336, here - 96, 2)})  # fmt: skip
        db.session.commit()
        listen_for_silence()
        assert notices.open_notices(ada.workspace_id) == []


@ON_SQLITE
def test_every_link_leads_to_a_page(app: Flask, ada: Person) -> None:
    _, rule_id = failing(app, ada)
    with app.app_context():
        [hook] = hooks.hooks(ada.workspace_id)
    things: dict[str, Any] = {"refused": hook.id, "poison": hook.id, "silent": f"hooks/{hook.id}"}
    things["drift"] = runs_of(app, ada)[0].event_id
    for kind, (_, _, path) in KINDS.items():
        assert ada.get(path.format(things.get(kind, rule_id))).status_code == 200, kind
