"""As much of Twilio's REST API as sending texts takes, over a `Sink`.

Set TWILIO_API to `twilio.url`. Facts: twilio.com/docs/messaging/api/message-resource.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from twilio.request_validator import RequestValidator

from tests.fakes.sink import Received, Sink, _Handler

SID = "AC0123456789abcdef0123456789abcdef"
TOKEN = "fedcba9876543210fedcba9876543210"


@dataclass
class Text:
    """One accepted message."""

    sid: str
    to: str
    sender: str
    body: str
    status_callback: str = ""
    status: str = "queued"
    error_code: int | None = None
    created: datetime = field(default_factory=lambda: datetime.now(UTC))

    def as_json(self) -> dict[str, Any]:
        stamp = format_datetime(self.created)
        return {
            "sid": self.sid,
            "account_sid": SID,
            "to": self.to,
            "from": self.sender,
            "body": self.body,
            "status": self.status,
            "error_code": self.error_code,
            "error_message": None,
            "date_created": stamp,
            "date_updated": stamp,
            "date_sent": stamp,
            "direction": "outbound-api",
            "num_segments": "1",
            "price": None,
            "uri": f"/2010-04-01/Accounts/{SID}/Messages/{self.sid}.json",
        }


class Twilio(Sink):
    """A Twilio with one account, SID and TOKEN; accepts every message until told otherwise."""

    sid, token, sender = SID, TOKEN, "+14155550100"

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[Text] = []
        self.accepts()

    def __enter__(self) -> Twilio:
        super().__enter__()
        return self

    @property
    def connection(self) -> dict[str, str]:
        """A config of a `twilio` connection that works here."""
        return {"account_sid": self.sid, "auth_token": self.token, "from": self.sender}

    @property
    def texts(self) -> list[str]:
        """The bodies of the messages that were accepted."""
        return [message.body for message in self.messages]

    def accepts(self) -> None:
        """Accepts every message."""
        self._behaves(self._serve(_created))

    def refuses(
        self, code: int = 21211, message: str = "Invalid 'To' Number", status: int = 400
    ) -> None:
        """Answers messages with an error code."""
        self._behaves(self._serve(lambda handler, _: _error(handler, status, code, message), False))

    def is_busy(self, retry_after: int | None = None) -> None:
        """Answers messages 429."""
        headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
        self._behaves(
            self._serve(lambda h, _: _error(h, 429, 20429, "Too many requests", headers), False)
        )

    def breaks(self, status: int = 500, accepting: bool = False) -> None:
        """Answers messages 500; accepting: having accepted them all the same."""
        self._behaves(self._serve(lambda h, _: h.send(status, "<h1>Oops</h1>"), accepting))

    def loses_the_answer(self) -> None:
        """Accepts messages and never answers."""
        self._behaves(self._serve(lambda handler, _: _hang(handler)))

    def tells_first(self, tell: Callable[[Text], None], status: int = 201) -> None:
        """Accepts a message, and before it answers `tell` may report of it."""

        def finish(handler: _Handler, text: Text) -> None:
            tell(text)
            if status < 300:
                _created(handler, text)
            else:
                handler.send(status, "<h1>Oops</h1>")

        self._behaves(self._serve(finish))

    def reports(
        self,
        status: str = "delivered",
        message: Text | None = None,
        error_code: int | None = None,
    ) -> tuple[str, dict[str, str], dict[str, str]]:
        """A status callback for a message (the last one): its URL, form and signed headers."""
        text = message or self.messages[-1]
        text.status, text.error_code = status, error_code
        form = {"MessageSid": text.sid, "MessageStatus": status, "AccountSid": self.sid,
                "To": text.to, "From": text.sender}  # fmt: skip
        if error_code:
            form["ErrorCode"] = str(error_code)
        signed = RequestValidator(self.token).compute_signature(text.status_callback, form)
        return text.status_callback, form, {"X-Twilio-Signature": signed}

    def _serve(
        self, finish: Callable[[_Handler, Text], None], accepting: bool = True
    ) -> Callable[[_Handler], None]:
        def serve(handler: _Handler) -> None:
            request = handler.received
            if not self._knows(request):
                _error(handler, 401, 20003, "Authenticate")
            elif request.method == "POST" and request.path.endswith("/Messages.json"):
                finish(handler, self._take(request, accepting))
            elif "/Messages.json" in request.path:
                handler.send(200, self._listed(request))
            elif one := re.search(r"/Messages/(\w+)\.json", request.path):
                self._one(handler, one[1])
            else:
                handler.send(200, {"sid": self.sid, "friendly_name": "Ada's books",
                                   "status": "active", "type": "Full"})  # fmt: skip

        return serve

    def _knows(self, request: Received) -> bool:
        pair = base64.b64encode(f"{self.sid}:{self.token}".encode()).decode()
        return request.headers.get("authorization") == f"Basic {pair}"

    def _take(self, request: Received, accepting: bool) -> Text:
        form = request.form
        sid = f"SM{len(self.messages) + 1:032x}"
        sender = form.get("From") or form.get("MessagingServiceSid", "")
        text = Text(sid, form["To"], sender, form["Body"], form.get("StatusCallback", ""))
        if accepting:
            self.messages.append(text)
        return text

    def _listed(self, request: Received) -> dict[str, Any]:
        to, sender = request.query.get("To"), request.query.get("From")
        found = [
            message.as_json()
            for message in self.messages
            if to in (None, message.to) and sender in (None, message.sender)
        ]
        return {"messages": found, "page": 0, "page_size": 50, "next_page_uri": None}

    def _one(self, handler: _Handler, sid: str) -> None:
        found = [message for message in self.messages if message.sid == sid]
        if found:
            handler.send(200, found[0].as_json())
        else:
            _error(handler, 404, 20404, "The requested resource was not found")


def _created(handler: _Handler, text: Text) -> None:
    handler.send(201, text.as_json())


def _hang(handler: _Handler) -> None:
    handler.owner.waits()
    handler.close_connection = True


def _error(handler: _Handler, status: int, code: int, message: str,
           headers: dict[str, str] | None = None) -> None:  # fmt: skip
    body = {"code": code, "message": message, "status": status,
            "more_info": f"https://www.twilio.com/docs/errors/{code}"}  # fmt: skip
    handler.send(status, body, headers)
