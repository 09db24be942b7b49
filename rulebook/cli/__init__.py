"""The command line: `rulebook --help`. One file for each group of commands."""

from __future__ import annotations

import importlib
import logging
import sys
from typing import Any

import click
from sqlalchemy.exc import OperationalError

from rulebook import __version__, config
from rulebook.errors import Invalid, RulebookError

__all__ = ["log_from", "main"]

# Command -> the file that holds it. Only that file is loaded: the supervisor of `run` lives as long
# as the product, and has no use for what the other commands need.
ROOMS = {
    "run": "serving", "web": "serving", "worker": "serving", "prepare": "serving", "db": "serving",
    "user": "people", "token": "people",
    "send": "deliveries", "replay": "deliveries",
    "listen": "forwarding",
    "rules": "documents",
    "doctor": "checks",
    "backup": "keeping", "prune": "keeping", "reseal": "keeping",
}  # fmt: skip


class Commands(click.Group):
    """Errors of ours end a command with a sentence and its remedy, never a stack trace."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(ROOMS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in ROOMS:
            return None
        room = importlib.import_module(f"{__name__}.{ROOMS[name]}")
        found: click.Command = next(each for each in room.COMMANDS if each.name == name)
        return found

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
        except OperationalError as error:
            reason = str(error.orig).strip().partition("\n")[0]
            click.echo(f"The database does not answer: {reason}.\n"
                       "Start it, or correct RULEBOOK_DATABASE_URL; `rulebook doctor` says more.",
                       err=True)  # fmt: skip
            sys.exit(2)


@click.group(cls=Commands)
@click.version_option(__version__, prog_name="rulebook")
@click.pass_context
def main(ctx: click.Context) -> None:
    """Rulebook: webhooks in, rules judged, messages out."""
    # The doctor looks at the settings itself, above all at wrong ones.
    level = "INFO" if ctx.invoked_subcommand == "doctor" else config.load()["LOG_LEVEL"].upper()
    log_from(level)


def log_from(level: str) -> None:
    """Write what happens to standard error, from this level on."""
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for noisy in ("huey", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
