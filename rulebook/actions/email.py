"""Send an e-mail through a mail server (SMTP).

One message goes to all recipients or to none. Its Message-ID is made from the run's id, the same
on every attempt. Once the message was handed over and the answer got lost, it is not repeated.
"""

from __future__ import annotations

import re
from base64 import b64encode
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime
from html import unescape
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from rulebook.actions import (
    TEST,
    Action,
    Call,
    Config,
    ConnectionKind,
    Field,
    Message,
    Outcome,
    Settings,
    addresses,
    blank,
    is_one_template,
    is_template,
    mail_address,
    pointer,
    shown,
    value_of,
)
from rulebook.egress import Egress, MailServer, SaidNo
from rulebook.errors import Problem

RECIPIENTS = ("to", "cc", "reply_to")
PORTS = {"starttls": 587, "tls": 465, "none": 25}
# Lines of 7-bit ASCII: every mail server takes them.
_WIRE = policy.SMTP.clone(cte_type="7bit")


def _server(connection: Config) -> MailServer:
    security = str(value_of(SMTP.fields, connection, "security"))
    return MailServer(
        host=str(connection["host"]),
        port=int(connection.get("port") or PORTS[security]),
        security=security,
        username=str(connection.get("username") or ""),
        password=str(connection.get("password") or ""),
    )


def _account(config: Config) -> str:
    return f"{config.get('from', '')} through {config.get('host', '')}"


def _checks(config: Config) -> list[Problem]:
    problems = []
    if re.search(r"[\s/@]|^[^:]*:[^:]*$", str(config.get("host") or "")):
        fix = "Write only its name, such as smtp.example.com."
        problems.append(Problem("/host", "“Mail server” is not a host name.", fix))
    if not blank(config.get("username")) and blank(config.get("password")):
        problems.append(Problem("/password", "“Password” is empty.", "Fill it in."))
    return problems


def _try_out(config: Config, egress: Egress, settings: Settings) -> Outcome:
    server = _server(config)
    try:
        egress.try_mail(server)
    except SaidNo as no:
        return _refusal(no, "")
    done = "let us in" if server.username else "answered"
    return Outcome("yes", f"{server.host} {done}. No message was sent.")


def _from_url(url: str) -> dict[str, Any] | None:
    """smtp://USER:PASSWORD@HOST:PORT?from=ADDRESS&security=none, smtps:// for TLS at once."""
    parts = urlsplit(url)
    if parts.scheme not in ("smtp", "smtps"):
        return None
    more = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    usual = "tls" if parts.scheme == "smtps" else "starttls"
    try:
        port = parts.port
    except ValueError:
        port = -1  # which the check of the port tells of
    given = {
        "host": parts.hostname or "",
        "port": port,
        "security": more.get("security", usual),
        "username": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "from": more.get("from", ""),
        "from_name": more.get("from_name", "Rulebook"),
    }
    return {name: value for name, value in given.items() if value not in ("", None)}


SMTP = ConnectionKind(
    name="smtp",
    label="Mail server (SMTP)",
    fields=(
        Field("host", "Mail server", required=True, max_length=253, example="smtp.example.com"),
        Field("port", "Port", "number", low=1, high=65535,
              help="Usually 587; 465 with TLS from the start."),
        Field("security", "Security", "choice", default="starttls",
              choices=(("starttls", "STARTTLS (usual)"), ("tls", "TLS from the start"),
                       ("none", "None (only inside your network)"))),
        Field("username", "User name", max_length=300),
        Field("password", "Password", "secret", max_length=1000,
              example="correct horse battery staple"),
        Field("from", "Sender", "email", required=True, max_length=320,
              example="alerts@example.com", help="The address that messages come from."),
        Field("from_name", "Sender's name", max_length=100),
    ),
    help="Look in your mail provider's help for “SMTP”. You need the server's name, the port, a "
    "user name and a password; with two-step sign-in, make an app password.",
    account=_account,
    try_out=_try_out,
    more_checks=_checks,
    read_url=_from_url,
)  # fmt: skip


class Email(Action):
    label = "Send an e-mail"
    noun = ("e-mail", "e-mails")
    icon = "mail"
    fields = (
        Field("to", "To", "email", required=True, template=True, many=True, max_length=2000,
              receiver=True,
              example="ada@example.com", help="Several are separated by commas."),
        Field("cc", "Copy to", "email", template=True, many=True, max_length=2000),
        Field("reply_to", "Reply to", "email", template=True, many=True, max_length=320),
        Field("subject", "Subject", required=True, template=True, escape="header",
              max_length=200, example="New order {{ payload.id }}"),
        Field("text", "Text", "long", template=True, max_length=256 * 1024,
              example="{{ payload.customer.name }} has ordered.",
              help="What is read; with HTML it is the version for plain readers."),
        Field("html", "HTML", "long", template=True, escape="html", max_length=256 * 1024),
    )  # fmt: skip
    connections = (SMTP,)
    practice = True
    alerts = "person"
    waits = (60, 300, 900, 1800, 3600, 7200, 14400, 28800)
    expires_after = 86400

    def check(self, config: Config, *, connected: bool = False) -> list[Problem]:
        return super().check(config) + _nothing_to_read(config)

    def check_rendered(
        self, config: Config, authored: Config | None = None, *, connected: bool = False
    ) -> list[Problem]:
        problems = super().check_rendered(config) + _nothing_to_read(config)
        for name in RECIPIENTS:
            problems += _added(name, config, authored)
        return problems

    def summary(self, config: Config) -> str:
        return f"E-mail to {_receiver(config)}"

    def phrase(self, config: Config) -> str:
        return f"e-mail {_receiver(config)}"

    def target(self, config: Config, connection: Config | None) -> str:
        return str((connection or {}).get("host", "practice"))

    def message(self, config: Config) -> Message:
        text, html = str(config.get("text") or ""), str(config.get("html") or "")
        shown_to = ", ".join(
            address for name in ("to", "cc") for address in addresses(str(config.get(name) or ""))
        )
        return Message(shown_to, str(config.get("subject") or ""), text or _plain(html), html)

    def to_one(self, config: Config, to: str) -> dict[str, Any]:
        return {**{name: text for name, text in config.items() if name != "cc"}, "to": to}

    def as_test(self, config: Config) -> dict[str, Any]:
        return {**config, "subject": f"{TEST} {config.get('subject') or ''}".strip()}

    def alert(self, to: str, subject: str, text: str) -> dict[str, Any]:
        return {"to": to, "subject": subject, "text": text}

    def hidden(self, config: Config, connection: Config | None) -> list[str]:
        found = super().hidden(config, connection)
        user = str((connection or {}).get("username") or "")
        # As the login sends them: RFC 4616 (PLAIN), and LOGIN.
        sent = [form for text in found for form in (f"\0{user}\0{text}", text)]
        return found + [b64encode(text.encode()).decode() for text in sent]

    def send(
        self,
        config: Config,
        connection: Config | None,
        call: Call,
        egress: Egress,
        settings: Settings,
    ) -> Outcome:
        if connection is None:
            return Outcome("no_for_good", "No connection is chosen.", "Choose one in the rule.")
        request = f"{self.summary(config)}\n\n{self.message(config).text}"
        try:
            sender = mail_address(connection["from"])
            letter, recipients = _letter(sender, config, connection, call)
        except ValueError as problem:  # also raised for what is no mail address
            sentence = f"The message cannot be written: {problem}."
            return Outcome("no_for_good", sentence, "Correct the rule.", request=request)
        server = _server(connection)
        try:
            said = egress.send_mail(server, sender, recipients, letter.as_bytes(), call.deadline)
        except SaidNo as no:
            return _refusal(no, request)
        return Outcome("yes", f"{server.host} accepted it.", receipt=str(letter["Message-ID"]),
                       request=request, answer=said)  # fmt: skip


def _letter(
    sender: str, config: Config, connection: Config, call: Call
) -> tuple[EmailMessage, list[str]]:
    """The message, and the envelope's recipients."""
    letter = EmailMessage(policy=_WIRE)
    given = {name: _ascii_list(config.get(name)) for name in RECIPIENTS}
    name = str(connection.get("from_name") or "").replace("\\", "").replace('"', "")
    letter["From"] = f'"{name}" <{sender}>' if name else sender
    letter["To"] = ", ".join(given["to"])
    if given["cc"]:
        letter["Cc"] = ", ".join(given["cc"])
    if given["reply_to"]:
        letter["Reply-To"] = ", ".join(given["reply_to"])
    letter["Subject"] = str(config["subject"])
    letter["Date"] = format_datetime(call.signed_now)
    letter["Message-ID"] = f"<{call.run_id}@{sender.rpartition('@')[2]}>"
    letter["Auto-Submitted"] = "auto-generated"  # no holiday notices, please: RFC 3834
    html = str(config.get("html") or "")
    letter.set_content(str(config.get("text") or "") or _plain(html))
    if html:
        letter.add_alternative(html, subtype="html")
    return letter, list(dict.fromkeys(given["to"] + given["cc"]))


def _ascii_list(value: object) -> list[str]:
    return [mail_address(address) for address in addresses(str(value or ""))]


def _plain(html: str) -> str:
    """HTML for plain readers: without tags, a line for each block."""
    text = re.sub(r"(?is)<(style|script)\b.*?</\1\s*>", "", html)
    text = re.sub(r"(?i)<br\s*/?>|</(p|div|h[1-6]|li|tr)\s*>", "\n", text)
    text = unescape(re.sub(r"<[^>]{0,1000}>", "", text))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line.strip() for line in text.splitlines())).strip()


def _nothing_to_read(config: Config) -> list[Problem]:
    if blank(config.get("text")) and blank(config.get("html")):
        return [Problem("/text", "“Text” is empty.", "Write what is to be read.")]
    return []


def _added(name: str, config: Config, authored: Config | None) -> list[Problem]:
    """An event's value may not add recipients, unless the author left the whole field to it."""
    written = (authored or {}).get(name)
    if is_one_template(written):
        return []
    filled = re.sub(r"\{\{.*?\}\}|\{%.*?%\}", "x", str(written or ""), flags=re.DOTALL)
    if len(addresses(str(config.get(name) or ""))) <= max(1, len(addresses(filled))):
        return []
    return [
        Problem(
            pointer(name),
            "The event would add a recipient that the rule does not name.",
            "If it may, write the field as one template, such as {{ payload.emails }}.",
        )
    ]


def _receiver(config: Config) -> str:
    to = config.get("to")
    if is_template(to):
        return shown(to, "address")
    found = addresses(str(to or ""))
    if not found:
        return "an address not given yet"
    others = len(found) - 1
    return found[0] + (f" and {others} other{'s' if others > 1 else ''}" if others else "")


def _refusal(no: SaidNo, request: str) -> Outcome:
    """A mail server's no: 4xx means not now and nothing sent, 5xx means never."""
    if 400 <= no.code < 500:
        return Outcome("not_sent", f"{no.sentence}.", "It is tried again later.",
                       request=request, answer=no.text)  # fmt: skip
    fix = "Check the user name and the password." if no.step == "the login" else "Check addresses."
    return Outcome("no_for_good", f"{no.sentence}.", fix, request=request, answer=no.text)
