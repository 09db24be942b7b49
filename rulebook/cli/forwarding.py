"""`listen`: live events of a hook, handed on to a program under development."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from datetime import datetime, timedelta

import click

from rulebook.cli.deliveries import local_egress, meaning
from rulebook.cli.ground import acting, as_json, as_user, at_home
from rulebook.domain.actor import Actor
from rulebook.egress import Egress, EgressError, header_lines
from rulebook.errors import NotFound, RulebookError
from rulebook.storage import db, event_lists, events, hooks, reading, utcnow
from rulebook.storage.base import first_id
from rulebook.storage.events import Event
from rulebook.storage.hooks import Hook

EVERY = 0.5
AT_ONCE = 200
# Transactions may end in another order than they began: look back this far each time.
LOOK_BACK = timedelta(seconds=10)
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@click.command()
@click.argument("hook")
@click.option("--to", "url", metavar="URL", required=True, help="Where your program listens.")
@click.option("--since", help="Begin with the events since then: 10m, 2h or 1d ago.")
@click.option("--count", type=click.IntRange(min=1), help="Stop after this many events.")
@as_user
@as_json
def listen(
    hook: str, url: str, since: str | None, count: int | None, email: str | None, as_json: bool
) -> None:
    """Forward the new events of a hook (id or name) to an address."""
    begin = utcnow() - _span(since)
    with at_home():
        actor = acting(email)
        found = _find(actor, hook)
        try:
            egress = local_egress(url)
            egress.check(url)
        except EgressError as problem:
            raise RulebookError(problem.sentence, problem.fix) from None
        sent = 0
        try:
            click.echo(f"Listening to {found.name} for {url}. Stop with Ctrl-C.", err=True)
            for event, body in _arriving(actor, found, begin):
                _tell(event, _forward(egress, url, event, body), as_json)
                sent += 1
                if sent == count:
                    break
            click.echo(f"Stopped after {sent} events, as asked.", err=True)
        except KeyboardInterrupt:
            click.echo(f"Stopped by Ctrl-C; {sent} events were forwarded.", err=True)


def _span(text: str | None) -> timedelta:
    found = re.fullmatch(r"(\d{1,6})([smhd])", text.strip()) if text else None
    if text and not found:
        raise RulebookError(f"--since {text} cannot be read.", "Write 30s, 10m, 2h or 1d.")
    return timedelta(seconds=int(found[1]) * _UNITS[found[2]]) if found else timedelta()


def _find(actor: Actor, wanted: str) -> Hook:
    known = hooks.hooks(actor.workspace_id)
    fitting = [hook for hook in known if wanted in (hook.id, hook.name)]
    if not fitting:
        raise NotFound("hook")
    if len(fitting) > 1:
        raise RulebookError(f"Several hooks are called {wanted}.",
                            f"Use an id: {', '.join(hook.id for hook in fitting)}")  # fmt: skip
    return fitting[0]


def _arriving(actor: Actor, hook: Hook, begin: datetime) -> Iterator[tuple[Event, bytes]]:
    """Events as they come in, each once, without those whose signature was refused."""
    after, seen = first_id("evt", begin), set[str]()
    while True:
        with reading():
            found = event_lists.newer_events(actor.workspace_id, hook.id, after, AT_ONCE)
            bodies = events.bodies_of([event.id for event in found])
            db.session.expunge_all()
            db.session.rollback()
        for event in found:
            if event.id not in seen and event.id in bodies and event.state != "refused":
                yield event, bodies[event.id]
            seen.add(event.id)
        if len(found) == AT_ONCE:
            after = found[-1].id
        else:
            after = max(after, first_id("evt", utcnow() - LOOK_BACK))
            time.sleep(EVERY)
        seen = {event_id for event_id in seen if event_id > after}


def _forward(egress: Egress, url: str, event: Event, body: bytes) -> tuple[int | None, str]:
    joint = "&" if "?" in url else "?"
    to = f"{url}{joint}{event.query}" if event.query else url
    try:
        answer = egress.request(event.method, to, _headers(event), body)
    except EgressError as problem:
        return None, f"{problem.sentence} {problem.fix}".strip()
    return answer.status, meaning(answer)


def _headers(event: Event) -> dict[str, str]:
    """The headers as received, without those that belong to the line itself."""
    kept: dict[str, str] = {}
    for name, value in event.headers:
        try:
            header_lines({name: value or ""})
        except EgressError:
            continue
        kept[name] = f"{kept[name]}, {value}" if name in kept else value or ""
    return kept


def _tell(event: Event, outcome: tuple[int | None, str], as_json: bool) -> None:
    status, words = outcome
    if as_json:
        row = {"event": event.id, "type": event.event_type, "status": status, "means": words}
        click.echo(json.dumps(row))
        return
    at = f"{event.received_at:%H:%M:%S}"
    shown = f"{status}: {words}" if status else f"not forwarded: {words}"
    click.echo(f"{at} {event.event_type or event.method} {event.id} {shown}")


COMMANDS = (listen,)
