"""The shell keeps its promises: known bytes, no inline code, icons that exist, light pages."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from rulebook.actions import ACTIONS
from tools.vendor import FOR_TESTS, ONLY_FOR_TESTS, ROOT, VENDORED, Vendored
from web.eventlist import CHECKED
from web.shown import EVENT_WORDS, RUN_WORDS

WEB = Path(__file__).resolve().parents[2] / "web"
STATIC = WEB / "static"
TEMPLATES = sorted((WEB / "templates").rglob("*.html"))
ICONS = set(re.findall(r'<symbol id="([^"]+)"', (STATIC / "icons.svg").read_text()))

COMMENT = re.compile(r"{#.*?#}", re.S)
INLINE = {
    "a script without src": re.compile(r"<script(?![^>]*\bsrc=)", re.I),
    "a <style> element": re.compile(r"<style\b", re.I),
    "a style attribute": re.compile(r"\sstyle\s*=", re.I),
    "an on... attribute": re.compile(r"\son[a-z]+\s*=\s*[\"'{]", re.I),
    "a javascript: address": re.compile(r"javascript:", re.I),
    "htmx that needs eval": re.compile(r"hx-on\b|hx-on:|[\"']js:|hx-trigger=\"[^\"]*\["),
    "a file from elsewhere": re.compile(r"(?:src|href)=[\"'](?:https?:)?//", re.I),
}


def source(path: Path) -> str:
    return COMMENT.sub("", path.read_text())


def size(paths) -> int:
    return sum(path.stat().st_size for path in paths)


@pytest.mark.parametrize(
    "item", (*VENDORED, *ONLY_FOR_TESTS), ids=lambda item: f"{item.package}@{item.version}"
)
def test_a_vendored_file_is_the_recorded_one_and_has_its_licence(item: Vendored):
    assert hashlib.sha256(item.path.read_bytes()).hexdigest() == item.sha256
    assert (item.folder / "LICENSE").read_text().strip()
    assert item.licence


def test_nothing_is_vendored_outside_the_table():
    for root, items in ((ROOT, VENDORED), (FOR_TESTS, ONLY_FOR_TESTS)):
        recorded = {item.path for item in items} | {item.folder / "LICENSE" for item in items}
        assert {path for path in root.rglob("*") if path.is_file()} == recorded


def test_the_pages_load_the_recorded_version():
    base = (WEB / "templates" / "base.html").read_text()
    for item in VENDORED:
        assert item.path.relative_to(STATIC).as_posix() in base


@pytest.mark.parametrize("what", INLINE)
def test_no_template_holds(what: str):
    found = [path.name for path in TEMPLATES if INLINE[what].search(source(path))]
    assert not found, f"{what} in {found}: the Content-Security-Policy refuses it."


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("a script without src", "<script>alert(1)</script>"),
        ("a <style> element", "<style>p{}</style>"),
        ("a style attribute", '<p style="color:red">'),
        ("an on... attribute", '<p onclick="x()">'),
        ("a javascript: address", '<a href="javascript:x()">'),
        ("htmx that needs eval", '<p hx-trigger="click[ctrlKey]">'),
        ("a file from elsewhere", '<script src="https://cdn.example/x.js">'),
    ],
)
def test_the_check_would_notice(what: str, text: str):
    assert INLINE[what].search(text)


# icon("x") and the drawing of state(kind, word, "x"): whatever a template names must be drawn.
NAMED = (
    re.compile(r"\bicon\(\s*[\"']([\w-]+)[\"']"),
    re.compile(r"\bstate\(\s*[^()]*?,[^()]*?,\s*[\"']([\w-]+)[\"']\s*\)"),
    re.compile(r"\bdrawing=[\"']([\w-]+)[\"']"),
    re.compile(r"icons\.svg'\) }}#([\w-]+)"),
)


def test_no_macro_hides_what_every_page_is_drawn_with():
    """A template that imports one by such a name draws it into the footer and every address."""
    given = set("current_user workspace role needs_you theme version now".split())
    imported = re.compile(r"{%-?\s*from [^%]*? import ([^%]*?)(?: with context)?\s*-?%}")
    for path in TEMPLATES:
        for names in imported.findall(source(path)):
            assert not given & {name.strip() for name in names.split(",")}, path.name


def test_every_icon_named_in_a_template_is_drawn():
    missing = {
        (path.name, name)
        for path in TEMPLATES
        for pattern in NAMED
        for name in pattern.findall(source(path))
        if name not in ICONS
    }
    assert not missing


def test_every_action_and_every_state_of_events_and_runs_is_drawn():
    named = {action.icon for action in ACTIONS.values()}
    named |= {icon for words in (RUN_WORDS, EVENT_WORDS, CHECKED) for *_, icon in words.values()}
    assert named <= ICONS


def test_every_state_and_mode_has_its_drawing():
    assert {"ok", "watch", "doubt", "fail", "off", "wait", "live", "info", "warn"} <= ICONS


def test_the_sheets_of_any_page_stay_below_40_kb():
    pages = list((STATIC / "css" / "pages").glob("*.css"))
    shell = (STATIC / "css" / "app.css").stat().st_size
    assert shell <= 28_000
    assert shell + max(page.stat().st_size for page in pages) < 40_000


def test_own_script_stays_below_60_kb_and_all_script_below_160_kb():
    own = size((STATIC / "js").rglob("*.js"))
    assert own < 60_000
    assert own + size(ROOT.rglob("*.js")) < 160_000


def test_colours_live_in_tokens_only():
    """A colour written outside the tokens would not follow light and dark."""
    tokens = re.compile(r"@layer tokens \{.*?\n\}\n", re.S)
    literal = re.compile(r"#[0-9a-f]{3,8}\b", re.I)
    allowed = {"#0000", "#1c191366", "#000a"}  # transparent, and the veil behind a dialog
    for sheet in (STATIC / "css").rglob("*.css"):
        found = set(literal.findall(tokens.sub("", sheet.read_text()))) - allowed
        assert not found, f"{sheet.name}: {found}"
