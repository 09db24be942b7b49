"""A step's fields, filled in from an event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from rulebook.actions import Action
from rulebook.storage.hooks import Hook, HookAtWork
from rules.templates import IfMissing, SkipStep, TemplateError, compile_template


@dataclass(frozen=True)
class Rendered:
    """The filled-in config; or why it cannot be sent: `state` is then skipped or failed. `filled`:
    whether it could be filled in all the same. `gaps`: the fields that were to be shown and are
    not in the event."""

    config: dict[str, Any]
    state: str = "queued"
    sentence: str = ""
    fix: str = ""
    gaps: tuple[str, ...] = ()
    filled: bool = True


def context_of(
    seen: Mapping[str, Any], rule_name: str, hook: Hook | HookAtWork, zone: str
) -> dict[str, Any]:
    """What a message may name: the event's parts, the rule and the hook."""
    return {**seen, "rule": {"name": rule_name}, "hook": {"name": hook.name, "zone": zone}}


def render(
    action: Action,
    config: Mapping[str, Any],
    context: Mapping[str, Any],
    if_missing: str,
    connected: bool = False,
) -> Rendered:
    """Fill in every template of a step. Never raises for what an event holds."""
    filled, gaps = dict(config), dict[str, None]()
    try:
        for field in action.fields:
            if field.template and field.name in filled:
                escape = action.escape(field.name, config)
                filled[field.name] = _fill(escape, filled[field.name], context, if_missing, gaps)
    except SkipStep as skip:
        return Rendered(dict(config), "skipped", skip.message, skip.fix, filled=False)
    except TemplateError as error:
        return Rendered(dict(config), "failed", error.message, error.fix, filled=False)
    filled = action.tidy(filled)
    problems = action.check_rendered(filled, config, connected=connected)
    if problems:
        return Rendered(filled, "failed", problems[0].message, problems[0].fix, tuple(gaps))
    return Rendered(filled, gaps=tuple(gaps))


def _fill(
    escape: str, value: Any, context: Mapping[str, Any], if_missing: str, gaps: dict[str, None]
) -> Any:
    if isinstance(value, dict):
        return {
            name: _fill(escape, text, context, if_missing, gaps) for name, text in value.items()
        }
    if not isinstance(value, str):
        return value
    template = compile_template(value, escape=escape)
    found = template.rendered(context, if_missing=cast(IfMissing, if_missing))
    gaps |= dict.fromkeys(found.gaps)
    return found.text
