"""Rules and events to measure with: the same ones in every run, for every engine."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

KINDS = ("payment_intent", "charge", "invoice", "order", "customer", "refund", "dispute", "payout")
STATES = ("created", "updated", "succeeded", "failed", "deleted", "canceled")
TYPES = [f"{kind}.{state}" for kind in KINDS for state in STATES]
COUNTRIES = "DE FR US GB ES IT NL SE PL AT".split()
PARTS = "ba be bo da de do ka ke ko la le lo ma me mo na ne no ra re ro sa se so ta te to".split()
Document = dict[str, Any]


def word(dice: random.Random, parts: int = 4) -> str:
    return "".join(dice.choices(PARTS, k=parts))


def rule(*conditions: Document) -> Document:
    step = {"id": "note", "action": "outbox", "config": {"text": "hello"}}
    return {"name": "A rule", "when": {"all": list(conditions)}, "then": [step]}


def test(path: str, name: str, value: Any, **more: Any) -> Document:
    return {"path": path, "test": name, "value": value, **more}


def typical(dice: random.Random) -> Document:
    """What people build: an event type, and one or two conditions more."""
    conditions = [test("$.type", "text.is", dice.choice(TYPES))]
    more: list[Callable[[], Document]] = [
        lambda: test("$.data.object.customer", "text.is", f"cus_{dice.randrange(5_000)}"),
        lambda: test("$.data.object.amount", "number.at_least", dice.randrange(100, 100_000)),
        lambda: test("$.data.object.country", "text.is_one_of", dice.sample(COUNTRIES, 2)),
        lambda: test("$.data.object.email", "text.ends_with", f"@{word(dice)}.com"),
        lambda: test("$.data.object.description", "text.contains", word(dice)),
        lambda: test("$.data.object.lines[*].sku", "text.is", f"SKU-{dice.randrange(2_000)}"),
        lambda: test("$.data.object.metadata.plan", "text.is_not", word(dice)),
        lambda: test("$.data.object.number", "text.starts_with", f"INV-{dice.randrange(1_000)}"),
    ]
    return rule(*conditions, *[make() for make in dice.sample(more, dice.choice((1, 1, 2)))])


def contains_only(dice: random.Random) -> Document:
    return rule(test("$.data.object.description", "text.contains", word(dice, 5)))


def ranges_only(dice: random.Random) -> Document:
    low = dice.randrange(1_000_000)
    value = [low, low + dice.randrange(2_000)]
    return rule(test("$.data.object.amount", "number.between", value))


def wildcards(dice: random.Random) -> Document:
    path = dice.choice(("$.data.object.lines[*].sku", "$..sku", "$.data.object.lines[*].tags[*]"))
    return rule(test(path, "text.is", f"SKU-{dice.randrange(20_000)}"))


def hostile(dice: random.Random) -> Document:
    """Patterns, words with a star, "is not" and "or", over long texts: little to find them by."""
    kinds: list[Callable[[], Document]] = [
        lambda: test("$.data.object.number", "text.matches_regex", f"^(a|a?)+{word(dice)}$"),
        lambda: test("$.data.object.description", "text.like", f"*{word(dice)}*?{word(dice)}*"),
        lambda: test("$.data.object.country", "text.is_not", dice.choice(COUNTRIES)),
        lambda: {"any": [test("$.data.object.email", "text.contains", word(dice, 2)),
                         test("$.data.object.amount", "number.is", dice.randrange(10_000))]},
        lambda: {"items": "$.data.object.lines[*]", "where": {"all": [
            test("@.sku", "text.starts_with", f"SKU-{dice.randrange(2_000)}"),
            test("@.quantity", "number.more_than", dice.randrange(50))]}},
    ]  # fmt: skip
    return rule(*[make() for make in dice.sample(kinds, 2)])


MIXES: dict[str, Callable[[random.Random], Document]] = {
    "typical": typical,
    "contains-only": contains_only,
    "ranges-only": ranges_only,
    "wildcard-path": wildcards,
    "hostile": hostile,
}


def documents(mix: str, count: int) -> list[Document]:
    dice = random.Random(7)
    return [MIXES[mix](dice) for _ in range(count)]


def events(count: int) -> list[dict[str, Any]]:
    """Events as a payment provider sends them, of about fifty values."""
    dice = random.Random(11)
    return [{"payload": payload(dice), "headers": {}, "query": {}, "event": {}} for _ in
            range(count)]  # fmt: skip


def payload(dice: random.Random) -> dict[str, Any]:
    lines = [
        {"sku": f"SKU-{dice.randrange(2_000)}", "quantity": dice.randrange(9), "tags": ["a", "b"]}
        for _ in range(dice.randrange(1, 6))
    ]
    item = {
        "id": f"obj_{dice.randrange(10**9)}", "customer": f"cus_{dice.randrange(5_000)}",
        "amount": dice.randrange(100, 100_000), "country": dice.choice(COUNTRIES),
        "email": f"{word(dice)}@{word(dice)}.com", "number": f"INV-{dice.randrange(100_000)}",
        "description": " ".join(word(dice) for _ in range(8)), "lines": lines,
        "metadata": {"plan": word(dice), "source": "web", "trial": False},
        "created": 1_769_860_800, "currency": "eur", "paid": True, "attempts": 1,
    }  # fmt: skip
    return {"id": f"evt_{dice.randrange(10**9)}", "type": dice.choice(TYPES), "livemode": True,
            "created": 1_769_860_800, "data": {"object": item}}  # fmt: skip
