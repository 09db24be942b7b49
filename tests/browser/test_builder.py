"""A rule built in a real browser, by clicking and typing only, in the running product."""

from __future__ import annotations

import re
import subprocess
import sys

from playwright.sync_api import Page, expect

from tests.conftest import Live


def begin(live: Live, open_page):
    """The first account is made; its page is returned, with a Stripe hook and two events."""
    page = open_page(live.setup)
    page.get_by_label("E-mail address").fill("ada@shop.example")
    page.get_by_label("Password", exact=True).fill("linden tea with lemon 77")
    workspace = page.get_by_label(re.compile("workspace|shop", re.I))
    if workspace.count():
        workspace.first.fill("Linden Tea")
    page.locator("main button.go").click()
    page.wait_for_url(live.url + "/")
    return page


def seed(live: Live) -> str:
    """The id of a hook, made as its own page makes it."""
    script = (
        "from web import create_app\n"
        "from rulebook.domain import hooks, samples\n"
        "from rulebook.domain.actor import Actor\n"
        "from rulebook.storage import db\n"
        "from rulebook.storage.workspaces import Membership\n"
        "from sqlalchemy import select\n"
        "with create_app().app_context():\n"
        "    one = db.session.scalars(select(Membership)).one()\n"
        "    actor = Actor(one.workspace_id, one.user_id, 'owner')\n"
        "    hook = hooks.make_hook(actor, 'Shop payments', provider='stripe')\n"
        "    for name in ('payment_failed', 'payment_succeeded'):\n"
        "        samples.send_sample(actor, hook.id, 'stripe/' + name)\n"
        "    print(hook.id)\n"
    )
    made = subprocess.run(
        [sys.executable, "-c", script], env=live.environ, capture_output=True, text=True, timeout=60
    )
    assert made.returncode == 0, made.stderr
    return made.stdout.strip()


def test_a_rule_is_built_by_clicking_and_typing_and_goes_live(live: Live, open_page, complaints):
    page = begin(live, open_page)
    page.goto(f"{live.url}/rules/new?hook={seed(live)}")
    expect(page.get_by_label("Name of the rule")).to_have_value("Text me: Payment succeeded")
    expect(page.locator("#back h2")).to_contain_text("1 of the last 2 events")
    add_a_condition(page)
    change_it_and_try_a_group(page)
    put_a_field_where_the_caret_was(page)
    complaints.expect("status of 422")
    save_and_watch(page, live.url)


def test_a_long_name_is_read_in_full_on_a_phone(live: Live, open_page):
    page = begin(live, open_page)
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{live.url}/rules/new?hook={seed(live)}")
    name = page.get_by_label("Name of the rule")
    name.fill("Text the whole team when a payment of a regular customer could not be collected")
    name.press("Enter")
    shown = name.evaluate(
        "(box) => [box.scrollWidth - box.clientWidth, box.scrollHeight - box.clientHeight]"
    )
    assert shown == [0, 0] and "\n" not in name.input_value()


def add_a_condition(page: Page) -> None:
    """A field is clicked; its condition is typed into, and the verdict follows the typing."""
    page.locator("summary", has_text="data.object.amount").first.click()
    page.get_by_role("button", name="Add condition: Amount", exact=True).click()
    value = page.get_by_label("Value for Amount")
    expect(value).not_to_have_value("")
    value.fill("99999")
    value.press_sequentially("99")
    expect(page.locator("#back h2")).to_contain_text("0 of the last 2 events")
    expect(value).to_be_focused()
    expect(value).to_have_value("9999999")
    expect(page.locator("#when-1")).to_contain_text("not met")
    value.fill("1")
    expect(page.locator("#told")).to_contain_text("amount is at least $1.00,")


def change_it_and_try_a_group(page: Page) -> None:
    """Another operator asks for two values; a group comes and goes."""
    page.get_by_label("Comparison for Amount").select_option(label="is between")
    page.get_by_label("Value for Amount, to").fill("9999999")
    expect(page.locator("#told")).to_contain_text("is between $1.00 and $9,999,999.00")
    page.get_by_role("button", name="Group", exact=True).click()
    page.locator("#when-2-0-adv > summary").click()
    path = page.locator("#when-2-0-path")
    path.fill("$.nowhere")
    expect(page.locator("#when-2")).to_contain_text("not finished yet")
    page.locator("#when-2-0-menu > summary").click()
    page.locator("#when-2-0-menu").get_by_role("button", name="Remove").click()
    expect(page.locator("#when-2")).to_have_count(0)
    expect(page.get_by_label("Comparison for Event type")).to_have_value("text.is")


def test_a_press_is_not_lost_to_a_redraw_that_comes_while_the_button_is_held(live, open_page):
    """The redraw says that no event fits any more, which moves the button from under the hand."""
    page = begin(live, open_page)
    page.goto(f"{live.url}/rules/new?hook={seed(live)}")
    page.get_by_label("Value for Event type").fill("payment.lost")
    page.locator("#when-add").click(delay=400)
    expect(page.locator("#when-1-field")).to_be_focused()
    expect(page.locator("#back h2")).to_contain_text("0 of the last 2 events")

    page.get_by_label("Value for Event type").fill("payment_intent.succeeded")
    page.mouse.move(*middle(page, "#when-0-menu > summary"))
    page.mouse.down()  # the change is told in this moment
    page.mouse.move(1, 1)
    page.mouse.up()  # and no press comes of it
    expect(page.locator("#back h2")).to_contain_text("1 of the last 2 events")


def middle(page: Page, there: str) -> tuple[float, float]:
    """Where an element is in the window."""
    box = page.locator(there).bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def put_a_field_where_the_caret_was(page: Page) -> None:
    message = page.get_by_label("Message", exact=True)
    message.fill("Order : paid")
    for _ in ": paid":
        message.press("ArrowLeft")
    page.get_by_label("Find a field by its name or its value").fill("order number")
    expect(page.locator("#field-panel summary", has_text="Amount")).to_have_count(0)  # narrowed
    page.locator("summary", has_text="Order number").click()
    page.get_by_role("button", name="Put in message: Order number").click()
    expect(message).to_have_value("Order [Order number]: paid")
    expect(page.locator("#then-0")).to_contain_text(re.compile(r"Order LT-\d+: paid"))


def save_and_watch(page: Page, url: str) -> None:
    """Saving without a recipient is told beside its box; then it goes live, and on to Watch."""
    page.get_by_role("button", name="Save", exact=True).click()
    to = page.get_by_label("To", exact=True)
    expect(to).to_have_attribute("aria-invalid", "true")
    to.fill("+14155550123")
    page.get_by_role("button", name="Test: sends nothing").click()
    expect(page.locator("#tried")).to_contain_text("Nothing was sent")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#flash")).to_contain_text("Saved as version 1. It is live")
    page.goto(url + "/rules")
    row = page.locator(".onerule")
    expect(row).to_contain_text("text +1 415 555 0123")
    row.get_by_text("Watch").click()
    page.wait_for_load_state("networkidle")
    page.reload()
    expect(row.get_by_label("Watch")).to_be_checked()


def test_the_builder_fits_a_phone_and_works_without_script(live: Live, open_page):
    begin(live, open_page)
    hook = seed(live)
    page = open_page(live.url + "/sign-in", size=(390, 844), java_script_enabled=False)
    page.get_by_label("E-mail address").fill("ada@shop.example")
    page.get_by_label("Password", exact=True).fill("linden tea with lemon 77")
    page.locator("main button.go").click()
    page.goto(f"{live.url}/rules/new?hook={hook}")
    page.locator("summary", has_text="data.object.amount").first.click()
    page.get_by_role("button", name="Add condition: Amount", exact=True).click()
    page.get_by_label("Value for Amount").fill("1")
    page.get_by_label("To", exact=True).fill("+14155550123")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#flash")).to_contain_text("Saved as version 1")
    expect(page.locator("#told")).to_contain_text("amount is at least $1.00,")
