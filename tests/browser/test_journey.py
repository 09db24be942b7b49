"""The newcomer's way in the running product: from the first link to a message in the Practice
outbox, on a desk, on a phone in the dark, and without any script."""

from __future__ import annotations

import json
import re
import time
import urllib.request
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.chromium import PHONE
from tests.conftest import Live

PASSWORD = "linden tea with lemon 77"
A_MINUTE = 60  # seconds from the first page to the message, as promised


def test_from_the_first_link_to_a_message_within_a_minute(live: Live, open_page) -> None:
    began = time.monotonic()
    page = open_page(live.setup)
    make_the_account(page)
    page.get_by_role("button", name="Make the hook").click()
    expect(page.get_by_role("heading", name="Payments", level=1)).to_be_visible()
    page.get_by_role("button", name="Send a sample event").click()
    expect(page.locator("#headline")).to_contain_text("No rule was on for this hook.")
    page.get_by_role("link", name="Do this for events like this").first.click()

    expect(page.get_by_label("Value for Event type")).to_have_value("payment.succeeded")
    open_field(page, "Amount")
    page.get_by_role("button", name="Add condition: Amount", exact=True).click()
    value = page.get_by_label("Value for Amount")
    expect(value).to_have_value("75")
    value.fill("50")
    expect(page.locator("#told")).to_contain_text("amount is at least 50,")
    expect(page.locator("#back h2")).to_contain_text("Would have matched 1 of 1 event so far")

    message = page.get_by_label("Message", exact=True)
    expect(message).to_have_value(re.compile("^Payment succeeded: "))
    message.fill("")
    put_in_message(page, "Customer name")
    expect(message).to_have_value("[Customer name]")
    message.press("End")
    message.press_sequentially(" paid ")
    put_in_message(page, "Amount")
    expect(message).to_have_value("[Customer name] paid [Amount]")
    expect(page.locator("#then-0")).to_contain_text("Marta Oliveira paid 75")
    page.get_by_label("To", exact=True).fill("+14155550123")
    expect(page.get_by_label("Live", exact=True)).to_be_checked()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#flash")).to_contain_text("Saved as version 1. It is live")

    page.get_by_role("link", name="Home", exact=True).click()
    expect(page.locator("#first h1")).to_have_text("Three of four done.")
    page.get_by_role("button", name="Send a sample").click()
    expect(page.locator("#headline")).to_have_text(
        "Matched 1 of 1 rule. 1 SMS kept in the Practice outbox, not sent."
    )
    page.get_by_role("link", name="Open the Practice outbox").click()
    expect(page.locator("#outbox")).to_contain_text("Marta Oliveira paid 75")
    assert time.monotonic() - began < A_MINUTE
    assert_one_practice_text(live, "Marta Oliveira paid 75")


def test_the_same_on_a_phone_in_the_dark(live: Live, open_page) -> None:
    page = open_page(live.setup, size=PHONE, colours="dark")
    make_the_account(page)
    shortest_way(page)
    see_the_message(live, page)


def test_the_same_without_script(live: Live, open_page) -> None:
    page = open_page(live.setup, java_script_enabled=False)
    make_the_account(page)
    shortest_way(page)
    see_the_message(live, page)


def make_the_account(page: Page) -> None:
    page.get_by_label("E-mail address").fill("ada@shop.example")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Make the account").click()
    expect(page.locator("#first h1")).to_be_visible()
    fits(page)


def shortest_way(page: Page) -> None:
    """Hook, sample, and a live rule with the amount as its condition and the proposed message."""
    page.get_by_role("button", name="Make the hook").click()
    fits(page)
    page.get_by_role("button", name="Send a sample event").click()
    fits(page)
    page.get_by_role("link", name="Do this for events like this").first.click()
    open_field(page, "Amount")
    page.get_by_role("button", name="Add condition: Amount", exact=True).click()
    page.get_by_label("Value for Amount").fill("50")
    page.get_by_label("To", exact=True).fill("+14155550123")
    fits(page)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#flash")).to_contain_text("Saved as version 1. It is live")
    expect(page.locator("#told")).to_contain_text("amount is at least 50,")


def see_the_message(live: Live, page: Page) -> None:
    page.goto(live.url)
    page.get_by_role("button", name="Send a sample").click()
    fits(page)
    assert_one_practice_text(live, "Payment succeeded: 75 USD from Marta Oliveira")
    page.goto(f"{live.url}/outbox")
    expect(page.locator("#outbox")).to_contain_text("Payment succeeded: 75 USD from Marta Oliveira")
    expect(page.locator("#outbox")).to_contain_text("Not sent")
    fits(page)


def open_field(page: Page, name: str) -> None:
    """Unfold a field of the panel, unless it is open."""
    row = page.locator("#field-panel .pickable", has=page.get_by_text(name, exact=True)).first
    if row.get_attribute("open") is None:
        row.locator("summary").click()


def put_in_message(page: Page, name: str) -> None:
    open_field(page, name)
    page.get_by_role("button", name=f"Put in message: {name}", exact=True).click()


def fits(page: Page) -> None:
    """No page is wider than its window."""
    page.wait_for_load_state()
    wide, window = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide <= window, f"{page.url} is {wide} wide"


def assert_one_practice_text(live: Live, text: str) -> None:
    """By the REST API: one run, done, kept and not sent, with this text."""
    token = live.command("token", "create", "--user", "ada@shop.example").split()[-1]
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        runs = ask(live, token, "/runs")["items"]
        if [run["state"] for run in runs] == ["succeeded"]:
            break
    assert [(run["state"], run["practice"]) for run in runs] == [("succeeded", True)]
    run = ask(live, token, f"/runs/{runs[0]['id']}")
    assert run["message"]["text"] == text
    events = ask(live, token, "/events")["items"]
    assert [event["matched"] for event in events] == [1, 0]


def ask(live: Live, token: str, path: str) -> Any:
    request = urllib.request.Request(f"{live.url}/api/v1{path}")
    request.add_header("Authorization", f"Bearer {token}")
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)
