"""Hooks: make one, change it, give it a new address, delete it."""

from __future__ import annotations

import secrets
from datetime import timedelta
from functools import lru_cache
from typing import Any

from rulebook.domain.accounts import digest
from rulebook.domain.actor import Actor
from rulebook.domain.hidden import Hidden, hidden_on
from rulebook.domain.hook_settings import settings_problems
from rulebook.domain.house import house
from rulebook.domain.masking import HIDDEN
from rulebook.errors import Invalid, NotFound, Problem
from rulebook.providers import PROVIDERS, UNKNOWN_SENDER
from rulebook.sealing import Sealer
from rulebook.storage import db, events, fields, hooks, utcnow
from rulebook.storage.base import first_id, new_id
from rulebook.storage.hooks import AnyHook, Hook, HookAtDoor

OVERLAP = timedelta(hours=24)
SOON = timedelta(minutes=1)
MOST_SECRETS = 2
MOST_SECRET = 500  # bytes


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
    problems = [*_name_problems(name), *_secret_problems(provider, secret, settings)]
    problems += settings_problems(settings)
    if problems:
        raise Invalid(problems)
    settings = with_secret(settings, secret)
    hook = Hook(id=new_id("hook"), workspace_id=actor.workspace_id, name=name.strip())
    hook.provider, hook.settings = provider, settings
    _new_token(hook)
    hook.secrets_sealed = _seal_secrets(hook, [secret] if secret else [])
    db.session.add(hook)
    actor.note("hook.create", hook.id, hook.name)
    db.session.commit()
    return hook


def change_hook(actor: Actor, hook_id: str, **changes: Any) -> Hook:
    """Change any of name, paused, provider, secret (a new one beside the last), settings (those
    named; None takes one away)."""
    actor.must("write")
    hook = find_hook(actor, hook_id)
    provider, secret = changes.get("provider", hook.provider), changes.get("secret", "")
    problems = settings_problems(changes.get("settings", {}))
    problems += _name_problems(changes.get("name", hook.name))
    settings = hook.settings if problems else {**hook.settings, **changes.get("settings", {})}
    problems += _secret_problems(provider, secret, settings)
    if problems:
        raise Invalid(problems)
    of_sender = hook.provider
    if provider != hook.provider:
        hook.provider, hook.secrets_sealed = provider, None
    if "name" in changes:
        hook.name = changes["name"].strip()
    if "paused" in changes:
        hook.paused = bool(changes["paused"])
    if "hidden" in changes.get("settings", {}):
        _hide(actor, hook, settings)
    _follow_hidden(hook, hidden_on(of_sender, hook.settings), hidden_on(provider, settings))
    hook.settings = with_secret(settings, secret)
    if "secret" in changes:
        # An empty secret removes the check; a new one is taken beside the last, for rotation.
        kept = [secret, *secrets_of(hook)][:MOST_SECRETS] if secret else []
        hook.secrets_sealed = _seal_secrets(hook, kept)
        _read_again(hook)
    actor.note("hook.change", hook.id, ", ".join(sorted(changes)))
    db.session.commit()
    return hook


def _hide(actor: Actor, hook: Hook, settings: dict[str, Any]) -> None:
    """What comes to the fields that are hidden, and what an owner takes away of them."""
    before, now = set(hook.settings.get("hidden") or ()), set(settings["hidden"] or ())
    if before - now:
        actor.must("own")
        actor.note("hook.show", hook.id, ", ".join(sorted(before - now)))
    if now - before:
        settings["hidden"] = sorted(now)
        actor.note("hook.hide", hook.id, ", ".join(sorted(now - before)))


def _follow_hidden(hook: Hook, before: Hidden, now: Hidden) -> None:
    """What was written down of earlier events follows what is hidden from now on."""
    if now.paths == before.paths and now.headers == before.headers:
        return
    if set(now.paths) - set(before.paths) or now.headers - before.headers:
        hook.hidden_at = utcnow()
        fields.forget_examples(hook.id, HIDDEN, now.covers)
    _read_again(hook, for_fields=True)


def _read_again(hook: Hook, for_fields: bool = False) -> None:
    """Have the search read earlier events again, because something else is hidden from now on."""
    unfinished = bool(hook.reread_below and hook.reread_fields)
    hook.reread_fields = for_fields or unfinished
    # Whoever indexes meanwhile knows nothing of it before the commit, which comes soon.
    hook.reread_below = first_id("evt", utcnow() + SOON)


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
    return url_of(house().sealer.open(hook.token_sealed, hook.id))


def url_of(token: str) -> str:
    """The address of the hook with this token."""
    return f"{house().config.public_url}/in/{token}"


def secrets_of(hook: AnyHook | HookAtDoor) -> list[str]:
    """The hook's signing secrets, newest first."""
    if not hook.secrets_sealed:
        return []
    return list(_opened(house().sealer, hook.secrets_sealed, hook.id))


@lru_cache(maxsize=1000)
def _opened(sealer: Sealer, sealed: str, hook_id: str) -> tuple[str, ...]:
    """Opening takes longer than all else at the door; what was sealed never changes."""
    return tuple(sealer.open(sealed, hook_id)["secrets"])


def with_secret(settings: dict[str, Any], secret: str) -> dict[str, Any]:
    """Once a secret was saved, only what is verified is judged, unless somebody says otherwise."""
    kept = {name: value for name, value in settings.items() if value is not None}
    return {"allow_unverified": False, **kept} if secret else kept


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


def _secret_problems(provider: Any, secret: Any, settings: Any) -> list[Problem]:
    if provider not in PROVIDERS:
        return [Problem("/provider", f"There is no provider {provider!r}.",
                        f"Choose one of {', '.join(sorted(PROVIDERS))}.")]  # fmt: skip
    sender = PROVIDERS[provider]
    if not isinstance(secret, str) or len(secret.encode("utf-8", "replace")) > MOST_SECRET:
        return [Problem("/secret", "The secret is text of at most 500 letters (fewer where they "
                        "are not Latin).", "Paste it again.")]  # fmt: skip
    custom = isinstance(settings, dict) and settings.get("scheme")
    if secret and sender.signature is None and not custom:
        return [Problem("/secret", f"{sender.label} signs nothing that a secret could check.",
                        "Leave the secret out, choose the tool, or say how the tool "
                        "signs.")]  # fmt: skip
    for beginning, words in sender.not_secrets.items():
        if secret.startswith(beginning):
            return [Problem("/secret", words, sender.secret_hint)]
    return []
