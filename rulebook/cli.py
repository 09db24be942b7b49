"""The command line: `rulebook --help`."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable
from typing import Any

import click
from flask import Flask

from rulebook import __version__, config, storage
from rulebook.config import Config
from rulebook.domain import accounts
from rulebook.domain.house import furnish
from rulebook.errors import Invalid, RulebookError


class Commands(click.Group):
    """Errors of ours end a command with a sentence and its remedy, never a stack trace."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except Invalid as error:
            for problem in error.problems:
                click.echo(f"{problem.message} {problem.fix}".strip(), err=True)
            sys.exit(2)
        except RulebookError as error:
            click.echo(f"{error.message} {error.fix}".strip(), err=True)
            sys.exit(2)


@click.group(cls=Commands)
@click.version_option(__version__, prog_name="rulebook")
def main() -> None:
    """Rulebook: webhooks in, rules judged, messages out."""
    logging.basicConfig(
        level=config.load()["LOG_LEVEL"].upper(),
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    for noisy in ("huey", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def open_app(settings: Config | None = None) -> Flask:
    """A Flask app with nothing but the house, for commands that need the database."""
    settings = settings or config.load()
    app = Flask("rulebook", instance_path=str(settings.instance.absolute()))
    furnish(app, settings)
    storage.upgrade(app)
    return app


def printed(as_json: bool, data: Any, text: Callable[[], str]) -> None:
    """Print for people, or as JSON for programs."""
    click.echo(json.dumps(data, default=str) if as_json else text())


@main.command()
def run() -> None:
    """Start web and worker together; stop both with Ctrl-C."""
    from rulebook.jobs.supervisor import supervise

    settings = config.load()
    app = open_app(settings)
    with app.app_context():
        _greet(settings)
    supervise()


def _greet(settings: Config) -> None:
    click.echo(f"Rulebook {__version__} on {settings.public_url}")
    if not storage.users.anyone():
        link = accounts.make_link("setup")
        click.echo("Make the first account here (the link works once, for 24 hours):")
        click.echo(f"  {settings.public_url}/setup/{link}")
    click.echo("Stop with Ctrl-C.")
    sys.stdout.flush()
    storage.db.session.remove()


@main.command()
def web() -> None:
    """Start a web process alone."""
    from granian import Granian
    from granian.constants import Interfaces

    settings = config.load()
    open_app(settings)
    Granian(
        "web.door:application",
        address=settings["HOST"],
        port=settings["PORT"],
        interface=Interfaces.ASGI,
        factory=True,
        websockets=False,
        workers_kill_timeout=10,
        log_level=settings["LOG_LEVEL"],
    ).serve()


@main.command()
def worker() -> None:
    """Start a worker process alone."""
    from rulebook.jobs.worker import work

    settings = config.load()
    open_app(settings)
    work(settings)
