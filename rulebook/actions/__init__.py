"""What a rule can do: one action type is one file in this folder, found by scanning.

A file holds one subclass of Action: its fields as data, its words, and `send`, which carries one
run out through the egress module. Being in the folder is the registration; a file that cannot be
loaded stops the start by name.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

from rulebook.actions._fields import (
    MASK,
    Config,
    Field,
    addresses,
    blank,
    check_fields,
    examples,
    is_one_template,
    is_template,
    mail_address,
    mask,
    pointer,
    secrets,
    shown,
    value_of,
)
from rulebook.actions._kinds import ConnectionKind, Settings
from rulebook.actions._outcomes import (
    DELIVERIES,
    HOP_HEADER,
    MAX_HOPS,
    Asked,
    Call,
    Counted,
    Message,
    Outcome,
    clean,
    failed,
    retry_after,
)
from rulebook.egress import Egress, EgressError, Response
from rulebook.errors import ConfigError, Problem

__all__ = [
    "ACTIONS",
    "CONNECTION_KINDS",
    "DELIVERIES",
    "HOP_HEADER",
    "MASK",
    "MAX_HOPS",
    "TEST",
    "Action",
    "Asked",
    "Call",
    "Config",
    "ConnectionKind",
    "Counted",
    "Field",
    "Limit",
    "Message",
    "Outcome",
    "Settings",
    "addresses",
    "blank",
    "check_fields",
    "failed",
    "is_one_template",
    "is_template",
    "mail_address",
    "mask",
    "pointer",
    "retry_after",
    "shown",
    "value_of",
]

TEST = "[Test]"


@dataclass(frozen=True)
class Limit:
    """At most so many runs in so many seconds without a person's word: per rule, or per workspace.

    said: "20 text messages in an hour".
    """

    most: int
    seconds: int
    per: Literal["rule", "workspace"]
    said: str


class Action:
    """One action type. A subclass states the data below and overrides the methods it must."""

    name: ClassVar[str] = ""  # the file's name, set by the scan
    label: ClassVar[str]
    # What is sent, one and several.
    noun: ClassVar[tuple[str, str]] = ("message", "messages")
    icon: ClassVar[str]
    fields: ClassVar[tuple[Field, ...]]
    connections: ClassVar[tuple[ConnectionKind, ...]] = ()
    connection_required: ClassVar[bool] = False
    practice: ClassVar[bool] = False
    waits: ClassVar[tuple[int, ...]]
    expires_after: ClassVar[int]
    # Seconds after a doubtful try at which `look_up` may ask what became of it.
    checks: ClassVar[tuple[int, ...]] = ()
    # Every run costs money: beyond these it is held and a person is asked. Empty: it costs nothing.
    limits: ClassVar[tuple[Limit, ...]] = ()
    reports: ClassVar[bool] = False  # the provider tells `heard` later what became of a run
    # Whether Rulebook's own alerts go by it: to each person's e-mail address, or to one receiver
    # that is typed in the settings.
    alerts: ClassVar[Literal["", "person", "one"]] = ""
    # How a rule begun with this action is called ("Text me"); only the first choice has one.
    starter: ClassVar[str] = ""

    @property
    def example(self) -> dict[str, Any]:
        """A config that can be saved, for docs and tests."""
        return examples(self.fields)

    @property
    def max_attempts(self) -> int:
        return len(self.waits) + 1

    def check(self, config: Config, *, connected: bool = False) -> list[Problem]:
        """What is wrong with what an author wrote; pointers relative to the config.

        connected: a connection is attached, whose credentials must not go astray.
        """
        return check_fields(self.fields, config)

    def check_rendered(
        self, config: Config, authored: Config | None = None, *, connected: bool = False
    ) -> list[Problem]:
        """What is wrong with a config after its templates were filled in, before the call.

        authored: the same config before; without it nothing that an event may add is let through.
        """
        return check_fields(self.fields, config, rendered=True)

    def escape(self, field: str, config: Config) -> str:
        """How values inserted into a field are made harmless: text, html, json, url or header."""
        return next(known.escape for known in self.fields if known.name == field)

    def repeat_safe(self, config: Config) -> bool:
        """Whether doing it twice does no harm."""
        return False

    def summary(self, config: Config) -> str:
        """What it does, in a few words: "SMS to +1 415 555 0123"."""
        raise NotImplementedError

    def phrase(self, config: Config) -> str:
        """What it does, as a verb for the rule's sentence: "text +1 415 555 0123"."""
        raise NotImplementedError

    def target(self, config: Config, connection: Config | None) -> str:
        """Whom limits and breakers count it for: a host or an account."""
        raise NotImplementedError

    def message(self, config: Config) -> Message | None:
        """What a person would read; None when no person reads it."""
        return None

    def looked_at(self, config: Config) -> Message | None:
        """What goes out, for a look at it: what a person would read, or else the data."""
        return self.message(config)

    def counted(self, message: Message) -> Counted:
        """What a preview counts of a message, and what it warns of."""
        letters = len(message.subject) + len(message.text or message.html)
        return Counted((letters,), (f"{letters:,} letters",))

    def receivers(self, config: Config) -> tuple[str, ...]:
        """Whom it reaches, written so that the same people are the same text; empty where it goes
        to no person."""
        if not any(each.receiver and config.get(each.name) for each in self.fields):
            return ()
        reached = [each for each in self.fields if each.receiver or each.kind in ("email", "phone")]
        told = [str(config.get(each.name) or "").lower().split(",") for each in reached]
        return tuple(",".join(sorted({"".join(to.split()) for to in some})) for some in told)

    def to_one(self, config: Config, to: str) -> dict[str, Any]:
        """The config with this receiver and no other."""
        kept = {each.name: to for each in self.fields if each.receiver}
        return {**config, **kept}

    def as_test(self, config: Config) -> dict[str, Any]:
        """A filled-in config, marked so that nobody takes it for more than a test: before its first
        line of text, unless the action knows better."""
        texts = [each for each in self.fields if each.template and not each.receiver]
        first = next((each for each in texts if each.kind == "long"), None) or texts[0]
        return {**config, first.name: f"{TEST} {config.get(first.name) or ''}".strip()}

    def tidy(self, config: dict[str, Any]) -> dict[str, Any]:
        """The filled-in config without what no reader would miss."""
        return config

    def run(
        self,
        config: Config,
        connection: Config | None,
        call: Call,
        egress: Egress,
        settings: Settings,
    ) -> Outcome:
        """Carry one try of a run out, with rendered config. Never raises for expected failures."""
        return self._told(
            config, connection, lambda: self.send(config, connection, call, egress, settings)
        )

    def begin(
        self,
        config: Config,
        connection: Config | None,
        call: Call,
        egress: Egress,
        then: Callable[[Callable[[], Outcome]], None],
    ) -> bool:
        """Like `run`, without waiting: `then` is handed what says the outcome, in a thread that
        many share. False, and nothing is done, where it takes more than one request."""
        try:
            asked = self.asks(config, connection, call)
        except EgressError:
            return False
        if asked is None:
            return False

        def ended(answer: Response | EgressError) -> None:
            then(lambda: self._told(config, connection, lambda: asked.outcome(answer)))

        egress.begin(asked.request, ended)
        return True

    def _told(
        self, config: Config, connection: Config | None, what: Callable[[], Outcome]
    ) -> Outcome:
        try:
            outcome = what()
        except EgressError as failure:
            outcome = replace(failed(failure), request=self.summary(config))
        return clean(outcome, self.hidden(config, connection))

    def asks(self, config: Config, connection: Config | None, call: Call) -> Asked | None:
        """The request that carries a try out, where one is all there is to it; then `send` need not
        be written. Raises EgressError for what must not be sent."""
        return None

    def send(
        self,
        config: Config,
        connection: Config | None,
        call: Call,
        egress: Egress,
        settings: Settings,
    ) -> Outcome:
        """The call itself; an EgressError that comes out is made an outcome."""
        asked = self.asks(config, connection, call)
        if asked is None:
            raise NotImplementedError
        it = asked.request
        answer = egress.request(it.verb, it.url, it.headers, it.body, it.seconds, keep=it.keep)
        return asked.read(answer)

    def look_up(
        self,
        config: Config,
        connection: Config | None,
        call: Call,
        egress: Egress,
        settings: Settings,
    ) -> list[Outcome] | None:
        """What the provider lists that may be the doubtful run, each with its receipt; None when
        it could not be asked."""
        return None

    def heard(
        self,
        connection: Config | None,
        url: str,
        headers: Mapping[str, str],
        form: Mapping[str, str],
    ) -> Outcome | None:
        """A verified report at a run's callback_url as an outcome; None for one to be ignored."""
        return None

    def alert(self, to: str, subject: str, text: str) -> dict[str, Any]:
        """An alert of Rulebook as a rendered config; text may have several paragraphs."""
        raise NotImplementedError

    def mask(self, config: Config) -> dict[str, Any]:
        return mask(self.fields, config)

    def hidden(self, config: Config, connection: Config | None) -> list[str]:
        """Every text that no outcome may contain."""
        found = secrets(self.fields, config)
        for kind in self.connections:
            found += secrets(kind.fields, connection)
        return found


def _scan() -> dict[str, Action]:
    """Every action type in this folder by name. Raises ConfigError naming a broken file."""
    found: dict[str, Action] = {}
    for module in sorted(info.name for info in pkgutil.iter_modules(__path__)):
        if not module.startswith("_"):
            found[module] = _load(module)
    return found


def _load(name: str) -> Action:
    try:
        module = importlib.import_module(f"{__name__}.{name}")
        [kind] = [
            thing
            for thing in vars(module).values()
            if isinstance(thing, type) and thing.__module__ == module.__name__
            and issubclass(thing, Action)
        ]  # fmt: skip
        kind.name = name
        return kind()
    except Exception as problem:
        raise ConfigError(
            f"The action file {name}.py cannot be loaded: {problem!r}.",
            "Correct the file; it must hold exactly one subclass of Action.",
        ) from problem


def _gather(actions: Mapping[str, Action]) -> dict[str, ConnectionKind]:
    kinds = [kind for action in actions.values() for kind in action.connections]
    found = {kind.name: kind for kind in kinds}
    for kind in kinds:
        if found[kind.name] is not kind:
            raise ConfigError(f"Two kinds of connection are called {kind.name}.", "Rename one.")
    return found


ACTIONS = _scan()
CONNECTION_KINDS = _gather(ACTIONS)
