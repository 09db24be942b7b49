"""A newcomer's message in a real browser: a recipe, pills, a real test; asked of the API after."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.test_builder import begin
from tests.browser.test_journey import ask, fits
from tests.conftest import Live


def test_a_recipe_a_message_by_pills_and_a_real_test(live: Live, open_page) -> None:
    page = begin(live, open_page)
    start_from_a_recipe(page)
    write_by_pills(page)
    delete_a_field_as_a_whole(page)
    say_what_stands_in_for_a_missing_one(page)
    try_it_for_real(page)
    token = live.command("token", "create", "--user", "ada@shop.example").split()[-1]
    [run] = ask(live, token, "/runs")["items"]
    assert (run["test"], run["practice"], run["state"]) == (True, True, "succeeded")
    assert re.fullmatch(r"\[Test\] Paid: \$[\d.,]+ by MARTA OLIVEIRA", run["message"]["text"])
    rule = ask(live, token, f"/rules/{run['rule']}")
    assert rule["mode"] == "off"
    assert rule["document"]["then"][0]["config"]["message"] == (
        "Paid: {{ payload.data.object.amount | money(payload.data.object.currency) }} by "
        "{{ payload.data.object.shipping.name | upper | default('a customer') }}"
    )


def start_from_a_recipe(page: Page) -> None:
    page.get_by_role("link", name="All recipes").click()
    page.get_by_label("Find a recipe").fill("stripe")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("link", name="When a payment succeeds, text me").click()
    expect(page.locator("main")).to_contain_text(re.compile(r"Paid: \$\d"))
    fits(page)
    page.get_by_label("Which phone number?").fill("+14155550123")
    page.get_by_role("button", name="Open it in the rule builder").click()
    expect(page.get_by_label("To", exact=True)).to_have_value("+14155550123")


def write_by_pills(page: Page) -> None:
    """The text is cut to "Paid: [Amount] by "; a field comes in at the caret, and its pill dresses
    it. No path and no code is seen."""
    message = page.get_by_label("Message", exact=True)
    expect(message).to_have_value(re.compile(r"^Paid: \[Amount\] from \[[\w ]+\]$"))
    message.fill("Paid: [Amount] by  ")
    message.press("ArrowLeft")
    page.get_by_label("Find a field by its name or its value").fill("customer name")
    expect(page.locator("#field-panel summary", has_text="Amount")).to_have_count(0)  # narrowed
    page.locator("#field-panel summary", has_text="Customer name").first.click()
    page.get_by_role("button", name="Put in message: Customer name").click()
    expect(message).to_have_value(re.compile(r"^Paid: \[Amount\] by \[Customer name\] $"))
    expect(page.locator("#then-0-message-box mark")).to_have_text(["[Amount]", "[Customer name]"])
    pill = page.locator("#then-0-message-p1")
    expect(pill).to_contain_text("Marta Oliveira")
    pill.locator("summary").click()
    pill.get_by_role("button", name=re.compile("CAPITAL LETTERS")).click()
    expect(page.locator("#then-0-previews")).to_contain_text("by MARTA OLIVEIRA")
    expect(page.locator("#then-0-previews")).to_contain_text("1 segment")


def delete_a_field_as_a_whole(page: Page) -> None:
    """One Backspace behind a field takes all of it; undoing by hand brings it back by name."""
    message = page.get_by_label("Message", exact=True)
    message.press("End")
    message.press("Backspace")
    message.press("Backspace")
    expect(message).to_have_value("Paid: [Amount] by ")
    expect(page.locator("#then-0-message-pills .pill")).to_have_count(1)
    message.press("End")
    page.get_by_role("button", name="Put in message: Customer name").click()
    expect(page.locator("#then-0-message-p1")).to_contain_text("Marta Oliveira")
    page.locator("#then-0-message-p1 summary").click()
    page.get_by_role("button", name=re.compile("CAPITAL LETTERS")).click()
    expect(page.locator("#then-0-previews")).to_contain_text("by MARTA OLIVEIRA")


def say_what_stands_in_for_a_missing_one(page: Page) -> None:
    pill = page.locator("#then-0-message-p1")
    if pill.get_attribute("open") is None:
        pill.locator("summary").click()
    pill.get_by_label("When missing, write").fill("a customer")
    pill.get_by_role("button", name="Use this text").click()
    stands_for = page.locator("#then-0-message-words")  # a hidden box: what the names mean
    expect(stands_for).to_have_value(re.compile(r"default\('a customer'\)"))
    expect(page.get_by_label("Message", exact=True)).to_have_value(
        "Paid: [Amount] by [Customer name]"
    )


def try_it_for_real(page: Page) -> None:
    page.get_by_role("button", name="Send a real test to me").click()
    expect(page.locator("#trial")).to_contain_text("A test sends what is saved")
    page.get_by_role("button", name="Save, switched off, and go on").click()
    page.get_by_role("button", name="Keep 1 test in the Practice outbox").click()
    expect(page.locator("#run")).to_contain_text("[Test] Paid: $")
    expect(page.locator("#run")).to_contain_text("Kept, not sent")
    fits(page)
