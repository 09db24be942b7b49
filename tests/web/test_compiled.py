"""The code of templates is kept from one start to the next, and never taken for another's."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from jinja2 import nodes
from jinja2.filters import FILTERS
from jinja2.nodes import EvalContext, Impossible
from jinja2.tests import TESTS

from rulebook import config
from tests.people import Person
from tests.web.shop import sqlite_only
from tests.web.test_evidence import CARD, shown
from web import compiled, create_app

pytestmark = sqlite_only


@pytest.fixture
def start(tmp_path: Path) -> Callable[[], Flask]:
    """Rulebook started once more on the same folder."""
    return lambda: create_app(config.load({"RULEBOOK_INSTANCE": str(tmp_path)}))


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    return tmp_path / compiled.FOLDER


def compiles(app: Flask, monkeypatch: pytest.MonkeyPatch, path: str = "/sign-in") -> list[str]:
    """The templates that are compiled for a page, which is there in any case."""
    found: list[str] = []
    compile = app.jinja_env.compile

    def told(source: str, name: str, *more: object) -> object:
        found.append(name)
        return compile(source, name, *more)  # type: ignore[call-overload]

    monkeypatch.setattr(app.jinja_env, "compile", told)
    page = app.test_client().get(path)
    assert page.status_code == 200 and "<h1" in page.get_data(as_text=True)
    return found


def test_a_second_start_compiles_nothing(start, ada: Person, monkeypatch) -> None:
    assert "sign_in.html" in compiles(start(), monkeypatch)
    assert compiles(start(), monkeypatch) == []


def test_the_code_of_another_text_or_version_is_not_taken(start, ada, monkeypatch) -> None:
    assert compiles(start(), monkeypatch)
    app = start()
    cache = app.jinja_env.bytecode_cache
    assert cache.get_bucket(app.jinja_env, "sign_in.html", None, "other").code is None
    monkeypatch.setattr(compiled, "__version__", "0")
    assert compiles(app, monkeypatch)


def test_damaged_code_is_made_anew(start, ada, kept: Path, monkeypatch) -> None:
    names = compiles(start(), monkeypatch)
    whole = {file: file.read_bytes() for file in kept.iterdir()}
    assert len(whole) == len(names)
    for damage in (lambda code: b"", lambda code: b"x" * 99, lambda code: code[:-9],
                   lambda code: code[:20] + b"\xff" * 99):  # fmt: skip
        for file, code in whole.items():
            file.write_bytes(damage(code))
        assert compiles(start(), monkeypatch) == names
        assert {file: file.read_bytes() for file in kept.iterdir()} == whole


def test_pages_are_there_where_nothing_can_be_kept(start, ada, kept: Path, monkeypatch) -> None:
    app = start()
    shutil.rmtree(kept)
    assert compiles(app, monkeypatch)
    kept.write_text("in the way")
    assert compiles(start(), monkeypatch)


def test_the_folder_is_nobody_elses(start, app: Flask, kept: Path) -> None:
    kept.chmod(0o777)
    start()
    assert kept.stat().st_mode & 0o777 == 0o700


def test_a_page_for_strangers_takes_no_code_that_masks_nothing(start, app, ada: Person) -> None:
    here, link = shown(app, ada)
    for _ in range(2):
        again = start()
        assert CARD in ada.client.get(here).get_data(as_text=True)
        page = again.test_client().get(link).get_data(as_text=True)
        assert "•••• 4242" in page and CARD not in page


def test_no_filter_of_ours_is_worked_out_when_a_template_is_compiled(app: Flask) -> None:
    """Else code would be kept that another version of the filter would have made differently."""
    env, found = app.jinja_env, []
    for name in env.list_templates():
        assert env.loader is not None
        tree = env.parse(env.loader.get_source(env, name)[0]).set_environment(env)
        for each in tree.find_all((nodes.Filter, nodes.Test)):
            try:
                each.as_const(EvalContext(env, name))
            except Impossible:
                continue
            if each.name not in {*FILTERS, *TESTS}:
                found.append((name, each.lineno, each.name))
    assert found == []
