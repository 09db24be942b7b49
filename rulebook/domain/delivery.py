"""What comes to a hook, and what its sender is answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

from rulebook.providers import Fetch
from rulebook.storage import utcnow


@dataclass
class Delivery:
    """A request as it came in; headers as received, in order."""

    token: str
    method: str
    headers: Sequence[tuple[str, str]]
    body: bytes
    query: str = ""
    address: str = ""
    received_at: datetime = field(default_factory=utcnow)

    def header(self, name: str) -> str:
        """The first header of this name, or empty."""
        for each, value in self.headers:
            if each.lower() == name:
                return value
        return ""


class Receipt(NamedTuple):
    """What the sender is answered; `judge` is the id of the event to be judged, if any (of a batch
    its first). fetch: nothing is stored yet; read this and hand the delivery in again. workspace:
    whose hook it was for, where something was stored."""

    status: int
    text: str = ""
    content_type: str = "text/plain"
    event_id: str | None = None
    judge: str | None = None
    headers: Mapping[str, str] = MappingProxyType({})
    fetch: Fetch | None = None
    workspace: str = ""


NOT_HERE = Receipt(404, "There is no hook at this address.\n")
NOT_THIS_WAY = Receipt(405, "This is a hook: tools POST to it.\n")
PACKED = Receipt(415, "Send the body as it is, without Content-Encoding.\n")
NOT_STORED = Receipt(503, "This could not be stored just now. Please send it again.\n")
NOT_RIGHT = Receipt(401, "The signature is not right.\n")


def too_large(max_body: int) -> Receipt:
    """The answer to a body beyond the cap, which is given in bytes."""
    return Receipt(413, f"The body is larger than {max_body} bytes.\n")
