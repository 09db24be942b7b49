"""A run that ended when it was planned: what it would have said is shown as not sent, and no retry
sends anything of it."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask

from rulebook.domain import replay
from rulebook.errors import Conflict
from rulebook.storage import figures, utcnow
from tests.people import Person
from tests.web.seeing import ON_SQLITE, runs_of, set_runs
from tests.web.shop import Shop, text
from tests.web.shop import first as first_of
from tests.work import work

pytestmark = ON_SQLITE
SENT = {"type": "order", "amount": 99, "phone": "12"}
NUMBER = {
    "id": "sms",
    "action": "sms",
    "config": {"to": "{{ payload.phone }}", "message": "Thanks for {{ payload.amount }}"},
}
GONE = {"id": "sms", "action": "sms", "if_missing": "fail",
        "config": {"to": "+14155550123", "message": "Hi {{ payload.nowhere }}"}}  # fmt: skip


def test_what_would_have_been_sent_is_shown_as_not_sent(app: Flask, ada: Person) -> None:
    shop = Shop(app, ada)
    shop.rule(then=[NUMBER])
    here = shop.sends(SENT)
    [run] = runs_of(app, ada)
    for page in (ada.get(here), ada.get(f"/runs/{run.id}")):
        assert '<p class="bubble">Thanks for 99</p>' in page.text
        assert "Not sent" in text(page) and "It would have read:" in text(page)
        assert "is not a phone number" in text(page)
    assert f"/events/{run.event_id}/replay" in ada.get(f"/runs/{run.id}").text


def test_runs_of_older_versions_show_a_message_as_well(app: Flask, ada: Person) -> None:
    """They kept none, whether it was filled in or not."""
    shop = Shop(app, ada)
    shop.rule(then=[NUMBER])
    here = shop.sends(SENT)
    [run] = runs_of(app, ada)
    set_runs(app, run.id, message=None)
    for page in (ada.get(here), ada.get(f"/runs/{run.id}")):
        assert '<p class="bubble">Thanks for 99</p>' in page.text
        assert "It would have read:" in text(page)


def test_what_was_never_filled_in_is_shown_with_the_names_of_its_fields(
    app: Flask, ada: Person
) -> None:
    shop = Shop(app, ada)
    url = {"url": "https://books.example/{{ payload.order_number }}", "body": ""}
    shop.rule(then=[GONE, {"id": "http", "action": "http", "if_missing": "skip", "config": url}])
    here = shop.sends(SENT)
    called, texted = runs_of(app, ada)
    for page in (ada.get(here), ada.get(f"/runs/{texted.id}")):
        assert '<p class="bubble">Hi [Nowhere]</p>' in page.text
        assert "It could not be filled in. Its rule says:" in text(page)
        assert "Nowhere (payload.nowhere) is not in this event." in text(page)
    for page in (ada.get(here), ada.get(f"/runs/{called.id}")):
        assert "https://books.example/[Order number]" in text(page)
        assert "Skipped: Order number (payload.order_number) is not in" in text(page)
    assert "{{" not in ada.get(here).text and "Skipped: Skipped" not in ada.get(here).text


def test_what_was_never_filled_in_is_not_sent_by_a_retry(app: Flask, ada: Person) -> None:
    """It would send the template itself."""
    shop = Shop(app, ada)
    shop.rule(then=[GONE])
    here = shop.sends(SENT)
    [run] = runs_of(app, ada)
    assert run.state == "failed" and run.message is None
    for where in (here, f"/runs/{run.id}", "/runs"):
        assert f"/runs/{run.id}/retry" not in ada.get(where).text, where
    home = ada.get("/").text
    assert f"/runs?state=failed&amp;rule={run.rule_id}" in home and "/runs/retry" not in home
    assert "Nothing waits for a retry" in text(ada.get("/runs/retry"))
    ada.post(f"/runs/{run.id}/retry")
    assert "There is nothing to send again" in text(ada.get(f"/runs/{run.id}"))
    work(app)
    assert len(runs_of(app, ada)) == 1
    assert "payload.nowhere" not in text(ada.get("/outbox"))
    with app.app_context():
        assert figures.count_failed(ada.workspace_id, None, 10) == 0
        try:
            replay.retry(ada.actor, run.id)
        except Conflict as refused:
            assert "replay the event" in refused.fix
        else:
            raise AssertionError("it was retried")


def test_home_counts_and_retries_what_can_be_sent_alone(app: Flask, ada: Person) -> None:
    shop = Shop(app, ada)
    rule = shop.rule(then=[GONE])
    for _ in range(3):
        shop.sends({**SENT, "nowhere": "there"})
    shop.sends(SENT)
    never, last, other, first = runs_of(app, ada)
    assert never.state == "failed" and last.state == "succeeded"
    for run in (last, other):
        set_runs(app, run.id, state="failed", finished_at=utcnow())
    set_runs(app, first.id, state="failed", finished_at=utcnow() - timedelta(days=9))
    home = ada.get("/").text
    assert "3 failed" in home and ">Retry 2</a>" in home
    page = ada.get(first_of(r'href="(/runs/retry[^"]*)"', home))
    assert "Retry 2 failed runs" in text(page)
    assert f'value="{last.id}"' in page.text and f'value="{other.id}"' in page.text
    ada.post("/dismiss", {"thing": rule.id})
    set_runs(app, last.id, finished_at=utcnow())
    home = ada.get("/").text
    assert ">Retry 1</a>" in home
    page = ada.get(first_of(r'href="(/runs/retry[^"]*)"', home))
    assert f'value="{last.id}"' in page.text and f'value="{other.id}"' not in page.text
    assert "Retry 3 failed runs" in text(ada.get(f"/runs/retry?rule={rule.id}&since=yesterday"))


def test_a_skipped_message_is_not_sent_by_a_retry_either(app: Flask, ada: Person) -> None:
    shop = Shop(app, ada)
    shop.rule(then=[{**GONE, "if_missing": "skip"}])
    shop.sends(SENT)
    [run] = runs_of(app, ada)
    assert run.state == "skipped"
    assert f"/runs/{run.id}/retry" not in ada.get(f"/runs/{run.id}").text
    ada.post(f"/runs/{run.id}/retry")
    assert len(runs_of(app, ada)) == 1
