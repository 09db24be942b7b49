"""Many runs at once, as people do it: by keyboard with script, on a phone without."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.chromium import PHONE
from tests.browser.shop import Shop
from tests.browser.test_trouble import mailing
from tests.fakes import Mail


def failed_ones(shop: Shop, mail: Mail, name: str, count: int) -> str:
    """The hook of so many runs that failed, and would succeed now."""
    mail.refuses()
    hook = shop.hook(name)
    shop.rule(hook, f"Mail for {name}", mailing(shop, mail, f"Post of {name}"))
    for n in range(count):
        shop.event(hook, amount=60 + n, who=f"Customer {n}")
    shop.runs(hook, *["failed"] * count)
    mail.takes_all()
    return hook


def test_ticked_runs_are_retried_by_keyboard_and_stay_ticked(shop: Shop, open_page) -> None:
    with Mail() as mail:
        hook = failed_ones(shop, mail, "Ticked refunds", 3)
        page: Page = open_page(f"{shop.url}/runs?hook={hook}&state=failed",
                               storage_state=shop.state)  # fmt: skip
        boxes, bar = page.locator(".run .choose input"), page.locator("#choose")
        every = page.get_by_label("All 3 on this page")
        boxes.nth(0).focus()
        page.keyboard.press("Space")
        expect(bar).to_contain_text("1 ticked")
        assert every.evaluate("box => box.indeterminate")
        boxes.nth(2).click(modifiers=["Shift"])
        expect(bar).to_contain_text("3 ticked")
        expect(every).to_be_checked()
        boxes.nth(1).uncheck()
        with page.expect_response(re.compile("part=list")):
            pass  # the list is asked for again, and drawn
        expect(bar).to_contain_text("2 ticked")
        expect(boxes.nth(0)).to_be_checked()
        expect(boxes.nth(1)).not_to_be_checked()
        every.focus()
        page.keyboard.press("Space")
        expect(bar).to_contain_text("3 ticked")
        boxes.nth(2).uncheck()
        bar.get_by_role("button", name="Retry").press("Enter")
        expect(page.get_by_role("heading", name="Retry 2 runs")).to_be_visible()
        page.get_by_role("button", name="Send 2 e-mails").press("Enter")
        assert len(mail.wait_for(2)) == 2
        expect(page.locator("#progress")).to_contain_text("Done: 2 runs planned")
    bulk = shop.ask("/bulks?limit=1")["items"][0]
    assert (bulk["what"], bulk["state"], bulk["done"]) == ("retry", "done", 2)


def test_all_of_a_page_are_retried_on_a_phone_without_script(shop: Shop, open_page) -> None:
    with Mail() as mail:
        hook = failed_ones(shop, mail, "Refunds on the train", 2)
        page: Page = open_page(f"{shop.url}/runs?hook={hook}", size=PHONE,
                               storage_state=shop.state, java_script_enabled=False)  # fmt: skip
        page.get_by_label("All 2 on this page").check()
        bar = page.locator("#choose")
        box, height = bar.bounding_box(), page.viewport_size
        assert box and height and box["y"] + box["height"] <= height["height"] + 1, "it sticks"
        bar.get_by_role("button", name="Retry").click()
        expect(page.get_by_role("heading", name="Retry 2 runs")).to_be_visible()
        page.get_by_role("button", name="Send 2 e-mails").click()
        expect(page.locator("#progress")).to_contain_text("Retrying")
        assert len(mail.wait_for(2)) == 2
        page.goto(f"{shop.url}/runs?hook={hook}&state=failed")
        page.get_by_label("All that fit the filter (2)").check()
        bar.get_by_role("button", name="Retry").click()
        expect(page.locator("main")).to_contain_text("This was retried already")
        expect(page.get_by_role("button", name=re.compile("^Send"))).to_have_count(0)
    assert len(shop.ask(f"/runs?hook={hook}")["items"]) == 4
