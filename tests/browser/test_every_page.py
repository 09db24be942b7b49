"""Every page of the URL map: nothing that axe finds, in light and dark, on a desk and on a phone;
light enough; never wider than a phone. Each page is drawn once and looked at in all four ways."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.chromium import DESKTOP, PHONE, Complaints
from tests.browser.site import (
    FIRST,
    PAGES,
    SIGNED_OUT,
    Site,
    endpoints,
    furnish,
    furnish_nothing,
    serving,
)
from tools.vendor import AXE

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# What dark changes is colours alone: there, the rules about them are asked and no others.
OF_COLOUR = ["color-contrast", "link-in-text-block"]
ASK = """async (only) => {
  const found = await axe.run(document, {resultTypes: ["violations"], runOnly: only});
  return found.violations.map((v) => `${v.id}: ${v.help}; ` + v.nodes.slice(0, 3).map((n) =>
    `${n.target.join(" ")} ${(n.any[0] ?? n.all[0] ?? n.none[0])?.message ?? ""}`).join(" | "));
}"""
WEIGH = """() => {
  const seen = performance.getEntriesByType("resource").map((each) =>
    [new URL(each.name).pathname, each.decodedBodySize]);
  const sum = (fits) => seen.reduce((sum, [path, size]) => sum + (fits(path) ? size : 0), 0);
  return {
    script: sum((path) => path.endsWith(".js")),
    own: sum((path) => path.endsWith(".js") && !path.includes("/vendor/")),
    css: sum((path) => path.endsWith(".css")),
  };
}"""

# Boxes whose hint is wider than they are; one that is searched in keeps room for its cross.
CUT = """() => [...document.querySelectorAll("input[placeholder]")].filter((box) => {
  const style = getComputedStyle(box), pen = document.createElement("canvas").getContext("2d");
  pen.font = style.font;
  const room = box.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight)
    - (box.type === "search" ? 16 : 0);
  return !box.value && box.checkVisibility() && pen.measureText(box.placeholder).width > room;
}).map((box) => box.placeholder)"""


@dataclass
class Seen:
    """What was seen of all pages, by address."""

    violations: list[str] = field(default_factory=list)
    weights: dict[str, dict[str, int]] = field(default_factory=dict)
    too_wide: list[str] = field(default_factory=list)
    cut: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Site]:
    with serving(tmp_path_factory.mktemp("site"), sqlite_template, furnish) as site:
        yield site


@pytest.fixture(scope="module")
def seen(
    browser: Browser, site: Site, tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path
) -> Seen:
    """Every page, looked at once for all tests below."""
    found = Seen()
    look(browser, site, [*site.addresses(PAGES), f"{site.url}/nowhere"], True, found)
    look(browser, site, site.addresses(SIGNED_OUT), False, found)
    folder = tmp_path_factory.mktemp("first")
    with serving(folder, sqlite_template, furnish_nothing) as empty:
        look(browser, empty, empty.addresses(FIRST), False, found)
    return found


def look(browser: Browser, site: Site, addresses, signed_in: bool, found: Seen) -> None:
    """Draw each page once and look at it in all four ways."""
    complaints = Complaints()
    context = browser.new_context(
        viewport={"width": DESKTOP[0], "height": DESKTOP[1]}, reduced_motion="reduce"
    )
    complaints.watch(context, site.url)
    if signed_in:
        context.add_cookies([site.cookie()])
    page, axe = context.new_page(), AXE.path.read_text()
    for address in addresses:
        page.set_viewport_size({"width": DESKTOP[0], "height": DESKTOP[1]})
        answer = page.goto(address)
        assert answer is not None and answer.status in (200, 404), f"{address}: {answer}"
        page.evaluate(axe)
        name = urlsplit(address)._replace(scheme="", netloc="").geturl()
        found.weights[name] = page.evaluate(WEIGH)
        for size in (DESKTOP, PHONE):
            ask(page, name, size, found)
        width = page.evaluate("document.documentElement.scrollWidth")
        found.too_wide += [f"{name} is {width} wide"] if width > PHONE[0] else []
        found.cut += [f"{name}: {hint}" for hint in page.evaluate(CUT)]
    context.close()
    found.complaints += [each for each in complaints.seen if "/nowhere" not in each]


def ask(page: Page, name: str, size: tuple[int, int], found: Seen) -> None:
    """What axe finds in a page at this size, in light and in dark."""
    page.set_viewport_size({"width": size[0], "height": size[1]})
    for colours, only in (("light", {"type": "tag", "values": RULES}),
                          ("dark", {"type": "rule", "values": OF_COLOUR})):  # fmt: skip
        page.emulate_media(color_scheme=colours)  # type: ignore[arg-type]
        found.violations += [
            f"{name} ({colours}, {size[0]}): {each}" for each in page.evaluate(ASK, only)
        ]


def test_every_page_of_the_url_map_is_looked_at(site: Site) -> None:
    listed = set(PAGES) | set(SIGNED_OUT) | set(FIRST)
    assert endpoints(site.app) == listed, "give each page its row in tests/browser/site.py"


def test_axe_finds_nothing(seen: Seen) -> None:
    assert not seen.violations, "\n".join(seen.violations)


def test_nothing_is_complained_about(seen: Seen) -> None:
    assert not seen.complaints, "\n".join(seen.complaints)


def test_no_page_is_wider_than_a_phone(seen: Seen) -> None:
    assert not seen.too_wide, "\n".join(seen.too_wide)


def test_no_hint_is_cut_off_on_a_phone(seen: Seen) -> None:
    assert not seen.cut, "\n".join(seen.cut)


@pytest.mark.parametrize(("what", "most"), [("script", 160_000), ("own", 60_000), ("css", 40_000)])
def test_every_page_is_light(seen: Seen, what: str, most: int) -> None:
    heavy = {name: weight[what] for name, weight in seen.weights.items() if weight[what] >= most}
    assert len(seen.weights) > 30 and not heavy
    assert max(weight[what] for weight in seen.weights.values()) > 5_000, "nothing was weighed"


def test_axe_would_have_found_something(browser: Browser) -> None:
    page = browser.new_page()
    page.set_content("<html lang=en><title>x</title><main><h1>x</h1><img src=x>"
                     "<p style='color:#ccc;background:#fff'>pale")  # fmt: skip
    page.evaluate(AXE.path.read_text())
    found = page.evaluate(ASK, {"type": "tag", "values": RULES})
    page.close()
    assert {each.partition(":")[0] for each in found} >= {"image-alt", "color-contrast"}


def test_no_text_touches_a_note_above_it(site: Site, open_page) -> None:
    """While the search reads events again because a field was hidden, the hook's page says so."""
    page = open_page(f"{site.url}/sign-in")
    page.context.add_cookies([site.cookie()])
    page.goto(f"{site.url}/hooks/{site.ids['hook']}")
    note, text = page.locator("#hidden > .note"), page.locator("#hidden > .note + p")
    above, below = note.bounding_box(), text.bounding_box()
    assert above and below and below["y"] - above["y"] - above["height"] >= 8
