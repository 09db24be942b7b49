"""Conditions dragged with a mouse and with a finger, and put back; the REST API is asked, too."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.browser.chromium import PHONE
from tests.browser.shop import SMS, Shop

PAID = {"path": "$.status", "test": "text.is", "value": "paid"}
LARGE = {"path": "$.amount", "test": "number.at_least", "value": 50}
HOME = {"path": "$.country", "test": "text.is", "value": "US"}
LINE = {"path": "@.name", "test": "text.is", "value": "Kyusu"}
ITEMS = {"items": "$.lines[*]", "match": "any", "where": {"all": [LINE]}}
MAIL = {
    "id": "email",
    "action": "email",
    "config": {"to": "ada@shop.example", "subject": "Paid", "text": "All"},
}


def rule_of(shop: Shop, name: str, *conditions: dict[str, Any]) -> str:
    hook = shop.hook(name)
    shop.event(hook, status="paid", amount=60, country="US", lines=[{"name": "Kyusu"}])
    document = {"name": name, "when": {"all": list(conditions)}, "then": [SMS, MAIL]}
    return str(shop.ask("/rules", "POST", hook=hook, document=document, mode="off")["id"])


def centre(place: Locator) -> tuple[float, float]:
    place.scroll_into_view_if_needed()
    box = place.bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def hold(page: Page, grip: str, over: str) -> None:
    """Press the mouse on a grip and bring it to the upper half of another row."""
    x, y = centre(page.locator(grip))
    page.mouse.move(x, y)
    page.mouse.down()
    there = page.locator(over).bounding_box()
    assert there
    for part in range(1, 5):
        page.mouse.move(x, y + (there["y"] + 6 - y) * part / 4)


def test_rows_and_steps_are_dragged_and_put_back(shop: Shop, open_page) -> None:
    rule = rule_of(shop, "Dragged payments", PAID, {"any": [LARGE, HOME]}, ITEMS)
    page = open_page(f"{shop.url}/rules/{rule}", storage_state=shop.state, size=(1280, 1600))
    hold(page, "#when-0 > .join", "#when-1-1")
    expect(page.locator("#drop-mark")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#drop-mark")).to_have_count(0)
    page.mouse.up()
    expect(page.locator("#when-0 .term")).to_have_text("Status")

    hold(page, "#when-0 > .join", "#when-1-1")
    page.mouse.up()
    expect(page.locator("#undo")).to_contain_text(
        "“status is “paid”” was moved: now 2 of 3, in a group."
    )
    expect(page.locator("#when-0-1-test")).to_be_focused()
    hold(page, "#when-1-where-0 > .join", "#when-0-1")
    expect(page.locator("#drop-mark")).to_be_hidden()  # what looks at an item stays in its list
    page.mouse.up()
    hold(page, "#then-1 .grip", "#then-0")
    page.mouse.up()
    expect(page.locator("#undo")).to_contain_text("“Send an e-mail” was moved: now 1 of 2.")
    page.locator("#undo-go").click()
    expect(page.locator("#then-0 h3")).to_contain_text("Send a text message")
    page.locator("#save").click()
    expect(page.locator("#flash")).to_contain_text("Saved as version 2")
    saved = shop.ask(f"/rules/{rule}")["document"]
    assert saved["when"] == {"all": [{"any": [LARGE, PAID, HOME]}, ITEMS]}
    assert [step["id"] for step in saved["then"]] == ["sms", "email"]


def test_a_finger_drags_a_row_on_a_phone(shop: Shop, open_page) -> None:
    rule = rule_of(shop, "Payments by finger", PAID, LARGE, HOME)
    page = open_page(
        f"{shop.url}/rules/{rule}",
        storage_state=shop.state, size=PHONE, has_touch=True, is_mobile=True,
    )  # fmt: skip
    x, y = centre(page.locator("#when-1 > .join"))
    there = page.locator("#when-0").bounding_box()
    assert there
    finger = page.context.new_cdp_session(page)

    def touch(kind: str, *at: float) -> None:
        points = [{"x": x, "y": at[0]}] if at else []
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", y)
    for part in range(1, 5):
        touch("touchMove", y + (there["y"] + 6 - y) * part / 4)
    expect(page.locator("#drop-mark")).to_be_visible()
    touch("touchEnd")
    expect(page.locator("#undo")).to_contain_text("was moved: now 1 of 3.")
    page.locator("#save").click()
    expect(page.locator("#flash")).to_contain_text("Saved as version 2")
    assert shop.ask(f"/rules/{rule}")["document"]["when"] == {"all": [LARGE, PAID, HOME]}
