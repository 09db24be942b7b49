"""A sender that writes down every request before it is made, and whether it was acknowledged.

Like real senders it has many connections, repeats with the same delivery id what was not
acknowledged, and now and then what was.
"""

from __future__ import annotations

import http.client
import json
import random
import threading
import time
from pathlib import Path

from tests.faults.ledger import Ledger
from tests.faults.pulse import Pulse

STEPS = ("put", "post", "mail", "sms")
TEXTING = 10  # rules that text; each event that is to be texted meets one of them
PATIENCE = 12.0  # seconds; the door itself gives up after 10


def wanted_steps(body: bytes) -> set[str]:
    """The steps of the rules that this body meets: the harness's own reading of them."""
    payload = json.loads(body)
    return {step for step in STEPS if payload[step] >= 1}


class Sender:
    """Threads that send until `stop`. Notes: `sent` (id, body), `acked` (id), `told` (id, status)
    for answers that are neither 2xx nor 429 nor 503, `unanswered` (id) when there was none."""

    def __init__(
        self, port: int, path: str, ledger: Path, pulse: Pulse, seed: str, threads: int = 6,
        pause: float = 0.1,
    ) -> None:  # fmt: skip
        self.port, self.path, self.pulse, self.pause = port, path, pulse, pause
        self.ledger = Ledger(ledger)
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(n, random.Random(f"{seed}/{n}")), daemon=True)
            for n in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Begin no further request, wait for those under way."""
        self._stop.set()
        for thread in self._threads:
            thread.join(PATIENCE + 5)
            assert not thread.is_alive(), "a sender did not end"
        self.ledger.close()

    def _run(self, number: int, dice: random.Random) -> None:
        connection = self._connect()
        count = 0
        while not self._stop.is_set():
            count += 1
            name = f"{number}-{count}-{dice.getrandbits(48):012x}"
            body = _body(name, dice)
            acked = False
            while not acked and not self._stop.is_set():
                self.ledger.write("sent", id=name, body=body.decode())
                began = time.monotonic()
                try:
                    acked = self._send(connection, name, body, began)
                except (OSError, http.client.HTTPException):
                    self.ledger.write("unanswered", id=name)
                    connection.close()
                    connection = self._connect()
                if not acked:
                    self._stop.wait(dice.uniform(0.05, 0.3))
                elif dice.random() < 0.03:
                    acked = False  # as if the answer had got lost on its way
            if dice.random() < 0.1:
                connection.close()
            self._stop.wait(dice.uniform(0, 2 * self.pause))
        connection.close()

    def _connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)

    def _send(
        self, connection: http.client.HTTPConnection, name: str, body: bytes, began: float
    ) -> bool:
        headers = {
            "Content-Type": "application/json", "X-GitHub-Event": "order",
            "X-GitHub-Delivery": name,
        }  # fmt: skip
        connection.request("POST", self.path, body, headers)
        answer = connection.getresponse()
        answer.read()
        if 200 <= answer.status < 300:
            self.ledger.write("acked", id=name)
            self.pulse.sign("web", began)
            return True
        if answer.status not in (429, 503):
            self.ledger.write("told", id=name, status=answer.status)
        return False


def _body(name: str, dice: random.Random) -> bytes:
    """An event: always something to PUT, one in two to POST, one in ten to mail or to text."""
    payload = {
        "id": name,
        "put": 1,
        "post": int(dice.random() < 0.5),
        "mail": int(dice.random() < 0.1),
        "sms": dice.randint(1, TEXTING) if dice.random() < 0.1 else 0,
        "words": "".join(dice.choice('aeö €\\"😀\u0001') for _ in range(dice.randrange(300))),
    }
    # Odd spacing: what is kept has to be the bytes, not something that means the same.
    return json.dumps(payload, ensure_ascii=False, separators=(" ,", ":  ")).encode()
