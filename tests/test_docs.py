"""Whatever a user may choose has words: settings, commands, operators, filters, fields."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import rulebook
import rules
import web
from rulebook.actions import ACTIONS, CONNECTION_KINDS
from rulebook.cli import main
from rulebook.config import SETTINGS
from rulebook.providers import PROVIDERS
from rules import OPERATORS
from rules.filters import FILTERS
from tools.write_docs import PAGES

ROOT = Path(__file__).parents[1]


def is_sentence(text: str) -> bool:
    return len(text) > 10 and text[0].isupper() and text.rstrip()[-1] in ".:)"


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_every_setting_has_a_sentence(setting) -> None:
    assert is_sentence(setting.sentence)


def commands(group: click.Command, words: str = "rulebook") -> Iterator[tuple[str, click.Command]]:
    yield words, group
    if isinstance(group, click.Group):
        context = click.Context(group)
        for name in group.list_commands(context):
            command = group.get_command(context, name)
            assert command is not None and command.name == name
            yield from commands(command, f"{words} {name}")


@pytest.mark.parametrize(("words", "command"), list(commands(main)), ids=lambda v: str(v)[:40])
def test_every_command_and_option_has_a_help_text(words: str, command: click.Command) -> None:
    assert is_sentence(command.help or ""), words
    for option in command.params:
        if isinstance(option, click.Option):
            assert option.help or option.name in ("version", "help"), f"{words} --{option.name}"


@pytest.mark.parametrize("page", sorted(PAGES))
def test_a_page_made_from_rows_says_what_they_say(page: str) -> None:
    written = (ROOT / "docs" / page).read_text(encoding="utf-8")
    assert written == PAGES[page](), "the rows have changed: run `make docs`"


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "docs/map.md"])
def test_every_link_leads_somewhere(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!https?://)([^)#]+)", text):
        assert ((ROOT / page).parent / target).exists(), f"{page} links to {target}"


@pytest.mark.parametrize("name", sorted(OPERATORS))
def test_every_operator_has_words(name: str) -> None:
    row = OPERATORS[name]
    assert row.menu and row.words and row.needs


@pytest.mark.parametrize("name", sorted(FILTERS))
def test_every_filter_has_words(name: str) -> None:
    row = FILTERS[name]
    assert row.words and row.call and row.gives


@pytest.mark.parametrize("name", sorted(ACTIONS))
def test_every_action_has_words(name: str) -> None:
    action = ACTIONS[name]
    assert action.label and action.icon
    assert importlib.import_module(f"rulebook.actions.{name}").__doc__
    for field in action.fields:
        assert field.label, field.name


@pytest.mark.parametrize("name", sorted(CONNECTION_KINDS))
def test_every_connection_kind_has_words(name: str) -> None:
    kind = CONNECTION_KINDS[name]
    assert kind.label and is_sentence(kind.help)
    for field in kind.fields:
        assert field.label, field.name


@pytest.mark.parametrize("name", sorted(PROVIDERS))
def test_every_provider_has_words(name: str) -> None:
    provider = PROVIDERS[name]
    assert provider.label
    assert provider.fallback or provider.signature is None or provider.secret_hint
    assert importlib.import_module(f"rulebook.providers.{name}").__doc__
    for sample in provider.samples:
        assert sample.label


def modules() -> Iterator[str]:
    for package in (rules, rulebook, web):
        for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if "migrations" not in info.name and not info.name.endswith("__main__"):
                yield info.name


@pytest.mark.parametrize("name", sorted(modules()))
def test_every_module_says_what_it_is(name: str) -> None:
    assert importlib.import_module(name).__doc__, f"{name} needs a sentence at its top"
