"""A long past for a Rulebook: events, bodies, verdicts, runs and attempts, written in bulk."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bench.mixes import word
from rulebook.domain import hooks, rules
from rulebook.domain.actor import Actor
from rulebook.storage import db, events, run_claims, utcnow, verdicts
from rulebook.storage import rules as versions
from rulebook.storage.attempts import Attempt
from rulebook.storage.rows import inserting
from rulebook.storage.users import User
from rulebook.storage.workspaces import Membership, Workspace

DAYS = 30
AT_ONCE = 5_000
_put_attempts = inserting(Attempt)
# Hooks with their sender, their share of all events, and their types with shares.
HOOKS: tuple[tuple[str, str, int, dict[str, int]], ...] = (
    ("Shop payments", "stripe", 45, {"invoice.paid": 5, "payment_intent.succeeded": 4,
     "charge.refunded": 1, "payment_intent.payment_failed": 1}),
    ("Orders", "shopify", 30, {"orders/create": 5, "orders/paid": 4, "orders/cancelled": 1}),
    ("Contact form", "generic", 4, {"": 1}),
    ("Repository", "github", 20, {"push": 6, "issues": 3, "pull_request": 3, "release": 1}),
    ("Survey", "typeform", 1, {"form_response": 1}),
)  # fmt: skip
RULES = (
    (0, "Text me big payments", ("$.data.object.amount", "number.more_than", 90_000)),
    (0, "Post refunds to bookkeeping", ("$.type", "text.is", "charge.refunded")),
    (1, "Thank first-time customers", ("$.customer.orders_count", "number.is", 1)),
    (3, "Tell the team about releases", ("$.release.tag", "text.starts_with", "v")),
)


@dataclass(frozen=True)
class Shop:
    """Whose past it is, and the ids of the hooks and rules in it."""

    actor: Actor
    hooks: list[str]
    rules: list[tuple[int, str, str, str]]  # hook's number, rule, version, document's step


def furnish_shop() -> Shop:
    """An owner with hooks and rules (inside an app context)."""
    user = User(email="ada@shop.example", password=None)
    workspace = Workspace(name="Linden Tea", zone="Europe/Berlin")
    db.session.add_all([user, workspace])
    db.session.flush()
    db.session.add(Membership(workspace_id=workspace.id, user_id=user.id, role="owner"))
    db.session.commit()
    actor = Actor(workspace.id, user.id, "owner")
    made = [hooks.make_hook(actor, name, provider=sender).id for name, sender, _, _ in HOOKS]
    found = []
    for at, name, (path, test, value) in RULES:
        step = {"id": "say", "action": "sms", "config": {"to": "+14155550123", "message": name}}
        when = {"all": [{"path": path, "test": test, "value": value}]}
        rule = rules.write_rule(actor, made[at], {"name": name, "when": when, "then": [step]},
                                "live")  # fmt: skip
        found.append((at, rule.id, versions.version(rule.id, 1).id, name))
    return Shop(actor, made, found)


def write_past(shop: Shop, count: int, begin: int = 0, end: int | None = None) -> None:
    """So many events over the last 30 days, oldest first, with all that belongs to them; or those
    from number `begin` to `end` of them."""
    dice, now = random.Random(begin), utcnow()
    step = timedelta(days=DAYS) / count
    waiting: list[dict[str, Any]] = []
    for n in range(begin, end or count):
        waiting.append(_event(shop, dice, now - step * (count - n), n))
        if len(waiting) == AT_ONCE:
            _store(shop, dice, waiting)
            waiting = []
    _store(shop, dice, waiting)


def _id(prefix: str, moment: datetime, n: int, dice: random.Random) -> str:
    return (
        f"{prefix}_{int(moment.timestamp() * 1000):012x}7{n % 4096:03x}8{dice.getrandbits(60):015x}"
    )


def _event(shop: Shop, dice: random.Random, moment: datetime, n: int) -> dict[str, Any]:
    at = dice.choices(range(len(HOOKS)), [share for _, _, share, _ in HOOKS])[0]
    _, _, _, types = HOOKS[at]
    kind = dice.choices(list(types), list(types.values()))[0]
    state = dice.choices(("done", "duplicate", "refused", "poison"), (970, 20, 9, 1))[0]
    body, gist, met = _body(dice, at, kind, n, moment)
    raw = json.dumps(body).encode()
    return {
        "id": _id("evt", moment, n, dice), "workspace_id": shop.actor.workspace_id,
        "hook_id": shop.hooks[at], "received_at": moment, "state": state, "method": "POST",
        "headers": [["Host", "hooks.shop.example"], ["User-Agent", "Sender/1.0"],
                    ["Content-Type", "application/json"], ["Content-Length", str(len(raw))]],
        "address": f"203.0.113.{n % 250}", "content_type": "application/json", "size": len(raw),
        "event_type": kind or None, "provider_id": f"evt_{n:012d}",
        "verification": "refused" if state == "refused" else ("verified", "none")[at == 2],
        "gist": gist, "matched": int(state == "done" and met is not None), "judged": 1,
        "judged_at": moment if state == "done" else None, "tries": 1,
        "body": raw, "met": met if state == "done" else None, "hook": at,
    }  # fmt: skip


def _body(
    dice: random.Random, at: int, kind: str, n: int, moment: datetime
) -> tuple[dict[str, Any], str, int | None]:
    """A payload, its gist, and the number of the rule it meets."""
    first, last = word(dice, 3).title(), word(dice, 4).title()
    who, email = f"{first} {last}", f"{first}.{last}@{word(dice)}.example".lower()
    phone, amount = f"+1415{dice.randrange(10**7):07d}", dice.randrange(100, 100_000)
    stamp, common = int(moment.timestamp()), {"name": who, "email": email, "phone": phone}
    if at == 0:
        item = {
            "id": f"in_{n:014d}",
            "amount": amount,
            "currency": "usd",
            "customer": common,
            "description": " ".join(word(dice) for _ in range(6)),
            "number": f"LT-{n}",
            "paid": True,
            "created": stamp,
            "metadata": {"order": f"LT-{n}", "via": "web"},
        }
        refund = kind == "charge.refunded"
        met = 1 if refund else 0 if amount > 90_000 else None
        return ({"id": f"evt_{n:012d}", "type": kind, "created": stamp, "data": {"object": item}},
                f"${amount / 100:,.2f} from {who}", met)  # fmt: skip
    if at == 1:
        orders = dice.randrange(1, 30)
        lines = [
            {
                "sku": f"SKU-{dice.randrange(2000)}",
                "quantity": dice.randrange(1, 9),
                "price": f"{dice.randrange(1, 90)}.00",
            }
            for _ in range(dice.randrange(1, 5))
        ]
        return (
            {
                "id": n,
                "name": f"#{n}",
                "total_price": f"{amount / 100:.2f}",
                "currency": "EUR",
                "customer": {**common, "orders_count": orders},
                "line_items": lines,
            },
            f"#{n}: {amount / 100:.2f} EUR from {who}",
            2 if orders == 1 else None,
        )
    if at == 3:
        return (
            {
                "action": "opened",
                "repository": {"full_name": f"linden/{word(dice, 2)}"},
                "sender": {"login": word(dice, 3)},
                "title": " ".join(word(dice) for _ in "12345"),
                **({"release": {"tag": f"v{n}"}} if kind == "release" else {}),
            },
            f"{kind} by {first}",
            3 if kind == "release" else None,
        )
    return {**common, "message": " ".join(word(dice) for _ in range(20))}, who, None


def _store(shop: Shop, dice: random.Random, made: list[dict[str, Any]]) -> None:
    if not made:
        return
    own = ("body", "met", "hook")
    first = {each["hook_id"]: each["id"] for each in made if each["state"] == "done"}
    for each in made:
        if each["state"] == "duplicate":
            each["duplicate_of"] = first.get(each["hook_id"])
    rows = [{name: value for name, value in each.items() if name not in own} for each in made]
    events.add_events(rows, {each["id"]: each["body"] for each in made})
    met = [each for each in made if each["met"] is not None]
    verdicts.add_verdicts([_verdict(shop, each) for each in met])
    runs = [_run(shop, dice, each, n) for n, each in enumerate(met)]
    run_claims.add_runs(runs)
    _put_attempts(list(_attempts(dice, runs)))
    db.session.commit()


def _verdict(shop: Shop, event: dict[str, Any]) -> dict[str, Any]:
    _, rule_id, version_id, _ = shop.rules[event["met"]]
    return {"event_id": event["id"], "rule_id": rule_id, "workspace_id": event["workspace_id"],
            "version_id": version_id, "version": 1, "mode": "live", "met": True, "summary": "",
            "created_at": event["received_at"]}  # fmt: skip


def _run(shop: Shop, dice: random.Random, event: dict[str, Any], n: int) -> dict[str, Any]:
    _, rule_id, version_id, name = shop.rules[event["met"]]
    state = dice.choices(("succeeded", "failed", "unknown", "held", "watched", "skipped"),
                         (9300, 200, 2, 10, 400, 88))[0]  # fmt: skip
    said = f"{name}: {event['gist']}"
    return {
        "id": _id("run", event["received_at"], n, dice), "workspace_id": event["workspace_id"],
        "hook_id": event["hook_id"], "event_id": event["id"], "rule_id": rule_id,
        "rule_version_id": version_id, "step_id": "say", "action": "sms",
        "config": {"to": "+14155550123", "message": said}, "needs": [], "state": state,
        "summary": "SMS to +1 415 ...23", "message": {"to": "+14155550123", "text": said},
        "sentence": "The number is not in use." if state == "failed" else "",
        "attempts": 1, "target": "", "expires_at": event["received_at"],
        "created_at": event["received_at"], "practice": True, "held_for": "",
        "finished_at": event["received_at"] if state not in ("unknown", "held") else None,
    }  # fmt: skip


def _attempts(dice: random.Random, runs: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for n, run in enumerate(runs):
        if run["state"] in ("succeeded", "failed", "unknown"):
            outcome = {"succeeded": "yes", "failed": "no_for_good"}.get(run["state"], "ambiguous")
            yield {
                "id": _id("att", run["created_at"], n, dice),
                "run_id": run["id"],
                "n": 1,
                "lease_token": os.urandom(8).hex(),
                "started_at": run["created_at"],
                "finished_at": run["created_at"],
                "outcome": outcome,
                "duration_ms": 80,
            }
