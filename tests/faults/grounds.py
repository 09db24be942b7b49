"""What Rulebook stands on, in a form that can be taken away: databases, queues and disks that are
started, broken and started again at the same place."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from tests import servers


class Daemon:
    """A server that is ended and started again on the same port."""

    def __init__(self, command: list[str], folder: Path, answers: Callable[[], bool]) -> None:
        self.command, self.folder, self.answers = command, folder, answers
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(
                self.command, cwd=self.folder, env=servers._plain_env(), stdout=log, stderr=log
            )
        ends = time.monotonic() + servers.START_DEADLINE
        while not self.answers():
            assert self.process.poll() is None and time.monotonic() < ends, "it did not start"
            time.sleep(0.02)

    def end(self, number: signal.Signals = signal.SIGKILL) -> None:
        """End it and wait until it has gone."""
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(30)
            self.process = None

    def restart(self, number: signal.Signals = signal.SIGKILL) -> None:
        self.end(number)
        self.start()


@contextmanager
def redis() -> Iterator[tuple[Daemon, str]]:
    """A Redis that keeps nothing, and its URL."""
    port = servers.free_port()
    with servers._folder("rulebook-redis-", None) as folder:
        command = [servers.redis_server(), "--port", str(port), "--bind", "127.0.0.1"]
        command += ["--dir", str(folder), "--save", "", "--appendonly", "no"]
        daemon = Daemon(
            servers._command(command, None), folder, lambda: servers._redis_answers(port)
        )
        daemon.start()
        try:
            yield daemon, f"redis://127.0.0.1:{port}/0"
        finally:
            daemon.end()


@contextmanager
def postgres() -> Iterator[tuple[Daemon, str]]:
    """A PostgreSQL that answers a commit only when it is in the log, and its URL. SIGQUIT ends it
    as `pg_ctl -m immediate` does."""
    programs, user, port = servers.postgres_bin(), servers._ordinary_user(), servers.free_port()
    with servers._folder("rulebook-pg-", user) as folder:
        data = str(folder / "data")
        initdb = [str(programs / "initdb"), "-D", data, "-U", "rulebook", "-A", "trust"]
        initdb += ["-E", "UTF8", "--no-locale", "--no-sync", "--no-instructions"]
        subprocess.run(
            servers._command(initdb, user), cwd=folder, env=servers._plain_env(), check=True,
            capture_output=True,
        )  # fmt: skip
        server = [str(programs / "postgres"), "-D", data, "-p", str(port), "-k", str(folder)]
        # The machine stays up, so what the kernel has is safe without fsync.
        for setting in ("listen_addresses=127.0.0.1", "fsync=off", "synchronous_commit=on"):
            server += ["-c", setting]
        daemon = Daemon(
            servers._command(server, user), folder, lambda: servers._postgres_answers(port)
        )
        daemon.start()
        try:
            yield daemon, f"postgresql://rulebook@127.0.0.1:{port}/postgres"
        finally:
            daemon.end(signal.SIGQUIT)


def end_backends(url: str) -> int:
    """Terminate every other connection to that server; how many there were."""
    with psycopg.connect(url, autocommit=True) as line:
        found = line.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        ).fetchone()
    return int(found[0]) if found else 0


@contextmanager
def locked(database: Path) -> Iterator[None]:
    """SQLite's write lock, held by a stranger."""
    stranger = sqlite3.connect(database, isolation_level=None, timeout=30)
    try:
        stranger.execute("BEGIN EXCLUSIVE")
        yield
        stranger.execute("ROLLBACK")
    finally:
        stranger.close()


@contextmanager
def small_disk(folder: Path, megabytes: int = 20) -> Iterator[Path]:
    """A disk of that size, mounted in the folder; skips where mounting is not allowed."""
    disk = folder / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("a disk of its own cannot be mounted here (root may)")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def fill(disk: Path) -> Path:
    """Write a file that takes all that is left; its path."""
    filler = disk / "filler"
    with filler.open("ab", buffering=0) as file:
        for size in (65536, 4096, 512, 1):
            try:
                while True:
                    file.write(os.urandom(size))
            except OSError:
                pass
    return filler
