"""What a sender asks before it sends events, and what it is answered. Kept in the history."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rulebook.domain.hooks import sealed_secrets, secrets_of, with_secret
from rulebook.domain.verify import verify
from rulebook.providers import Asked, Provider, Reply, Request, verify_word
from rulebook.storage import hooks
from rulebook.storage.hooks import HookAtDoor

NOT_TAKEN = Reply(403, "This hook has a signing secret already.\n")


@dataclass(frozen=True)
class Greeted:
    """The answer to a handshake, and how it is kept: state, verification and reason."""

    reply: Reply
    state: str = "handshake"
    verification: str = "none"
    reason: str = ""


def greet(
    hook: HookAtDoor, provider: Provider, request: Request, token: str, received_at: datetime
) -> Greeted | None:
    """What this request is answered if it is a handshake of the provider; None if it is none. A
    secret that the sender hands over is kept with it, in the caller's transaction, but only where
    the hook has none: a stranger cannot put another in its place."""
    found = provider.handshake(request) if provider.handshakes else None
    if found is None:
        return None
    handshake, given = found
    verification = "none"
    if handshake.signed:
        verified = verify(hook, request, received_at.timestamp())
        if verified is not None and not verified.ok:
            if verified.fetch:
                return Greeted(Reply(503, fetch=verified.fetch))
            reason = f"{verified.reason} {verified.fix}".strip()
            refusal = Reply(401, "The signature is not right.\n")
            return Greeted(refusal, "refused", "refused", reason)
        verification = "none" if verified is None else "verified"
    secrets = secrets_of(hook)
    reply = handshake.answer(Asked(request, given, tuple(secrets), verify_word(token)))
    if reply.secret and reply.secret not in secrets:
        sealed = sealed_secrets(hook.id, [reply.secret])
        settings = with_secret(hook.settings, reply.secret)
        # Another may have come in the same moment: the row decides, not what was read of it.
        if secrets or not hooks.keep_first_secret(hook.id, sealed, settings):
            return Greeted(NOT_TAKEN, "refused", "refused", f"{handshake.words}: the tool offers "
                           "a new signing secret, but one is saved here already. Remove that one "
                           "first, then set the tool up again.")  # fmt: skip
    if reply.status >= 400:
        return Greeted(reply, "refused", "refused", f"{handshake.words}: {reply.text.strip()}")
    return Greeted(reply, "handshake", verification, f"{handshake.words}, and was answered. "
                   "It is no event: no rule looks at it.")  # fmt: skip
