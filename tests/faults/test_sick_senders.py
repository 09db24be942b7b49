"""Mail servers and a Twilio that are ill: one mail, one text, or doubt that says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from rulebook import egress
from rulebook.domain import connections
from rulebook.domain.sweep import sweep
from rulebook.storage import utcnow
from tests.fakes import Mail, Twilio
from tests.fakes import sick as ill
from tests.fakes.sick import Illness, Line, Sick, mail, says_on
from tests.people import Person
from tests.stories import act_on, act_when_due, attempts_of, planned, run_of

pytestmark = pytest.mark.parametrize("app", ["sqlite"], indirect=True)
PASSWORD = "canary horse battery staple"
TWILIO = Twilio()
LETTER = {"to": "ada@shop.example", "subject": "Paid", "text": "60"}
SMS = {"to": "+14155550123", "message": "Paid: {{ payload.amount }}"}


@pytest.fixture
def settings() -> dict[str, str]:
    return {"RULEBOOK_TWILIO_API": TWILIO.url}


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is waited for longer than half a second."""
    monkeypatch.setattr(egress, "MAX_SECONDS", 0.5)


@pytest.fixture(scope="module")
def twilio() -> Iterator[Twilio]:
    with TWILIO as running:
        yield running


def _close(line: Line) -> None:
    """Hang up without a word."""


# Where it falls ill, what it does there: the outcome, the run's state, how many letters it has.
DOUBT, LATER, NEVER = ("ambiguous", "unknown"), ("not_sent", "queued"), ("no_for_good", "failed")
MAIL: dict[str, tuple[Illness, tuple[str, str], int]] = {
    "421 for a greeting": (mail("greeting", _close, "421 Too busy\r\n"), LATER, 0),
    "554 for a greeting": (mail("greeting", _close, "554 Go away\r\n"), NEVER, 0),
    "451 for the receiver": (mail("RCPT", Line.hang, "451 Greylisted\r\n"), LATER, 0),
    "550 for the receiver": (mail("RCPT", _close, "550 Nobody\r\n"), NEVER, 0),
    "421 for the receiver": (mail("RCPT", _close, "421 Closing\r\n"), LATER, 0),
    "452 for the message": (mail("DATA", _close, "452 Disk full\r\n"), LATER, 0),
    "451 after the dot": (mail(".", _close, "451 Not now\r\n"), LATER, 0),
    "421 after the dot": (mail(".", _close, "421 Closing\r\n"), LATER, 0),
    "554 after the dot": (mail(".", _close, "554 Spam\r\n"), NEVER, 0),
    "hangs at the greeting": (mail("greeting", Line.hang), LATER, 0),
    "drips its greeting": (mail("greeting", Line.drip, "220-"), LATER, 0),
    "hangs up at the greeting": (mail("greeting", _close), LATER, 0),
    "is no mail server": (mail("greeting", _close, "HTTP/1.1 400 No\r\n\r\n"), LATER, 0),
    "hangs at the receiver": (mail("RCPT", Line.hang), LATER, 0),
    "resets before the message": (mail("DATA", Line.reset), LATER, 0),
    "hangs after the dot": (mail(".", Line.hang), DOUBT, 1),
    "drips after the dot": (mail(".", Line.drip, "250-"), DOUBT, 1),
    "hangs up after the dot": (mail(".", _close), DOUBT, 1),
    "resets after the dot": (mail(".", Line.reset), DOUBT, 1),
    "babbles after the dot": (mail(".", _close, "what?\r\n"), DOUBT, 1),
    "a line without an end": (mail(".", says_on(ill.BLOCK), "250 "), DOUBT, 1),
    "lines without an end": (mail(".", says_on(b"250-more\r\n" * 1000)), DOUBT, 1),
    "a greeting without an end": (mail("greeting", says_on(b"220-hi\r\n" * 1000)), LATER, 0),
}  # fmt: skip


@pytest.mark.parametrize("name", MAIL)
def test_each_illness_of_a_mail_server(app: Flask, ada: Person, name: str) -> None:
    illness, (outcome, state), letters = MAIL[name]
    with Sick(illness) as sick:
        run_id = _planned(app, ada, _smtp(sick.port), "email", LETTER)
        run = act_on(app, run_id)
        [attempt] = attempts_of(app, run_id)
        assert (attempt.outcome, run.state) == (outcome, state), attempt.sentence
        assert run.sentence and attempt.sentence and run.fix and not run.may_repeat
        assert len(attempt.answer.encode()) <= 8192
        assert len(sick.requests) == letters
        assert sick.poured < 64 * 1024**2
        if state != "queued":
            _is_left_alone(app, run_id)
            assert len(sick.requests) == letters


def test_through_greylisting_one_mail_comes(app: Flask, ada: Person) -> None:
    """Five minutes of 451, by the schedule of the tries: 1 min, then 5 min."""
    with Mail() as server:
        server.greylists()
        run_id = _planned(app, ada, server.connection, "email", LETTER)
        began = run_of(app, run_id).next_attempt_at
        assert began
        run = act_on(app, run_id)
        while run.next_attempt_at and run.next_attempt_at < began + timedelta(minutes=5):
            assert (run.state, run.may_repeat) == ("queued", False)
            run = act_when_due(app, run_id)
        server.takes_all()
        run = act_when_due(app, run_id)
        assert (run.state, run.may_repeat) == ("succeeded", False)
        outcomes = [attempt.outcome for attempt in attempts_of(app, run_id)]
        assert outcomes == ["not_sent"] * (len(outcomes) - 1) + ["yes"]
        assert len(outcomes) == 3
        _is_left_alone(app, run_id)
        assert [letter.subject for letter in server.letters] == ["Paid"]


@pytest.mark.parametrize("form", ["plain", "base64"])
def test_a_password_that_is_thrown_back_is_not_shown(app: Flask, ada: Person, form: str) -> None:
    def throws_back(line: Line) -> None:
        reader = line.line.makefile("rb")
        line.say(b"220 sick\r\n")
        reader.readline()
        line.say(b"250-sick\r\n250 AUTH PLAIN\r\n")
        sent = reader.readline().split()[-1].decode()
        line.sick.note(sent.encode())
        line.say(f"535 No: {sent if form == 'base64' else PASSWORD}\r\n".encode())

    with Sick(throws_back) as sick:
        login = {"username": "ada", "password": PASSWORD}
        run_id = _planned(app, ada, _smtp(sick.port) | login, "email", LETTER)
        run = act_on(app, run_id)
        [sent] = sick.requests
    [attempt] = attempts_of(app, run_id)
    assert (run.state, attempt.outcome) == ("failed", "no_for_good")
    shown = f"{run.sentence} {run.fix} {attempt.sentence} {attempt.answer} {attempt.request}"
    assert "canary" not in shown
    assert sent.decode() not in shown


@pytest.mark.parametrize(
    "falls_ill",
    [
        lambda twilio: twilio.breaks(500, accepting=True),
        lambda twilio: twilio.breaks(503, accepting=True),
        lambda twilio: twilio.loses_the_answer(),
    ],
    ids=["500", "503", "timeout"],
)
def test_a_text_that_twilio_may_have_taken_is_never_repeated(
    app: Flask, ada: Person, twilio: Twilio, falls_ill: Callable[[Twilio], None]
) -> None:
    twilio.messages.clear()
    falls_ill(twilio)
    run_id = _planned(app, ada, twilio.connection, "sms", SMS)
    run = act_on(app, run_id)
    [attempt] = attempts_of(app, run_id)
    assert (attempt.outcome, run.state, run.finished_at) == ("ambiguous", "unknown", None)
    assert run.sentence and run.fix
    twilio.accepts()
    _is_left_alone(app, run_id)
    assert twilio.texts == ["Paid: 60"]


def test_a_text_that_twilio_did_not_take_is_sent_once_it_does(
    app: Flask, ada: Person, twilio: Twilio
) -> None:
    twilio.messages.clear()
    twilio.is_busy(retry_after=90)
    run_id = _planned(app, ada, twilio.connection, "sms", SMS)
    before = utcnow()
    run = act_on(app, run_id)
    assert run.state == "queued"
    assert run.next_attempt_at and run.next_attempt_at >= before + timedelta(seconds=90)
    twilio.accepts()
    assert act_when_due(app, run_id).state == "succeeded"
    assert twilio.texts == ["Paid: 60"]


def _smtp(port: int) -> dict[str, Any]:
    return {"host": "127.0.0.1", "port": port, "security": "none",
            "from": "alerts@books.example"}  # fmt: skip


def _planned(
    app: Flask, ada: Person, connection: dict[str, Any], action: str, config: dict[str, str]
) -> str:
    kind = {"email": "smtp", "sms": "twilio"}[action]
    with app.app_context():
        made = connections.make_connection(ada.actor, kind, "Sick", connection).id
    step = {"id": action, "action": action, "connection": made, "config": config}
    [run_id] = planned(app, ada, step)
    return run_id


def _is_left_alone(app: Flask, run_id: str) -> None:
    """Nothing that the worker does by itself tries it again."""
    tries = len(attempts_of(app, run_id))
    for hours in (0, 1, 30):
        later = utcnow() + timedelta(hours=hours)
        with app.app_context():
            assert run_id not in sweep(later).runs
        act_on(app, run_id, later)
    assert len(attempts_of(app, run_id)) == tries
