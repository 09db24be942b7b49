"""Send a text message through Twilio.

Twilio has no key against repeats for messages, so a message is never repeated by itself once it
may have been accepted. Instead, Twilio is asked: its reports and its list of messages (looked into
30 seconds, 2 minutes and 10 minutes later) settle what they can; else the message is shown as "may
have been sent", and a person decides.

Twilio reports whether a text was delivered when RULEBOOK_PUBLIC_URL is an address that the internet
reaches and the connection has the auth token, which signs the reports. They come as POST below
`/callbacks/`; let a proxy in front of Rulebook pass them on. Without reports, "sent" means that
Twilio accepted the text.

No-break spaces are sent as plain ones, because one of them would cut a segment from 160 letters to
70. Prices in previews are estimates: Twilio's list price for a segment to the US and Canada,
without the carriers' fees.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import phonenumbers

from rulebook.actions import (
    Action,
    Call,
    Config,
    Counted,
    Field,
    Limit,
    Message,
    Outcome,
    Settings,
    blank,
    is_template,
    shown,
)
from rulebook.actions._twilio import TWILIO, ThroughEgress, client, refusal, report, unreadable
from rulebook.egress import Egress, EgressError
from rules.sms import NO_BREAK, named, plain_letter, segments

# What Twilio asks for a segment to these countries, in US dollars, without the carriers' fees:
# twilio.com/en-us/sms/pricing. Elsewhere prices differ too much to be guessed.
PRICES = {1: Decimal("0.0083")}
_BREAKABLE = str.maketrans(NO_BREAK)


class Sms(Action):
    label = "Send a text message"
    noun = ("SMS", "SMS")
    icon = "sms"
    fields = (
        Field("to", "To", "phone", required=True, template=True, max_length=40, receiver=True,
              example="+14155550123", help="With the country's code."),
        Field("message", "Message", "long", required=True, template=True, max_length=1600,
              example="Paid: {{ payload.amount }}"),
    )  # fmt: skip
    connections = (TWILIO,)
    connection_required = False
    practice = True
    waits = (10, 30, 120, 600, 1800)
    expires_after = 3600
    checks = (30, 120, 600)
    limits = (
        Limit(20, 3600, "rule", "20 texts in an hour"),
        Limit(100, 86400, "rule", "100 texts in a day"),
        Limit(500, 86400, "workspace", "500 texts in a day"),
    )
    reports = True
    alerts = "one"
    starter = "Text me"

    def summary(self, config: Config) -> str:
        return f"SMS to {_readable(config.get('to'))}"

    def phrase(self, config: Config) -> str:
        return f"text {_readable(config.get('to'))}"

    def target(self, config: Config, connection: Config | None) -> str:
        return str((connection or {}).get("account_sid", "practice"))

    def message(self, config: Config) -> Message:
        text = str(config.get("message") or "")
        return Message(to=str(config.get("to") or ""), text=text, segmented=True)

    def counted(self, message: Message) -> Counted:
        """As the provider counts: segments, the letters that they hold, and what they cost."""
        cut = segments(message.text)
        number = _parsed(message.to)
        each = PRICES.get(number.country_code or 0) if number else None
        price = each * cut.segments if each else None
        said = [f"{cut.segments} segment{'' if cut.segments == 1 else 's'}",
                f"{cut.letters} letter{'' if cut.letters == 1 else 's'}"]  # fmt: skip
        said += [f"${price}"] if price else []
        odd = cut.odd or ""
        warning = f"{named(odd)} cuts a segment from 160 letters to 70." if odd else ""
        return Counted(
            (cut.segments, cut.letters), tuple(said), cut.segments > 1, odd,
            warning[:1].upper() + warning[1:], plain_letter(odd) if odd else None, price,
        )  # fmt: skip

    def tidy(self, config: dict[str, Any]) -> dict[str, Any]:
        """No-break spaces would more than double the price, and nobody sees the difference."""
        text = config.get("message")
        return (
            {**config, "message": text.translate(_BREAKABLE)} if isinstance(text, str) else config
        )

    def alert(self, to: str, subject: str, text: str) -> dict[str, Any]:
        """The subject and the first link: what fits into a text or two."""
        link = next((word for word in text.split() if "://" in word), "")
        return {"to": to, "message": f"{subject} {link}".strip()}

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
        request = f"{self.summary(config)}\n\n{config['message']}"
        http = ThroughEgress(egress, settings["TWILIO_API"], call.deadline)
        try:
            sent = client(connection, http).messages.create(**_message(config, connection, call))
        except EgressError:
            raise
        except Exception as problem:  # its own errors, and what it makes of odd answers
            return refusal(problem, http.last, call.signed_now, request)
        if not sent.sid:
            return unreadable(http.last, request)
        return Outcome("yes", "Twilio accepted it.", receipt=sent.sid, request=request,
                       answer=http.last.text if http.last else "")  # fmt: skip

    def look_up(
        self,
        config: Config,
        connection: Config | None,
        call: Call,
        egress: Egress,
        settings: Settings,
    ) -> list[Outcome] | None:
        if connection is None:
            return None
        since = (call.started_at or call.signed_now) - timedelta(seconds=5)
        http = ThroughEgress(egress, settings["TWILIO_API"], call.deadline)
        wanted = {"to": _e164(config["to"]), "date_sent_after": since}
        if not blank(connection.get("from")):
            wanted["from_"] = connection["from"]
        try:
            # One page: the next one's address would come from the answer.
            listed = list(client(connection, http).messages.page(**wanted, page_size=50))
        except Exception:  # no answer, or an odd one: asked again later
            return None
        same = [
            one
            for one in listed
            if one.body == config["message"] and one.date_created and one.date_created >= since
        ]
        told = (report(one.status, one.sid, one.error_code) for one in same)
        return [outcome for outcome in told if outcome]

    def heard(
        self,
        connection: Config | None,
        url: str,
        headers: Mapping[str, str],
        form: Mapping[str, str],
    ) -> Outcome | None:
        from twilio.request_validator import RequestValidator, add_port, remove_port

        token = str((connection or {}).get("auth_token") or "")
        given = {name.lower(): value for name, value in headers.items()}
        said = given.get("x-twilio-signature", "").encode()
        signer, parts = RequestValidator(token), urlsplit(url)
        # Twilio signs the address with its port or without; the validator tries both as well, but
        # compares in a telling time.
        expected = [signer.compute_signature(one, dict(form)).encode()
                    for one in (remove_port(parts), add_port(parts))]  # fmt: skip
        if not token or not any([hmac.compare_digest(one, said) for one in expected]):
            return None
        code = form.get("ErrorCode") or None
        return report(form.get("MessageStatus", ""), form.get("MessageSid", ""), code)


def _message(config: Config, connection: Config, call: Call) -> dict[str, Any]:
    values = {
        "to": _e164(config["to"]),
        "body": config["message"],
        "from_": connection.get("from"),
        "messaging_service_sid": connection.get("messaging_service_sid"),
        # Without the token nobody could tell a report from a forgery.
        "status_callback": None if blank(connection.get("auth_token")) else call.callback_url,
    }
    return {name: value for name, value in values.items() if not blank(value)}


def _parsed(value: object) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(str(value), None)
    except phonenumbers.NumberParseException:
        return None


def _e164(value: object) -> str:
    number = _parsed(value)
    form = phonenumbers.PhoneNumberFormat.E164
    return phonenumbers.format_number(number, form) if number else str(value)


def _readable(value: object) -> str:
    number = None if is_template(value) else _parsed(value)
    if number is None:
        return shown(value, "number")
    return str(
        phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    ).replace("-", " ")
