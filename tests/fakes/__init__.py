"""Real servers on this machine, for tests: `Sink` (HTTP), `Twilio`, `Mail` (SMTP).

Each is a context manager, listens on a port that the system chose, records what arrived, and is
told in verbs how to behave:

    with Sink() as sink:
        sink.answers(503, 503, 200)     # in turn; the last one stays
        ...
        sink.wait_for(3)                # requests; fails after a deadline
        assert sink.last.json == {"paid": True}

`fake.allow` is the entry for EGRESS_ALLOW that lets Rulebook reach it.
"""

from tests.fakes.sink import Sink
from tests.fakes.smtp import Mail
from tests.fakes.twilio import Twilio

__all__ = ["Mail", "Sink", "Twilio"]
