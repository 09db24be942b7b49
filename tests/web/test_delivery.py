"""Pages say what is known of a text's delivery, and no more than that."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from rulebook.domain.replay import resolve
from rulebook.storage import utcnow
from tests.fakes import Twilio
from tests.people import Person
from tests.reported import planned_text, report, reported_settings
from tests.stories import act_on, run_of
from tests.web.seeing import ON_SQLITE, set_runs, text_of

pytestmark = ON_SQLITE


@pytest.fixture
def settings(twilio: Twilio) -> dict[str, str]:
    return reported_settings(twilio)


@pytest.fixture
def sent(app: Flask, ada: Person, twilio: Twilio) -> str:
    run_id = planned_text(app, ada, twilio)
    act_on(app, run_id)
    return run_id


def pages(app: Flask, ada: Person, run_id: str) -> tuple[str, str]:
    """The run's page and its event's, as they are read."""
    event_id = run_of(app, run_id).event_id
    return text_of(ada.get(f"/runs/{run_id}")), text_of(ada.get(f"/events/{event_id}"))


def test_without_a_report_nothing_is_said_of_arrival(app: Flask, ada: Person, sent: str) -> None:
    run, event = pages(app, ada, sent)
    assert "Report None. That it was accepted is all that is known." in run
    assert "1 SMS sent." in event and "Delivered" not in run + event and "Report:" not in event


@pytest.mark.parametrize(
    ("status", "said", "headline"),
    [
        ("sent", "On its way", "1 SMS sent."),
        ("delivered", "Delivered", "1 SMS sent, delivered"),
        ("read", "Read", "1 SMS sent, read"),
    ],
)
def test_a_report_is_shown_as_it_is(
    app: Flask, ada: Person, twilio: Twilio, sent: str, status: str, said: str, headline: str
) -> None:
    report(app, twilio, status)
    run, event = pages(app, ada, sent)
    assert f"Report {said}" in run
    assert f"Report: {said[0].lower()}{said[1:]}" in event and headline in event
    listed = text_of(ada.get("/runs?state=sent"))
    assert ("Delivered" in listed) is (status == "delivered")


def test_a_text_that_did_not_arrive_is_a_failure(
    app: Flask, ada: Person, twilio: Twilio, sent: str
) -> None:
    report(app, twilio, "undelivered", code=30005)
    run, event = pages(app, ada, sent)
    assert "Not delivered" in run and "error 30005. The number is not in use" in run
    assert "Retry" in run
    assert "Report: not delivered" in event and "1 SMS failed." in event
    assert "Not delivered" in text_of(ada.get("/runs?state=failed"))
    assert "waiting for you: 1" in text_of(ada.get("/"))


def test_a_report_against_a_persons_word_stands_beside_it(
    app: Flask, ada: Person, twilio: Twilio
) -> None:
    twilio.breaks(500, accepting=True)
    run_id = planned_text(app, ada, twilio)
    act_on(app, run_id)
    with app.app_context():
        resolve(ada.actor, run_id, "not_arrived")
    report(app, twilio, "sent")
    run, _ = pages(app, ada, run_id)
    assert "A person said that it did not arrive." in run and "Report On its way" in run
    assert "Retry it only if a second one does no harm." in run


def test_a_run_in_doubt_says_when_it_is_looked_up(app: Flask, ada: Person, twilio: Twilio) -> None:
    twilio.breaks(500, accepting=True)
    run_id = planned_text(app, ada, twilio)
    act_on(app, run_id)
    page = ada.get(f"/runs/{run_id}")
    assert "The provider is asked about it now." in text_of(page)
    assert 'hx-trigger="every 2s"' in page.text
    set_runs(app, run_id, next_check_at=utcnow() + timedelta(seconds=130))
    assert "The provider is asked about it in 2 minutes" in text_of(ada.get(f"/runs/{run_id}"))
    set_runs(app, run_id, next_check_at=None)
    page = ada.get(f"/runs/{run_id}")
    assert "The provider is asked" not in text_of(page) and "hx-trigger" not in page.text
    for button in ("It arrived", "It did not arrive", "Send it again"):
        assert button in text_of(page)
