"""A copy of a SQLite database while it is in use."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from rulebook.errors import RulebookError


def back_up(source: Path, target: Path) -> int:
    """Copy the database, check the copy, put it in place complete or not at all; its bytes."""
    draft = target.with_name(f".{target.name}.part")
    draft.unlink(missing_ok=True)
    os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        _copy(source, draft)
        draft.rename(target)
    finally:
        draft.unlink(missing_ok=True)
    return target.stat().st_size


def _copy(source: Path, draft: Path) -> None:
    here = sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)
    there = sqlite3.connect(draft)
    try:
        here.backup(there)
        # One file, without a write-ahead log beside it.
        there.execute("PRAGMA journal_mode=DELETE")
        [(found,), *_] = there.execute("PRAGMA integrity_check").fetchall()
    finally:
        there.close()
        here.close()
    if found != "ok":
        raise RulebookError(f"The copy is damaged: {found}.", "Run: rulebook doctor")
