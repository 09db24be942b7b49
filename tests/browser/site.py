"""The pages on a local address, served by this process, with everything on them that there can be.

`Site` is the server; `furnish` fills a workspace; PAGES is the table of all pages, one row for each
of the URL map, with the addresses at which each is looked at.
"""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import select
from werkzeug.serving import WSGIRequestHandler, make_server

from rulebook import config, storage
from rulebook.domain import accounts, bulk, evidence, oneself, people, rules
from rulebook.domain.chosen import Which
from rulebook.domain.connections import make_connection
from rulebook.domain.hidden_fields import hide_field
from rulebook.providers import RECIPES
from rulebook.storage import db, utcnow
from rulebook.storage.events import Event
from rulebook.storage.runs import Run
from tests.people import Person, document, make_hook, make_person, make_rule
from tests.servers import free_port
from tests.stories import path_of
from tests.work import work
from web import create_app

SENT = {
    "id": "evt_{n}", "type": "invoice.paid", "amount": 12_900, "currency": "usd", "note": "x" * 900,
    "customer": {"name": "Jenny Rosen", "email": "jenny@shop.example", "phone": "+14155550123"},
    "lines": [{"name": f"Tea {n}", "price": n} for n in range(12)], "empty": None, "paid": True,
}  # fmt: skip

# Endpoint -> the addresses at which its page is looked at; names in brackets are ids of `furnish`.
PAGES: dict[str, tuple[str, ...]] = {
    "home.index": ("/", "/?first=1"),
    "help.index": ("/help",),
    "hooks.index": ("/hooks",),
    "hooks.show": ("/hooks/{hook}", "/hooks/{quiet}"),
    "hooks.delete": ("/hooks/{hook}/delete",),
    "hooks.rotate": ("/hooks/{hook}/rotate",),
    "events.index": ("/events", "/events?q=nothing-like-it", "/events?hook={hook}&state=matched"),
    "events.show": (
        "/events/{event}", "/events/{event}?view=bytes", "/events/{event}?view=headers",
        "/events/{event}?view=difference", "/events/{event}?find=tea", "/events/{refused}",
        "/events/{repeat}", "/events/{event}?rules=all", "/events/{event}?hide=yes",
    ),
    "events.replay": ("/events/{event}/replay",),
    "events.try_today": ("/events/{event}/try",),
    "events.share": ("/events/{event}/share",),
    "rules.index": ("/rules",),
    "rules.new": ("/rules/new", "/rules/new?hook={hook}&event={event}"),
    "rules.edit": ("/rules/{rule}", "/rules/{rule}?version=1", "/rules/{long}"),
    "rules.versions": ("/rules/{rule}/versions",),
    "rules.delete": ("/rules/{rule}/delete",),
    "runs.index": ("/runs", "/runs?state=failed"),
    "runs.show": ("/runs/{run}", "/runs/{unknown}", "/runs/{failed}"),
    "runs.retry_failed": ("/runs/retry",),
    "bulk.ask": ("/together/replay?id={event}", "/together/retry?state=failed&fit=yes",
                 "/together/cancel?id={unknown}"),
    "bulk.index": ("/bulks",),
    "bulk.show": ("/bulks/{bulk}",),
    "outbox.index": ("/outbox",),
    "connections.index": ("/connections",),
    "connections.new": ("/connections/new/twilio", "/connections/new/smtp"),
    "connections.edit": ("/connections/{connection}",),
    "settings.index": ("/settings",),
    "people.index": ("/settings/people",),
    "account.index": ("/account",),
    "account.confirm": ("/account/new-email/{new_email}",),
    "accounts.prove": ("/prove?next=/events/export.csv",),
    "alerts.index": ("/alerts",),
    "recipes.index": ("/recipes",),
    "recipes.show": ("/recipes/{recipe}",),
}  # fmt: skip
# These are for people who are not signed in; the last one only while nobody has an account.
SIGNED_OUT = {
    "accounts.sign_in": ("/sign-in",),
    "accounts.sign_up": ("/sign-up",),
    "accounts.password": ("/password/{password}",),
    "evidence.show": ("/evidence/{link}",),
    "people.join": ("/join/{join}",),
}
FIRST = {"accounts.setup": ("/setup/{setup}",)}
# They answer programs: text, JSON, bytes to be saved.
NO_PAGES = {"events.body", "taking.take_events", "taking.take_runs"}
NO_ROOMS = {"static", "api", "inbox", "callbacks", "health"}


def endpoints(app: Flask) -> set[str]:
    """Every endpoint of the URL map that answers a GET with a page."""
    found = {rule.endpoint for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    return {each for each in found if each.partition(".")[0] not in NO_ROOMS} - NO_PAGES


class _Quiet(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Only what goes wrong is told."""


class Site:
    """The web application on a local address; `ada` once somebody has furnished it."""

    ada: Person

    def __init__(self, folder: Path, template: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        shutil.copy(template, folder / "rulebook.db")
        self.app = create_app(config.load({
            "RULEBOOK_INSTANCE": str(folder), "RULEBOOK_PUBLIC_URL": self.url,
            "RULEBOOK_EGRESS_ALLOW": "127.0.0.1", "RULEBOOK_SIGNUP": "open",
        }))  # fmt: skip
        self.ids: dict[str, str] = {}

    def cookie(self) -> Any:
        """The session of ada's browser, as Playwright wants it."""
        found = self.ada.client.get_cookie("rulebook_session")
        assert found is not None
        return {"name": found.key, "value": found.value, "url": self.url}

    def addresses(self, table: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
        """The addresses of a table's pages, ids filled in."""
        for some in table.values():
            for each in some:
                yield self.url + each.format(**self.ids)


@contextmanager
def serving(folder: Path, template: Path, furnish: Callable[[Site], None]) -> Iterator[Site]:
    """A site with what `furnish` puts into it, until the end of the block."""
    site = Site(folder, template)
    furnish(site)
    server = make_server("127.0.0.1", site.port, site.app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()
        with site.app.app_context():
            storage.db.engine.dispose()
        site.app.extensions["bell"].queue.storage.close()


def furnish(site: Site) -> None:
    """A workspace in which something of everything has happened."""
    app = site.app
    ada = site.ada = make_person(app, "ada")
    with app.app_context():
        hook = make_hook(ada, "Shop payments", provider="stripe")
        guarded = make_hook(ada, "Guarded", provider="stripe", secret="whsec_linden")
        quiet = make_hook(ada, "Quiet")
        make_connection(ada.actor, "http_auth", "Books", {"type": "bearer", "token": "tok_1234567"})
        first = make_rule(ada, hook)
        make_rule(ada, hook, name="Far away", value=99_000_000, path="$.nothing")
        mail = {
            "path": "$.customer.email",
            "test": "text.is",
            "value": f"{'jenny.' * 9}@shop.example",
        }
        long = make_rule(ada, hook, "off", name="Off", when={"any": [mail, {"all": [mail]}]})
        make_rule(ada, hook, "watch", name="Watched", value=1)
        paths = path_of(hook), path_of(guarded)
        ids = {"hook": hook.id, "quiet": quiet.id, "rule": first.id, "long": long.id}
    for n in (1, 2, 2, 3):
        body = json.dumps({**SENT, "id": f"evt_{n}", "amount": 12_900 + n})
        _post(app, paths[0], body)
    _post(app, paths[1], "{}")
    work(app)
    with app.app_context():
        rules.save_rule(ada.actor, first.id, document(value=90))
        made = list(db.session.scalars(select(Event).order_by(Event.id)))
        by_state = {event.state: event.id for event in made}
        ids |= {"event": by_state["done"], "refused": by_state["refused"],
                "repeat": by_state["duplicate"]}  # fmt: skip
        ids |= _runs(ids["event"])
        hide_field(ada.actor, hook.id, "$.customer.phone")
        ids["connection"] = storage.connections.connections(ada.workspace_id)[0].id
        ids["link"] = evidence.make_link(ada.actor, ids["event"])[1]
        ids["bulk"] = bulk.begin(ada.actor, Which("replay", (ids["event"],), again=True)).id
        ids["recipe"] = RECIPES[0].id
        make_person(app, "bo", workspace_of=ada, role="editor")
        ids["join"] = people.invite(ada.actor, "dee@shop.example", "viewer")[1]
        ids["new_email"] = oneself.ask_for_email(ada.actor, "ada@else.example")[1]
        ids["password"] = accounts.make_link("password", ada.user_id)
    site.ids |= ids


def furnish_nothing(site: Site) -> None:
    """Nobody has an account yet; there is the one-time link to make the first."""
    with site.app.app_context():
        site.ids["setup"] = accounts.make_link("setup")


def _post(app: Flask, path: str, body: str) -> None:
    headers = {"Authorization": "Bearer 1234567", "X-Till": "seven"}
    app.test_client().post(f"{path}?shop=1", data=body, content_type="application/json",
                           headers=headers)  # fmt: skip


def _runs(event_id: str) -> dict[str, str]:
    """Three runs in states that a quick test does not reach by itself."""
    found = list(db.session.scalars(select(Run).where(Run.state == "succeeded").order_by(Run.id)))
    failed, unknown, fine = found[0], found[1], found[2]
    failed.state, failed.practice, failed.sentence = "failed", False, "Twilio refused the number."
    unknown.state, unknown.practice, unknown.sentence = "unknown", False, "The answer was lost."
    failed.fix, failed.finished_at = "Check the number.", utcnow()
    db.session.commit()
    return {"failed": failed.id, "unknown": unknown.id, "run": fine.id}
