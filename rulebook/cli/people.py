"""Accounts and API tokens."""

from __future__ import annotations

import sys

import click

from rulebook.cli.ground import acting, as_json, at_home, printed
from rulebook.domain import accounts, oneself
from rulebook.domain.actor import SCOPES
from rulebook.domain.house import house
from rulebook.domain.tokens import make_token
from rulebook.errors import RulebookError
from rulebook.storage import users, workspaces
from rulebook.storage.users import User


@click.group()
def user() -> None:
    """Make, change and list accounts."""


@user.command("add")
@click.argument("email")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@as_json
def add(email: str, password_stdin: bool, as_json: bool) -> None:
    """Make an account with a workspace of its own; without a password print a link to set it."""
    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else None
    with at_home():
        person = accounts.add_user(email, password)
        link = _password_link(person.id) if password is None else None
        said = {"id": person.id, "email": person.email, "link": link}
        after = f"Set the password here (once, within 24 hours):\n  {link}" if link else ""
        printed(as_json, said, lambda: f"{person.email} has an account now. {after}".rstrip())


@user.command("password")
@click.argument("email")
@as_json
def password(email: str, as_json: bool) -> None:
    """Print a one-time link to set a new password for an account."""
    with at_home():
        person = _known(email)
        link = _password_link(person.id)
        said = {"id": person.id, "email": person.email, "link": link}
        printed(as_json, said, lambda: f"Set the password here (once, within 24 hours):\n  {link}")


@user.command("email")
@click.argument("email")
@click.argument("new")
@as_json
def change_email(email: str, new: str, as_json: bool) -> None:
    """Give an account another e-mail address, where no mail server can confirm it.

    Make sure that the address is that person's: links to set a password and alerts go there."""
    with at_home():
        person = _known(email)
        old, now = oneself.set_email(person, new)
        said = {"id": person.id, "email": now}
        printed(as_json, said, lambda: f"{old} signs in as {now} from now on. No mail was sent.")


def _known(email: str) -> User:
    person = users.user_by_email(email)
    if person is None:
        raise RulebookError(f"There is no account {email}.", "`rulebook user list` shows all.")
    return person


def _password_link(user_id: str) -> str:
    return f"{house().config.public_url}/password/{accounts.make_link('password', user_id)}"


@user.command("list")
@as_json
def list_users(as_json: bool) -> None:
    """List the accounts with their workspaces."""
    with at_home():
        rows = []
        for person in users.everyone():
            workspace = workspaces.first_workspace(person.id)
            rows.append(
                {
                    "id": person.id,
                    "email": person.email,
                    "workspace": workspace.name if workspace else None,
                    "password_set": person.password is not None,
                }
            )
        lines = [
            f"{row['email']}  {row['workspace']}{'' if row['password_set'] else '  (no password)'}"
            for row in rows
        ]
        printed(as_json, rows, lambda: "\n".join(lines) or "There is no account yet.")


@click.group()
def token() -> None:
    """Make API tokens."""


@token.command("create")
@click.option("--user", "email", metavar="EMAIL", required=True, help="Whose token it is.")
@click.option("--name", default="command line", show_default=True, help="What will use it.")
@click.option(
    "--scope", "scopes", multiple=True, type=click.Choice(SCOPES), help="May be given repeatedly."
)
@as_json
def create(email: str, name: str, scopes: tuple[str, ...], as_json: bool) -> None:
    """Make a token for the REST API and print it, alone on the last line, this once."""
    with at_home():
        made, text = make_token(acting(email), name, list(scopes) or None)
        said = {"id": made.id, "name": made.name, "scopes": made.scopes, "token": text}
        may = ", ".join(made.scopes)
        printed(as_json, said, lambda: f"{made.name} may {may}. Keep the token:\n{text}")


COMMANDS = (user, token)
