"""A running shop for journeys: one product, one owner signed in once, a mail server, and the REST
API beside the pages, by which each journey is checked as well."""

from __future__ import annotations

import json
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookiejar import Cookie, CookieJar
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import OpenerDirector

from playwright.sync_api import Page

from tests.conftest import Live, start_live, stop_live
from tests.fakes import Mail

OWNER, PASSWORD = "ada@shop.example", "linden tea with lemon 77"
SCOPES = ["read", "write", "send"]
TEXT = {"to": "+14155550123", "message": "{{ payload.who }} paid {{ payload.amount }}"}
SMS = {"id": "sms", "action": "sms", "config": TEXT}


@dataclass
class Shop:
    """The running product with its owner. `alerts`: the mail server of its alerts."""

    live: Live
    token: str
    alerts: Mail
    state: Any = None
    hooks: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return self.live.url

    def ask(self, path: str, method: str = "GET", **body: Any) -> Any:
        """The REST API's answer."""
        request = urllib.request.Request(f"{self.url}/api/v1{path}", method=method)
        request.add_header("Authorization", f"Bearer {self.token}")
        if body:
            request.add_header("Content-Type", "application/json")
            request.data = json.dumps(body).encode()
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def hook(self, name: str, **more: Any) -> str:
        """The id of a new hook."""
        made = self.ask("/hooks", "POST", name=name, **more)
        self.hooks[made["id"]] = made["url"]
        return str(made["id"])

    def rule(self, hook: str, name: str, step: dict[str, Any] | None = None,
             mode: str = "live", over: int = 50) -> str:  # fmt: skip
        """The id of a new rule for amounts of at least `over`."""
        amount = {"path": "$.amount", "test": "number.at_least", "value": over}
        document = {"name": name, "when": {"all": [amount]}, "then": [step or SMS]}
        return str(self.ask("/rules", "POST", hook=hook, document=document, mode=mode)["id"])

    def send(self, hook: str, **payload: Any) -> int:
        """A sender's POST to the hook's address; the status of the answer."""
        return deliver(self.hooks[hook], payload)

    def event(self, hook: str, judged: str = "done", **payload: Any) -> str:
        """The id of an event that was sent and is in this state."""
        assert self.send(hook, **payload) == 200
        newest = f"/events?hook={hook}&limit=1"
        return str(until(lambda: _first(self.ask(newest)["items"], state=judged))["id"])

    def runs(self, hook: str, *states: str) -> list[Any]:
        """The runs of the hook, newest first, once they are in these states."""
        asked = f"/runs?hook={hook}"
        return list(until(lambda: _all(self.ask(asked)["items"], list(states))))


def deliver(url: str, payload: dict[str, Any]) -> int:
    """POST JSON to an address; the status of the answer."""
    request = urllib.request.Request(url, json.dumps(payload).encode())
    request.add_header("Content-Type", "application/json")
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        return refused.code


def _first(items: list[Any], **wanted: str) -> Any:
    found = [each for each in items if wanted.items() <= each.items()]
    return found[0] if found else None


def _all(items: list[Any], states: list[str]) -> Any:
    return items if items and sorted(each["state"] for each in items) == sorted(states) else None


def until(look: Callable[[], Any], seconds: float = 20) -> Any:
    """What `look` finds, once it finds something."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, f"nothing within {seconds} s"
        time.sleep(0.05)
    return found


@contextmanager
def running_shop(folder: Path) -> Iterator[Shop]:
    """Start the product and make its owner's account, by its own forms."""
    with Mail() as mail:
        live = start_live(folder, RULEBOOK_MAIL_URL=mail.url)
        try:
            jar = CookieJar()
            visit = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
            given = {"email": OWNER, "password": PASSWORD, "workspace": "Shop", "zone": "UTC"}
            _fill_in(visit, live.setup, **given)
            settings = f"{live.url}/settings"
            made = _fill_in(visit, settings, "/tokens", name="journeys", scope=SCOPES)
            [token] = re.findall(r'value="([^"]+)" aria-label="Token"', made)
            yield Shop(live, token, mail, {"cookies": [_told(each) for each in jar], "origins": []})
        finally:
            stop_live(live)


def _fill_in(visit: OpenerDirector, page: str, to: str = "", **given: Any) -> str:
    """Post a page's form, its hidden token included; the page that comes of it."""
    [csrf, *_] = re.findall(r'name="csrf_token" value="([^"]+)"', _read(visit, page))
    form = urlencode({"csrf_token": csrf, **given}, doseq=True).encode()
    return _read(visit, urllib.request.Request(page + to, form, {"Referer": page}))


def _read(visit: OpenerDirector, asked: str | urllib.request.Request) -> str:
    with visit.open(asked, timeout=20) as answer:
        return str(answer.read().decode())


def _told(cookie: Cookie) -> dict[str, Any]:
    """A cookie as Playwright takes it."""
    return {"name": cookie.name, "value": cookie.value, "domain": "127.0.0.1", "path": "/",
            "expires": cookie.expires or -1, "httpOnly": True, "secure": False,
            "sameSite": "Lax"}  # fmt: skip


def fits(page: Page) -> None:
    """The page is not wider than its window."""
    page.wait_for_load_state()
    wide, window = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide <= window, f"{page.url} is {wide} wide"
