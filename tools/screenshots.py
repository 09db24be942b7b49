"""Draw the pictures of the docs: `make screenshots` writes docs/images/*.png.

Runs Rulebook in a throw-away folder with a Twilio of ours, gives an invented shop, Linden Tea, a
day's history through the REST API, and looks at it with Chromium.
"""

from __future__ import annotations

import json
import sqlite3
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from itertools import accumulate, cycle, islice
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from tests.browser.chromium import FLAGS, chromium_path
from tests.conftest import Live, start_live, stop_live
from tests.fakes import Twilio

IMAGES = Path(__file__).resolve().parents[1] / "docs" / "images"
OWNER, PASSWORD = "ada@linden-tea.example", "linden tea with lemon 77"
SECRET = "whsec_" + "bGluZGVuLXRlYS1sZWF2ZXMtYW5kLWN1cHM="
MOST = 250_000  # bytes of one picture
# Minutes between one event and the next, again and again.
BETWEEN = (12, 31, 95, 8, 44, 150, 21, 9, 60)
SENT = ("payment_succeeded", "small_payment_succeeded", "payment_succeeded", "payment_failed",
        "small_payment_succeeded", "payment_succeeded", "payment_succeeded") * 4  # fmt: skip
AMOUNT = "$.data.object.amount"
OF_TYPE = {"path": "$.type", "test": "text.is"}
PAID = OF_TYPE | {"value": "payment_intent.succeeded"}
FAILED = OF_TYPE | {"value": "payment_intent.payment_failed"}
MONEY = "{{ payload.data.object.amount | money(payload.data.object.currency) }}"
TEXT = f"{{{{ payload.data.object.shipping.name }}}} paid {MONEY} for "
TEXT += "{{ payload.data.object.description }}"


def main() -> None:
    """Make the shop, let a day pass, look at it."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, Twilio() as twilio:
        live = start_live(Path(folder), RULEBOOK_TWILIO_API=twilio.url)
        try:
            with chromium() as page:
                sign_up(page, live)
                hook = furnish(live, twilio)
                let_a_day_pass(live)
                look(page, live, hook)
        finally:
            stop_live(live)


@contextmanager
def chromium() -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=list(FLAGS))
        yield browser.new_page(viewport={"width": 1280, "height": 860}, reduced_motion="reduce")
        browser.close()


def sign_up(page: Page, live: Live) -> None:
    page.goto(live.setup)
    page.get_by_label("E-mail address").fill(OWNER)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Name of your workspace").fill("Linden Tea")
    page.get_by_role("button", name="Make the account").click()
    page.wait_for_url(f"{live.url}/")


def furnish(live: Live, twilio: Twilio) -> str:
    """A hook for payments with three rules, and what came since; the hook's id."""
    token = live.command("token", "create", "--user", OWNER).split()[-1]

    def ask(method: str, path: str, **body: Any) -> Any:
        return call(live, token, method, path, body or None)

    account = {"kind": "twilio", "name": "Shop phone", "config": twilio.connection}
    phone = ask("POST", "/connections", **account)["id"]
    shop = {"name": "Shop payments", "provider": "stripe", "secret": SECRET}
    hook = str(ask("POST", "/hooks", **shop)["id"])
    for document, mode in rules(phone):
        ask("POST", "/rules", hook=hook, document=document, mode=mode)
    for name in SENT:
        ask("POST", f"/hooks/{hook}/sample", sample=f"stripe/{name}")
        wait(lambda: is_quiet(ask))
    return hook


def rules(phone: str) -> Iterator[tuple[dict[str, Any], str]]:
    """Each document with its mode."""
    text = {"to": "+12025550143", "message": TEXT}
    step = {"id": "text", "action": "sms", "connection": phone, "config": text}
    yield rule("Text me big payments", [PAID, at_least(5000)], step), "live"
    letter = {"to": "support@linden-tea.example", "subject": f"A payment of {MONEY} failed",
              "text": "{{ payload.data.object.last_payment_error.message }}"}  # fmt: skip
    step = {"id": "mail", "action": "email", "config": letter}
    yield rule("E-mail support when a payment fails", [FAILED], step), "live"
    thanks = {"to": "{{ payload.data.object.shipping.phone }}",
              "message": "Thank you. Your tea is on its way."}  # fmt: skip
    step = {"id": "thanks", "action": "sms", "connection": phone, "config": thanks}
    yield rule("Thank the customer", [PAID, at_least(15000)], step), "watch"


def rule(name: str, conditions: list[dict[str, Any]], step: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "when": {"all": conditions}, "then": [step]}


def at_least(cents: int) -> dict[str, Any]:
    return {"path": AMOUNT, "test": "number.at_least", "value": cents}


def call(live: Live, token: str, method: str, path: str, body: Any) -> Any:
    request = urllib.request.Request(f"{live.url}/api/v1{path}", method=method)
    request.add_header("Authorization", f"Bearer {token}")
    if body is not None:
        request.add_header("Content-Type", "application/json")
        request.data = json.dumps(body).encode()
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as refused:
        raise SystemExit(f"{method} {path}: {refused.read().decode()}") from None


def is_quiet(ask: Any) -> bool:
    """Whether every event is judged and every run has ended."""
    events, runs = ask("GET", "/events")["items"], ask("GET", "/runs")["items"]
    return all(event["state"] == "done" for event in events) and all(
        run["state"] in ("succeeded", "watched") for run in runs
    )


def wait(until: Any, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not until():
        if time.monotonic() > deadline:
            raise TimeoutError("Rulebook did not get done with the samples.")
        time.sleep(0.1)


def let_a_day_pass(live: Live) -> None:
    """Move all but the newest event back, so that they did not all come in one second."""
    with closing(sqlite3.connect(live.instance / "rulebook.db")) as db:
        ids = [id for (id,) in db.execute("SELECT id FROM event ORDER BY id DESC")]
        gaps = [timedelta(minutes=each) for each in islice(cycle(BETWEEN), len(ids))]
        for event_id, earlier in zip(ids, accumulate([timedelta(), *gaps]), strict=False):
            for table, column, where in (
                ("event", "received_at", "id = ?"), ("event", "judged_at", "id = ?"),
                ("verdict", "created_at", "event_id = ?"), ("run", "created_at", "event_id = ?"),
                ("run", "finished_at", "event_id = ?"),
                ("attempt", "started_at", "run_id IN (SELECT id FROM run WHERE event_id = ?)"),
            ):  # fmt: skip
                move_back(db, table, column, where, event_id, earlier)
        for table in ("tally", "tally_note"):
            db.execute(f"DELETE FROM {table}")
        db.commit()
    live.command("db", "upgrade")  # counts anew


def move_back(
    db: sqlite3.Connection, table: str, column: str, where: str, key: str, by: timedelta
) -> None:
    found = db.execute(f"SELECT rowid, {column} FROM {table} WHERE {where}", (key,)).fetchall()
    for row, text in found:
        if text:
            moved = datetime.fromisoformat(text) - by
            told = moved.isoformat(" ", "microseconds")
            db.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (told, row))


def look(page: Page, live: Live, hook: str) -> None:
    picture(page, live.url, "home")
    picture(page, f"{live.url}/hooks/{hook}", "hook")
    page.goto(f"{live.url}/rules")
    first = page.get_by_role("link", name="Text me big payments").first.get_attribute("href")
    picture(page, live.url + str(first), "builder", height=1100)
    page.goto(f"{live.url}/events")
    newest = page.locator("main a[href^='/events/evt']").first.get_attribute("href")
    picture(page, live.url + str(newest), "event", height=1180)
    page.emulate_media(color_scheme="dark")
    picture(page, live.url + str(newest), "event-dark", height=1180)


def picture(page: Page, address: str, name: str, height: int = 860) -> None:
    page.set_viewport_size({"width": 1280, "height": height})
    page.goto(address)
    page.wait_for_load_state()
    file = IMAGES / f"{name}.png"
    page.screenshot(path=file)
    size = file.stat().st_size
    print(f"{file.name}: {size // 1000} kB")
    if size > MOST:
        raise SystemExit(f"{file.name} is larger than {MOST // 1000} kB: show less of the page.")


if __name__ == "__main__":
    main()
