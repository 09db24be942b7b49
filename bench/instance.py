"""Rulebook as users have it, in a fresh folder, with one hook and one rule."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bench.payments import rule
from bench.sink import Sink

ROOT = Path(__file__).parents[1]
PERSON = "ada@shop.example"


@dataclass(frozen=True)
class Instance:
    """A running Rulebook: where it listens, its hook's path, its supervisor's id, its database."""

    port: int
    path: str
    pid: int
    database: Path

    def count(self, query: str) -> int:
        """Ask the database something that gives a number, without holding anybody up."""
        with _reading(self.database) as connection:
            found: int = connection.execute(query).fetchone()[0]
        return found

    def runs(self, state: str = "succeeded") -> int:
        """How many runs are in this state."""
        return self.count(f"SELECT count(*) FROM run WHERE state = '{state}'")  # noqa: S608

    def events(self) -> int:
        """How many events are stored."""
        return self.count("SELECT count(*) FROM event")

    def duplicates(self) -> int:
        """How many of them were taken for repeats; every id is sent once, so it has to be 0."""
        return self.count("SELECT count(*) FROM event WHERE state = 'duplicate'")


@contextmanager
def _reading(database: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=10)
    try:
        yield connection
    finally:
        connection.close()


@contextmanager
def running(sink: Sink, folder: str | None = None) -> Iterator[Instance]:
    """Start it, make an account, a hook and a rule, and stop it in the end.
    folder: where to make the instance folder; its disk is what is synced."""
    with tempfile.TemporaryDirectory(prefix="rulebook-bench-", dir=folder) as home:
        port = free_port()
        environ = _environ(Path(home), port, sink)
        log = Path(home, "run.log")
        with log.open("w") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "rulebook", "run"],
                env=environ, cwd=ROOT, stdout=output, stderr=output, start_new_session=True,
            )  # fmt: skip
        try:
            waits_for(port, "/healthz", process, log)
            path = _furnish(port, environ, sink)
            yield Instance(port, path, process.pid, Path(home, "rulebook.db"))
        finally:
            process.terminate()
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()  # the kernel then ends web and worker, see jobs/supervisor.py
                process.wait()


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _environ(home: Path, port: int, sink: Sink) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("RULEBOOK_")}
    return {
        **kept,
        "PYTHONPATH": str(ROOT),
        "RULEBOOK_INSTANCE": str(home),
        "RULEBOOK_PORT": str(port),
        "RULEBOOK_EGRESS_ALLOW": f"127.0.0.1:{sink.port}",
    }


def waits_for(port: int, path: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until a server that was just started answers, with whatever status."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=2):
                return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"It did not start:\n{log.read_text()[-2000:]}")


def _furnish(port: int, environ: dict[str, str], sink: Sink) -> str:
    _command(environ, "user", "add", PERSON, "--password-stdin", given="grey kettle, nine cups\n")
    token = _command(environ, "token", "create", "--user", PERSON).split()[-1]

    def make(noun: str, **what: Any) -> dict[str, Any]:
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/api/v1/{noun}", json.dumps(what).encode(),
            {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        )  # fmt: skip
        with urllib.request.urlopen(request, timeout=30) as answer:
            made: dict[str, Any] = json.load(answer)
            return made

    hook = make("hooks", name="Payments", provider="stripe")
    make("rules", hook=hook["id"], document=rule(sink.url), mode="live")
    path: str = urlsplit(hook["url"]).path
    return path


def _command(environ: dict[str, str], *words: str, given: str | None = None) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "rulebook", *words], env=environ, cwd=ROOT, input=given,
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"rulebook {' '.join(words)}: {done.stderr}")
    return done.stdout
