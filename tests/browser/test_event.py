"""The event's page in a browser: its steps fill in under the reader's eyes and hands, what was sent
is found as one types, and a link shows it to somebody else until it is revoked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chromium import PHONE
from tests.browser.site import Site, serving
from tests.people import make_hook, make_person, make_rule
from tests.stories import events_of, path_of, send
from tests.work import work

BODY = b'{"amount": 99, "customer": {"name": "Jenny Rosen", "email": "jenny@shop.example"}}'


@pytest.fixture
def site(tmp_path: Path, sqlite_template: Path) -> Iterator[Site]:
    """One hook, one rule, and one event that nobody has judged yet."""

    def furnish(site: Site) -> None:
        site.ada = make_person(site.app, "ada")
        with site.app.app_context():
            hook = make_hook(site.ada)
            site.ids["rule"] = make_rule(site.ada, hook).id
            make_rule(site.ada, hook, name="Huge", value=5000)
            path = path_of(hook)
        send(site.app, path, BODY)
        site.ids["event"] = events_of(site.app, site.ada)[0].id

    with serving(tmp_path, sqlite_template, furnish) as site:
        yield site


def open_event(open_page, site: Site, **more) -> Page:
    page = open_page(f"{site.url}/sign-in", **more)
    page.context.add_cookies([site.cookie()])
    page.goto(f"{site.url}/events/{site.ids['event']}")
    return page


def test_steps_fill_in_and_nothing_is_taken_from_the_reader(site: Site, open_page) -> None:
    page = open_event(open_page, site)
    expect(page.locator("#headline")).to_have_text("Received, waiting to be judged.")
    find = page.get_by_label("Find a field by its name or its value")
    find.fill("jen")
    expect(page.locator("#fields")).to_contain_text("Only what holds “jen”")
    expect(page.locator("#fields")).not_to_contain_text("amount")
    work(site.app)
    expect(page.locator("#headline")).to_contain_text("Matched 1 of 2 rules. 1 SMS kept")
    expect(page.locator("#happened")).to_contain_text("Paid: 99")
    expect(find).to_be_focused()
    expect(find).to_have_value("jen")
    expect(page.locator("#fields")).to_contain_text("Only what holds “jen”")
    page.locator("#missed summary").first.press("Enter")
    expect(page.locator("#missed")).to_contain_text("Missed by one condition")
    page.goto(f"{page.url.partition('#')[0]}#rule-{site.ids['rule']}")
    expect(page.locator(f"#rule-{site.ids['rule']}")).to_be_in_viewport()
    told = site.ada.api("GET", f"/events/{site.ids['event']}").json
    assert told["headline"] == page.locator("#headline").inner_text()
    assert [step["id"] for step in told["steps"][:3]] == ["received", "checked", "delivery"]


def test_a_link_shows_it_to_somebody_else_until_it_is_revoked(site: Site, open_page, complaints):
    work(site.app)
    page = open_event(open_page, site)
    page.locator("#event-menu > summary").click()
    page.get_by_role("link", name="Link to show it, 7 days").click()
    page.get_by_role("button", name="Make the link").click()
    address = page.get_by_role("textbox", name="Link to show this event").input_value()
    wide = "(dialog) => dialog.scrollWidth <= dialog.clientWidth"
    assert page.locator("#share-dialog").evaluate(wide), "nothing of the dialog is cut off"
    expect(page.locator("#sent .bytes")).to_have_count(0)
    visitor = open_page(address, size=PHONE, colours="dark", java_script_enabled=False)
    expect(visitor.locator("h1")).to_contain_text("Matched 1 of 2 rules.")
    expect(visitor.locator("main")).to_contain_text("Jenny Rosen")
    expect(visitor.locator("main")).to_contain_text("j…@shop.example")
    expect(visitor.locator("main")).not_to_contain_text("jenny@shop.example")
    assert visitor.locator("nav, form, button, script").count() == 0
    page.get_by_role("button", name="Revoke").click()
    expect(page.locator("#flash")).to_contain_text("The link is revoked")
    complaints.expect("status of 404")
    visitor.reload()
    expect(visitor.locator("h1")).to_have_text("There is no such page here.")
    assert site.ada.api("GET", f"/events/{site.ids['event']}/evidence").json["items"] == []
