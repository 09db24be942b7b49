"""`doctor`: looks whether everything is as Rulebook needs it, and says what to do where not."""

from __future__ import annotations

import os
import platform
import shutil
import sqlite3
import stat
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from flask import Flask
from sqlalchemy import text
from sqlalchemy.engine import make_url

from rulebook import __version__, config, storage
from rulebook.cli.ground import as_json, printed
from rulebook.cli.serving import check_port
from rulebook.cli.setups import (
    Finding,
    machines,
    mail,
    on_sqlite,
    postgresql,
    public_url,
    seals,
    times,
)
from rulebook.config import SETTINGS, Config
from rulebook.domain import disk
from rulebook.domain.house import furnish
from rulebook.egress import Egress, EgressError
from rulebook.errors import ConfigError, RulebookError
from rulebook.sealing import KEY_FILE

LITTLE_FREE = 2_000_000_000
# Two connections that checkpoint at the same moment could corrupt the write-ahead log.
WAL_BUG = ((3, 7, 0), (3, 51, 2))


@click.command()
@as_json
def doctor(as_json: bool) -> None:
    """Check machine, settings and stores, and say what to do."""
    settings: Config | None = None
    found = [_python()]
    try:
        settings = config.load()
        found.append(Finding("settings", "ok", "Every setting can be used."))
    except ConfigError as problem:
        found.append(Finding("settings", "fail", problem.message, problem.fix))
    found.append(_sqlite(settings is None or on_sqlite(settings)))
    if settings:
        found += [_database_kind(settings), machines(settings), *_folder(settings),
                  *_stores(Config({**settings, "MAIL_URL": ""})), _disk(settings),
                  _port(settings), public_url(settings), mail(settings)]  # fmt: skip
    table = _table(settings) if settings else {}
    said = {"version": __version__, "checks": [asdict(each) for each in found], "settings": table}
    printed(as_json, said, lambda: _in_words(found, table))
    if any(each.level == "fail" for each in found):
        sys.exit(1)


def _in_words(found: list[Finding], table: dict[str, Any]) -> str:
    lines = [f"Rulebook {__version__}"]
    for each in found:
        lines.append(f"{each.level:4}  {each.check}: {each.sentence}")
        if each.fix and each.level != "ok":
            lines.append(f"      {each.fix}")
    lines += ["", "Settings:"] if table else []
    lines += [f"  RULEBOOK_{name} = {value}" for name, value in table.items()]
    return "\n".join(lines)


def _table(settings: Config) -> dict[str, str]:
    """Every setting with its value; secret ones as dots."""

    def shown(name: str, secret: bool) -> str:
        value = settings[name]
        if secret and value:
            return "••••••"
        return ", ".join(value) if isinstance(value, tuple) else str(value)

    return {setting.name: shown(setting.name, setting.secret) for setting in SETTINGS}


def _python() -> Finding:
    level = "ok" if sys.version_info >= (3, 11) else "fail"
    return Finding("python", level, f"Python {platform.python_version()}.", "Use 3.11 or newer.")


def _sqlite(used: bool) -> Finding:
    low, high = WAL_BUG
    affected = used and low <= sqlite3.sqlite_version_info <= high
    sentence = f"SQLite {sqlite3.sqlite_version}."
    if not affected:
        return Finding("sqlite", "ok", sentence)
    return Finding(
        "sqlite",
        "warn",
        f"{sentence} Versions 3.7.0 to 3.51.2 can in very rare cases damage the write-ahead log "
        "when two processes tidy it at the same moment.",
        "Back up daily (rulebook backup FILE), and take a newer SQLite when your system has one.",
    )


def _database_kind(settings: Config) -> Finding:
    url = make_url(settings.database_url)
    kind = url.get_backend_name()
    if kind not in ("sqlite", "postgresql"):
        return Finding("database kind", "fail", f"{kind} is not supported.",
                       "Use SQLite or PostgreSQL.")  # fmt: skip
    return Finding("database kind", "ok", f"{kind}, {url.render_as_string(hide_password=True)}")


def _folder(settings: Config) -> Iterator[Finding]:
    folder, key = settings.instance, settings.instance / KEY_FILE
    if not folder.is_dir():
        yield Finding("instance folder", "warn", f"There is no {folder} yet.",
                      "The first start makes it.")  # fmt: skip
        return
    if os.access(folder, os.W_OK | os.X_OK):
        yield Finding("instance folder", "ok", f"{folder} can be written to.")
    else:
        yield Finding("instance folder", "fail", f"{folder} cannot be written to.",
                      "Give it to the user who runs Rulebook.")  # fmt: skip
    if settings["SECRET_KEY"]:
        yield Finding("key", "ok", "The key comes from RULEBOOK_SECRET_KEY.")
    elif not key.exists():
        yield _no_key(settings, key)
    elif stat.S_IMODE(key.stat().st_mode) != 0o600:
        yield Finding("key", "fail", f"{key} may be read by others.", f"Run: chmod 600 {key}")
    else:
        shared = "" if on_sqlite(settings) else (
            " Another machine needs the same text as its RULEBOOK_SECRET_KEY.")  # fmt: skip
        yield Finding("key", "ok", f"{key} is there, for its owner only.{shared}")


def _no_key(settings: Config, key: Path) -> Finding:
    if _has_database(settings):
        return Finding("key", "fail", f"{key} is missing, and there is a database already.",
                       "Put the key back; without it the stored secrets stay shut.")  # fmt: skip
    return Finding("key", "warn", f"There is no {key} yet.", "The first start makes it.")


def _has_database(settings: Config) -> bool:
    url = make_url(settings.database_url)
    return url.get_backend_name() != "sqlite" or Path(url.database or "").is_file()


def _stores(settings: Config) -> Iterator[Finding]:
    """Database and queue; nothing is made that is not there."""
    key_there = settings["SECRET_KEY"] or (settings.instance / KEY_FILE).exists()
    if not settings.instance.is_dir() or not key_there or not _has_database(settings):
        yield Finding("database", "warn", "There is none yet, or it cannot be opened.",
                      "`rulebook run` makes it.")  # fmt: skip
        return
    app = Flask("rulebook.doctor", instance_path=str(settings.instance.absolute()))
    try:
        furnish(app, settings)
    except RulebookError as problem:
        yield Finding("database", "fail", problem.message, problem.fix)
        return
    with app.app_context():
        yield from _database(settings)
        yield from _attempt("queue", lambda: [_queue(app, settings)], "Check RULEBOOK_QUEUE_URL.")
        storage.db.session.remove()
        storage.db.engine.dispose()


def _attempt(name: str, check: Callable[[], Iterable[Finding]], fix: str) -> list[Finding]:
    try:
        return list(check())
    except Exception as problem:  # whatever a driver raises is a finding
        said = getattr(problem, "orig", None) or problem  # the driver's own words
        words = " ".join(str(said).split()) or type(problem).__name__
        return [Finding(name, "fail", f"It does not answer: {words}", fix)]


def _database(settings: Config) -> Iterator[Finding]:
    """First whether it answers; the rest is asked only of one that does, with today's tables."""
    fix = "Check RULEBOOK_DATABASE_URL and that it runs."
    [first] = _attempt("database", lambda: [_migrated()], fix)
    yield first
    if first.level == "ok":
        yield from _attempt("secrets", lambda: [seals()], fix)
        yield from _attempt("times", lambda: [times()], fix)
    if first.level == "fail" or on_sqlite(settings):
        return
    yield from _attempt("durability", postgresql, fix)


def _migrated() -> Finding:
    with storage.reading():
        storage.db.session.execute(text("SELECT 1"))
        storage.db.session.rollback()
        here, known = storage.revisions()
    if here == known[0]:
        return Finding("database", "ok", f"It answers and is at the newest migration, {here}.")
    if here is not None and here not in known:
        return Finding("database", "fail", f"A newer Rulebook has been at work here ({here}).",
                       "Install that version again, or restore a backup from before.")  # fmt: skip
    return Finding("database", "warn", f"It is at {here or 'no migration'}, not at {known[0]}.",
                   "Run: rulebook db upgrade (every start does it as well).")  # fmt: skip


def _queue(app: Flask, settings: Config) -> Finding:
    from rulebook.jobs.queue import Bell

    queue = Bell(app, settings).queue
    try:
        waiting = queue.pending_count()
    finally:
        queue.storage.close()
    return Finding("queue", "ok", f"It answers; {waiting} rings wait.")


def _disk(settings: Config) -> Finding:
    place = settings.instance.absolute()
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    said = f"{free / 1e9:.1f} GB are free at {place}."
    if free < disk.floor(settings):
        return Finding("disk", "fail", f"{said} Hooks answer 503 below RULEBOOK_DISK_FLOOR.",
                       "Make room, or set RULEBOOK_RETENTION_DAYS lower.")  # fmt: skip
    level = "warn" if free < LITTLE_FREE else "ok"
    return Finding("disk", level, said, "Make room, or set RULEBOOK_RETENTION_DAYS lower.")


def _port(settings: Config) -> Finding:
    try:
        check_port(settings)
        return Finding("port", "ok", f"Port {settings['PORT']} is free.")
    except RulebookError as problem:
        if _served_by_us(settings):
            return Finding("port", "ok", f"Rulebook answers at port {settings['PORT']}.")
        return Finding("port", "fail", problem.message, problem.fix)


def _served_by_us(settings: Config) -> bool:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings["HOST"], settings["HOST"])
    shown = f"[{host}]" if ":" in host else host
    place = f"{shown}:{settings['PORT']}"
    try:
        answer = Egress((place,)).request("GET", f"http://{place}/healthz", timeout=3)
    except EgressError:
        return False
    return answer.status == 200 and '"status"' in answer.text


COMMANDS = (doctor,)
