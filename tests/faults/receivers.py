"""Receivers that write down what arrives before they answer: HTTP, a mail server, a Twilio."""

from __future__ import annotations

import http.client
import random
import re
import threading
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from tests.fakes import Mail, Sink, Twilio
from tests.fakes.sink import Received
from tests.fakes.smtp import Letter
from tests.fakes.twilio import Text
from tests.faults.ledger import Ledger
from tests.faults.pulse import Pulse

RUN_ID = re.compile(r"run_\w+")
ALERT_ID = re.compile(r"alr_\w+")
MESSAGE_ID = re.compile(r"<([^@>]+)@")


class Noted:
    """Where arrivals are noted: `arrived` with its step, its run's id as far as the call says it,
    and the id of the delivery that it is about."""

    def __init__(self, path: Path, pulse: Pulse) -> None:
        self.ledger, self.pulse = Ledger(path), pulse

    def arrived(self, step: str, run: str, delivery: str) -> None:
        self.ledger.write("arrived", step=step, run=run, delivery=delivery)
        self.pulse.sign("worker")


class Calls(Sink):
    """Takes HTTP calls to /put/... and /post/...; some answers take a moment, so that workers are
    also killed in the middle of a call."""

    def __init__(self, noted: Noted, seed: str) -> None:
        super().__init__()
        self.noted, self.dice = noted, random.Random(seed)

    def takes(self, handler: Any, request: Received) -> None:
        headers = request.headers
        _, step, delivery = request.path.split("/")
        same = headers["idempotency-key"] == headers["webhook-id"] and request.json == delivery
        # Two ids that differ, or another event's body, are an arrival that belongs to no run.
        self.noted.arrived(step, headers["idempotency-key"] if same else "", delivery)
        if self.dice.random() < 0.2:
            self.waits(self.dice.uniform(0.02, 0.2))
        handler.send(200, b"noted")


class Letters(Mail):
    """Takes mail; the run is in the Message-ID, the delivery in the subject. What tells people of a
    problem is written down apart: it belongs to no run."""

    def __init__(self, noted: Noted) -> None:
        super().__init__()
        self.noted = noted

    def keeps(self, letter: Letter) -> None:
        found = MESSAGE_ID.match(str(letter.message["Message-ID"]))
        sender = found[1] if found else ""
        if ALERT_ID.fullmatch(sender):
            self.noted.ledger.write("alert", id=sender)
        else:
            self.noted.arrived("mail", sender, letter.subject)


class Texts(Twilio):
    """Takes texts; the run is in the address for reports. Two in three are reported on, once: to
    a web process that may be dead just then."""

    def __init__(self, noted: Noted, web: int, seed: str) -> None:
        super().__init__()
        self.noted, self.web, self.dice = noted, web, random.Random(seed)
        self._one_at_a_time = threading.Lock()

    def takes(self, handler: Any, request: Received) -> None:
        with self._changed:
            turn = self._turns[0]
        turn(handler)

    def _take(self, request: Received, accepting: bool) -> Text:
        with self._one_at_a_time:
            text = super()._take(request, accepting)
        found = RUN_ID.search(text.status_callback)
        self.noted.arrived("sms", found[0] if found else "", text.body)
        if found and self.dice.random() < 2 / 3:
            threading.Thread(target=self._report, args=(text,), daemon=True).start()
        return text

    def _report(self, text: Text) -> None:
        self.waits(self.dice.uniform(0, 0.3))
        url, form, headers = self.reports("delivered", text)
        to = urlsplit(url)
        headers |= {"Host": to.netloc, "Content-Type": "application/x-www-form-urlencoded"}
        connection = http.client.HTTPConnection("127.0.0.1", self.web, timeout=10)
        try:
            connection.request("POST", to.path, urlencode(form), headers)
            self.noted.ledger.write("reported", status=connection.getresponse().status)
        except (OSError, http.client.HTTPException):
            self.noted.ledger.write("unreported")
        finally:
            connection.close()
