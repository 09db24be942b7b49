"""The command line: `rulebook --help`. One file for each group of commands."""

from __future__ import annotations

import logging
import sys
from typing import Any

import click

from rulebook import __version__, config
from rulebook.cli import checks, deliveries, documents, forwarding, keeping, people, serving
from rulebook.errors import Invalid, RulebookError

__all__ = ["main"]


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
@click.pass_context
def main(ctx: click.Context) -> None:
    """Rulebook: webhooks in, rules judged, messages out."""
    # The doctor looks at the settings itself, above all at wrong ones.
    level = "INFO" if ctx.invoked_subcommand == "doctor" else config.load()["LOG_LEVEL"].upper()
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for noisy in ("huey", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


for room in (serving, people, deliveries, forwarding, documents, checks, keeping):
    for command in room.COMMANDS:
        main.add_command(command)
