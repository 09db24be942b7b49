"""Commands that serve: run, web, worker; and the database's upgrade before that."""

from __future__ import annotations

import errno
import socket
import sys
import time
from importlib import import_module

import click

from rulebook import __version__, config
from rulebook.config import Config
from rulebook.errors import RulebookError

WEB, WORKER, SERVER = "web.line", "rulebook.jobs.worker", "uvicorn"
WEB_ENDS = 10.0  # seconds until a web process is ended that does not stop
LAST_ONE_STOPS = 2.0  # seconds for a Rulebook that was just stopped to let go of its port


PREPARED = click.option("--prepared", is_flag=True, hidden=True, help="The tables are up to date.")


@click.command()
def run() -> None:
    """Start web and worker together; stop both with Ctrl-C."""
    from rulebook.jobs.supervisor import Role, once, share, supervise

    settings = config.load()
    check_port(settings, patience=LAST_ONE_STOPS)
    share(WEB, WORKER, SERVER)
    # In a process of its own: who supervises must not have opened anything before it forks.
    if code := once("prepare", _prepare):
        sys.exit(code)
    supervise({"web": Role(_web, WEB_ENDS), "worker": Role(_worker)})


def _prepare() -> None:
    """The command, for its way of telling what is wrong."""
    from rulebook.cli import main

    main(["prepare"])


@click.command(hidden=True)
def prepare() -> None:
    """Make folder, key and tables, and say where to begin."""
    from rulebook.cli.ground import at_home
    from rulebook.jobs.queue import check_url

    settings = config.load()
    check_url(settings)
    with at_home():
        _greet(settings)


def _greet(settings: Config) -> None:
    from rulebook.domain import accounts
    from rulebook.storage import users

    click.echo(f"Rulebook {__version__} on {settings.public_url}")
    if not users.anyone():
        link = accounts.make_link("setup")
        click.echo("Make the first account here (the link works once, for 24 hours):")
        click.echo(f"  {settings.public_url}/setup/{link}")
    click.echo("Stop with Ctrl-C.")


@click.command()
@PREPARED
def web(prepared: bool) -> None:
    """Start a web process alone."""
    from rulebook.jobs.queue import check_url
    from rulebook.jobs.supervisor import called, share

    settings = config.load()
    check_port(settings, shared=True)
    check_url(settings)
    if not prepared:
        _upgrade()
    called("web")
    share(WEB, SERVER)
    _web()


@click.command()
@PREPARED
def worker(prepared: bool) -> None:
    """Start a worker process alone."""
    from rulebook.jobs.supervisor import called

    if not prepared:
        _upgrade()
    called("worker")
    _worker()


def _web() -> None:
    settings = _settings()
    listening = _listening(settings["HOST"], settings["PORT"])
    import_module(WEB).serve(listening)  # by name: what serves is no floor of the commands


def _listening(host: str, port: int) -> socket.socket:
    """A socket for those who call; several web processes may share the port."""
    listening = socket.socket(_family(host, port))
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if hasattr(socket, "SO_REUSEPORT"):
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listening.bind((host, port))
    return listening


def _family(host: str, port: int) -> socket.AddressFamily:
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]


def _worker() -> None:
    from rulebook.jobs.worker import work

    work(_settings())


def _settings() -> Config:
    """This process's settings; it logs as they say, though it be a new one."""
    from rulebook.cli import log_from

    settings = config.load()
    log_from(settings["LOG_LEVEL"].upper())
    return settings


def _upgrade() -> None:
    from rulebook.cli.ground import at_home

    with at_home():  # and its connection is closed before the process goes on to serve
        pass


@click.group()
def db() -> None:
    """Look after the database."""


@db.command()
def upgrade() -> None:
    """Bring the database's tables to this version of Rulebook."""
    _upgrade()
    click.echo("The database is up to date.")


def check_port(settings: Config, shared: bool = False, patience: float = 0) -> None:
    """Whether the web server could listen, with `shared` beside other web processes of ours.
    Waits `patience` seconds for the port; raises RulebookError with the remedy."""
    ends = time.monotonic() + patience
    while problem := _port_problem(settings["HOST"], settings["PORT"], shared):
        if time.monotonic() >= ends:
            raise problem
        time.sleep(0.1)


def _port_problem(host: str, port: int, shared: bool) -> RulebookError | None:
    try:
        with socket.socket(_family(host, port), socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if shared and hasattr(socket, "SO_REUSEPORT"):
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            probe.bind((host, port))
    except socket.gaierror:
        return RulebookError(f"There is no address {host} here.", "Correct RULEBOOK_HOST.")
    except OSError as problem:
        return RulebookError(*_why_not(problem, host, port))
    return None


def _why_not(problem: OSError, host: str, port: int) -> tuple[str, str]:
    other = "set RULEBOOK_PORT to another port, such as RULEBOOK_PORT=8001."
    if problem.errno == errno.EADDRINUSE:
        return (
            f"Port {port} on {host} is taken by another program, or Rulebook runs already.",
            f"Stop that one, or {other}",
        )
    if problem.errno == errno.EACCES:
        return f"Port {port} may not be used without special rights.", f"S{other[1:]}"
    return f"{host} cannot be listened on: {problem.strerror}.", "Correct RULEBOOK_HOST."


COMMANDS = (run, web, worker, prepare, db)
