"""Commands about single events: send a sample, replay one that came."""

from __future__ import annotations

import sys
import time
from typing import Any

import click

from rulebook import config
from rulebook.cli.ground import acting, as_json, as_user, at_home, printed
from rulebook.domain.replay import Replayed
from rulebook.domain.replay import replay as replay_event
from rulebook.egress import Egress, EgressError, Response, target
from rulebook.errors import RulebookError
from rulebook.providers import PROVIDERS, choose, deliver
from rulebook.storage.runs import Run

MEANINGS = {
    401: "The signature was not right: give the hook's secret with --secret.",
    404: "There is no hook at this address: copy it again.",
    405: "This address takes no POST: is it a hook?",
    408: "The request took too long to arrive.",
    413: "The body is larger than the hook takes.",
    415: "The kind of content is not taken there.",
    429: "Too many at once; try again later.",
    503: "The receiver could not store it just now; a tool would try again.",
}


def local_egress(url: str) -> Egress:
    """A way out that also reaches the one address that the operator has typed."""
    to = target(url)
    host = f"[{to.host}]" if ":" in to.host else to.host
    return Egress((*config.load()["EGRESS_ALLOW"], f"{host}:{to.port}"))


@click.command()
@click.argument("provider", required=False)
@click.argument("event", required=False)
@click.option("--to", "url", metavar="URL", help="The hook's address.")
@click.option("--secret", default="", help="The signing secret; signed when given.")
@click.option("--list", "show", is_flag=True, help="List tools and their sample events.")
@as_json
def send(
    provider: str | None, event: str | None, url: str | None, secret: str, show: bool, as_json: bool
) -> None:
    """Send a sample event to an address, as its tool would."""
    if show:
        return _list(provider, as_json)
    if not provider or not event or not url:
        raise RulebookError(
            "A tool, an event and --to are needed.",
            "Such as: rulebook send stripe payment_succeeded --to URL. --list shows the names.",
        )
    sender = choose(provider)
    try:
        made = deliver(sender, sender.sample(event), secret, time.time(), url=url)
    except ValueError as problem:
        raise RulebookError(str(problem), sender.secret_hint) from None
    try:
        answer = local_egress(url).request("POST", made.url, made.headers, made.body)
    except EgressError as problem:
        raise RulebookError(problem.sentence, problem.fix) from None
    said = {"status": answer.status, "means": meaning(answer), "answer": answer.text}
    printed(as_json, said, lambda: f"{answer.status}: {said['means']}")
    if not 200 <= answer.status < 300:
        sys.exit(1)


def meaning(answer: Response) -> str:
    """A status in words."""
    if 200 <= answer.status < 300:
        return f"Taken, in {answer.took * 1000:.0f} ms."
    if 300 <= answer.status < 400:
        return "It points elsewhere; tools do not follow. Use the address it points to."
    return MEANINGS.get(answer.status, "Refused." if answer.status < 500 else "It failed there.")


def _list(only: str | None, as_json: bool) -> None:
    chosen = [choose(only)] if only else list(PROVIDERS.values())
    rows = [
        {"provider": provider.name, "event": sample.name, "label": sample.label}
        for provider in chosen
        for sample in provider.samples
    ]
    lines = [f"{row['provider']} {row['event']}  ({row['label']})" for row in rows]
    printed(as_json, rows, lambda: "\n".join(lines))


@click.command()
@click.argument("event")
@click.option("--again", is_flag=True, help="Send what was sent before as well.")
@click.option("--dry-run", is_flag=True, help="Only say what would be sent.")
@as_user
@as_json
def replay(event: str, again: bool, dry_run: bool, email: str | None, as_json: bool) -> None:
    """Judge a stored event by today's rules and act on them."""
    with at_home() as app:
        done = replay_event(acting(email), event, dry_run=dry_run, again=again)
        if done.due:
            from rulebook.jobs.queue import Bell

            Bell(app, config.load()).runs(done.due)
        said = {
            "dry_run": done.dry_run,
            "runs": [_run(run) for run in done.runs],
            "already_sent": [_run(run) for run in done.already_sent],
        }
        printed(as_json, said, lambda: _in_words(done))


def _run(run: Run) -> dict[str, Any]:
    return {"id": run.id, "rule": run.rule_id, "step": run.step_id, "state": run.state,
            "summary": run.summary}  # fmt: skip


def _in_words(done: Replayed) -> str:
    verb = "Would be planned" if done.dry_run else "Planned"
    lines = [f"{verb}: {run.summary} ({run.state})" for run in done.runs]
    lines += [f"Left out, sent before: {run.summary} ({run.id})" for run in done.already_sent]
    if done.already_sent:
        lines.append("--again sends those as well.")
    return "\n".join(lines) or "No rule is met; nothing is sent."


COMMANDS = (send, replay)
