"""Hooks: the addresses that tools call."""

from __future__ import annotations

from typing import Any

from rulebook.domain import hooks as verbs
from rulebook.domain.hook_settings import SETTINGS
from rulebook.domain.samples import send_sample
from rulebook.errors import Invalid
from rulebook.providers import PROVIDERS, UNKNOWN_SENDER
from rulebook.storage import event_lists, hooks, rules
from rulebook.storage.hooks import Hook
from web.api.calls import Ask, call
from web.api.paging import part
from web.api.shapes import Shape, Want, moment
from web.guard import bell

HOOK = Shape("Hook", "A unique address that tools call. The signing secret is never shown.", {
    "id": "text", "name": "text", "provider": "text", "url": "text", "paused": "yes/no",
    "verified_by_secret": "yes/no", "settings": "object", "rules": "count",
    "created_at": "time", "last_event_at": "time?",
})  # fmt: skip
SENT = Shape("SampleSent", "What the hook answered to a sample event.", {
    "event": "text?", "status": "count",
})  # fmt: skip
RELEASED = Shape("Released", "How many held events are judged now.", {"released": "count"})
_PROVIDER = Want("provider", "text", "Who sends: decides how signatures and types are read.",
                 choices=tuple(PROVIDERS))  # fmt: skip
_SECRET = Want("secret", "text", "The tool's signing secret; stored sealed, never shown again.")
_SETTINGS = Want(
    "settings",
    "object",
    "Any of: " + " ".join(f"{setting.name}: {setting.sentence}" for setting in SETTINGS.values()),
)


@call("GET", "/hooks", gives=HOOK, listed=True)
def index(ask: Ask) -> Any:
    """List the workspace's hooks, oldest first."""
    found = hooks.hooks(ask.actor.workspace_id)
    return part(found, ask, lambda hook: hook.id, _teller(found))


@call("POST", "/hooks", "write", gives=HOOK, status=201, body=(
    Want("name", "text", "What people call it, such as Payments.", required=True),
    _PROVIDER, _SECRET, _SETTINGS,
))  # fmt: skip
def make(ask: Ask) -> Any:
    """Make a hook with a new address that nobody can guess."""
    given = {"provider": UNKNOWN_SENDER.name, **ask.body}
    return shown(verbs.make_hook(ask.actor, **given))


@call("GET", "/hooks/{id}", gives=HOOK)
def one(ask: Ask, id: str) -> Any:
    """Show one hook."""
    return shown(verbs.find_hook(ask.actor, id))


@call("PATCH", "/hooks/{id}", "write", gives=HOOK, body=(
    Want("name", "text", "What people call it."),
    Want("paused", "yes/no", "While true, events are kept and not judged."),
    _PROVIDER, _SECRET, _SETTINGS,
))  # fmt: skip
def change(ask: Ask, id: str) -> Any:
    """Change a hook. A new secret is taken beside the last one; an empty one ends the check."""
    verbs.find_hook(ask.actor, id)
    if not ask.body:
        raise Invalid.at("", "There is nothing to change.", "Name a field, such as paused.")
    return shown(verbs.change_hook(ask.actor, id, **ask.body))


@call("DELETE", "/hooks/{id}", "write", status=204)
def delete(ask: Ask, id: str) -> None:
    """Delete a hook: its address answers 404 from now on, its events stay until their time."""
    verbs.delete_hook(ask.actor, id)


@call("POST", "/hooks/{id}/rotate", "write", gives=HOOK)
def rotate(ask: Ask, id: str) -> Any:
    """Give a hook a new address; the old one works for 24 more hours."""
    return shown(verbs.rotate_hook(ask.actor, id))


@call("POST", "/hooks/{id}/release", "send", gives=RELEASED)
def release(ask: Ask, id: str) -> Any:
    """Judge the events that were held while the hook was paused; none while it still is."""
    released = verbs.release_hook(ask.actor, id)
    bell().events(released)
    return {"released": len(released)}


@call("POST", "/hooks/{id}/sample", "write", gives=SENT, body=(
    Want("sample", "text", 'Which one, as "provider/name"; the first unless given.'),
))  # fmt: skip
def sample(ask: Ask, id: str) -> Any:
    """Send the hook a sample event, as its provider would send it."""
    receipt = send_sample(ask.actor, id, ask.body.get("sample", ""))
    if receipt.judge:
        bell().event(receipt.judge)
    return {"event": receipt.event_id, "status": receipt.status}


def shown(hook: Hook) -> dict[str, Any]:
    """One hook as the API tells it."""
    told: dict[str, Any] = _teller([hook])(hook)
    return told


def _teller(found: list[Hook]):
    last = event_lists.last_received([hook.id for hook in found])
    counts = rules.count_by_hook([hook.id for hook in found])

    def tell(hook: Hook) -> dict[str, Any]:
        return {
            "id": hook.id,
            "name": hook.name,
            "provider": hook.provider,
            "url": verbs.hook_url(hook),
            "paused": hook.paused,
            "verified_by_secret": bool(hook.secrets_sealed),
            "settings": hook.settings,
            "rules": counts.get(hook.id, 0),
            "created_at": moment(hook.created_at),
            "last_event_at": moment(last[hook.id].received_at) if hook.id in last else None,
        }

    return tell
