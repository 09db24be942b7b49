"""Whatever comes from outside is shown as text: script in it runs on no page, whoever sent it.

The texts of `hostile` stand wherever something foreign can stand: in what is sent to a hook (names
and values, query, headers, type), in names that people give, in what providers answer, in what
rules look for and say. Each page is opened, folded parts and all, and nothing may come to life.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Dialog
from sqlalchemy import select, update

from rulebook.storage import db
from rulebook.storage.attempts import Attempt
from rulebook.storage.audit import AuditEntry
from rulebook.storage.connections import Connection, OutboxMessage
from rulebook.storage.events import Event
from rulebook.storage.hooks import Hook
from rulebook.storage.rules import Rule, RuleVersion
from rulebook.storage.runs import Run
from rulebook.storage.users import ApiToken, User
from rulebook.storage.workspaces import Workspace
from tests.browser.chromium import DESKTOP, Complaints
from tests.browser.hostile import bundles, texts
from tests.browser.site import PAGES, SIGNED_OUT, Site, furnish, serving
from tests.people import make_hook, make_rule
from tests.stories import path_of
from tests.work import work

ALIVE = (
    """() => [...document.querySelectorAll("[xss]")].map((each) => each.outerHTML.slice(0, 120))"""
)
UNFOLD = """() => { for (const each of document.querySelectorAll("details")) each.open = true }"""
MORE = {
    "hostile": (
        "/events/{nasty}", "/events/{nasty}?view=bytes", "/events/{nasty}?view=headers",
        "/events/{nasty}?view=difference", "/events/{nasty}?rules=all", "/events/{nasty}/replay",
        "/events/{nasty}?find=xss", "/events/{nasty}/share", "/events/{nasty}/try",
        "/rules/new?hook={nest}&event={nasty}",
        "/rules/{trap}", "/rules/{trap}/versions", "/hooks/{nest}", "/runs/{nasty_run}",
        "/runs?hook={nest}", "/events?hook={nest}",
    ),
}  # fmt: skip
SHOWN = {"hostile": ("/evidence/{nasty_link}",)}


def test_there_are_at_least_500_of_them() -> None:
    found = texts()
    assert len(found) == len(set(found)) >= 500
    assert sum("xss" in each for each in found) >= 500


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Site]:
    with serving(tmp_path_factory.mktemp("hostile"), sqlite_template, beset) as site:
        yield site


def beset(site: Site) -> None:
    """A workspace in which everything foreign is hostile."""
    furnish(site)
    app, ada = site.app, site.ada
    with app.app_context():
        nest = make_hook(ada, "Nest", provider="stripe")
        rule = make_rule(ada, nest, **_rule())
        make_rule(ada, nest, value=99_000_000)
        site.ids |= {"nest": nest.id, "trap": rule.id}
        path = path_of(nest)
    for n in (1, 2):
        _send(app, path, n)
    work(app)
    with app.app_context():
        _spoil(site)


def _rule() -> dict[str, Any]:
    """A rule that is met by what is sent, and whose own words are hostile."""
    plain = bundles(60)[0].replace("{{", "")
    found = {"path": "$.values['0']", "test": "text.contains", "value": "xss"}
    named = {**found, "path": "$['" + texts()[1].replace("'", "") + "']"}
    wanted = [{**found, "test": "text.is", "value": each} for each in bundles(60)]
    return {
        "name": texts()[40],
        "when": {"any": [found, named, *wanted]},
        "then": [
            {"id": "a", "action": "sms", "config": {
                "to": "+14155550123", "message": "{{ payload.values['0'] }}" + plain[:300]}},
            {"id": "b", "action": "email",
             "config": {"to": "ada@shop.example", "subject": texts()[2], "text": plain}},
        ],
    }  # fmt: skip


def _send(app: Flask, path: str, n: int) -> None:
    """Every text as a value, as a name, in the query and in headers."""
    each = texts()
    body = {
        "id": each[n], "type": each[3 + n], "object": each[7],
        "values": {str(at): f"{text} {n}" for at, text in enumerate(bundles(12))},
        "names": {str(at): {text: n for text in each[at : at + 90]} for at in range(0, 630, 90)},
        "list": [{"name": text} for text in each[:50]], each[1].replace("'", ""): "here",
        "data": {"object": {"amount": each[4], "currency": each[5], "description": each[6]}},
    }  # fmt: skip
    headers = [(f"X-Tea-{at}", text.replace("\t", " ")) for at, text in enumerate(bundles(40))]
    plain = [(name, value.encode("ascii", "replace").decode()) for name, value in headers]
    app.test_client().post(
        path, query_string={str(at): text for at, text in enumerate(bundles(60))},
        data=json.dumps(body), content_type="application/json", headers=plain,
    )  # fmt: skip


def _spoil(site: Site) -> None:
    """Names, answers and sentences, as long as no form would take them: what is stored is shown."""
    from rulebook.domain import evidence

    everything = " ".join(texts())
    nasty = db.session.scalars(
        select(Event).where(Event.hook_id == site.ids["nest"]).order_by(Event.id.desc())
    ).first()
    assert nasty is not None and nasty.matched == 1
    run = db.session.scalars(select(Run).where(Run.event_id == nasty.id)).first()
    assert run is not None
    site.ids |= {"nasty": nasty.id, "nasty_run": run.id,
                 "nasty_link": evidence.make_link(site.ada.actor, nasty.id)[1]}  # fmt: skip
    db.session.add(ApiToken(
        workspace_id=site.ada.workspace_id, user_id=site.ada.user_id, name="x", hint="x",
        token_hash="x", scopes=["read"],
    ))  # fmt: skip
    db.session.flush()
    for noun, columns in (
        (Hook, ["name"]), (Rule, ["name"]), (Connection, ["name"]), (ApiToken, ["name", "hint"]),
        (Workspace, ["name"]), (AuditEntry, ["detail", "address"]),
        (Event, ["gist", "reason", "address", "content_type"]),
        (Run, ["summary", "sentence", "fix", "provider_ref", "target"]),
        (Attempt, ["sentence", "fix", "request", "answer", "receipt"]),
    ):  # fmt: skip
        db.session.execute(update(noun).values(dict.fromkeys(columns, everything)))
    for at, event in enumerate(db.session.scalars(select(Event))):  # these two are cut when stored
        event.event_type, event.provider_id = (" ".join(texts()[at + n :])[:200] for n in (40, 80))
    message = {"to": everything, "subject": everything, "text": everything, "html": everything}
    db.session.execute(update(Run).values(message=message))
    for kept in db.session.scalars(select(OutboxMessage)):
        for column in ("to", "subject", "text", "html"):
            if hasattr(kept, column):
                setattr(kept, column, everything)
    for version in db.session.scalars(select(RuleVersion)):
        version.document = {**version.document, "name": " ".join(texts()[10:13])[:200]}
    for user, text in zip(db.session.scalars(select(User)), texts(), strict=False):
        user.email = text
    db.session.commit()


def test_nothing_that_came_from_outside_comes_to_life(browser: Browser, site: Site) -> None:
    complaints, shown = Complaints(), 0
    alive: list[str] = []
    context = browser.new_context(viewport={"width": DESKTOP[0], "height": DESKTOP[1]})
    complaints.watch(context, site.url)
    context.add_cookies([site.cookie()])
    page = context.new_page()

    def dismiss(dialog: Dialog) -> None:
        alive.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    page.on("dialog", dismiss)
    for address in [*site.addresses({**PAGES, **MORE}), *site.addresses({**SIGNED_OUT, **SHOWN})]:
        answer = page.goto(address)
        assert answer is not None and answer.status == 200, f"{address}: {answer and answer.status}"
        page.evaluate(UNFOLD)
        alive += [f"{address}: {each}" for each in page.evaluate(ALIVE)]
        shown += "xss" in (page.locator("body").inner_text() or "")
        assert page.url == address, f"{address} led to {page.url}"
    context.close()
    assert not alive, "\n".join(alive)
    assert not complaints.seen, "\n".join(complaints.seen)
    assert shown > 30, "the texts have to be on the pages"


@pytest.mark.parametrize("text", ["<img xss src=/mark.svg>", "'><b xss>", "</title><i xss>"])
def test_what_comes_to_life_would_be_seen(browser: Browser, text: str) -> None:
    page = browser.new_page()
    page.set_content(f"<html lang=en><title>{text}</title><p title='{text}'>{text}</p>")
    found = page.evaluate(ALIVE)
    page.close()
    assert found
