"""Real Chromium, with eyes open: whatever goes wrong in a page fails its test.

    def test_sign_in(open_page, live):
        page = open_page(live.url + "/sign-in", size=PHONE, colours="dark")
        page.get_by_label("Email").fill("ada@rulebook.example")

A console error, an uncaught script error, a blocked style or script (CSP) and a request to any
other host are complaints; they are told when the test ends. A test that wants one, such as the
console line about an answer of 422, says so: `complaints.expect("status of 422")`.
"""

import contextlib
import os
import pathlib
import re
import shutil
from collections.abc import Callable, Iterator
from typing import Literal
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Error,
    Page,
    expect,
    sync_playwright,
)

PHONE = (390, 844)
DESKTOP = (1280, 900)
PATIENCE = 15_000  # milliseconds that an expected thing may take
expect.set_options(timeout=PATIENCE)

FLAGS = (
    # There is no sandbox for root, nor for anyone in most containers; only our own pages are seen.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",  # /dev/shm is tiny in containers
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # No name but localhost leads anywhere.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
)

# The console reports most violations, but not each kind; the event does.
_REPORT_CSP = """addEventListener("securitypolicyviolation", (event) => console.error(
  `CSP: ${event.violatedDirective} blocked ${event.blockedURI || "inline code"}`))"""


class Complaints:
    """What went wrong in the pages of one test, apart from what it expects."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self._expected: list[str] = []

    def expect(self, pattern: str) -> None:
        """At least one complaint that contains this regular expression has to be made."""
        self._expected.append(pattern)

    def left(self) -> list[str]:
        """The complaints nobody expected, and the expected ones that were not made."""
        unexpected = [text for text in self.seen if not self._known(text)]
        missing = [
            f"expected, but not seen: {pattern}"
            for pattern in self._expected
            if not any(re.search(pattern, text) for text in self.seen)
        ]
        return unexpected + missing

    def watch(self, context: BrowserContext, base_url: str) -> None:
        """From now on, write down what goes wrong in the pages of this context."""
        home = urlsplit(base_url).netloc

        def leaves(url: str) -> None:
            parts = urlsplit(url)
            if parts.scheme in ("http", "https", "ws", "wss") and parts.netloc != home:
                self.seen.append(f"request to another host: {url}")

        context.add_init_script(_REPORT_CSP)
        context.on("console", self._console)
        context.on("weberror", lambda thrown: self.seen.append(f"script error: {thrown.error}"))
        context.on("request", lambda request: leaves(request.url))
        context.on("page", lambda page: page.on("websocket", lambda ws: leaves(ws.url)))

    def _console(self, said: ConsoleMessage) -> None:
        if said.type == "error":
            self.seen.append(f"console: {said.text} ({said.location['url']})")

    def _known(self, text: str) -> bool:
        return any(re.search(pattern, text) for pattern in self._expected)


def chromium_path() -> str | None:
    """Debian's Chromium, or one of its relatives; None when there is none."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next((path for name in names if (path := shutil.which(name))), None)


# Per module, not per session: while Playwright runs, its event loop occupies the main thread, and
# other tests that call asyncio.run() would fail.
@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A running Chromium that writes nothing outside temporary folders."""
    program = chromium_path()
    if not program:
        pytest.skip("Chromium is not installed (apt-get install chromium)")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=program, args=list(FLAGS), env=_home_in(tmp_path_factory)
        )
        yield running
        running.close()


@pytest.fixture
def complaints() -> Complaints:
    """What goes wrong in this test's pages."""
    return Complaints()


@pytest.fixture
def open_page(browser: Browser, complaints: Complaints) -> Iterator[Callable[..., Page]]:
    """Open a URL in a context of its own; options are those of Playwright's new_context."""
    with pages(browser, complaints) as open_page:
        yield open_page


@contextlib.contextmanager
def pages(browser: Browser, complaints: Complaints) -> Iterator[Callable[..., Page]]:
    """The function that opens pages; at the end they are closed and complaints are told."""
    contexts: list[BrowserContext] = []

    def open_page(
        url: str,
        size: tuple[int, int] = DESKTOP,
        colours: Literal["light", "dark"] = "light",
        **options,
    ) -> Page:
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme=colours,
            locale="en-US",
            timezone_id="UTC",
            reduced_motion="reduce",
            **options,
        )
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        complaints.watch(context, url)
        page = context.new_page()
        page.goto(url)
        return page

    yield open_page
    for context in contexts:
        for page in context.pages:
            with contextlib.suppress(Error):  # what a page has said arrives before this answer
                page.evaluate("1")
        context.close()
    assert not complaints.left(), "\n".join(complaints.left())


def _home_in(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str | float | bool]:
    home = tmp_path_factory.mktemp("home")
    folders = {"HOME": ".", "XDG_CONFIG_HOME": "config", "XDG_CACHE_HOME": "cache",
               "XDG_DATA_HOME": "data", "XDG_RUNTIME_DIR": "run"}  # fmt: skip
    return {**os.environ, **{name: str(_made(home / part)) for name, part in folders.items()}}


def _made(folder: pathlib.Path) -> pathlib.Path:
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder
