"""A nested rule built by keyboard alone, in a real browser; asked of the REST API afterwards."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser.test_builder import begin, seed
from tests.browser.test_journey import ask
from tests.conftest import Live

MOST_STOPS = 250


def test_a_nested_rule_is_built_by_keyboard_alone(live: Live, open_page) -> None:
    page = begin(live, open_page)
    page.goto(f"{live.url}/rules/new?hook={seed(live)}")
    go_to(page, page.locator("#when-add-group"))
    page.keyboard.press("Enter")
    expect(page.locator("#when-1-group")).to_be_focused()
    choose_a_field(page, "when-1-0", "Amount")
    go_to(page, page.locator("#when-1-0-value"))
    page.keyboard.press("Control+a")
    page.keyboard.type("50")
    expect(page.locator("#told")).to_contain_text("amount is at least $50.00")
    go_to(page, page.locator("#when-1-add"))
    page.keyboard.press("Enter")
    choose_a_field(page, "when-1-1", "Currency")
    expect(page.locator("#when-1-1-value")).to_have_value("usd")

    page.keyboard.press("Alt+ArrowLeft")  # out of the group
    expect(page.locator("#when-2-test")).to_be_focused()
    page.keyboard.press("Alt+ArrowUp")
    expect(page.locator("#when-1-test")).to_be_focused()
    expect(page.locator("#when-1-value")).to_have_value("usd")
    page.keyboard.press("Alt+ArrowRight")  # into the group that stands below now
    expect(page.locator("#when-1-0-test")).to_be_focused()
    expect(page.locator("#when-1-1-value")).to_have_value("$50.00")

    go_to(page, page.get_by_label("To", exact=True))
    page.keyboard.type("+14155550123")
    go_to(page, page.locator("#save"))
    page.keyboard.press("Enter")
    expect(page.locator("#flash")).to_contain_text("Saved as version 1. It is live")
    token = live.command("token", "create", "--user", "ada@shop.example").split()[-1]
    rule = ask(live, token, f"/rules/{page.url.rpartition('/')[2]}")
    kind, group = rule["document"]["when"]["all"]
    assert kind == {"path": "$.type", "test": "text.is", "value": "payment_intent.succeeded"}
    assert group == {"any": [
        {"path": "$.data.object.currency", "test": "text.is", "value": "usd"},
        {"path": "$.data.object.amount", "test": "number.at_least", "value": 5000},
    ]}  # fmt: skip


def choose_a_field(page: Page, row: str, name: str) -> None:
    """Letters find it, as in any list; Enter takes it, and one is at the comparison."""
    go_to(page, page.locator(f"#{row}-field"))
    page.keyboard.type(name)
    page.keyboard.press("Enter")
    expect(page.locator(f"#{row}-test")).to_be_focused()
    expect(page.locator(f"#{row} .term").first).to_have_text(re.compile(f"^{name}"))


def go_to(page: Page, there: Locator) -> None:
    """Press Tab until one is there."""
    expect(there).to_be_visible()
    for _ in range(MOST_STOPS):
        if there.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab never leads to {there}")
