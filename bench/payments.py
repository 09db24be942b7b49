"""Requests as Stripe sends them, about 1 kB, each with an event id of its own."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SAMPLE = Path(__file__).parents[1] / "rulebook/providers/samples/stripe.payment_succeeded.json"
MARK = "evt_bench"  # every id begins so, here and in what the sink is sent
DIGITS = 12
ID_PATTERN = rf"{MARK}\w*\d{{{DIGITS}}}"
BIG, SMALL = 12_900, 1_800
FLOOR = 5_000  # the rule is met above it


@dataclass(frozen=True)
class Payment:
    """One request in two parts; between them stands the number of the event, in 12 digits."""

    before: bytes
    after: bytes

    def request(self, number: int) -> bytes:
        """The whole request, head and body, for the event with this number."""
        return b"%s%012d%s" % (self.before, number, self.after)


def payment(port: int, path: str, tag: str, amount: int = BIG) -> Payment:
    """The request of a payment of this amount to a hook. tag: keeps the ids of two loads apart."""
    blank = "#" * DIGITS
    body = json.dumps(_event(f"{MARK}{tag}{blank}", amount)).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
        "User-Agent: Stripe/1.0 (+https://stripe.com/docs/webhooks)\r\nAccept: */*\r\n"
        f"Content-Type: application/json; charset=utf-8\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return Payment(*(head.encode() + body).split(blank.encode()))


def _event(event_id: str, amount: int) -> dict[str, Any]:
    event: dict[str, Any] = json.loads(SAMPLE.read_text(encoding="utf-8"))
    event["id"] = event_id
    event["data"]["object"].update(amount=amount, amount_received=amount)
    return event


def rule(sink_url: str) -> dict[str, Any]:
    """The rule that is measured: two conditions, one call."""
    return {
        "name": "Tell the ledger about big payments",
        "when": {
            "all": [
                {"path": "$.type", "test": "text.is", "value": "payment_intent.succeeded"},
                {"path": "$.data.object.amount", "test": "number.more_than", "value": FLOOR},
            ]
        },
        "then": [
            {
                "id": "tell",
                "action": "http",
                "config": {
                    "method": "POST",
                    "url": sink_url,
                    "body": '{"event": {{ payload.id }}, "paid": {{ payload.data.object.amount }}}',
                },
            }
        ],
    }
