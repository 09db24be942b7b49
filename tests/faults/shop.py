"""What the harness kills: a Rulebook with a hook, rules of every kind, a sender and receivers."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rulebook import config
from rulebook.domain.connections import make_connection
from rulebook.storage import db
from tests import servers
from tests.fakes import Mail, Sink, Twilio
from tests.faults.births import ROOT
from tests.faults.product import Product
from tests.faults.pulse import Pulse
from tests.faults.receivers import Calls, Letters, Noted, Texts
from tests.faults.sender import TEXTING, Sender
from tests.faults.supervised import Supervised
from tests.people import Person, make_hook, make_person, make_rule
from tests.stories import path_of
from web import create_app

STORES = ("sqlite", "postgres+redis", "postgres", "run")


@dataclass
class Shop:
    """The whole of it. `database` is a path for SQLite, a URL for PostgreSQL."""

    product: Product
    pulse: Pulse
    database: Path | str
    folder: Path
    port: int
    path: str
    seed: str

    def sender(self, **more: Any) -> Sender:
        """Begin to send."""
        return Sender(self.port, self.path, self.folder / "sent", self.pulse, self.seed, **more)


@contextmanager
def opened(store: str, folder: Path, seed: str, quick: bool) -> Iterator[Shop]:
    """Set everything up; no process of Rulebook is started yet. All of it ends with the block.
    quick: processes are forked by a nursery. The store `run` is SQLite under `rulebook run`."""
    with ExitStack() as stack:
        pulse = Pulse()
        noted = Noted(folder / "arrived", pulse)
        calls = stack.enter_context(Calls(noted, seed))
        mail = stack.enter_context(Letters(noted))
        port = servers.free_port()
        twilio = stack.enter_context(Texts(noted, port, seed))
        home = folder / "instance"
        home.mkdir()
        environ = {
            "PATH": os.environ.get("PATH", os.defpath), "HOME": str(folder),
            "PYTHONPATH": str(ROOT), "RULEBOOK_INSTANCE": str(home), "RULEBOOK_PORT": str(port),
            "RULEBOOK_EGRESS_ALLOW": "127.0.0.1", "RULEBOOK_TWILIO_API": twilio.url,
            # An address that Twilio could reach, or no reports would be asked for.
            "RULEBOOK_PUBLIC_URL": "http://rulebook.example", "RULEBOOK_LOG_LEVEL": "warning",
        }  # fmt: skip
        database: Path | str = home / "rulebook.db"
        many = 1
        if store.startswith("postgres"):
            many = 2
            server = stack.enter_context(servers.postgres())
            database = stack.enter_context(servers.fresh_database(server))
            queue = stack.enter_context(servers.redis()) if store == "postgres+redis" else database
            environ |= {"RULEBOOK_DATABASE_URL": database, "RULEBOOK_QUEUE_URL": queue}
        kind, quick = (Supervised, False) if store == "run" else (Product, quick)
        product = kind(folder, environ, {"web": many, "worker": many}, quick)
        stack.callback(product.abandon)
        product.command("prepare")
        path = _furnish(environ, calls, mail, twilio)
        yield Shop(product, pulse, database, folder, port, path, seed)


def _furnish(environ: dict[str, str], calls: Sink, mail: Mail, twilio: Twilio) -> str:
    """Ada's hook, and a rule for each kind of action; the path of the hook."""
    settings = {k: v for k, v in environ.items() if k.startswith("RULEBOOK_")}
    app = create_app(config.load(settings))
    ada = make_person(app, "ada")
    with app.app_context():
        path = _rules(ada, calls, mail, twilio)
        db.session.remove()
        db.engine.dispose()
    app.extensions["bell"].queue.storage.close()
    return path


def _rules(ada: Person, calls: Sink, mail: Mail, twilio: Twilio) -> str:
    smtp = make_connection(ada.actor, "smtp", "Mail", mail.connection).id
    sms = make_connection(ada.actor, "twilio", "Texts", twilio.connection).id
    delivery = "{{ payload.id }}"
    configs: dict[str, dict[str, Any]] = {
        "put": {"action": "http", "config": {"method": "PUT", "body": f'"{delivery}"',
                                             "url": f"{calls.url}/put/{delivery}"}},
        "post": {"action": "http", "config": {"method": "POST", "body": f'"{delivery}"',
                                              "url": f"{calls.url}/post/{delivery}"}},
        "mail": {"action": "email", "connection": smtp,
                 "config": {"to": "ada@shop.example", "subject": delivery, "text": "An order."}},
        "sms": {"action": "sms", "connection": sms,
                "config": {"to": "+14155550123", "message": delivery}},
    }  # fmt: skip
    hook = make_hook(ada, provider="github")
    for step, does in configs.items():
        # One rule may text 20 times an hour, and no more should be held than cannot be helped.
        for n in range(1, 1 + (TEXTING if step == "sms" else 1)):
            make_rule(
                ada, hook, path=f"$.{step}", test="number.is", value=n, name=f"{step} {n}",
                then=[{"id": step, **does}],
            )  # fmt: skip
    return path_of(hook)
