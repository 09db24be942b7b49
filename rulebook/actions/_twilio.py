"""Twilio: the connection, its client over egress, and its answers as outcomes."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from rulebook.actions import Config, ConnectionKind, Field, Outcome, Settings, blank, retry_after
from rulebook.egress import Egress, EgressError, Response
from rulebook.errors import Problem

# Twilio's error codes that people meet, with what to do: twilio.com/docs/api/errors.
FIXES = {
    20003: "Check the account SID and the auth token in the connection.",
    21211: "Write the number with the country's code, such as +14155550123.",
    21212: "Check the sender's number in the connection.",
    21408: "Allow the country under Messaging, Geo permissions, in Twilio's console.",
    21606: "Choose a sender's number in the connection that belongs to the account.",
    21608: "A trial account only reaches numbers that were verified in Twilio's console.",
    21609: "Set RULEBOOK_PUBLIC_URL to an address that the internet reaches, or leave it out.",
    21610: "The receiver answered STOP; only they can undo it, by texting START.",
    21614: "The number takes no text messages; use a mobile number.",
    21617: "Shorten the message.",
    30003: "The phone is off or out of reach; try again later.",
    30004: "The receiver's network blocks messages from this sender.",
    30005: "The number is not in use; check it.",
    30006: "The number takes no text messages, such as a landline; use a mobile number.",
    30007: "The network took it for spam; change its words, or register the sender.",
}
REPORTED: dict[str, Any] = {
    "sent": "yes",
    "delivered": "yes",
    "read": "yes",
    "failed": "no_for_good",
    "undelivered": "no_for_good",
}


class ThroughEgress:
    """What Twilio's client takes for an HTTP client: one request through egress, no retries."""

    is_async = False

    def __init__(self, egress: Egress, base: str, seconds: float) -> None:
        self.egress, self.base, self.seconds = egress, base.rstrip("/"), seconds
        self.last: Response | None = None

    def request(
        self,
        method: str,
        uri: str,
        params: Mapping[str, object] | None = None,
        data: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Any:
        from twilio.http.response import Response as TwilioResponse

        url = self.base + urlsplit(uri).path
        if params:
            url += "?" + urlencode(params, doseq=True)
        body = urlencode(data, doseq=True).encode() if data else None
        signed = dict(headers or {}) | _basic(auth)
        answer = self.egress.request(method, url, signed, body, timeout or self.seconds)
        self.last = answer
        return TwilioResponse(answer.status, answer.text, answer.headers)


def _basic(auth: tuple[str, str] | None) -> dict[str, str]:
    pair = base64.b64encode(":".join(auth or ()).encode()).decode()
    return {"Authorization": f"Basic {pair}"} if auth else {}


def client(connection: Config, http: ThroughEgress) -> Any:
    """Twilio's own client for a connection."""
    # Imported here: the client is large, and only a worker that sends a text needs it.
    from twilio.rest import Client

    return Client(
        connection.get("api_key") or connection["account_sid"],
        connection.get("api_secret") or connection.get("auth_token"),
        connection["account_sid"],
        http_client=http,
        environment={"unused": ""},  # an empty one would be replaced by os.environ
    )


def _account(config: Config) -> str:
    sender = config.get("from") or config.get("messaging_service_sid") or "no sender"
    return f"{config.get('account_sid', '')}, from {sender}"


def _checks(config: Config) -> list[Problem]:
    problems = []
    if blank(config.get("auth_token")) and (
        blank(config.get("api_key")) or blank(config.get("api_secret"))
    ):
        fix = "It stands beside the account SID on the first page of Twilio's console."
        problems.append(Problem("/auth_token", "“Auth token” is empty.", fix))
    if blank(config.get("from")) and blank(config.get("messaging_service_sid")):
        fix = "Write one of your Twilio numbers, or the SID of a messaging service."
        problems.append(Problem("/from", "There is no sender.", fix))
    return problems


def _try_out(config: Config, egress: Egress, settings: Settings) -> Outcome:
    http = ThroughEgress(egress, settings["TWILIO_API"], 15)
    try:
        account = client(config, http).api.v2010.accounts(config["account_sid"]).fetch()
    except EgressError:
        raise
    except Exception as problem:  # its own errors, and what it makes of odd answers
        return refusal(problem, http.last, datetime.now(UTC), "")
    return Outcome("yes", f"Twilio knows the account “{account.friendly_name}”: {account.status}.")


TWILIO = ConnectionKind(
    name="twilio",
    label="Twilio",
    fields=(
        Field("account_sid", "Account SID", required=True, max_length=64,
              example="AC00000000000000000000000000000000"),
        Field("auth_token", "Auth token", "secret", max_length=200,
              example="0123456789abcdef0123456789abcdef"),
        Field("api_key", "API key", max_length=64, instead=True,
              help="Instead of the auth token: SK..."),
        Field("api_secret", "API secret", "secret", max_length=200, instead=True,
              help="Of the API key."),
        Field("from", "Sender", max_length=40, example="+14155550100",
              help="One of your Twilio numbers."),
        Field("messaging_service_sid", "Messaging service", max_length=64, instead=True,
              help="Instead of a sender: MG..."),
    ),
    help="Open console.twilio.com. The first page shows the account SID and the auth token. "
    "Under Phone Numbers, Active numbers, you find the number to send from.",
    account=_account,
    try_out=_try_out,
    more_checks=_checks,
)  # fmt: skip


def report(status: str, sid: str, code: object) -> Outcome | None:
    """A status that Twilio reports as an outcome; one on the way says that it was accepted."""
    if status not in REPORTED:
        accepted = status in ("accepted", "scheduled", "queued", "sending")
        return Outcome("yes", "Twilio accepted it.", receipt=sid) if accepted else None
    if REPORTED[status] == "yes":
        return Outcome("yes", f"Twilio says: {status}.", receipt=sid, delivery=status)
    fix = FIXES.get(_number(code), f"Look up {code} at twilio.com/docs/api/errors.")
    sentence = f"Twilio says: {status}, error {code}." if code else f"Twilio says: {status}."
    fix = fix if code else "Look into the messaging log in Twilio's console."
    return Outcome("no_for_good", sentence, fix, receipt=sid, delivery=status)


def refusal(problem: Exception, answer: Response | None, now: datetime, request: str) -> Outcome:
    """Twilio's answer other than yes: a code in a 4xx is for good, 5xx leaves doubt."""
    if answer is None:
        raise problem
    status, text = answer.status, answer.text
    code, said = _error(text)
    if status == 429:
        wait = retry_after(answer.headers.get("retry-after"), now)
        asked = 60.0 if wait is None else wait
        return Outcome("not_sent", "Twilio is busy.", "", "", request, text, asked)
    if status in (408, 425) or status >= 500 or 200 <= status < 300:
        return unreadable(answer, request)
    if 300 <= status < 400:
        return Outcome("no_for_good", f"Twilio answered {status}.", "", "", request, text)
    if code:
        fix = FIXES.get(code, f"Look up {code} at twilio.com/docs/api/errors.")
        sentence = f"Twilio refused it: {said} (error {code})."
        return Outcome("no_for_good", sentence, fix, "", request, text)
    return Outcome("no", f"Twilio answered {status}.", "", "", request, text)


def unreadable(answer: Response | None, request: str) -> Outcome:
    """An answer that leaves doubt."""
    status = answer.status if answer else "nothing"
    return Outcome(
        "ambiguous",
        f"Twilio answered {status}; it may have sent the message all the same.",
        "Look into the messaging log in Twilio's console.",
        request=request,
        answer=answer.text if answer else "",
    )


def _error(text: str) -> tuple[int, str]:
    try:
        body = json.loads(text)
    except ValueError:
        return 0, ""
    if not isinstance(body, dict):
        return 0, ""
    return _number(body.get("code")), str(body.get("message") or "").rstrip(".")


def _number(value: object) -> int:
    return int(str(value)) if str(value).isdigit() else 0
