"""Journeys of somebody who looks after their rules: change one safely, try it out, go live, replay,
search, hand over an address. Each is checked by the REST API as well."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.shop import Shop, deliver, until


def test_a_rule_is_changed_with_its_effect_seen_and_rolled_back(shop: Shop, open_page) -> None:
    hook = shop.hook("Payments to change")
    rule = shop.rule(hook, "Text me changed payments")
    for amount in (40, 60, 80):
        shop.event(hook, amount=amount, who="Marta")
    shop.runs(hook, "succeeded", "succeeded")
    page = open_page(f"{shop.url}/rules/{rule}", storage_state=shop.state)
    expect(page.locator("#back h2")).to_contain_text("2 of the last 3 events")
    page.get_by_label(re.compile("^Value for Amount", re.I)).fill("70")
    expect(page.locator("#back")).to_contain_text("1 of the last 3 events")
    expect(page.locator("#builder")).to_contain_text(re.compile("1 stops? matching"))
    assert shop.ask(f"/rules/{rule}")["version"] == 1, "nothing is saved by looking"
    page.get_by_role("button", name=re.compile("^Save")).first.click()
    expect(page.locator("#flash")).to_contain_text("Saved as version 2.")
    assert shop.ask(f"/rules/{rule}")["version"] == 2

    earlier = page.locator("#v2")
    expect(earlier).to_contain_text("became “amount is at least 70”")
    page.get_by_role("link", name="Go back to version 1").click()
    expect(page.locator("#earlier")).to_contain_text("This is version 1, not the one in force")
    expect(page.locator("#back")).to_contain_text("0 stop matching, 1 start.")
    assert shop.ask(f"/rules/{rule}")["version"] == 2, "nothing is saved by looking"
    page.get_by_role("button", name="Go back to version 1").click()
    expect(page.locator("#flash")).to_contain_text("as it was in version 1. Saved as version 3.")
    document = shop.ask(f"/rules/{rule}")["document"]
    assert document["when"]["all"][0]["value"] == 50
    assert len(shop.runs(hook, "succeeded", "succeeded")) == 2, "editing sends nothing"


def test_a_watched_rule_shows_what_it_would_send_and_goes_live(shop: Shop, open_page) -> None:
    hook = shop.hook("Payments to watch")
    rule = shop.rule(hook, "Watch first", mode="watch")
    shop.event(hook, amount=75, who="Priya")
    [run] = shop.runs(hook, "watched")
    page = open_page(f"{shop.url}/runs/{run['id']}", storage_state=shop.state)
    expect(page.locator("#run")).to_contain_text("Would have sent")
    expect(page.locator("#run")).to_contain_text("Priya paid 75")
    page.get_by_role("link", name="Rules", exact=True).click()
    row = page.locator(f"#{rule}")
    row.get_by_text("Live", exact=True).click()
    until(lambda: shop.ask(f"/rules/{rule}")["mode"] == "live")
    shop.event(hook, amount=76, who="Priya")
    shop.runs(hook, "watched", "succeeded")
    page.goto(f"{shop.url}/outbox")
    expect(page.locator("#outbox")).to_contain_text("Priya paid 76")


def test_a_replay_says_first_what_was_sent_already(shop: Shop, open_page) -> None:
    hook = shop.hook("Payments to replay")
    shop.rule(hook, "Text me replays")
    event = shop.event(hook, amount=90, who="Linh")
    shop.runs(hook, "succeeded")
    page = open_page(f"{shop.url}/events/{event}", storage_state=shop.state)
    page.locator("#replay").click()
    dialog = page.get_by_role("dialog", name=re.compile("Replay"))
    expect(dialog).to_contain_text("Already sent")
    dialog.get_by_role("link", name="Close, send nothing").last.click()
    assert len(shop.runs(hook, "succeeded")) == 1
    page.locator("#replay").click()
    dialog.get_by_label("send again").check()
    dialog.get_by_role("button", name="Replay", exact=True).click()
    shop.runs(hook, "succeeded", "succeeded")


def test_a_hook_gets_a_new_address_while_the_old_one_lives_on(shop: Shop, open_page) -> None:
    hook = shop.hook("Address that leaked")
    old = shop.hooks[hook]
    page = open_page(f"{shop.url}/hooks/{hook}", storage_state=shop.state)
    page.locator("#hook-menu > summary").click()
    page.get_by_role("link", name="New address...").click()
    page.get_by_label("The old address goes on working").select_option(index=1)
    page.get_by_role("button", name="Make a new address").click()
    expect(page.locator("#flash")).to_contain_text("This hook has a new web address.")
    new = str(shop.ask(f"/hooks/{hook}")["url"])
    assert new != old
    expect(page.get_by_label("Web address of this hook")).to_have_value(new)
    assert [deliver(each, {"amount": 1}) for each in (old, new)] == [200, 200]


def test_a_search_is_saved_by_name_and_found_again(shop: Shop, open_page) -> None:
    hook = shop.hook("Orders to find")
    wanted = shop.event(hook, amount=12, who="Zoltan Quist", id=1)
    other = shop.event(hook, amount=13, who="Somebody else", id=2)
    page = open_page(f"{shop.url}/events", storage_state=shop.state)
    page.get_by_label("Hook", exact=True).select_option(label="Orders to find")
    page.get_by_text("More to narrow by").click()
    page.get_by_label("Field", exact=True).fill("who")
    page.get_by_label("Value", exact=True).fill("zoltan quist")

    def found() -> bool:
        page.get_by_role("button", name="Show", exact=True).first.click()
        page.wait_for_load_state()
        return page.locator(f"#{wanted}").count() > 0

    until(found)
    expect(page.locator(f"#{other}")).to_have_count(0)
    address = page.url
    assert "field=who" in address and f"hook={hook}" in address
    page.locator("#save-filter > summary").click()
    page.locator("#new-filter").fill("Orders of Zoltan")
    page.locator("#save-filter").get_by_role("button", name="Save", exact=True).click()
    page.goto(f"{shop.url}/events")
    page.get_by_role("link", name="Orders of Zoltan").click()
    expect(page.locator(f"#{wanted}")).to_be_visible()
    asked = f"/events?hook={hook}&field=who&value=zoltan%20quist"
    assert [each["id"] for each in shop.ask(asked)["items"]] == [wanted]
    page.get_by_role("link", name="Drop all of it").first.click()
    expect(page.locator(f"#{other}")).to_be_visible()


def test_a_rule_is_made_from_an_event_by_keyboard_alone(shop: Shop, open_page) -> None:
    hook = shop.hook("Payments by keyboard")
    event = shop.event(hook, amount=75, who="Keys", type="payment.succeeded")
    page: Page = open_page(f"{shop.url}/events/{event}", storage_state=shop.state)
    press_on(page, "Do this for events like this")
    expect(page.get_by_label("Name of the rule")).to_be_visible()
    tab_to(page, "Message")
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("By keyboard")
    tab_to(page, "To", back=True)
    page.keyboard.type("+14155550123")
    press_on(page, "Save", back=True)
    expect(page.locator("#flash")).to_contain_text("Saved as version 1. It is live")
    shop.event(hook, amount=75, who="Keys", type="payment.succeeded")
    [run] = shop.runs(hook, "succeeded")
    assert shop.ask(f"/runs/{run['id']}")["message"]["text"] == "By keyboard"


NAMED = """() => {
  const at = document.activeElement;
  const label = at.getAttribute("aria-label") || at.labels?.[0]?.textContent || at.textContent;
  return (label || "").replace(/\\s+/g, " ").trim();
}"""


def tab_to(page: Page, name: str, back: bool = False) -> None:
    """Press Tab (or back) until what is called this has the focus."""
    for _ in range(250):
        page.keyboard.press("Shift+Tab" if back else "Tab")
        if page.evaluate(NAMED) == name:
            return
    raise AssertionError(f"Tab never reaches {name!r}")


def press_on(page: Page, name: str, back: bool = False) -> None:
    """Reach a button or link by Tab and press Enter."""
    tab_to(page, name, back)
    page.keyboard.press("Enter")
