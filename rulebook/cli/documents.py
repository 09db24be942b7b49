"""Rules as files: export, import, test. YAML and JSON are the same document."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import click
import yaml

from rulebook.actions import ACTIONS
from rulebook.cli.ground import acting, as_json, as_user, at_home, printed
from rulebook.domain import rules as verbs
from rulebook.domain.hooks import find_hook
from rulebook.domain.preview import DEFAULT, Preview, preview
from rulebook.errors import Invalid, RulebookError
from rulebook.storage import rules as stored


class _Loader(yaml.SafeLoader):
    """YAML whose plain words mean what JSON would: no dates, no yes and no, no base 60."""

    yaml_implicit_resolvers: dict[str, Any] = {}


for _tag, _pattern, _first in (
    ("null", r"null|~|", ["n", "~", ""]),
    ("bool", r"true|false", ["t", "f"]),
    ("int", r"-?(0|[1-9][0-9]*)", list("-0123456789")),
    ("float", r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?", list("-0123456789")),
):
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(rf"(?:{_pattern})\Z"), _first
    )

_on_hook = click.option("--hook", "hook_id", metavar="ID", required=True, help="The hook's id.")


@click.group("rules")
def rules() -> None:
    """Export, import and test rules as files."""


@rules.command("export")
@_on_hook
@as_user
@as_json
def export(hook_id: str, email: str | None, as_json: bool) -> None:
    """Print a hook's rules as YAML, without modes and without connections' secrets."""
    with at_home():
        actor = acting(email)
        hook = find_hook(actor, hook_id)
        documents = [_open(version.document, rule.name)
                     for rule, version in stored.current(actor.workspace_id, hook.id)]  # fmt: skip
        dump = yaml.safe_dump(documents, sort_keys=False, allow_unicode=True, width=100)
        printed(as_json, documents, lambda: dump.rstrip())


@rules.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@_on_hook
@as_user
@as_json
def import_(file: Path, hook_id: str, email: str | None, as_json: bool) -> None:
    """Make rules from a file, all of them off, or none when one is wrong."""
    with at_home():
        actor = acting(email)
        hook = find_hook(actor, hook_id)
        documents = _read(file)
        actor.must("write")
        for document in documents:
            _checked(file, document, lambda each: verbs.check_document(actor, each))
        made = [verbs.write_rule(actor, hook.id, document) for document in documents]
        rows = [{"id": rule.id, "name": rule.name, "mode": rule.mode} for rule in made]
        printed(as_json, rows, lambda: "\n".join(f"{rule.name} (off, {rule.id})" for rule in made))


@rules.command("test")
@click.argument("file", type=click.Path(path_type=Path))
@_on_hook
@click.option("--limit", type=click.IntRange(1, 10_000), default=DEFAULT, show_default=True,
              help="How many of the newest events to judge.")  # fmt: skip
@as_user
@as_json
def test(file: Path, hook_id: str, limit: int, email: str | None, as_json: bool) -> None:
    """Judge a file's rules against a hook's stored events; exit 1 when one is not valid."""
    with at_home():
        actor = acting(email)
        find_hook(actor, hook_id)
        rows, lines = [], []
        for document in _read(file):
            found: Preview = _checked(
                file, document, lambda each: preview(actor, hook_id, each, limit)
            )
            name = document["name"]
            rows.append({"name": name, "judged": found.judged, "met": found.met,
                         "met_ids": found.met_ids})  # fmt: skip
            lines += [f"{name}: met {found.met} of {found.judged}"]
            lines += [f"  {e.event.id} {e.explanation.summary}" for e in found.examples]
        printed(as_json, rows, lambda: "\n".join(lines))


def _checked(file: Path, document: Any, check: Any) -> Any:
    """What `check` finds; a wrong document ends the command with each place and remedy."""
    try:
        return check(document)
    except Invalid as error:
        name = document.get("name") if isinstance(document, dict) else None
        click.echo(f"{file}: the rule {name!r} is not valid.", err=True)
        for problem in error.problems:
            click.echo(f"  {problem.pointer or '/'}: {problem.message} {problem.fix}", err=True)
        sys.exit(1)


def _read(file: Path) -> list[Any]:
    """The documents in a file: one, a list, or a list under `rules`."""
    try:
        found = yaml.load(file.read_text(encoding="utf-8"), _Loader)  # noqa: S506 - a SafeLoader
        json.dumps(found)
    except OSError as problem:
        raise RulebookError(f"{file} cannot be read: {problem.strerror}.", "Check it.") from None
    except (yaml.YAMLError, UnicodeDecodeError, TypeError, ValueError, RecursionError) as problem:
        words = " ".join(str(problem).split())
        raise RulebookError(f"{file} is neither YAML nor JSON: {words}.", "Correct it.") from None
    if isinstance(found, dict) and set(found) == {"rules"}:
        found = found["rules"]
    documents = found if isinstance(found, list) else [found]
    if not documents:
        raise RulebookError(f"There is no rule in {file}.", "`rulebook rules export` shows one.")
    return documents


def _open(document: dict[str, Any], name: str) -> dict[str, Any]:
    """A copy of the document without what its actions call secret."""
    copy: dict[str, Any] = json.loads(json.dumps(document))
    for step in copy.get("then", []):
        action = ACTIONS.get(step.get("action"))
        hidden = set(action.hidden(step.get("config", {}), None)) if action else set()
        for place in _without(step.get("config", {}), hidden, ""):
            click.echo(f"Left out of {name!r}: {place}, for it is secret. Enter it again "
                       "where you import.", err=True)  # fmt: skip
    return copy


def _without(config: dict[str, Any], hidden: set[str], place: str) -> list[str]:
    left_out = []
    for key, value in list(config.items()):
        if isinstance(value, dict):
            left_out += _without(value, hidden, f"{place}/{key}")
        elif isinstance(value, str) and value in hidden:
            del config[key]
            left_out.append(f"{place}/{key}")
    return left_out


COMMANDS = (rules,)
