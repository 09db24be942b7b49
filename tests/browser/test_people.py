"""Handing over, in the running product: ada invites bo, bo joins and sees this workspace alone, cy
finds nothing, and ada hands the workspace over to bo."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.chromium import PHONE
from tests.browser.test_journey import PASSWORD, make_the_account
from tests.conftest import Live

ADA, BO, CY = "ada@shop.example", "bo@shop.example", "cy@else.example"


def test_ada_invites_bo_and_hands_the_workspace_over(live: Live, open_page, complaints) -> None:
    ada = open_page(live.setup)
    make_the_account(ada)
    ada.get_by_role("button", name="Make the hook").click()
    expect(ada.get_by_role("heading", name="Payments", level=1)).to_be_visible()
    hook = ada.url
    link = invite(ada, live.url)

    bo = open_page(link, size=PHONE, colours="dark")
    expect(bo.get_by_role("heading", level=1)).to_contain_text("Join")
    bo.get_by_label("Choose a password", exact=True).fill("a kettle of violet harbours")
    bo.get_by_role("button", name="Join").click()
    bo.get_by_role("link", name="Hooks", exact=True).click()
    expect(bo.get_by_role("link", name="Payments").first).to_be_visible()
    assert status(bo, hook) == 200
    bo.goto(f"{live.url}/settings/people")
    expect(bo.locator("#main")).to_contain_text("As editor you may look.")
    expect(bo.get_by_role("button", name="Invite")).to_have_count(0)

    complaints.expect("404")
    cy = signed_in(live, open_page, CY)
    for path in (hook, link):
        assert status(cy, path) == 404, path
    cy.goto(f"{live.url}/hooks")
    expect(cy.locator("#main")).not_to_contain_text("Payments")

    ada.goto(f"{live.url}/settings/people")
    row = ada.locator("li.person", has_text=BO)
    row.get_by_text("More", exact=True).click()
    row.get_by_role("button", name=re.compile("Hand the workspace over")).click()
    expect(ada.locator("#flash")).to_contain_text("bo@shop.example owns this workspace now.")
    expect(ada.locator("li.person", has_text=ADA)).to_contain_text("Editor")
    bo.goto(f"{live.url}/settings/people")
    expect(bo.locator("li.person", has_text=BO)).to_contain_text("the only owner")
    expect(bo.get_by_role("button", name="Invite")).to_be_visible()
    ada.get_by_text("Leave", exact=True).click()
    ada.get_by_role("button", name=re.compile("^Leave ")).click()
    expect(ada.get_by_role("heading", name="Sign in")).to_be_visible()
    assert status(bo, hook) == 200, "what ada made stays"


def status(page: Page, address: str) -> int:
    """The status of a page that is opened."""
    answer = page.goto(address)
    assert answer is not None
    return answer.status


def invite(page: Page, url: str) -> str:
    """Invite bo; the link, which the page shows because there is no mail server."""
    page.goto(f"{url}/settings")
    page.get_by_role("link", name="Invite, change roles, hand over").click()
    page.get_by_label("E-mail address").fill(BO)
    page.get_by_role("button", name="Invite", exact=True).click()
    link = page.get_by_label("Link to join").input_value()
    assert link.startswith(f"{url}/join/")
    page.goto(f"{url}/settings/people")
    expect(page.locator("#invited")).to_contain_text(BO)
    assert link not in page.content()
    return link


def signed_in(live: Live, open_page, email: str) -> Page:
    """Somebody with a workspace of their own, made on the machine."""
    live.command("user", "add", email, "--password-stdin", given=PASSWORD)
    page = open_page(f"{live.url}/sign-in")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("link", name="Hooks", exact=True)).to_be_visible()
    return page
