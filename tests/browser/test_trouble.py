"""Journeys of somebody for whom something went wrong: why, who is told, what mends it. Each is
checked by the REST API as well."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.chromium import PHONE
from tests.browser.shop import Shop, fits, until
from tests.fakes import Mail
from tests.fakes.smtp import Letter


def mailing(shop: Shop, mail: Mail, name: str, **config: Any) -> dict[str, Any]:
    """A step that sends an e-mail through a new connection to a mail server of ours."""
    made = shop.ask("/connections", "POST", kind="smtp", name=name,
                    config={**mail.connection, **config})  # fmt: skip
    letter = {"to": "books@shop.example", "subject": "Refund of {{ payload.amount }}",
              "text": "{{ payload.who }} was refunded."}  # fmt: skip
    return {"id": "mail", "action": "email", "connection": made["id"], "config": letter}


def test_why_it_did_not_fire_is_three_clicks_away(shop: Shop, open_page) -> None:
    hook = shop.hook("Orders that were small")
    rule = shop.rule(hook, "Text me big orders", over=5000)
    event = shop.event(hook, amount=1200, who="Marta Oliveira-Kimathi")
    page = open_page(shop.url, storage_state=shop.state)
    page.get_by_role("link", name="Events", exact=True).click()
    box = page.get_by_role("searchbox", name="Search in what was sent")

    def found() -> bool:
        box.fill("oliveira-kimathi")
        page.get_by_role("button", name="Search", exact=True).click()
        return page.locator(f"#{event}").count() > 0

    until(found)  # it is searched for as soon as its words are in the index
    page.locator(f"#{event} a").first.click()
    near = page.locator(f"#rule-{rule}")
    expect(near).to_contain_text("Text me big orders")
    expect(near).to_contain_text(re.compile(r"amount is 1,?200, needs to be at least 5,?000", re.I))
    [verdict] = shop.ask(f"/events/{event}")["rules"]
    assert (verdict["met"], shop.ask(f"/runs?hook={hook}")["items"]) == (False, [])


def test_it_failed_one_alert_fix_retry(shop: Shop, open_page) -> None:
    with Mail(login=True) as mail:
        hook = shop.hook("Refunds")
        step = mailing(shop, mail, "Bookkeeping mail", password="an old password")
        rule = shop.rule(hook, "Post refunds to bookkeeping", step)
        shop.event(hook, amount=99, who="Marta")
        shop.runs(hook, "failed")
        [letter] = until(lambda: _letters_on(shop, "Post refunds to bookkeeping is failing"), 60)
        assert "Check the user name and the password." in letter.text
        [link] = re.findall(rf"http://\S+/runs\?state=failed&rule={rule}", letter.text)

        page = open_page(link, storage_state=shop.state)
        expect(page.locator("#list")).to_contain_text("Post refunds to bookkeeping")
        page.get_by_role("link", name="Connections", exact=True).click()
        page.get_by_role("link", name="Change Bookkeeping mail").click()
        page.get_by_label(re.compile("^Password")).fill(mail.password)
        page.get_by_role("button", name="Save and test").click()
        expect(page.locator("#flash")).to_contain_text("let us in")

        page.get_by_role("link", name=re.compile("^Home")).click()
        row = page.locator(".att", has_text="Post refunds to bookkeeping")
        row.get_by_role("link", name="Retry 1").click()
        assert mail.letters == [], "nothing is sent before its preview was seen"
        page.get_by_role("button", name="Retry 1").click()
        expect(page.locator("#flash")).to_contain_text("Retried 1 run.")
        assert mail.wait_for(1)[0].subject == "Refund of 99"
        shop.runs(hook, "failed", "succeeded")
        page.goto(shop.url)
        expect(page.locator(".att", has_text="Post refunds to bookkeeping")).to_have_count(0)
    assert len(_letters_on(shop, "Post refunds to bookkeeping is failing")) == 1


def _letters_on(shop: Shop, problem: str) -> list[Letter]:
    """The alerts that tell of this problem, alone or beside others, but not of its end."""
    return [each for each in shop.alerts.letters if f"\n{problem}" in f"\n{each.text}"]


def test_doubt_is_shown_and_a_person_settles_it(shop: Shop, open_page) -> None:
    with Mail() as mail:
        mail.drops_after_data()
        hook = shop.hook("Doubtful refunds")
        shop.rule(hook, "Mail the doubtful", mailing(shop, mail, "Shaky mail"))
        shop.event(hook, amount=88, who="Tomas")
        [run] = shop.runs(hook, "unknown")
        page = open_page(f"{shop.url}/runs?state=unknown", storage_state=shop.state)
        page.locator("#list").get_by_role("link", name=re.compile("books@shop")).first.click()
        expect(page.locator("#run")).to_contain_text("Nothing is repeated until you decide.")
        page.get_by_role("button", name="It arrived").click()
        expect(page.locator("#run")).to_contain_text("A person said that it arrived.")
        assert shop.ask(f"/runs/{run['id']}")["state"] == "succeeded"
        assert len(mail.letters) == 1


def test_a_paused_hook_keeps_what_comes_until_it_is_released(shop: Shop, open_page) -> None:
    hook = shop.hook("Stock takes")
    shop.rule(hook, "Text me stock takes")
    page = open_page(f"{shop.url}/hooks/{hook}", storage_state=shop.state)
    page.locator("#hook-menu > summary").click()
    page.get_by_role("button", name="Pause: keep events, judge none").click()
    shop.event(hook, judged="held", amount=75, who="Stock")
    page.reload()
    expect(page.get_by_text("This hook is paused")).to_be_visible()
    assert shop.ask(f"/runs?hook={hook}")["items"] == []
    page.get_by_role("button", name="Go on judging").click()
    page.get_by_role("button", name="Judge the held event").click()
    [run] = shop.runs(hook, "succeeded")
    assert shop.ask(f"/runs/{run['id']}")["message"]["text"] == "Stock paid 75"


def test_what_needs_me_is_muted_and_heard_of_again(shop: Shop, open_page) -> None:
    with Mail() as mail:
        mail.refuses()
        hook = shop.hook("Muted refunds")
        shop.rule(hook, "Mail to nobody", mailing(shop, mail, "Mail to nobody"))
        shop.event(hook, amount=61, who="Nobody")
        shop.runs(hook, "failed")
    page = open_page(shop.url, storage_state=shop.state)
    row = page.locator(".att", has_text="Mail to nobody")
    expect(row).to_contain_text("1 failed")
    row.get_by_role("button", name=re.compile("^Mute")).click()
    expect(page.locator("#flash")).to_contain_text("Muted")
    expect(row).to_have_count(0)
    page.locator("#muted > summary").click()
    page.get_by_role("button", name=re.compile("^Hear of it again.*Mail to nobody")).click()
    expect(row).to_contain_text("1 failed")
    assert shop.ask(f"/runs?hook={hook}")["items"][0]["state"] == "failed"


def test_on_a_phone_somebody_sees_what_failed_and_retries(shop: Shop, open_page) -> None:
    with Mail() as mail:
        mail.refuses("550 5.7.1 Not today")
        hook = shop.hook("Phone refunds")
        shop.rule(hook, "Mail from the train", mailing(shop, mail, "Train mail"))
        shop.event(hook, amount=77, who="Yuki")
        shop.runs(hook, "failed")
        mail.takes_all()
        page: Page = open_page(shop.url, size=PHONE, colours="dark", storage_state=shop.state)
        fits(page)
        row = page.locator(".att", has_text="Mail from the train")
        expect(row).to_contain_text("Not today")
        row.get_by_role("link", name="Look").click()
        fits(page)
        page.get_by_role("link", name=re.compile("books@shop")).first.click()
        fits(page)
        page.get_by_role("button", name="Retry", exact=True).click()
        assert mail.wait_for(1)[0].text == "Yuki was refunded."
        shop.runs(hook, "failed", "succeeded")
        expect(page.locator("#run")).to_contain_text("Sent")
        fits(page)
