"""A sender calls a hook's address: find it, check the signature, store the request, answer.

Only after the commit is there an answer of 2xx; what it promises is on disk, byte for byte.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from rulebook.domain.accounts import digest
from rulebook.domain.delivery import (
    NOT_HERE,
    NOT_RIGHT,
    NOT_THIS_WAY,
    PACKED,
    Delivery,
    Receipt,
    too_large,
)
from rulebook.domain.greet import greet
from rulebook.domain.hooks import url_of
from rulebook.domain.tallying import count_stored
from rulebook.domain.verify import REPEATED, request_at, scheme_of, verify
from rulebook.failpoints import reach
from rulebook.providers import PROVIDERS, Fetch, Provider, Reply, Request, read_event
from rulebook.providers.contract import MOST_PARTS
from rulebook.storage import commit, deliveries, events, hooks, new_id, rollback
from rulebook.storage.hooks import HookAtDoor

METHODS = ("POST", "PUT", "PATCH")
NOT_READ = "What the tool names by address could not be read. Please send it again.\n"
KEYS_LAST = timedelta(hours=24)
REFUSED_KEPT = 60  # in a minute, of one hook


def receive(delivery: Delivery, max_body: int, sample: bool = False) -> Receipt:
    """Store one request and say what to answer. Commits before it returns a 2xx."""
    return receive_all([delivery], max_body, sample)[0]


def receive_all(
    deliveries: Sequence[Delivery], max_body: int, sample: bool = False, most: float = math.inf
) -> list[Receipt]:
    """Store many requests in one commit and say what to answer each. All or none are stored; none,
    and MoreThanWanted is raised, where more events came with them than `most`."""
    hashes = {token: digest(token) for token in {delivery.token for delivery in deliveries}}
    now = max(delivery.received_at for delivery in deliveries)
    found = hooks.hooks_by_token(set(hashes.values()), now)
    taken: list[Taken | Receipt] = []
    urls = {token: url_of(token) for token in hashes}
    for each in deliveries:
        hook = found.get(hashes[each.token])
        one = _take(each, hook, urls[each.token], max_body, sample)
        most -= len(one.events) if isinstance(one, Taken) else 0
        if most < 0:
            raise MoreThanWanted
        taken.append(one)
    _refuse_repeated_signatures([one for one in taken if isinstance(one, Taken)], now)
    taken = _without_floods(taken, now)
    stored = [one for one in taken if isinstance(one, Taken)]
    if stored:
        _mark_repeats(stored, now)
        rows = [event for one in stored for event in one.events]
        events.add_events(rows, {one.events[0]["id"]: one.body for one in stored})
        count_stored(rows)
    # Before the commit: whoever fails after it would be told that nothing was stored.
    receipts = [one if isinstance(one, Receipt) else _receipt(one) for one in taken]
    if stored:
        reach("after_insert")
        commit()
        reach("after_commit")
    else:
        rollback()
    return receipts


class MoreThanWanted(Exception):
    """More events than the caller is ready to store; whatever was begun is to be rolled back."""


@dataclass
class Taken:
    """A request that is to be stored: its event, or the events of a batch; its bytes, its hook, and
    what its sender wants to hear. greeted: it is a handshake, whose answer nothing replaces. once:
    what its signature says may come with one body only."""

    events: list[dict[str, Any]]
    body: bytes
    hook: HookAtDoor
    reply: Reply = field(default_factory=Reply)
    greeted: bool = False
    once: str = ""


class AtDoor(NamedTuple):
    """What can be told of a request before it is stored; fetch: what has to be read first."""

    state: str
    verification: str
    reason: str = ""
    fetch: Fetch | None = None
    once: str = ""


def _take(
    delivery: Delivery, hook: HookAtDoor | None, url: str, max_body: int, sample: bool
) -> Taken | Receipt:
    if hook is None:
        return NOT_HERE
    provider = PROVIDERS[hook.provider]
    request = request_at(url, delivery.headers, delivery.body, delivery.query, delivery.method)
    greeted = greet(hook, provider, request, delivery.token, delivery.received_at)
    if greeted is None and delivery.method not in provider.methods:
        return NOT_THIS_WAY
    if _packed(delivery):
        return PACKED
    if len(delivery.body) > max_body:
        return too_large(max_body)
    if greeted is not None:
        if greeted.reply.fetch:
            return Receipt(503, NOT_READ, fetch=greeted.reply.fetch)
        row = _event(delivery, hook, provider, request, sample)
        row |= {"state": greeted.state, "verification": greeted.verification,
                "reason": greeted.reason, "provider_id": None, "event_type": None}  # fmt: skip
        return Taken([row], delivery.body, hook, greeted.reply, greeted=True)
    return _events(delivery, hook, provider, request, sample)


def _packed(delivery: Delivery) -> bool:
    """Whether any header of several says that the body is compressed."""
    stated = [value for name, value in delivery.headers if name.lower() == "content-encoding"]
    if not stated:
        return False
    codings = {coding.strip().lower() for value in stated for coding in value.split(",")}
    return bool(codings - {"", "identity"})


def _events(
    delivery: Delivery, hook: HookAtDoor, provider: Provider, request: Request, sample: bool
) -> Taken | Receipt:
    """The event of this request, or the events where it is a batch; a refused one is not opened."""
    told = _judged_at_the_door(delivery, hook, request, sample)
    state, reason = told.state, told.reason
    if told.fetch:
        return Receipt(503, NOT_READ, fetch=told.fetch)
    opened = provider.opened(request.payload)
    if opened is not request.payload:
        request = request.about(opened)
    parts = provider.parts(request.payload) if state != "refused" and provider.batches else []
    if len(parts) > MOST_PARTS:
        reason = (
            f"This delivery holds {len(parts):,} events; more than {MOST_PARTS:,} are kept as one."
        )
        parts = []
    whole = _event(delivery, hook, provider, request, sample)
    whole |= {"state": state, "verification": told.verification, "reason": reason}
    if state == "refused":
        return _as_it_says(Taken([whole], delivery.body, hook))
    reply = provider.reply_to(request) if provider.reply_to else provider.reply
    if not parts:
        return Taken([whole], delivery.body, hook, reply, once=told.once)
    ids = sorted(new_id("evt") for _ in parts)
    rows = []
    for number, (event_id, part) in enumerate(zip(ids, parts, strict=True)):
        named = read_event(provider, request.about(part))
        rows.append({
            **whole, "id": event_id, "part": number, "part_of": ids[0] if number else None,
            "event_type": _storable(named.type, 200) or None,
            "provider_id": _storable(named.id, 200) or None,
        })  # fmt: skip
    return Taken(rows, delivery.body, hook, reply, once=told.once)


def _as_it_says(refused: Taken) -> Taken:
    """A refused request, without its body where the hook keeps none of such."""
    if refused.hook.settings.get("keep_refused", True):
        return refused
    refused.events[0]["reason"] += " Its body is not kept, as this hook says."
    return replace(refused, body=b"")


def _event(
    delivery: Delivery, hook: HookAtDoor, provider: Provider, request: Request, sample: bool
) -> dict[str, Any]:
    told = read_event(provider, request)
    return {
        "id": new_id("evt"),
        "workspace_id": hook.workspace_id,
        "hook_id": hook.id,
        "received_at": delivery.received_at,
        "state": "received",
        "verification": "none",
        "reason": "",
        "method": delivery.method,
        "query": _storable(delivery.query, 8000),
        "headers": [
            [name.replace("\0", "\ufffd")[:200], value.replace("\0", "\ufffd")[:8000]]
            for name, value in delivery.headers
        ],
        "address": delivery.address[:64],
        "content_type": _storable(delivery.header("content-type"), 200),
        "size": len(delivery.body),
        "event_type": _storable(told.type, 200) or None,
        "provider_id": _storable(_named_id(hook, request) or told.id, 200) or None,
        "sample": sample,
        "duplicate_of": None,
        "part_of": None,
        "part": None,
    }


def _named_id(hook: HookAtDoor, request: Request) -> str:
    """The id in the header that the hook's owner has named for it, if any."""
    named = hook.settings.get("id_header", "")
    return request.headers.get(named.lower(), "").strip() if named else ""


def _judged_at_the_door(
    delivery: Delivery, hook: HookAtDoor, request: Request, sample: bool
) -> AtDoor:
    scheme = scheme_of(hook) if sample else None
    verified = None
    if scheme is None or scheme.shared:  # a sample is unsigned where the key is the sender's own
        verified = verify(hook, request, delivery.received_at.timestamp())
    if verified is not None and not verified.ok:
        reason = f"{verified.reason} {verified.fix}".strip()
        return AtDoor("refused", "refused", reason, verified.fetch)
    verification, once = ("none", "") if verified is None else ("verified", verified.once)
    if hook.paused:
        return AtDoor("held", verification, "The hook is paused: kept, not judged.", once=once)
    if verified is None and not sample and not hook.settings.get("allow_unverified", True):
        return AtDoor("held", verification, "Nothing shows who sent this, and this hook judges "
                      "only what is verified: kept, not judged.")  # fmt: skip
    return AtDoor("received", verification, once=once)


def _refuse_repeated_signatures(taken: Sequence[Taken], now: datetime) -> None:
    """Of bodies that came with the same text of their signature only the first is the sender's."""
    signed = [one for one in taken if one.once]
    if not signed:
        return
    tokens = [(one.hook.id, one.once, one.body) for one in signed]
    repeated = deliveries.came_with_another(tokens, now, now + KEYS_LAST)
    for one, again in zip(signed, repeated, strict=True):
        if again:
            refused = {"state": "refused", "verification": "refused", "reason": REPEATED}
            one.events = [{**one.events[0], **refused, "part": None}]
            one.body, one.reply = _as_it_says(one).body, Reply()


def _without_floods(taken: list[Taken | Receipt], now: datetime) -> list[Taken | Receipt]:
    """Of requests with a wrong signature only so many are kept in a minute: all are answered 401,
    but nobody fills the disk with them."""
    refused = [one for one in taken if isinstance(one, Taken) and _refused(one)]
    if not refused:
        return taken
    left = {
        hook_id: REFUSED_KEPT - events.count_refused(hook_id, now - timedelta(minutes=1))
        for hook_id in {one.hook.id for one in refused}
    }
    kept: list[Taken | Receipt] = []
    for one in taken:
        if isinstance(one, Taken) and _refused(one):
            left[one.hook.id] -= 1
            kept.append(one if left[one.hook.id] >= 0 else NOT_RIGHT)
        else:
            kept.append(one)
    return kept


def _refused(one: Taken) -> bool:
    return bool(one.events[0]["state"] == "refused")


def _storable(text: str | None, most: int) -> str:
    """Without NUL, which PostgreSQL's text refuses."""
    return text.replace("\0", "\ufffd")[:most] if text else ""


def _mark_repeats(stored: list[Taken], now: datetime) -> None:
    """A sender's id that another event holds makes this one a duplicate of it. Refused requests
    claim nothing: a stranger cannot take a real delivery's place."""
    rows = [event for one in stored for event in one.events]
    claims = {
        event["id"]: (event["hook_id"], event["provider_id"])
        for event in rows
        if event["provider_id"] and event["state"] not in ("refused", "handshake")
    }
    holders = deliveries.claim_keys(claims, now, now + KEYS_LAST)
    for event in rows:
        first = holders.get(event["id"], event["id"])
        if first != event["id"]:
            event["state"], event["duplicate_of"] = "duplicate", first
            event["reason"] = (
                "This delivery was here before; it is noted and nothing is done twice."
            )


def _receipt(one: Taken) -> Receipt:
    event_id, workspace = one.events[0]["id"], one.hook.workspace_id
    if one.greeted:
        return _said(one.reply, event_id, None, workspace)
    if _refused(one):
        return Receipt(401, NOT_RIGHT.text, event_id=event_id, workspace=workspace)
    judge = next((event["id"] for event in one.events if event["state"] == "received"), None)
    own = one.hook.settings.get("reply")
    if own is None:
        return _said(one.reply, event_id, judge, workspace)
    return Receipt(
        own.get("status", 200),
        own.get("text", ""),
        own.get("type", "text/plain"),
        event_id=event_id,
        judge=judge,
        workspace=workspace,
    )


def _said(reply: Reply, event_id: str, judge: str | None, workspace: str) -> Receipt:
    kind = reply.content_type
    return Receipt(reply.status, reply.text, kind, event_id, judge, reply.headers, None, workspace)
