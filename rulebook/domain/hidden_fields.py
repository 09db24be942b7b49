"""Fields that people hide on a hook: an editor hides one, only an owner shows it again."""

from __future__ import annotations

from rulebook.domain.actor import Actor
from rulebook.domain.hooks import change_hook, find_hook
from rulebook.errors import Invalid
from rulebook.storage import db, hooks
from rules.errors import Unusable
from rules.path_syntax import Name
from rules.paths import parse_path, path_from


def hide_field(actor: Actor, hook_id: str, path: str) -> str:
    """Hide a field of all events of a hook, whichever item of a list it stands in; its path.
    Raises Invalid, NotFound."""
    actor.must("write")
    chosen = of_every_item(path)
    known = _known(actor, hook_id)
    change_hook(actor, hook_id, settings={"hidden": [*known, chosen]})
    return chosen


def show_field(actor: Actor, hook_id: str, path: str) -> None:
    """Show a field again, on pages that are drawn from now on. Raises NotAllowed, NotFound."""
    actor.must("own")
    kept = [each for each in _known(actor, hook_id) if each != path]
    change_hook(actor, hook_id, settings={"hidden": kept or None})


def _known(actor: Actor, hook_id: str) -> list[str]:
    """What is hidden now; nobody else changes it until the commit."""
    hook = find_hook(actor, hook_id)
    hooks.lock_hook(hook.id)
    db.session.refresh(hook)
    return list(hook.settings.get("hidden") or ())


def of_every_item(path: str) -> str:
    """The path with every item of a list in the place of one. Raises Invalid."""
    try:
        parsed = parse_path(path)
    except Unusable:
        raise Invalid.at("/path", "There is no such field.", "Choose one in the event.") from None
    steps = [segment.selectors[0] for segment in parsed.segments]
    if parsed.deep or not steps:
        raise Invalid.at("/path", "This is no single field.", "Choose one in the event.")
    return path_from([step.key if isinstance(step, Name) else None for step in steps])
