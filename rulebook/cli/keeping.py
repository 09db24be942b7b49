"""Keeping house: backup, prune, and a new key for the stored secrets."""

from __future__ import annotations

from pathlib import Path

import click
from sqlalchemy.engine import make_url

from rulebook import config
from rulebook.cli.ground import as_json, at_home, printed
from rulebook.domain import keys, sweep
from rulebook.errors import RulebookError
from rulebook.sealing import KEY_FILE
from rulebook.storage.backup import back_up


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@as_json
def backup(file: Path, as_json: bool) -> None:
    """Copy the SQLite database to a file, also while Rulebook runs."""
    settings = config.load()
    url = make_url(settings.database_url)
    if url.get_backend_name() != "sqlite":
        raise RulebookError("The database is PostgreSQL.", "Back it up with pg_dump.")
    source = Path(url.database or "")
    if not source.is_file():
        raise RulebookError(f"There is no database at {source} yet.", "Check RULEBOOK_INSTANCE.")
    if file.exists():
        raise RulebookError(f"{file} exists already.", "Name a file that does not.")
    if not file.absolute().parent.is_dir():
        raise RulebookError(f"There is no folder {file.absolute().parent}.", "Make it first.")
    size = back_up(source, file)
    key = settings.instance / KEY_FILE
    note = (
        f"The key of the stored secrets is not in it. Keep {key} (or RULEBOOK_SECRET_KEY) in "
        "another place; without it the secrets in the copy cannot be opened."
    )
    said = {"file": str(file), "bytes": size, "integrity": "ok", "note": note}
    printed(as_json, said, lambda: f"{file}: {size:,} bytes, checked.\n{note}")


@click.command()
@as_json
def prune(as_json: bool) -> None:
    """Forget the bodies of events whose time is over."""
    with at_home():
        forgotten = 0
        while found := sweep.prune():
            forgotten += found
        printed(as_json, {"forgotten": forgotten}, lambda: f"{forgotten:,} bodies were forgotten.")


@click.command()
@as_json
def reseal(as_json: bool) -> None:
    """Seal all stored secrets with the first key, so that older keys can be taken away."""
    with at_home():
        done = keys.reseal()
    if done.shut:
        raise RulebookError(
            f"{done.older} of {done.count} were sealed anew, but no key opens {len(done.shut)}, "
            f"such as that of {done.shut[0]}.",
            "Add the key that sealed them to RULEBOOK_SECRET_KEY, or enter these secrets again.",
        )
    said = {"secrets": done.count, "resealed": done.older}
    words = f"{done.older} of {done.count} secrets were sealed anew; all open with the first key."
    printed(as_json, said, lambda: words)


COMMANDS = (backup, prune, reseal)
