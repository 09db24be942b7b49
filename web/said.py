"""What a run says: as it is sent, as it would have read, or as its rule has it where that could not
be filled in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from rulebook.actions import ACTIONS, Field
from rulebook.domain.called import known_name, own_name
from rulebook.domain.readings import path_of
from rulebook.storage.runs import Run
from rules.filters.plain import compact
from rules.sms import Segments, segments
from rules.words import sentence_case
from web.wording import shown


@dataclass(frozen=True)
class Said:
    """message: what a person reads; else fields: what the call is made with, secrets masked.
    filled: False where names of fields in brackets stand for what was never filled in. parts: how
    many the message is sent in, for those that are counted so."""

    message: dict[str, Any] | None
    fields: list[tuple[Field, str]]
    filled: bool = True
    parts: Segments | None = None


def said_by(provider: str) -> Callable[[Run], Said]:
    """What runs of a hook of this sender say."""
    return partial(_said, provider)


def _said(provider: str, run: Run) -> Said:
    action, message = ACTIONS.get(run.action), run.message
    if message or action is None:
        return Said(message, [], parts=parts_of(message))
    # Runs that ended when they were planned kept no message once, whether it was filled in or not.
    config, filled = action.mask(run.config), True
    if run.never_sendable:
        named = {f.name: _named(provider, config[f.name])
                 for f in action.fields if f.template and f.name in config}  # fmt: skip
        filled = all(config[name] == value for name, value in named.items())
        config = {**config, **named}
        would = action.message(config)
        message = vars(would) if would else None
    if message:
        return Said(message, [], filled, parts_of(message) if filled else None)
    fields = [(f, _text(config[f.name])) for f in action.fields if config.get(f.name)]
    return Said(None, fields, filled)


def parts_of(message: dict[str, Any] | None) -> Segments | None:
    """How many parts a message is sent in, for those that are counted so."""
    return segments(message["text"]) if message and message.get("segmented") else None


def _named(provider: str, value: Any) -> Any:
    """A template with the names of its fields in brackets."""
    if isinstance(value, dict):
        return {name: _named(provider, each) for name, each in value.items()}
    if not isinstance(value, str):
        return value
    return shown(value, partial(_name, provider)).text


def _name(provider: str, field: str) -> str:
    root, path = path_of(field)
    if path == "$":
        return sentence_case(root)
    return (known_name(provider, path) if root == "payload" else "") or own_name(path)


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return "\n".join(f"{name}: {each}" for name, each in value.items())
    return value if isinstance(value, str) else compact(value)
