"""Write the pages that are made from rows: settings, actions, providers. `make docs` runs it;
tests/test_docs.py fails when a page is not what its rows say."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path

from rulebook.actions import ACTIONS, Action, Field
from rulebook.config import PREFIX, SETTINGS
from rulebook.providers import PROVIDERS, Provider
from rulebook.providers.schemes import describe

DOCS = Path(__file__).parents[1] / "docs"
MADE = "<!-- Made by `make docs`; change the rows, not this page. -->\n\n"


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table."""
    lines = [" | ".join(head), " | ".join("---" for _ in head)]
    lines += [" | ".join(cell.replace("|", "\\|") for cell in row) for row in rows]
    return "".join(f"| {line} |\n" for line in lines) + "\n"


def settings() -> str:
    """Every setting with its default and its sentence."""
    rows = [
        (f"`{PREFIX}{s.name}`", f"`{s.default}`" if s.default not in ("", ()) else "", s.sentence)
        for s in SETTINGS
    ]
    return (
        MADE + "# Settings\n\n"
        "Rulebook needs none. Set them as environment variables, or in `config.toml` in the "
        "instance folder (names in lower case, without the prefix). A variable wins over the "
        f"file. Every setting can also be read from a file: `{PREFIX}SECRET_KEY_FILE` names the "
        "file that holds the key. A name that does not exist stops the start and says which one "
        "was probably meant.\n\n" + table(("setting", "default", "what it does"), rows)
    )


def actions() -> str:
    """Every action with its fields and connections."""
    return MADE + "# Actions\n\n" + "".join(_action(a) for a in ACTIONS.values()) + _connections()


def _action(action: Action) -> str:
    about = inspect.cleandoc(inspect.getmodule(type(action)).__doc__ or "")
    kinds = " or ".join(f"`{kind.name}`" for kind in action.connections)
    without = "; without one, the Practice outbox keeps the message" if action.practice else ""
    needs = f"Connection: {kinds}{without}.\n\n" if kinds else ""
    limits = ", ".join(f"{limit.said} per {limit.per}" for limit in action.limits)
    needs += f"Sent without asking: {limits}. What goes beyond is held.\n\n" if limits else ""
    return f"## {action.label}: `{action.name}`\n\n{about}\n\n{needs}{_fields(action.fields)}"


def _connections() -> str:
    kinds = {kind.name: kind for action in ACTIONS.values() for kind in action.connections}
    text = "# Connections\n\n"
    for kind in kinds.values():
        text += f"## {kind.label}: `{kind.name}`\n\n{kind.help}\n\n{_fields(kind.fields)}"
    return text


def _fields(fields: Iterable[Field]) -> str:
    rows = [(f"`{f.name}`", f.label, _marks(f), f.help) for f in fields]
    return table(("field", "in the form", "", "help"), rows)


def _marks(field: Field) -> str:
    marks = {"required": field.required, "template": field.template, "secret": field.secret}
    return ", ".join(name for name, there in marks.items() if there)


def providers() -> str:
    """Every provider: how it signs, what it asks, how repeats are told, how it is set up."""
    rows = [
        (p.label, f"`{p.name}`", _code(describe(p.signature)) if p.signature else "none",
         "; ".join(shake.words for shake in p.handshakes) or "none",
         "yes" if p.event_id else "no", "yes" if p.batches else "no", p.retries)
        for p in PROVIDERS.values()
    ]  # fmt: skip
    head = ("tool", "id", "signature", "handshake", "repeats told by an id",
            "many events in one delivery", "when Rulebook was away")  # fmt: skip
    return (
        MADE + "# Tools\n\n"
        "What a hook can be set to; the API and rule documents say `provider`. `rulebook send ID "
        "SAMPLE --to URL --secret S` sends a sample as the tool would, signed. A tool without a "
        "file here is set up as *Any other tool*, with its way of signing found from a real "
        "request or written down by hand.\n\n"
        + table(head, rows)
        + "".join(_provider(p) for p in PROVIDERS.values())
    )  # fmt: skip


def _code(words: str) -> str:
    """Templates in code type, so that their braces stay as they are."""
    return re.sub(r"(?<=of )(\{\S+)", r"`\1`", words)


def _provider(provider: Provider) -> str:
    about = inspect.cleandoc(import_module(f"rulebook.providers.{provider.name}").__doc__ or "")
    steps = "".join(f"{n}. {step}\n" for n, step in enumerate(provider.steps, 1))
    secret = f"{provider.secret_label}: {provider.secret_hint}" if provider.signature else ""
    samples = ", ".join(f"`{sample.name}`" for sample in provider.samples)
    types = ", ".join(f"`{kind}` ({words})" for kind, words in provider.types.items())
    said = (about, steps.strip(), secret, provider.retries, provider.switches_off,
            f"Samples: {samples}.", f"Events with words: {types}." if types else "",
            provider.docs)  # fmt: skip
    return f"## {provider.label}: `{provider.name}`\n\n" + "\n\n".join(filter(None, said)) + "\n\n"


PAGES = {"settings.md": settings, "actions.md": actions, "providers.md": providers}


def main() -> None:
    """Write every page."""
    for name, make in PAGES.items():
        (DOCS / name).write_text(make(), encoding="utf-8")


if __name__ == "__main__":
    main()
