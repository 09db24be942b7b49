"""Fixtures for everyone: an app on SQLite and on PostgreSQL, the cast, and the whole product
running as its two processes."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask

from rulebook import config, storage
from rulebook.domain.house import furnish
from tests import servers
from tests.fakes import Mail, Sink, Twilio
from tests.people import Person, make_person
from tests.servers import free_port, postgres_server, redis_url
from web import create_app

__all__ = ["postgres_server", "redis_url"]


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file to copy from."""
    folder = tmp_path_factory.mktemp("template")
    _migrate({"RULEBOOK_INSTANCE": str(folder)})
    return folder / "rulebook.db"


@pytest.fixture(scope="session")
def postgres_template(
    postgres_server: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The name of a migrated, empty PostgreSQL database to copy from."""
    folder = tmp_path_factory.mktemp("template")
    with servers.fresh_database(postgres_server) as url:
        _migrate({"RULEBOOK_INSTANCE": str(folder), "RULEBOOK_DATABASE_URL": url})
        yield url.rpartition("/")[2]


def _migrate(environ: dict[str, str]) -> None:
    settings = config.load(environ)
    app = Flask("migrate")
    furnish(app, settings)
    storage.upgrade(app)
    with app.app_context():
        storage.db.engine.dispose()


@pytest.fixture
def settings() -> dict[str, str]:
    """Settings that a test may add to before it asks for the app."""
    return {}


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def app(
    request: pytest.FixtureRequest, tmp_path: Path, settings: dict[str, str]
) -> Iterator[Flask]:
    """The web application on an empty, migrated database of each kind."""
    environ = {"RULEBOOK_INSTANCE": str(tmp_path), "RULEBOOK_EGRESS_ALLOW": "127.0.0.1"}
    environ |= settings
    if request.param == "sqlite":
        template = request.getfixturevalue("sqlite_template")
        shutil.copy(template, tmp_path / "rulebook.db")
        yield from _app(environ)
    else:
        server = request.getfixturevalue("postgres_server")
        template = request.getfixturevalue("postgres_template")
        with servers.fresh_database(server, template) as url:
            yield from _app(environ | {"RULEBOOK_DATABASE_URL": url})


def _app(environ: dict[str, str]) -> Iterator[Flask]:
    app = create_app(config.load(environ))
    app.testing = False  # errors become pages, as for everyone
    yield app
    with app.app_context():
        storage.db.engine.dispose()
    app.extensions["bell"].queue.storage.close()


@pytest.fixture
def ada(app: Flask) -> Person:
    return make_person(app, "ada")


@pytest.fixture
def bo(app: Flask, ada: Person) -> Person:
    return make_person(app, "bo", workspace_of=ada, role="editor")


@pytest.fixture
def cy(app: Flask) -> Person:
    return make_person(app, "cy")


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as sink:
        yield sink


@pytest.fixture
def twilio() -> Iterator[Twilio]:
    with Twilio() as twilio:
        yield twilio


@pytest.fixture
def mail() -> Iterator[Mail]:
    with Mail() as mail:
        yield mail


@dataclass(frozen=True)
class Live:
    """Rulebook as users have it: web and worker as processes. `setup` is the one-time link."""

    url: str
    setup: str
    instance: Path
    process: subprocess.Popen[str]
    environ: dict[str, str]

    def command(self, *words: str, given: str | None = None) -> str:
        """Run a `rulebook` command against it; what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "rulebook", *words], env=self.environ, input=given,
            capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout


def start_live(folder: Path, **more: str) -> Live:
    """Start `rulebook run` in an instance folder of its own and wait until it answers."""
    port = free_port()
    environ = {
        "PATH": "/usr/bin:/bin", "HOME": str(folder), "PYTHONPATH": str(Path(__file__).parents[1]),
        "RULEBOOK_INSTANCE": str(folder), "RULEBOOK_PORT": str(port),
        "RULEBOOK_EGRESS_ALLOW": "127.0.0.1", **more,
    }  # fmt: skip
    with (folder / "run.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "rulebook", "run"],
            env=environ, stdout=log, stderr=log, text=True,
        )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    _wait_for(url, process, folder / "run.log")
    printed = (folder / "run.log").read_text()
    found = re.search(r"http://\S+/setup/\S+", printed)
    return Live(url, found[0] if found else "", folder, process, environ)


def _wait_for(url: str, process: subprocess.Popen[str], log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/healthz", timeout=1):
                return
        except OSError:
            time.sleep(0.05)
    process.terminate()
    process.wait(60)
    raise AssertionError(f"it did not start:\n{log.read_text()}")


def stop_live(live: Live) -> None:
    """End it as Ctrl-C in its service manager would."""
    live.process.terminate()
    live.process.wait(60)


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    """The whole product, running."""
    running = start_live(tmp_path)
    yield running
    stop_live(running)
