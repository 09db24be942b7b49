"""What an action is told of a try, and what it tells back."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Literal

from rulebook.actions._fields import MASK
from rulebook.egress import EgressError, Refused, Request, Response

Kind = Literal["yes", "no", "no_for_good", "not_sent", "ambiguous"]
MAX_ANSWER = 8 * 1024
HOP_HEADER = "rulebook-hops"
MAX_HOPS = 5
TELLS_NOTHING = 3  # characters of a secret
# On its way from the provider, then how it ended there; "read" may still follow "delivered".
DELIVERIES = ("sent", "delivered", "read", "undelivered", "failed")


@dataclass(frozen=True)
class Message:
    """What a person would read. segmented: sent and paid in parts, as an SMS is."""

    to: str = ""
    subject: str = ""
    text: str = ""
    html: str = ""
    segmented: bool = False


@dataclass(frozen=True)
class Counted:
    """What a preview counts of a message, in the action's own words.

    size: for comparing, the more telling figure first; said: short phrases, the first of them a
    warning where `much`. warning: a sentence about `odd`, a letter that costs extra; instead: the
    plain letter that could be sent for it. price: in US dollars, None where it is not known.
    """

    size: tuple[int, ...]
    said: tuple[str, ...] = ()
    much: bool = False
    odd: str = ""
    warning: str = ""
    instead: str | None = None
    price: Decimal | None = None


@dataclass(frozen=True)
class Outcome:
    """What became of one try.

    kind: yes (done), no (refused, another try may help), no_for_good (refused, none will), not_sent
    (certainly not done) or ambiguous (it may have been done). receipt: the provider's own id.
    retry_after: seconds that the other side asked us to wait. gone: it said that the target is no
    more. request and answer are for the history: secrets masked, answer at most 8 kB. delivery:
    what a report says of its way to the receiver, one of DELIVERIES, or "" when nothing is known.
    """

    kind: Kind
    sentence: str
    fix: str = ""
    receipt: str = ""
    request: str = ""
    answer: str = ""
    retry_after: float | None = None
    gone: bool = False
    delivery: str = ""


@dataclass(frozen=True)
class Call:
    """What an action needs to know of this try.

    attempt counts from 1; deadline in seconds; signed_now: the time that signatures and Retry-After
    dates are reckoned with; started_at: when a doubtful try began, for look_up; hops: how many
    Rulebooks the event came through (HOP_HEADER), so that a ring of rules ends.
    """

    run_id: str
    attempt: int = 1
    deadline: float = 15.0
    callback_url: str | None = None
    signed_now: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    started_at: datetime | None = None
    hops: int = 0


@dataclass(frozen=True)
class Asked:
    """A request, and what an answer to it means."""

    request: Request
    read: Callable[[Response], Outcome]

    def outcome(self, answer: Response | EgressError) -> Outcome:
        """What came of it. Raises EgressError where there is no answer."""
        if isinstance(answer, EgressError):
            raise answer
        return self.read(answer)


def failed(failure: EgressError) -> Outcome:
    """The outcome of a call that got no answer."""
    if isinstance(failure, Refused):
        return Outcome("no_for_good", failure.sentence, failure.fix)
    return Outcome("ambiguous" if failure.written else "not_sent", failure.sentence, failure.fix)


def retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds to wait by a Retry-After header, a number or a date; None if it says neither.

    RFC 9110, 10.2.3. A date that has passed is 0.
    """
    text = (value or "").strip()
    if re.fullmatch(r"\d{1,9}", text):
        return float(text)
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    at = date if date.tzinfo else date.replace(tzinfo=UTC)
    return max(0.0, (at - now).total_seconds())


def clean(outcome: Outcome, hidden: Sequence[str]) -> Outcome:
    """The outcome without any secret, however the other side threw it back."""

    def without(text: str) -> str:
        for secret in sorted(hidden, key=len, reverse=True):
            text = text.replace(secret, MASK)
        for secret in hidden:
            text = _without_beginning(text, secret)
        return text.replace("\x00", "�")

    return replace(
        outcome,
        sentence=without(outcome.sentence),
        fix=without(outcome.fix),
        request=without(outcome.request),
        receipt=without(outcome.receipt),
        answer=without(outcome.answer).encode()[:MAX_ANSWER].decode(errors="ignore"),
    )


def _without_beginning(text: str, secret: str) -> str:
    """The text without the beginning of a secret at its end, where it was cut."""
    for length in range(min(len(secret), len(text)), TELLS_NOTHING, -1):
        if text.endswith(secret[:length]):
            return text[:-length] + MASK
    return text
