"""What the doctor asks of a set-up: do database, queue, key, address and clocks suit each other,
on one machine and on several; does the mail server let us in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.pool import QueuePool

from rulebook import storage
from rulebook.config import Config
from rulebook.domain import keys
from rulebook.domain.own_mail import try_own_mail
from rulebook.egress import Egress
from rulebook.errors import ConfigError

MOUNTS = Path("/proc/self/mountinfo")
NETWORK = frozenset(
    "9p afs ceph cifs davfs fuse.ceph fuse.davfs fuse.gcsfuse fuse.glusterfs fuse.rclone "
    "fuse.s3fs fuse.sshfs glusterfs lustre ncpfs nfs nfs4 smb3 smbfs virtiofs".split()
)
SLOW_CLOCK, WRONG_CLOCK = 2.0, 30.0


@dataclass(frozen=True)
class Finding:
    """One check: ok, warn or fail, in a sentence, with the remedy."""

    check: str
    level: str
    sentence: str
    fix: str = ""


def on_sqlite(settings: Config) -> bool:
    """Whether everything is kept in a file here."""
    return make_url(settings.database_url).get_backend_name() == "sqlite"


def machines(settings: Config, mounts: Path = MOUNTS) -> Finding:
    """Whether database and queue serve as many machines as each other, and where SQLite's is."""
    if not on_sqlite(settings):
        if settings["QUEUE_URL"]:
            return Finding("machines", "ok", "Any number of machines can share the work.")
        return Finding(
            "machines", "warn",
            "The database serves several machines, but the queue is a file on this one: workers "
            "elsewhere are not rung and find their work late.",
            "With several machines set RULEBOOK_QUEUE_URL, also to the database's own address.",
        )  # fmt: skip
    kind = file_system(Path(make_url(settings.database_url).database or ""), mounts)
    if kind in NETWORK:
        return Finding(
            "machines", "warn",
            f"The SQLite database is on a network file system ({kind}), where its write-ahead "
            "log is not safe, and from two machines is damaged.",
            "Put RULEBOOK_INSTANCE on a disk of this machine, or use PostgreSQL.",
        )  # fmt: skip
    if settings["QUEUE_URL"]:
        return Finding(
            "machines", "warn",
            "The queue serves several machines, but SQLite is a file on this one: what runs "
            "elsewhere would not see it.",
            "With several machines set RULEBOOK_DATABASE_URL to a PostgreSQL.",
        )  # fmt: skip
    return Finding("machines", "ok", "One machine: SQLite on a disk of its own.")


def file_system(path: Path, mounts: Path = MOUNTS) -> str:
    """The kind of file system that the path is on or would be on; empty where nobody says."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    whole = path.resolve()
    best, found = -1, ""
    for line in lines:  # man 5 proc: ... mount point (field 5) ... - kind source options
        before, _, after = line.partition(" - ")
        point = Path(re.sub(r"\\([0-7]{3})", lambda m: chr(int(m[1], 8)), before.split()[4]))
        # The last of several mounts at one place hides the others.
        if whole.is_relative_to(point) and len(point.parts) >= best:
            best, found = len(point.parts), after.split()[0]
    return found


def seals() -> Finding:
    """Whether the stored secrets open with the present key (inside an app context)."""
    with storage.reading():
        fit = keys.look_at_seals()
    if fit.shut:
        return Finding(
            "secrets", "fail",
            f"{len(fit.shut)} of {fit.count} stored secrets cannot be opened with the present key, "
            f"such as that of {fit.shut[0]}.",
            "Use the same RULEBOOK_SECRET_KEY on every machine, with the former keys behind it; "
            "or enter these secrets again.",
        )  # fmt: skip
    if fit.older:
        return Finding("secrets", "warn",
                       f"{fit.older} of {fit.count} stored secrets open with an older key only.",
                       "Run: rulebook reseal")  # fmt: skip
    return Finding("secrets", "ok", f"The first key opens every stored secret ({fit.count}).")


def postgresql(now: datetime | None = None) -> Iterator[Finding]:
    """Whether the server keeps what it was given, has room for us, and knows the time (inside an
    app context)."""
    with storage.reading(), storage.db.engine.connect() as connection:

        def ask(what: str) -> str:
            return str(connection.execute(text(f"SHOW {what}")).scalar_one())

        unsafe = [name for name in ("fsync", "synchronous_commit", "full_page_writes")
                  if ask(name) == "off"]  # fmt: skip
        room = int(ask("max_connections")) - int(ask("superuser_reserved_connections"))
        there: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
        here = now or storage.utcnow()
    yield _durability(unsafe)
    yield _room(room)
    yield _clock(abs((there - here).total_seconds()))


def _durability(unsafe: list[str]) -> Finding:
    if not unsafe:
        return Finding("durability", "ok", "A commit is on disk before it is confirmed.")
    return Finding("durability", "fail",
                   f"PostgreSQL has {', '.join(unsafe)} off: a power cut there can lose events "
                   "that were acknowledged.",
                   "Switch it on for this server, database and user.")  # fmt: skip


def _room(connections: int) -> Finding:
    pool = storage.db.engine.pool
    each = pool.size() + max(pool._max_overflow, 0) if isinstance(pool, QueuePool) else 1
    said = (f"PostgreSQL has room for {connections} connections; a web or worker process takes up "
            f"to {each}, and a few more where PostgreSQL is the queue as well.")  # fmt: skip
    if connections < 2 * each:
        return Finding("connections", "warn", said, "Raise max_connections.")
    return Finding("connections", "ok", said)


def _clock(apart: float) -> Finding:
    said = f"This machine's clock and the database's are {apart:.1f} s apart."
    level = "fail" if apart > WRONG_CLOCK else "warn" if apart > SLOW_CLOCK else "ok"
    return Finding("clock", level, said, "Let both follow a time server (NTP): machines with "
                   "different times take each other's work.")  # fmt: skip


def times(now: datetime | None = None) -> Finding:
    """Whether this machine's clock is behind one that things were stored by (inside an app
    context)."""
    with storage.reading():
        newest = storage.clocks.newest_stored()
        storage.db.session.rollback()
    ahead = (newest - (now or storage.utcnow())).total_seconds() if newest else 0.0
    if ahead <= WRONG_CLOCK:
        return Finding("times", "ok", "Nothing was stored by a clock that is ahead of this one.")
    return Finding(
        "times", "warn",
        f"The newest that is stored is from {ahead / 60:,.0f} minutes ahead of this machine's "
        "clock: it went back, or another machine's is wrong.",
        "Let every machine follow a time server (NTP). A running worker moves what is planned with "
        "its clock; what a restart of the machine came between waits until then.",
    )  # fmt: skip


def public_url(settings: Config) -> Finding:
    """Whether people and senders can get here by the address that links are made from."""
    url = settings.public_url
    host = urlsplit(url).hostname or ""
    if not host:
        return Finding("public address", "fail", f"{url} names no host.",
                       "Set RULEBOOK_PUBLIC_URL, such as https://rules.example.com.")  # fmt: skip
    if urlsplit(url).path:
        return Finding("public address", "fail", f"{url} has a path; pages are found at the root "
                       "of a host only.",
                       "Give Rulebook a host name of its own.")  # fmt: skip
    if local(host):
        return Finding("public address", "warn", f"{url} is reached from this network only.",
                       "For tools on the internet set RULEBOOK_PUBLIC_URL.")  # fmt: skip
    if not url.startswith("https://"):
        return Finding("public address", "warn", f"{url} is not encrypted.",
                       "Put a proxy with https in front, and name it in "
                       "RULEBOOK_PUBLIC_URL.")  # fmt: skip
    if not settings["TRUSTED_PROXIES"]:
        return Finding("public address", "warn", f"{url} is served by a proxy, and none is "
                       "trusted: every caller seems to have the proxy's address.",
                       "Set RULEBOOK_TRUSTED_PROXIES to the number of proxies.")  # fmt: skip
    return Finding("public address", "ok", f"Links lead to {url}.")


def local(host: str) -> bool:
    """Whether a host is reached from this machine or its network only."""
    try:
        address = ip_address(host)
    except ValueError:
        return host == "localhost" or "." not in host
    return not address.is_global


def mail(settings: Config) -> Finding:
    """Whether the mail server in the settings lets us in; no message is sent."""
    try:
        tried = try_own_mail(settings, Egress(settings["EGRESS_ALLOW"]))
    except ConfigError as problem:
        return Finding("mail", "fail", problem.message, problem.fix)
    if tried is None:
        return Finding("mail", "ok", "None is set; workspaces connect their own.")
    if tried.kind == "yes":
        return Finding("mail", "ok", tried.sentence)
    return Finding("mail", "fail", tried.sentence, tried.fix or "Check RULEBOOK_MAIL_URL.")
