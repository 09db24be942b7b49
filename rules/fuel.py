"""What one rendering may use up, and how it ends when it cannot be finished.

TemplateError        the text could not be written: what happened, and the fix
|-- SkipStep         a field is not in the event, and the rule says: then skip the step
|-- MissingField     a field is not in the event, and the rule says: then fail
|-- Unusable         a filter was given what it cannot use
|-- OutOfFuel        the template does more work than one message may
`-- TooLong          the text is longer than its destination takes
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from jinja2 import Undefined

FUEL = 1_000_000


class TemplateError(Exception):
    """What happened in `message`, what to do next in `fix`; both are read by people."""

    def __init__(self, message: str, fix: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix


class SkipStep(TemplateError):
    """The step is not to be carried out, because `field` is not in the event."""

    def __init__(self, message: str, field: str, fix: str = "") -> None:
        super().__init__(message, fix)
        self.field = field


class MissingField(TemplateError):
    """The step fails, because `field` is not in the event."""

    def __init__(self, message: str, field: str, fix: str = "") -> None:
        super().__init__(message, fix)
        self.field = field


class Unusable(TemplateError):
    """A filter was given something that it cannot use."""


class OutOfFuel(TemplateError):
    """The template does more work than one message may."""

    def __init__(self) -> None:
        super().__init__(
            "This template does too much work for one message, so it was stopped.",
            "Repeat over fewer items, or use fewer filters inside the repeated part.",
        )


class TooLong(TemplateError):
    """The text has more letters than its destination takes."""

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"The text is longer than the {limit:,} letters allowed here.",
            "Shorten it, for example with | truncate(200), or repeat over fewer items.",
        )


class Missing(Undefined):
    """Stands for a field that is not in the event: blank, not true, nothing to repeat."""


MISSING = Missing()


def absent(value: object) -> bool:
    """True for a field that is not in the event, and for null."""
    return value is None or isinstance(value, Undefined)


class Written(NamedTuple):
    """What stands in a text for one {{ }}: the fields it was made from, as it was written, and as
    it was before it was made fit for its place."""

    fields: tuple[str, ...]
    text: str
    plain: str


@dataclass
class Work:
    """One rendering: what is left of its fuel, and what its filters may know.

    `now` is the event's received_at, so a replay writes what the first rendering wrote.
    """

    if_missing: str = "blank"
    zone: str = "UTC"
    now: object = None
    fuel: int = FUEL
    inserted: bool = False
    gaps: dict[str, None] = field(default_factory=dict)
    written: list[Written] | None = None

    def burn(self, units: int) -> None:
        """Use up fuel, or raise OutOfFuel."""
        self.fuel -= units
        if self.fuel < 0:
            raise OutOfFuel
