"""Parts that poll in a browser: an answer that says nothing is new changes nothing, the next new
thing is shown, and ages go on in between, by the server's clock and in the server's words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Response, expect

from tests.browser.site import Site, serving
from tests.people import make_hook, make_person, make_rule
from tests.stories import path_of, send
from tests.work import work
from web.shown import _span


@pytest.fixture
def site(tmp_path: Path, sqlite_template: Path) -> Iterator[Site]:
    def furnish(site: Site) -> None:
        site.ada = make_person(site.app, "ada")
        with site.app.app_context():
            hook = make_hook(site.ada)
            make_rule(site.ada, hook)
            site.ids["path"] = path_of(hook)
        send(site.app, site.ids["path"], b'{"amount": 99}')
        work(site.app)

    with serving(tmp_path, sqlite_template, furnish) as site:
        yield site


def nothing_new(answer: Response) -> bool:
    return "part=list" in answer.url and answer.status == 204


def test_nothing_new_changes_nothing_and_the_next_new_thing_is_shown(site: Site, open_page) -> None:
    page = open_page(f"{site.url}/sign-in")
    page.context.add_cookies([site.cookie()])
    with page.expect_response(nothing_new):
        page.goto(f"{site.url}/events")
    row = page.locator("#list ol > li")
    expect(row).to_have_count(1)
    row.get_by_role("checkbox").check()
    with page.expect_response(nothing_new):
        pass
    expect(row.get_by_role("checkbox")).to_be_checked()
    send(site.app, site.ids["path"], b'{"amount": 12}')
    expect(page.locator("#list")).to_contain_text("1 new event")
    expect(row.get_by_role("checkbox")).to_be_checked()
    with page.expect_response(nothing_new):
        pass
    expect(page.locator("#list")).to_contain_text("1 new event")


def test_ages_go_on_by_the_clock_of_the_server(site: Site, open_page) -> None:
    began = datetime(2020, 5, 1, 8, 0, tzinfo=UTC)  # a clock that is far behind
    page = open_page(f"{site.url}/sign-in")
    page.context.add_cookies([site.cookie()])
    page.clock.install(time=began)
    page.goto(f"{site.url}/hooks")
    # What is polled brings the server's words, which nothing tells anew while the clock stands.
    page.route("**/hooks*", lambda asked: asked.fulfill(status=204))
    page.clock.pause_at(began + timedelta(minutes=10))
    spans = [-7200, -610, 100, 660, 3000, 5300, 8000, 86400, 200_000, 3_000_000, 9e6, 9e7]
    page.evaluate(
        """([spans, behind]) => spans.forEach((span) => {
          const time = document.createElement("time");
          time.dataset.ago = "";
          time.className = "test";
          const now = Date.parse(document.querySelector(".foot time").dateTime) + behind;
          time.dateTime = new Date(now - span * 1000).toISOString();
          document.querySelector("main").append(time);
        })""",
        [spans, 600_000],
    )
    page.clock.run_for(1000)
    words = [f"in {_span(-each)}" if each < 0 else f"{_span(each)} ago" for each in spans]
    assert page.locator("time.test").all_inner_texts() == words
    expect(page.locator("#hooks time").first).to_contain_text("10 minutes ago")
