"""Settings: RULEBOOK_* variables (each with a _FILE twin for secrets) or instance/config.toml.

One row of SETTINGS is one setting; the docs are made from the same rows. A variable wins over
the file. A RULEBOOK_* name that no row knows stops the start, with the nearest name.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import Any

from rulebook.errors import ConfigError

PREFIX = "RULEBOOK_"


def _text(value: object) -> str:
    return str(value).strip()


def _number(value: object) -> int:
    try:
        return int(str(value).strip())
    except ValueError:
        raise ValueError("it must be a whole number") from None


def _url(value: object) -> str:
    text = _text(value).rstrip("/")
    if text and not re.match(r"(?i)https?://[^\s/?#]+(/[^\s?#]*)?\Z", text):
        raise ValueError("it must start with http:// or https:// and a host")
    return text


def _store(*schemes: str) -> Callable[[object], str]:
    """The address of a store: its scheme is one of these, perhaps with a driver behind a plus."""

    def read(value: object) -> str:
        text = _text(value)
        scheme, found, _ = text.partition(":")
        if not found or scheme.partition("+")[0] not in schemes:
            raise ValueError(f"it must start with {' or '.join(f'{s}:' for s in schemes)}")
        return text

    return read


def _list(value: object) -> tuple[str, ...]:
    parts = value if isinstance(value, list) else str(value).split(",")
    return tuple(text for part in parts if (text := _text(part)))


def _one_of(*choices: str) -> Callable[[object], str]:
    def read(value: object) -> str:
        text = _text(value).lower()
        if text not in choices:
            raise ValueError(f"it must be one of {', '.join(choices)}")
        return text

    return read


@dataclass(frozen=True)
class Setting:
    """One setting: its name without RULEBOOK_, how to read it, its default, what it does."""

    name: str
    read: Callable[[object], Any]
    default: Any
    sentence: str
    secret: bool = False


SETTINGS = (
    Setting("INSTANCE", _text, "", "The folder for the database, the keys and config.toml; "
            "`instance` beside the program unless set."),
    Setting("DATABASE_URL", _store("sqlite", "postgresql", "postgres"), "",
            "Where everything is kept; SQLite in the instance folder unless set. "
            "`postgresql://...` for more than one machine.", secret=True),
    Setting("QUEUE_URL", _store("redis", "rediss", "unix", "postgresql", "postgres"), "",
            "The doorbell between web and worker; a SQLite file in the instance folder unless "
            "set. `redis://...` for more than one machine.", secret=True),
    Setting("PUBLIC_URL", _url, "", "The address under which people and tools reach Rulebook; "
            "every link is made from it. `http://HOST:PORT` unless set."),
    Setting("HOST", _text, "127.0.0.1", "The address that the web server listens on."),
    Setting("PORT", _number, 8000, "The port that the web server listens on."),
    Setting("WORKERS", _number, 48, "How many actions one worker process carries out at once."),
    Setting("SECRET_KEY", _text, "", "The key that stored secrets are encrypted with; made once "
            "in the instance folder unless set. Several, separated by commas: the first "
            "encrypts, all decrypt.", secret=True),
    Setting("EGRESS_ALLOW", _list, (), "Private addresses that outgoing requests may reach all "
            "the same: hosts, addresses or networks, each with an optional port, "
            "separated by commas."),
    Setting("MAIL_URL", _text, "", "The mail server by which alerts go where a workspace has "
            "chosen none: `smtp://USER:PASSWORD@HOST:PORT?from=ADDRESS`, with `smtps:` for TLS "
            "from the start and `&security=none` inside your network.", secret=True),
    Setting("MAX_BODY", _number, 1024 * 1024, "The largest body that a hook takes, in bytes; "
            "beyond it the tool is answered 413. At most 26214400."),
    Setting("READ_DEADLINE", _number, 30, "Seconds that a tool may take to send its request; "
            "then it is answered 408."),
    Setting("DISK_FLOOR", _number, 500, "Megabytes that must be free on the disk of the SQLite "
            "database; with less, hooks answer 503. 0: do not look."),
    Setting("RETENTION_DAYS", _number, 30, "Days that the bodies of events are kept."),
    Setting("SIGNUP", _one_of("first", "invite", "open"), "invite", "Who may make an account: "
            "the `first` person by the one-time link, and nobody else; `invite`: whom an owner of "
            "a workspace invites, too; `open`: anyone, each with a workspace of their own. "
            "`rulebook user add` works in any case."),
    Setting("TRUSTED_PROXIES", _number, 0, "How many proxies in front of Rulebook may state the "
            "caller's address in X-Forwarded-For."),
    Setting("TWILIO_API", _url, "https://api.twilio.com", "Where Twilio's API is reached; another "
            "address only for tests."),
    Setting("LOG_LEVEL", _one_of("debug", "info", "warning", "error"), "info", "How much is "
            "written to the log."),
)  # fmt: skip

_BY_NAME = {setting.name: setting for setting in SETTINGS}
# Set by test tooling and scripts, not read by the program.
_FOREIGN = ("TEST_",)


class Config(Mapping[str, Any]):
    """The settings in force, by name without the prefix; read-only."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = MappingProxyType(dict(values))

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    @property
    def instance(self) -> Path:
        """The instance folder."""
        return Path(self["INSTANCE"])

    @property
    def database_url(self) -> str:
        """The SQLAlchemy address of the database; PostgreSQL always through psycopg 3."""
        url: str = self["DATABASE_URL"]
        if not url:
            return f"sqlite:///{self.instance / 'rulebook.db'}"
        for plain in ("postgresql://", "postgres://"):
            if url.startswith(plain):
                return "postgresql+psycopg://" + url.removeprefix(plain)
        return url

    @property
    def public_url(self) -> str:
        """The address that links are made from, without a slash at the end."""
        return self["PUBLIC_URL"] or f"http://{self['HOST']}:{self['PORT']}"


def load(environ: Mapping[str, str] = os.environ) -> Config:
    """The settings from the environment and config.toml. Raises ConfigError with the remedy."""
    given = _from_environment(environ)
    folder = _text(given.get("INSTANCE", "")) or str(Path(__file__).parent.parent / "instance")
    values = {**_from_file(Path(folder) / "config.toml"), **given, "INSTANCE": folder}
    config = Config({s.name: _read(s, values) for s in SETTINGS})
    _check(config)
    return config


def _from_environment(environ: Mapping[str, str]) -> dict[str, object]:
    found: dict[str, object] = {}
    for variable, value in environ.items():
        name = variable.removeprefix(PREFIX)
        if name == variable or name.startswith(_FOREIGN):
            continue
        if name.endswith("_FILE") and name.removesuffix("_FILE") in _BY_NAME:
            found[name.removesuffix("_FILE")] = _secret_file(variable, value)
        else:
            found[_known(name, variable)] = value
    return found


def _from_file(path: Path) -> dict[str, object]:
    if not path.is_file():
        return {}
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise ConfigError(f"{path} cannot be read: {problem}.", "Correct the file.") from None
    return {_known(key.upper(), f"{key} in {path.name}"): value for key, value in table.items()}


def _secret_file(variable: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as problem:
        raise ConfigError(
            f"{variable} names {path}, which cannot be read: {problem.strerror}.",
            "Check the path and its permissions.",
        ) from None


def _known(name: str, shown: str) -> str:
    if name in _BY_NAME:
        return name
    near = get_close_matches(name, _BY_NAME, n=1)
    fix = f"Did you mean {PREFIX}{near[0]}?" if near else "`rulebook doctor` lists the settings."
    raise ConfigError(f"There is no setting {shown}.", fix)


def _read(setting: Setting, values: Mapping[str, object]) -> Any:
    value = values.get(setting.name, "")
    if value == "":
        return setting.default
    try:
        return setting.read(value)
    except ValueError as problem:
        shown = "its value" if setting.secret else repr(value)
        raise ConfigError(
            f"{PREFIX}{setting.name}: {shown} cannot be used ({problem}).", setting.sentence
        ) from None


def _check(config: Config) -> None:
    bounds = {"PORT": (0, 65535), "WORKERS": (1, 64), "MAX_BODY": (1, 26214400),
              "READ_DEADLINE": (1, 300), "RETENTION_DAYS": (1, 36500),
              "TRUSTED_PROXIES": (0, 10), "DISK_FLOOR": (0, 10_000_000)}  # fmt: skip
    for name, (low, high) in bounds.items():
        if not low <= config[name] <= high:
            raise ConfigError(f"{PREFIX}{name} is {config[name]}.", f"Choose {low} to {high}.")
