"""Stories of texts that a fake Twilio has, and reports on: who sends, what is posted back."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Flask
from werkzeug.test import TestResponse

from rulebook.domain.connections import make_connection
from tests.fakes import Twilio
from tests.fakes.twilio import Text
from tests.people import Person
from tests.stories import planned

PUBLIC = "http://rulebook.example"


def reported_settings(twilio: Twilio, **more: str) -> dict[str, str]:
    """Settings of an app that the fake can be told to report to."""
    return {"RULEBOOK_PUBLIC_URL": PUBLIC, "RULEBOOK_TWILIO_API": twilio.url, **more}


def text_step(app: Flask, person: Person, twilio: Twilio, **more: object) -> dict[str, object]:
    """A step that texts through an account at the fake."""
    with app.app_context():
        account = make_connection(person.actor, "twilio", "Shop phone", twilio.connection).id
    return {"id": "sms", "action": "sms", "connection": account,
            "config": {"to": "+14155550123", "message": "Paid: {{ payload.amount }}"},
            **more}  # fmt: skip


def planned_text(app: Flask, person: Person, twilio: Twilio) -> str:
    """The id of a run that is due and texts through the fake."""
    [run_id] = planned(app, person, text_step(app, person, twilio))
    return run_id


def report(
    app: Flask, twilio: Twilio, status: str, text: Text | None = None, code: int | None = None
) -> TestResponse:
    """Twilio reports a message's status at the address it was given with it."""
    return post(app, *twilio.reports(status, text, code))


def post(app: Flask, url: str, form: Mapping[str, str], headers: Mapping[str, str]) -> TestResponse:
    """A request as Twilio makes it, through the real route."""
    assert url.startswith(PUBLIC)
    return app.test_client().post(url.removeprefix(PUBLIC), data=form, headers=dict(headers))
