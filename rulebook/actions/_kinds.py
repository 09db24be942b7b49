"""The kinds of connection that an action uses: stored credentials."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from rulebook.actions._fields import Config, Field, check_fields, examples, mask, secrets
from rulebook.actions._outcomes import Outcome, clean, failed
from rulebook.egress import Egress, EgressError
from rulebook.errors import Problem

Settings = Mapping[str, Any]


def _no_more(config: Config) -> list[Problem]:
    return []


def _no_url(url: str) -> dict[str, Any] | None:
    return None


@dataclass(frozen=True)
class ConnectionKind:
    """A kind of stored credentials. help: how to get them, in plain words.

    account says in one line whose they are, without a secret; try_out tries them, None where there
    is nobody to ask before a rule is; read_url reads them from an address in the settings, None for
    one of another kind.
    """

    name: str
    label: str
    fields: tuple[Field, ...]
    help: str
    account: Callable[[Config], str]
    try_out: Callable[[Config, Egress, Settings], Outcome] | None
    more_checks: Callable[[Config], list[Problem]] = _no_more
    read_url: Callable[[str], dict[str, Any] | None] = _no_url

    @property
    def example(self) -> dict[str, Any]:
        return examples(self.fields)

    def check(self, config: Config) -> list[Problem]:
        """What is wrong with a config, before it is saved."""
        return check_fields(self.fields, config) + self.more_checks(config)

    def test(self, config: Config, egress: Egress, settings: Settings) -> Outcome:
        """Whether the credentials work, tried with the other side; sends no message."""
        if self.try_out is None:
            return Outcome("yes", "Saved. It is tried when a rule first uses it, and not before.")
        try:
            outcome = self.try_out(config, egress, settings)
        except EgressError as failure:
            outcome = failed(failure)
        return clean(outcome, secrets(self.fields, config))

    def mask(self, config: Config) -> dict[str, Any]:
        return mask(self.fields, config)
