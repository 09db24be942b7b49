"""Each action type with a fake of its other side, so that all of them sit the same exam.

A new action adds one row to WORLDS: its fake, a config and a connection that work there, and how
the fake takes the message without ever answering.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from rulebook.actions import ACTIONS, Action, Call, Outcome
from rulebook.egress import Egress
from tests.fakes import Mail, Sink, Twilio

NOW = datetime(2026, 3, 4, 12, 0, 0, tzinfo=UTC)
CALL = Call("run_0123456789", attempt=1, deadline=5, signed_now=NOW)


@dataclass
class World:
    """One action before its fake; `run` carries it out there."""

    action: Action
    fake: Any
    config: dict[str, Any]
    connection: dict[str, Any] | None
    lose_the_answer: Callable[[], None]
    ca_file: str = ""

    @property
    def settings(self) -> dict[str, Any]:
        return {"TWILIO_API": f"http://127.0.0.1:{self.fake.port}"}

    @property
    def egress(self) -> Egress:
        return Egress((self.fake.allow,), ca_file=self.ca_file)

    def run(self, call: Call = CALL, connection: Any = None, **config: Any) -> Outcome:
        return self.action.run(
            self.config | config, connection or self.connection, call, self.egress, self.settings
        )

    def run_briefly(self, **config: Any) -> Outcome:
        return self.run(replace(CALL, deadline=0.3), **config)

    def moved_to_nobody(self) -> None:
        """Points it to a port where nobody answers."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]

        class Nobody:
            allow = f"127.0.0.1:{port}"

        nobody: Any = Nobody()
        nobody.port = port
        old = str(self.fake.port)
        self.fake = nobody
        if self.connection and "port" in self.connection:
            self.connection = self.connection | {"port": port}
        if "url" in self.config:
            self.config = self.config | {"url": self.config["url"].replace(old, str(port))}


def sms(fake: Twilio) -> World:
    config = {"to": "+14155550123", "message": "Paid: $99.00"}
    return World(ACTIONS["sms"], fake, config, fake.connection, fake.loses_the_answer)


def email(fake: Mail) -> World:
    config = {"to": "ada@books.example", "subject": "Paid", "text": "Paid: $99.00"}
    connection, lose = fake.connection, fake.hangs_after_data
    return World(ACTIONS["email"], fake, config, connection, lose, fake.ca_file)


def http(fake: Sink) -> World:
    config = {"url": f"{fake.url}/orders", "body": '{"paid": 99}'}
    connection = {"type": "basic", "username": "ada", "password": "canary-9d1c77"}
    return World(ACTIONS["http"], fake, config, connection, fake.hangs)


WORLDS: dict[str, tuple[Callable[[], Any], Callable[[Any], World]]] = {
    "sms": (Twilio, sms),
    "email": (lambda: Mail(security="starttls", login=True), email),
    "http": (Sink, http),
}


def world(name: str) -> Any:
    make, row = WORLDS[name]
    with make() as fake:
        yield row(fake)


@pytest.fixture(params=sorted(ACTIONS))
def each(request):
    yield from world(request.param)


@pytest.fixture
def sms_world():
    yield from world("sms")


@pytest.fixture
def email_world():
    yield from world("email")


@pytest.fixture
def http_world():
    yield from world("http")
