"""One's own account in the running product: a number confirmed in the Practice outbox is "me" in a
recipe, and a new password signs the phone out."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.chromium import PHONE
from tests.browser.test_journey import PASSWORD, make_the_account
from tests.conftest import Live

NEW = "seven violet harbours and a tin"


def test_ada_confirms_her_number_and_changes_her_password(
    live: Live, open_page, complaints
) -> None:
    ada = open_page(live.setup)
    make_the_account(ada)
    phone = open_page(f"{live.url}/sign-in", size=PHONE, colours="dark")
    phone.get_by_label("E-mail address").fill("ada@shop.example")
    phone.get_by_label("Password", exact=True).fill(PASSWORD)
    phone.get_by_role("button", name="Sign in", exact=True).click()
    expect(phone.get_by_role("link", name="Hooks", exact=True)).to_be_visible()

    ada.locator("#workspace-menu summary").click()
    ada.get_by_role("link", name="Your account").click()
    ada.get_by_label("Your number").fill("+1 415 555 0123")
    ada.get_by_role("button", name="Send a code").click()
    ada.locator("#phone").get_by_role("link", name="Practice outbox").click()
    code = re.search(r"(\d{6}) is your code", ada.locator("#main").inner_text())
    assert code
    ada.get_by_role("link", name="Type the code in").click()
    ada.get_by_label("The six digits").fill(code[1])
    ada.get_by_role("button", name="This is my number").click()
    expect(ada.locator("#flash")).to_contain_text("+1 415 555 0123 is your number now.")
    ada.goto(f"{live.url}/recipes/stripe.text_me_when_paid")
    expect(ada.get_by_label("Which phone number?")).to_have_value("+14155550123")

    ada.goto(f"{live.url}/account")
    sessions = ada.locator("#sessions li")
    expect(sessions).to_have_count(2)
    expect(sessions.filter(has_text="this one")).to_contain_text("Chrome on Linux")
    ada.get_by_label("Present password").fill(PASSWORD)
    ada.get_by_label("New password").fill(NEW)
    ada.get_by_role("button", name="Change the password").click()
    expect(ada.locator("#flash")).to_contain_text("Your password is changed")
    expect(sessions).to_have_count(1)
    phone.goto(f"{live.url}/hooks")
    expect(phone.get_by_role("heading", name="Sign in")).to_be_visible()
