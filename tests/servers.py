"""Throw-away PostgreSQL and Redis on free ports, their files in temporary folders.

A server ends with its `with` block, and also when the test process is killed: it asks the kernel
to be told of its parent's death. Each xdist worker starts its own (a PostgreSQL takes about a
second), so nothing is shared and nothing has to be locked.

A conftest takes the fixtures by name: `from tests.servers import postgres_database, redis_url`
(with `postgres_server`, which the first one needs).
"""

import contextlib
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

START_DEADLINE = 30  # seconds

# Runs in the child: become user and group (if given), die with the parent, be the server.
_BECOME = """
import ctypes, os, sys
end, user, group, *command = sys.argv[1:]
if user:
    os.setgroups([]); os.setgid(int(group)); os.setuid(int(user))
ctypes.CDLL(None).prctl(1, int(end))
os.execv(command[0], command)
"""


class Missing(Exception):
    """The server is not installed here; the text says what to install."""


def postgres_bin() -> pathlib.Path:
    """The folder with initdb and postgres, newest version first. Raises Missing."""
    folders = sorted(
        pathlib.Path("/usr/lib/postgresql").glob("*/bin"),
        key=lambda folder: float(folder.parent.name),
        reverse=True,
    )
    found = shutil.which("initdb")
    folders += [pathlib.Path(found).resolve().parent] if found else []
    for folder in folders:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise Missing("PostgreSQL is not installed (apt-get install postgresql)")


def redis_server() -> str:
    """The redis-server program. Raises Missing."""
    found = shutil.which("redis-server")
    if not found:
        raise Missing("Redis is not installed (apt-get install redis-server)")
    return found


@contextlib.contextmanager
def postgres() -> Iterator[str]:
    """The URL of an empty server's `postgres` database, for a user who may create databases.

    RULEBOOK_TEST_POSTGRES_URL names a running one to be used instead. Raises Missing.
    """
    if given := os.environ.get("RULEBOOK_TEST_POSTGRES_URL"):
        yield given
        return
    programs, user = postgres_bin(), _ordinary_user()
    with _folder("rulebook-pg-", user) as folder:
        data = str(folder / "data")
        initdb = [str(programs / "initdb"), "-D", data, "-U", "rulebook", "-A", "trust"]
        initdb += ["-E", "UTF8", "--no-locale", "--no-sync", "--no-instructions"]
        made = subprocess.run(
            _command(initdb, user), cwd=folder, env=_plain_env(), text=True, capture_output=True
        )
        if made.returncode:
            raise RuntimeError(f"initdb failed in {folder}: {made.stderr}")

        def command(port: int) -> list[str]:
            server = [str(programs / "postgres"), "-D", data, "-p", str(port), "-k", str(folder)]
            for setting in ("listen_addresses=127.0.0.1", "fsync=off", "full_page_writes=off",
                            "synchronous_commit=off", "max_connections=100"):  # fmt: skip
                server += ["-c", setting]
            return _command(server, user)

        with _running(command, folder, _postgres_answers) as port:
            yield f"postgresql://rulebook@127.0.0.1:{port}/postgres"


@contextlib.contextmanager
def fresh_database(url: str, template: str = "template0") -> Iterator[str]:
    """The URL of a new database on that server, dropped at the end.

    template: the database it is copied from; nobody may be connected to that one meanwhile.
    """
    name = f"rulebook_{uuid4().hex}"
    _run(url, "CREATE DATABASE {} TEMPLATE {} ENCODING 'UTF8'", name, template)
    try:
        yield urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
    finally:
        _run(url, "DROP DATABASE {} WITH (FORCE)", name)


@contextlib.contextmanager
def redis() -> Iterator[str]:
    """The URL of an empty Redis that keeps nothing on disk. Raises Missing."""
    program = redis_server()
    with _folder("rulebook-redis-", None) as folder:

        def command(port: int) -> list[str]:
            server = [program, "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder)]
            return _command([*server, "--save", "", "--appendonly", "no"], None)

        with _running(command, folder, _redis_answers) as port:
            yield f"redis://127.0.0.1:{port}/0"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """One server per test process."""
    try:
        with postgres() as url:
            yield url
    except Missing as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="module")
def postgres_database(postgres_server: str) -> Iterator[str]:
    """An empty database per test module."""
    with fresh_database(postgres_server) as url:
        yield url


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """One Redis per test process; who needs it empty, flushes it."""
    try:
        with redis() as url:
            yield url
    except Missing as missing:
        pytest.skip(str(missing))


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def _running(
    command: Callable[[int], list[str]], folder: pathlib.Path, answers: Callable[[int], bool]
) -> Iterator[int]:
    """The port of the running server; another is tried when somebody took it in between."""
    for _ in range(3):
        port = free_port()
        with open(folder / "log", "wb") as log:
            server = subprocess.Popen(
                command(port), cwd=folder, env=_plain_env(), stdout=log, stderr=log
            )
        try:
            if _comes_up(server, port, answers):
                yield port
                return
        finally:
            _stop(server)
    raise RuntimeError(f"The server did not start: {(folder / 'log').read_text()[-2000:]}")


def _comes_up(server: subprocess.Popen[bytes], port: int, answers: Callable[[int], bool]) -> bool:
    deadline = time.monotonic() + START_DEADLINE
    while server.poll() is None and time.monotonic() < deadline:
        if answers(port):
            return True
        time.sleep(0.02)
    return False


def _stop(server: subprocess.Popen[bytes]) -> None:
    server.send_signal(signal.SIGINT)  # for PostgreSQL: do not wait for clients
    try:
        server.wait(timeout=10)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _postgres_answers(port: int) -> bool:
    try:
        psycopg.connect(f"postgresql://rulebook@127.0.0.1:{port}/postgres").close()
    except psycopg.OperationalError:
        return False
    return True


def _redis_answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
            client.sendall(b"PING\r\n")
            return client.recv(5) == b"+PONG"
    except OSError:
        return False


def _run(url: str, statement: str, *names: str) -> None:
    # psycopg does not know SQLAlchemy's way of naming it as driver.
    plain = url.replace("postgresql+psycopg://", "postgresql://")
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def _ordinary_user() -> pwd.struct_passwd | None:
    """Whom the server runs as, because PostgreSQL refuses to run as root; None: as ourselves."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise Missing("PostgreSQL does not run as root, and there is no user postgres or nobody")


def _command(command: list[str], user: pwd.struct_passwd | None) -> list[str]:
    ids = [str(user.pw_uid), str(user.pw_gid)] if user else ["", ""]
    return [sys.executable, "-ISc", _BECOME, str(int(signal.SIGINT)), *ids, *command]


def _plain_env() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}


@contextlib.contextmanager
def _folder(prefix: str, user: pwd.struct_passwd | None) -> Iterator[pathlib.Path]:
    with tempfile.TemporaryDirectory(prefix=prefix) as name:
        if user:
            os.chown(name, user.pw_uid, user.pw_gid)
        yield pathlib.Path(name)
