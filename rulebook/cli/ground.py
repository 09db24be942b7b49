"""What most commands stand on: an app without pages, somebody to act as, two ways to print."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import click
from flask import Flask

from rulebook import config, storage
from rulebook.config import Config
from rulebook.domain.actor import Actor
from rulebook.domain.house import furnish
from rulebook.errors import RulebookError
from rulebook.storage import users, workspaces

Command = TypeVar("Command", bound=Callable[..., Any])


def as_json(command: Command) -> Command:
    """The option --json."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")(command)


def as_user(command: Command) -> Command:
    """The option --user."""
    words = "The account to act as; needed where there are several."
    return click.option("--user", "email", metavar="EMAIL", help=words)(command)


def open_app(settings: Config | None = None) -> Flask:
    """A Flask app with nothing but the house, its database brought up to date."""
    settings = settings or config.load()
    app = Flask("rulebook", instance_path=str(settings.instance.absolute()))
    furnish(app, settings)
    storage.upgrade(app)
    return app


@contextmanager
def at_home() -> Iterator[Flask]:
    """Inside, verbs work: an app's context, closed with its database afterwards."""
    app = open_app()
    with app.app_context():
        try:
            yield app
        finally:
            storage.db.session.remove()
            storage.db.engine.dispose()


def acting(email: str | None) -> Actor:
    """The account of that address, or the only one there is, in its first workspace."""
    known = users.everyone()
    if email is not None:
        known = [user for user in known if user.email == email.strip().lower()]
        if not known:
            raise RulebookError(f"There is no account {email}.", "`rulebook user list` shows all.")
    if not known:
        raise RulebookError("There is no account yet.", "Make one: rulebook user add EMAIL")
    if len(known) > 1:
        raise RulebookError("There are several accounts.", "Say which one acts: --user EMAIL")
    workspace = workspaces.first_workspace(known[0].id)
    role = workspaces.role_of(known[0].id, workspace.id) if workspace else None
    if workspace is None or role is None:
        raise RulebookError(f"{known[0].email} is in no workspace.", "Act as somebody else.")
    return Actor(workspace.id, known[0].id, role, "command line")


def printed(as_json: bool, data: Any, text: Callable[[], str]) -> None:
    """Print for people, or as JSON for programs."""
    click.echo(json.dumps(data, default=str) if as_json else text())
