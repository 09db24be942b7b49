"""The mail server in the settings: read, checked at the start, tried by whoever wants to know."""

from __future__ import annotations

from typing import Any

from rulebook.actions import CONNECTION_KINDS, Outcome
from rulebook.config import PREFIX, Config
from rulebook.egress import Egress
from rulebook.errors import ConfigError

_FORM = "smtp://USER:PASSWORD@HOST:PORT?from=ADDRESS, with smtps:// for TLS from the start"


def own_mail(config: Config) -> tuple[str, dict[str, Any]] | None:
    """Its kind of connection and the config of it; None where there is none. Raises ConfigError."""
    url, name = config["MAIL_URL"], f"{PREFIX}MAIL_URL"
    if not url:
        return None
    for kind in CONNECTION_KINDS.values():
        given = kind.read_url(url)
        if given is None:
            continue
        for problem in kind.check(given):
            raise ConfigError(f"{name}: its value cannot be used ({problem.message.rstrip('.')}).",
                              f"{problem.fix} Write {_FORM}.".strip())  # fmt: skip
        return kind.name, given
    raise ConfigError(f"{name}: its value cannot be used (it is no mail server's address).",
                      f"Write {_FORM}.")  # fmt: skip


def try_own_mail(config: Config, egress: Egress) -> Outcome | None:
    """Connect and log in as for a message, and send none; None where there is no such server.
    Raises ConfigError."""
    own = own_mail(config)
    return CONNECTION_KINDS[own[0]].test(own[1], egress, config) if own else None
