"""The macros say what they promise, and nothing that was sent to us becomes markup."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask, render_template, render_template_string

from rulebook.errors import Problem
from web.fragments import flashes

ROOMS = "home hooks events rules runs connections settings outbox account help".split()
WORKSPACE = SimpleNamespace(name="Linden Tea", zone="Europe/Vienna")
ADA = SimpleNamespace(email="ada@linden-tea.example")
NOON = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)


@pytest.fixture
def app():
    """Only templates: the pages' own views have their own tests."""
    app = Flask("web", root_path=str(Path(__file__).resolve().parents[2] / "web"))
    app.secret_key = "of this test"
    app.jinja_env.globals.update(csrf_token=lambda: "token-of-this-test", flashes=flashes)
    app.jinja_env.filters.update(
        ago=lambda at: "6 minutes ago", clock=str, stamp=lambda at: "noon", numbered=enumerate
    )
    for room in ROOMS:
        app.add_url_rule(f"/{room}", f"{room}.index", lambda: "")
    app.add_url_rule("/theme", "accounts.theme", lambda: "", methods=["POST"])
    app.add_url_rule("/sign-out", "accounts.sign_out", lambda: "", methods=["POST"])
    return app


@pytest.fixture
def draw(app):
    def draw(part: str, call: str, **context: Any) -> str:
        with app.test_request_context("/runs"):
            name = call.partition("(")[0]
            given = f'{{% from "parts/{part}.html" import {name} %}}{{{{ {call} }}}}'
            return render_template_string(given, **context)

    return draw


def dotted(trail: tuple[str | int, ...]) -> str:
    return "$" + "".join(f"[{each!r}]" for each in trail)


@pytest.mark.parametrize("mapped", [True, False])
def test_a_field_shows_its_error_and_the_fix_beside_its_box(draw, mapped):
    error = Problem("/then/0/to", "This is no phone number.", "Write it with its country.")
    errors = {error.pointer: error} if mapped else [error]
    page = draw("forms", "field('to', 'To', pointer='/then/0/to', errors=errors)", errors=errors)
    assert 'aria-invalid="true"' in page and 'aria-describedby="f-to-wrong"' in page
    assert "This is no phone number. Write it with its country." in page
    assert "wrong" not in draw("forms", "field('from', 'From', errors=errors)", errors=errors)


def test_a_password_is_never_drawn_back(draw):
    assert "tea-leaves" not in draw("forms", "field('p', 'Password', 'tea-leaves', 'password')")


def test_a_chosen_option_stays_chosen(draw):
    page = draw("forms", "field('n', 'Days', 90, 'select', options=[(30, '30'), (90, '90')])")
    assert re.search(r'value="90" selected', page) and page.count("selected") == 1


def test_a_falsy_value_is_still_a_value(draw):
    assert 'value="0"' in draw("forms", "field('n', 'At most', 0, 'number')")


def test_the_tree_says_empty_yes_and_list_never_null_true_or_array(draw):
    sent = {"note": None, "paid": True, "tags": [], "lines": [1, 2]}
    page = draw("tree", "tree(sent, path_of)", sent=sent, path_of=dotted)
    for word in ("empty", "yes", "empty list", "list of 2"):
        assert f">{word}<" in page
    assert "None" not in page and "True" not in page


def test_a_picked_value_sends_the_path_made_of_its_keys(draw):
    sent = {"lines": [{"odd 'key'": 7}]}
    page = draw("tree", "tree(sent, path_of, pick='field')", sent=sent, path_of=dotted)
    path = "$[&#39;lines&#39;][0][&#34;odd &#39;key&#39;&#34;]"
    assert f'name="field" value="{path}" data-path="{path}"' in page


def test_only_looked_at_values_are_marked(draw):
    sent = {"a": 1, "b": 2}
    page = draw("tree", "tree(sent, path_of, looked=(path_of(('b',)),))", sent=sent, path_of=dotted)
    assert page.count("looked") == 1 and page.index("looked") > page.index(">a<")


def test_what_was_sent_never_becomes_markup(draw):
    nasty = "<img src=x onerror=alert(1)>\"'"
    page = draw("tree", "tree(sent, path_of, pick='f')", sent={nasty: [nasty]}, path_of=dotted)
    assert "<img" not in page


def test_a_deep_or_long_document_is_cut_off_in_words(draw):
    deep: Any = 1
    for _ in range(200):
        deep = [deep]
    page = draw("tree", "tree(sent, path_of)", sent=[deep, list(range(500))], path_of=dotted)
    assert "more, in the exact bytes" in page and "and 400 more" in page


def test_a_condition_that_was_not_met_says_so_in_words(draw):
    row = {"met": False, "name": "Amount", "expected": "is at least 50", "found": "18", "code": 1}
    assert '<span class="vh">not met: </span>' in draw("trace", "judge(rows)", rows=[row])
    row["met"] = None
    assert '<span class="vh">not looked at: </span>' in draw("trace", "judge(rows)", rows=[row])


def test_bars_of_a_day_without_events_do_not_divide_by_nothing(draw):
    rows = "[('Received', [0] * 24, none, none)]"
    page = draw("charts", f"chart('Day', {rows}, names)", names=list(range(24)))
    assert page.count('class="zero"') == 24 and ">0<" in page


def test_a_time_carries_its_exact_moment_and_none_reads_never(draw):
    page = draw("marks", "time(at)", at=NOON)
    assert (
        page
        == '<time data-ago datetime="2026-11-18T12:00:00+00:00" title="noon">6 minutes ago</time>'
    )
    assert draw("marks", "time(none)") == "never"


def page_of(app: Flask, **context: Any) -> str:
    with app.test_request_context("/runs"):
        common = {"workspace": WORKSPACE, "now": NOON, "version": "1.0", "needs_you": lambda: 5}
        return render_template("base.html", **{**common, **context})


def test_the_chosen_appearance_is_in_the_first_bytes(app):
    page = page_of(app, current_user=ADA, theme="dark")
    assert 'data-theme="dark"' in page
    assert re.search(r'value="dark" aria-pressed="true"', page)


def test_without_a_choice_the_page_follows_the_system(app):
    assert 'data-theme="system"' in page_of(app, current_user=ADA, theme=None)


def test_signed_out_shows_no_way_in_and_no_workspace(app):
    page = page_of(app, current_user=None)
    assert "Linden Tea" not in page and "/hooks" not in page and "token-of-this-test" not in page


def test_every_form_of_the_shell_posts_with_the_token(app):
    page = page_of(app, current_user=ADA)
    forms = re.findall(r"<form.*?</form>", page, re.S)
    assert len(forms) == 2
    assert all('method="post"' in each and "token-of-this-test" in each for each in forms)
