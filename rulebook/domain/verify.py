"""Whether a request comes from the sender it says it comes from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from rulebook.domain.hooks import secrets_of
from rulebook.providers import PROVIDERS, Verification
from rulebook.storage.hooks import Hook, HookAtDoor


def verify(
    hook: Hook | HookAtDoor, headers: Iterable[Sequence[str]], body: bytes, received_at: datetime
) -> Verification | None:
    """Whether the signature is right by the hook's secrets; None where nothing can be checked.

    A verification that failed is falsy: compare with None before asking it."""
    signature = PROVIDERS[hook.provider].signature
    secrets = secrets_of(hook)
    if signature is None or not secrets:
        return None
    by_name = {name.lower(): value for name, value in headers}
    return signature.verify(by_name, body, secrets, received_at.timestamp())
