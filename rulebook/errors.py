"""The one tree of errors. Each says what happened and what to do next; web maps them to HTTP once.

RulebookError            what happened, and the fix
|-- NotFound             404: not there, or not yours; the two are never told apart
|-- NotAllowed           403: yours, but your role or token does not reach that far
|-- NotSignedIn          401
|-- Conflict             409: the thing has moved on since you looked
|-- Invalid              422: problems, each with a pointer to its box
|-- TooMany              429: come back after retry_after seconds
|-- Unavailable          503: our own trouble; nothing was acknowledged
`-- ConfigError          a setting that cannot be used; stops the start
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One thing wrong with what somebody wrote: where (a JSON pointer), what, and the remedy."""

    pointer: str
    message: str
    fix: str = ""


class RulebookError(Exception):
    """What happened in `message`, what to do next in `fix`; both are read by people."""

    status = 500
    title = "Something went wrong"

    def __init__(self, message: str, fix: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix


class NotFound(RulebookError):
    status, title = 404, "Not found"

    def __init__(self, what: str = "page") -> None:
        super().__init__(
            f"There is no such {what} here.",
            "Check the address. It may have been deleted, or belong to another workspace.",
        )


class NotAllowed(RulebookError):
    status, title = 403, "Not allowed"


class NotSignedIn(RulebookError):
    status, title = 401, "Not signed in"


class Conflict(RulebookError):
    status, title = 409, "Already changed"


class Invalid(RulebookError):
    """Something written cannot be taken; `problems` names each box."""

    status, title = 422, "Not valid"

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        first = self.problems[0]
        super().__init__(first.message, first.fix)

    @classmethod
    def at(cls, pointer: str, message: str, fix: str = "") -> Invalid:
        """One problem at one place."""
        return cls([Problem(pointer, message, fix)])


class TooMany(RulebookError):
    status, title = 429, "Too many"

    def __init__(self, message: str, retry_after: int, fix: str = "") -> None:
        super().__init__(message, fix or f"Try again in {retry_after} seconds.")
        self.retry_after = retry_after


class Unavailable(RulebookError):
    status, title = 503, "Not available just now"


class ConfigError(RulebookError):
    title = "A setting cannot be used"
