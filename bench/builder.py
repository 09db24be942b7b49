"""What the rule builder's answers take: python -m bench.builder [--events N] [--lines N]

One hook with N stored events (10,000), a saved rule of four conditions and a draft that changes
one. Rows: the page drawn again while somebody types, judged on the last 200 events, and looking at
all of them in stretches, from the first request to the last. Times are those of the web
application, without a server before it.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from statistics import quantiles
from time import perf_counter, process_time
from typing import Any

from flask import Flask

from rulebook import config, storage
from rulebook.storage import db, events, new_id, utcnow
from tests.people import Person, make_hook, make_person, make_rule
from tests.web.form import Form, form_of
from web import create_app

ROUNDS = 20
OBJECT = "$.data.object"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.builder", description=__doc__)
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--lines", type=int, default=3, help="items in the list of each event")
    wanted = parser.parse_args()
    with application() as app:
        ada = make_person(app, "ada")
        rule_id, size = fill(app, ada, wanted.events, wanted.lines)
        print(f"{wanted.events:,} events of {size:,} bytes\n")
        form = edited(ada, rule_id)
        used = process_time()
        page = [timed(lambda: ada.post("/rules/preview", form)) for _ in range(ROUNDS)]
        used = (process_time() - used) / ROUNDS
        first, rest = page[0], sorted(page[1:])
        print(f"{'drawn again, 200 events':<34}{ms(quantiles(rest, n=20)[9])} p50"
              f"{ms(quantiles(rest, n=20)[18])} p95{ms(first)} the first time"
              f"{ms(used)} of the processor each")  # fmt: skip
        began, used = perf_counter(), process_time()
        stretches = list(far(ada, form))
        print(f"{f'looking at {wanted.events:,} events':<34}{ms(perf_counter() - began)} whole"
              f"{ms(max(stretches))} longest of {len(stretches)} requests"
              f"{ms(process_time() - used)} of the processor")  # fmt: skip


def ms(seconds: float) -> str:
    return f"{1000 * seconds:>8,.0f} ms"


@contextmanager
def application() -> Iterator[Flask]:
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(config.load({"RULEBOOK_INSTANCE": folder}))
        storage.upgrade(app)
        yield app
        with app.app_context():
            db.engine.dispose()


def fill(app: Flask, ada: Person, count: int, lines: int) -> tuple[str, int]:
    """A hook with events and a rule; the rule's id and the size of one event."""
    chance = random.Random(7)
    with app.app_context():
        hook = make_hook(ada, "Shop", provider="stripe")
        for start in range(0, count, 500):
            bodies = [body(chance, at, lines) for at in range(start, min(start + 500, count))]
            rows = [row(ada, hook.id, each, at - count) for at, each in enumerate(bodies, start)]
            ids = [str(each["id"]) for each in rows]
            events.add_events(rows, dict(zip(ids, bodies, strict=True)))
            db.session.commit()
        when = {"all": [
            {"path": "$.type", "test": "text.is", "value": "invoice.paid"},
            {"path": f"{OBJECT}.amount_paid", "test": "number.at_least", "value": 5000},
            {"any": [{"path": f"{OBJECT}.country", "test": "text.is", "value": "US"},
                     {"path": f"{OBJECT}.channel", "test": "text.is", "value": "web"}]},
        ]}  # fmt: skip
        return make_rule(ada, hook, mode="off", when=when).id, len(bodies[0])


def body(chance: random.Random, at: int, lines: int) -> bytes:
    paid = chance.randrange(100, 20_000)
    item = {"description": "Kyusu teapot", "amount": paid, "quantity": 1, "price": {"id": "p_1"}}
    about = {
        "id": f"in_{at}", "amount_paid": paid, "currency": "usd", "number": f"LT-{at}",
        "country": chance.choice("US CA DE".split()), "channel": chance.choice(("web", "shop")),
        "customer_email": f"x{at}@shop.example", "customer_name": "Jenny Rosen", "status": "paid",
        "lines": {"data": [{**item, "id": f"il_{at}_{n}"} for n in range(lines)]},
        "metadata": {f"note_{n}": f"something {at}" for n in range(12)},
    }  # fmt: skip
    kind = chance.choice(("invoice.paid", "invoice.paid", "invoice.voided"))
    return json.dumps({"id": f"evt_{at}", "type": kind, "data": {"object": about}}).encode()


def row(ada: Person, hook_id: str, told: bytes, age: int) -> dict[str, Any]:
    kind = json.loads(told)["type"]
    headers = [["Content-Type", "application/json"], ["User-Agent", "Stripe/1.0"]]
    columns: dict[str, Any] = {
        column.name: column.default.arg if column.default and column.default.is_scalar else None
        for column in events.Event.__table__.columns
    }
    at = utcnow() + timedelta(minutes=age)
    return columns | {
        "id": new_id("evt"), "workspace_id": ada.workspace_id, "hook_id": hook_id,
        "received_at": at, "state": "done", "method": "POST", "query": "", "headers": headers,
        "address": "", "content_type": "application/json", "size": len(told), "event_type": kind,
        "verification": "none", "reason": "", "sample": False, "gist": "Jenny Rosen",
        "matched": 0, "judged": 1, "judged_at": at, "tries": 0,
    }  # fmt: skip


def edited(ada: Person, rule_id: str) -> dict[str, str]:
    """The builder's form with the amount raised."""
    form = form_of(ada.get(f"/rules/{rule_id}").text)
    return {**form, "/when/all/1/value": "75"}


def far(ada: Person, form: dict[str, str]) -> Iterator[float]:
    """How long each stretch took, until all is judged."""
    while True:
        began = perf_counter()
        answer = ada.post("/rules/far", form)
        yield perf_counter() - began
        assert answer.status_code == 200, answer.status_code
        form = {**form, **Form(answer.text).data}
        if "done" in form["far"] and json.loads(form["far"])["done"]:
            return


def timed(call: Any) -> float:
    began = perf_counter()
    assert call().status_code == 200
    return perf_counter() - began


if __name__ == "__main__":
    main()
