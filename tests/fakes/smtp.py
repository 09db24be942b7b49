"""A mail server (aiosmtpd) that records messages, with STARTTLS, TLS, login and ways to fail."""

from __future__ import annotations

import socket
import threading
from collections.abc import Awaitable
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from tests.fakes.certificates import certificate_file, server_context

USER, PASSWORD = "ada", "correct horse battery staple"


@dataclass(frozen=True)
class Letter:
    """One message that arrived: the envelope, the exact bytes, and the message read."""

    sender: str
    recipients: list[str]
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        read = message_from_bytes(self.raw, policy=policy.default)
        assert isinstance(read, EmailMessage)
        return read

    @property
    def subject(self) -> str:
        return str(self.message["Subject"])

    @property
    def text(self) -> str:
        part = self.message.get_body(("plain",))
        return part.get_content().strip().replace("\r\n", "\n") if part else ""

    @property
    def html(self) -> str:
        part = self.message.get_body(("html",))
        return part.get_content().strip() if part else ""


class _Controller(Controller):
    """A controller on a port that the system chose."""

    def __init__(self, handler: Any, **options: Any) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        port = self._socket.getsockname()[1]
        super().__init__(handler, hostname="127.0.0.1", port=port, **options)

    def _create_server(self) -> Awaitable[Any]:
        return self.loop.create_server(
            self._factory_invoker, sock=self._socket, ssl=self.ssl_context
        )


class Mail:
    """Takes every message until told otherwise. security: 'starttls', 'tls' or 'none'; login: only
    USER with PASSWORD may send."""

    user, password = USER, PASSWORD

    def __init__(self, security: str = "none", login: bool = False) -> None:
        self.letters: list[Letter] = []
        self.security, self.login = security, login
        self.to_recipients = self.to_messages = "250 OK"
        self.drops = self.hangs = False
        self._changed = threading.Condition()
        tls = server_context() if security != "none" else None
        self._controller = _Controller(
            _Hooks(self),
            ssl_context=tls if security == "tls" else None,
            tls_context=tls if security == "starttls" else None,
            require_starttls=security == "starttls",
            authenticator=self._authenticator if login else None,
            auth_require_tls=security == "starttls",
        )
        self.host, self.port = "127.0.0.1", self._controller.port
        self.ca_file = certificate_file() if tls else ""

    def __enter__(self) -> Mail:
        self._controller.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        self._controller.stop()

    @property
    def allow(self) -> str:
        return f"{self.host}:{self.port}"

    @property
    def connection(self) -> dict[str, Any]:
        """A config of an `smtp` connection that works here."""
        config = {"host": self.host, "port": self.port, "security": self.security,
                  "from": "alerts@books.example"}  # fmt: skip
        return config | ({"username": USER, "password": PASSWORD} if self.login else {})

    @property
    def url(self) -> str:
        """What RULEBOOK_MAIL_URL says of it: no encryption, no login."""
        return f"smtp://{self.host}:{self.port}?from=rulebook@shop.example&security=none"

    @property
    def last(self) -> Letter:
        return self.letters[-1]

    # How it behaves from now on.

    def takes_all(self) -> None:
        self.to_recipients = self.to_messages = "250 OK"
        self.drops = self.hangs = False

    def greylists(self) -> None:
        """Refuses recipients for now: 451."""
        self.to_recipients = "451 4.7.1 Greylisted, try again later"

    def refuses(self, reply: str = "550 5.1.1 No such user") -> None:
        """Refuses recipients."""
        self.to_recipients = reply

    def refuses_message(self, reply: str = "554 5.6.0 Not wanted") -> None:
        """Refuses messages after the final dot."""
        self.to_messages = reply

    def drops_after_data(self) -> None:
        """Takes messages, and hangs up instead of saying so."""
        self.drops = True

    def hangs_after_data(self) -> None:
        """Takes messages, and never says so."""
        self.hangs = True

    def wait_for(self, count: int, seconds: float = 10) -> list[Letter]:
        """The letters, once there are so many; AssertionError when the time is up."""
        with self._changed:
            came = self._changed.wait_for(lambda: len(self.letters) >= count, seconds)
        assert came, f"{len(self.letters)} of {count} letters came within {seconds} s"
        return self.letters

    def _authenticator(self, *given: Any) -> AuthResult:
        pair = given[-1]
        right = isinstance(pair, LoginPassword) and (
            (pair.login, pair.password) == (USER.encode(), PASSWORD.encode())
        )
        return AuthResult(success=right, handled=False)

    def keeps(self, letter: Letter) -> None:
        with self._changed:
            self.letters.append(letter)
            self._changed.notify_all()


class _Hooks:
    """What aiosmtpd calls; it walks all attributes of this object, so it is one of its own."""

    def __init__(self, mail: Mail) -> None:
        self.mail = mail

    async def handle_MAIL(
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if self.mail.login and not session.authenticated:
            return "530 5.7.0 Authentication required"
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if self.mail.to_recipients.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.mail.to_recipients

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if not self.mail.to_messages.startswith("250"):
            return self.mail.to_messages
        self.mail.keeps(Letter(envelope.mail_from, envelope.rcpt_tos, envelope.content))
        if self.mail.drops:
            server.transport.abort()
        if self.mail.hangs:
            await server.loop.create_future()
        return self.mail.to_messages
