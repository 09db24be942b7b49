"""Hooks: make one, change it, give it a new address, delete it."""

from __future__ import annotations

import secrets
from datetime import timedelta
from functools import lru_cache
from typing import Any

from rulebook.domain.accounts import digest
from rulebook.domain.actor import Actor
from rulebook.domain.house import house
from rulebook.errors import Invalid, NotFound, Problem
from rulebook.providers import PROVIDERS, UNKNOWN_SENDER
from rulebook.sealing import Sealer
from rulebook.storage import db, events, hooks, utcnow
from rulebook.storage.base import new_id
from rulebook.storage.hooks import Hook, HookAtDoor

OVERLAP = timedelta(hours=24)
MOST_SECRETS = 2
MOST_SECRET = 500  # bytes
_REPLY_TYPES = ("text/plain", "application/json")


def make_hook(
    actor: Actor,
    name: str,
    provider: str = UNKNOWN_SENDER.name,
    secret: str = "",
    settings: dict[str, Any] | None = None,
) -> Hook:
    """A hook with a new unguessable address. Raises Invalid."""
    actor.must("write")
    settings = settings or {}
    problems = [*_name_problems(name), *_provider_problems(provider, secret)]
    problems += _settings_problems(settings)
    if problems:
        raise Invalid(problems)
    hook = Hook(id=new_id("hook"), workspace_id=actor.workspace_id, name=name.strip())
    hook.provider, hook.settings = provider, settings
    _new_token(hook)
    hook.secrets_sealed = _seal_secrets(hook, [secret] if secret else [])
    db.session.add(hook)
    actor.note("hook.create", hook.id, hook.name)
    db.session.commit()
    return hook


def change_hook(actor: Actor, hook_id: str, **changes: Any) -> Hook:
    """Change any of name, paused, provider, secret (a new one beside the last), settings."""
    actor.must("write")
    hook = find_hook(actor, hook_id)
    provider, secret = changes.get("provider", hook.provider), changes.get("secret", "")
    problems = _provider_problems(provider, secret)
    problems += _name_problems(changes.get("name", hook.name))
    problems += _settings_problems(changes.get("settings", {}))
    if problems:
        raise Invalid(problems)
    if provider != hook.provider:
        hook.provider, hook.secrets_sealed = provider, None
    if "name" in changes:
        hook.name = changes["name"].strip()
    if "paused" in changes:
        hook.paused = bool(changes["paused"])
    if "settings" in changes:
        hook.settings = {**hook.settings, **changes["settings"]}
    if "secret" in changes:
        # An empty secret removes the check; a new one is taken beside the last, for rotation.
        kept = [secret, *secrets_of(hook)][:MOST_SECRETS] if secret else []
        hook.secrets_sealed = _seal_secrets(hook, kept)
    actor.note("hook.change", hook.id, ", ".join(sorted(changes)))
    db.session.commit()
    return hook


def release_hook(actor: Actor, hook_id: str) -> list[str]:
    """Let the events go on that came while the hook was paused; their ids, to be rung. None while
    it still is."""
    actor.must("send")
    hook = find_hook(actor, hook_id)
    if hook.paused:
        return []
    released = events.release_held(hook.id)
    actor.note("hook.release", hook.id, hook.name)
    db.session.commit()
    return released


def rotate_hook(actor: Actor, hook_id: str, overlap: timedelta = OVERLAP) -> Hook:
    """A new address; the old one lives on for `overlap`."""
    actor.must("write")
    hook = find_hook(actor, hook_id)
    hook.old_token_hash, hook.old_token_until = hook.token_hash, utcnow() + overlap
    _new_token(hook)
    actor.note("hook.rotate", hook.id, hook.name)
    db.session.commit()
    return hook


def delete_hook(actor: Actor, hook_id: str) -> None:
    """The address answers 404 from now on; events and history stay until their time is over."""
    actor.must("write")
    hook = find_hook(actor, hook_id)
    hook.deleted_at = utcnow()
    actor.note("hook.delete", hook.id, hook.name)
    db.session.commit()


def find_hook(actor: Actor, hook_id: str) -> Hook:
    """One of the actor's hooks. Raises NotFound."""
    actor.must("read")
    hook = hooks.hook(actor.workspace_id, hook_id)
    if hook is None:
        raise NotFound("hook")
    return hook


def hook_url(hook: Hook) -> str:
    """The address that senders call."""
    token = house().sealer.open(hook.token_sealed, hook.id)
    return f"{house().config.public_url}/in/{token}"


def secrets_of(hook: Hook | HookAtDoor) -> list[str]:
    """The hook's signing secrets, newest first."""
    if not hook.secrets_sealed:
        return []
    return list(_opened(house().sealer, hook.secrets_sealed, hook.id))


@lru_cache(maxsize=1000)
def _opened(sealer: Sealer, sealed: str, hook_id: str) -> tuple[str, ...]:
    """Opening takes longer than all else at the door; what was sealed never changes."""
    return tuple(sealer.open(sealed, hook_id)["secrets"])


def sealed_secrets(hook_id: str, kept: list[str]) -> str:
    """Signing secrets as they are stored."""
    return house().sealer.seal({"secrets": kept}, hook_id)


def _new_token(hook: Hook) -> None:
    token = secrets.token_urlsafe(24)
    hook.token_hash = digest(token)
    hook.token_sealed = house().sealer.seal(token, hook.id)


def _seal_secrets(hook: Hook, kept: list[str]) -> str | None:
    return sealed_secrets(hook.id, kept) if kept else None


def _name_problems(name: Any) -> list[Problem]:
    if isinstance(name, str) and 1 <= len(name.strip()) <= 100:
        return []
    return [Problem("/name", "The hook needs a name of 1 to 100 letters.", "Such as Payments.")]


def _provider_problems(provider: Any, secret: Any) -> list[Problem]:
    if provider not in PROVIDERS:
        return [Problem("/provider", f"There is no provider {provider!r}.",
                        f"Choose one of {', '.join(sorted(PROVIDERS))}.")]  # fmt: skip
    if not isinstance(secret, str) or len(secret.encode("utf-8", "replace")) > MOST_SECRET:
        return [Problem("/secret", "The secret is text of at most 500 letters (fewer where they "
                        "are not Latin).", "Paste it again.")]  # fmt: skip
    if secret and PROVIDERS[provider].signature is None:
        return [Problem("/secret", f"{PROVIDERS[provider].label} signs nothing that a secret could "
                        "check.", "Leave the secret out, or choose the provider.")]  # fmt: skip
    return []


def _settings_problems(settings: Any) -> list[Problem]:
    if not isinstance(settings, dict) or not set(settings) <= {"reply"}:
        return [Problem("/settings", "The settings may hold `reply` and nothing else.",
                        "Leave the others out.")]  # fmt: skip
    reply = settings.get("reply")
    if reply is None:
        return []
    if (
        not isinstance(reply, dict)
        or not set(reply) <= {"status", "type", "text"}
        or not (isinstance(reply.get("status", 200), int) and 200 <= reply.get("status", 200) < 300)
        or reply.get("type", "text/plain") not in _REPLY_TYPES
        or not isinstance(reply.get("text", ""), str)
        or len(reply.get("text", "")) > 4000
    ):
        return [Problem("/settings/reply", "The reply is a status of 200 to 299, a type of "
                        f"{' or '.join(_REPLY_TYPES)}, and a text of up to 4,000 letters.",
                        'Such as {"status": 200, "text": "ok"}.')]  # fmt: skip
    return []
