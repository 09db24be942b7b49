"""A sample event, sent to a hook as its provider would send it."""

from __future__ import annotations

from rulebook.domain.actor import Actor
from rulebook.domain.delivery import Delivery, Receipt
from rulebook.domain.hooks import find_hook, hook_url, secrets_of
from rulebook.domain.house import house
from rulebook.domain.receive import receive
from rulebook.domain.verify import scheme_of
from rulebook.errors import Invalid
from rulebook.providers import PROVIDERS, Sample, deliver
from rulebook.storage import utcnow
from rulebook.storage.hooks import Hook


def samples_for(hook: Hook) -> list[tuple[str, Sample]]:
    """What can be sent to this hook: its provider's samples, or everybody's for a generic hook,
    the leading ones first."""
    own = PROVIDERS[hook.provider]
    others = PROVIDERS.values() if own.fallback else [own]
    found = [(p.name, s) for p in others for s in p.samples]
    return sorted(found, key=lambda each: not each[1].lead)


def send_sample(actor: Actor, hook_id: str, sample: str = "") -> Receipt:
    """Send one sample event to the hook, through the same door that senders use. `sample` is
    "provider/name", or empty for the first. Raises Invalid."""
    actor.must("write")
    hook = find_hook(actor, hook_id)
    known = {f"{provider}/{s.name}": (provider, s) for provider, s in samples_for(hook)}
    chosen = known.get(sample) if sample else next(iter(known.values()))
    if chosen is None:
        raise Invalid.at("/sample", f"There is no sample {sample!r} for this hook.",
                         f"Choose one of {', '.join(known)}.")  # fmt: skip
    provider, found = PROVIDERS[chosen[0]], chosen[1]
    secrets = secrets_of(hook) if provider.name == hook.provider else []
    now = utcnow()
    scheme = scheme_of(hook) if provider.name == hook.provider else None
    signs = scheme is not None and scheme.shared and secrets
    request = deliver(provider, found, "", now.timestamp(), url=hook_url(hook))
    if scheme is not None and signs:
        request = scheme.sign(request, secrets[0], now.timestamp())
    token, _, query = request.url.rpartition("/")[2].partition("?")
    headers = list(request.headers.items())
    delivery = Delivery(token, "POST", headers, request.body, query, actor.address, now)
    return receive(delivery, house().config["MAX_BODY"], sample=True)
