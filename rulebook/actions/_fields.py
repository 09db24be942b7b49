"""Fields as data: what a form asks for, what is checked before saving, what is masked."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from rulebook.egress import EgressError, target
from rulebook.errors import Problem

Config = Mapping[str, Any]
MASK = "••••"
MAX_TEMPLATE = 16 * 1024
_INSIDE = re.compile(r"[@.](local|localhost|test)$", re.IGNORECASE)
_ONE_TEMPLATE = re.compile(r"\s*\{\{(?:(?!\}\}|\{\{).)*\}\}\s*", re.DOTALL)


@dataclass(frozen=True)
class Field:
    """One box of a form and one key of a config.

    kind: text, long, email, phone, url, number, choice, yesno, pairs (name to text) or secret.
    choices: (value, label) pairs. escape: how inserted values are made harmless (text, html, json,
    url, header). many: several, separated by commas. low, high: bounds of a number. receiver: it
    says who gets the message, so without it there is none. instead: for another way than the usual
    one; a form keeps it folded.
    """

    name: str
    label: str
    kind: str = "text"
    required: bool = False
    template: bool = False
    secret: bool = False
    default: Any = None
    choices: tuple[tuple[str, str], ...] = ()
    help: str = ""
    example: Any = None
    escape: str = "text"
    max_length: int = 1000
    many: bool = False
    low: float | None = None
    high: float | None = None
    receiver: bool = False
    instead: bool = False

    @property
    def hidden(self) -> bool:
        """Whether its value is never shown."""
        return self.secret or self.kind == "secret"


def is_template(value: object) -> bool:
    """Whether the text is filled in from the event."""
    return isinstance(value, str) and ("{{" in value or "{%" in value)


def is_one_template(value: object) -> bool:
    """Whether the text is one {{ ... }} and nothing else: the author leaves it to the event."""
    return isinstance(value, str) and bool(_ONE_TEMPLATE.fullmatch(value))


def shown(value: object, what: str) -> str:
    """A value for a sentence: itself, or what it is filled in from ("the number in phone")."""
    if not is_template(value):
        return str(value or "").strip() or f"{_article(what)} {what} not given yet"
    found = re.fullmatch(r"\s*\{\{\s*payload\.([\w.\[\]]+)\s*(?:\|.*)?\}\}\s*", str(value))
    return f"the {what} in {found[1]}" if found else f"{_article(what)} {what} from the event"


def _article(noun: str) -> str:
    return "an" if noun[:1] in "aeio" else "a"


def blank(value: object) -> bool:
    """Nothing there: absent, or only blanks. False and 0 are something."""
    return value is None or value == {} or (isinstance(value, str) and not value.strip())


def value_of(fields: Iterable[Field], config: Config, name: str) -> Any:
    """The value of a field in a config, or the field's default where there is none."""
    value = config.get(name)
    if not blank(value):
        return value
    return next(field.default for field in fields if field.name == name)


def mask(fields: Iterable[Field], config: Config) -> dict[str, Any]:
    """A copy of the config with every secret as dots."""
    hidden = {field.name for field in fields if field.hidden}
    return {
        name: MASK if name in hidden and not blank(value) else value
        for name, value in config.items()
    }


def examples(fields: Iterable[Field]) -> dict[str, Any]:
    """A config made of the fields' examples."""
    return {field.name: field.example for field in fields if field.example is not None}


def secrets(fields: Iterable[Field], config: Config | None) -> list[str]:
    """The secret values in a config, longest first."""
    found = [str((config or {}).get(field.name) or "") for field in fields if field.hidden]
    return sorted({text for text in found if text}, key=len, reverse=True)


def check_fields(
    fields: Sequence[Field], config: Config, *, rendered: bool = False
) -> list[Problem]:
    """What is wrong with a config: required, kinds, literal values, unknown keys.

    rendered: templates are filled in, so that every text is taken as it stands.
    """
    names = [field.name for field in fields]
    problems = [_unknown(name, names) for name in config if name not in names]
    for field in fields:
        problems += _check(field, config.get(field.name), rendered)
    return problems


def pointer(*parts: str) -> str:
    """A JSON pointer: RFC 6901."""
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in parts)


def _unknown(name: str, names: list[str]) -> Problem:
    near = get_close_matches(name, names, n=1)
    fix = f"Did you mean “{near[0]}”?" if near else f"There are: {', '.join(names)}."
    return Problem(pointer(name), f"There is no field “{name}” here.", fix)


def _check(field: Field, value: object, rendered: bool) -> list[Problem]:
    if blank(value):
        if not field.required:
            return []
        fix = f"For instance: {field.example}" if field.example is not None else field.help
        return [Problem(pointer(field.name), f"“{field.label}” is empty.", fix)]
    if field.kind == "pairs":
        return _check_pairs(field, value)
    message, fix = _KINDS[field.kind](field, value, field.template and not rendered)
    return [Problem(pointer(field.name), message, fix)] if message else []


Finding = tuple[str, str]
FINE: Finding = ("", "")


def _check_pairs(field: Field, value: object) -> list[Problem]:
    if not isinstance(value, Mapping):
        return [Problem(pointer(field.name), f"“{field.label}” must be names with values.")]
    return [
        Problem(pointer(field.name, str(name)), f"The value of “{name}” must be text.")
        for name, text in value.items()
        if not isinstance(text, str) or len(text) > field.max_length
    ]


def _text(field: Field, value: object, template: bool) -> Finding:
    if not isinstance(value, str):
        return f"“{field.label}” must be text.", ""
    source = template and is_template(value)
    limit = max(field.max_length, MAX_TEMPLATE) if source else field.max_length
    if len(value) > limit:
        return f"“{field.label}” is longer than {limit} characters.", "Shorten it."
    if field.kind != "long" and re.search(r"[\x00-\x1f\x7f]", value):
        return f"“{field.label}” has a line break or control character in it.", "Remove it."
    return FINE


def _phone(field: Field, value: object, template: bool) -> Finding:
    wrong = _text(field, value, template)
    if wrong != FINE or (template and is_template(value)):
        return wrong
    try:
        number = phonenumbers.parse(str(value), None)
        if phonenumbers.is_valid_number(number):
            return FINE
    except phonenumbers.NumberParseException:
        pass
    return (
        f"“{value}” is not a phone number.",
        "Write it with the country's code, such as +14155550123.",
    )


def addresses(value: str) -> list[str]:
    """The parts of a list of mail addresses, separated by commas or semicolons."""
    return [part.strip() for part in re.split(r"[,;]", value) if part.strip()]


def _email(field: Field, value: object, template: bool) -> Finding:
    wrong = _text(field, value, template)
    if wrong != FINE:
        return wrong
    found = addresses(str(value)) if field.many else [str(value).strip()]
    for address in found:
        if template and is_template(value):
            continue  # parts of a template are no addresses yet
        if problem := not_an_address(address):
            return f"“{address[:100]}” is not a mail address: {problem}", "Correct it."
    return FINE


def not_an_address(address: str) -> str:
    """Why the text is not a mail address; "" when it is one."""
    try:
        mail_address(address)
    except EmailNotValidError as problem:
        return str(problem)
    return ""


def mail_address(text: str) -> str:
    """The address as ASCII, for headers and envelopes. Raises ValueError with the reason."""
    # Names that only mean something inside a network are refused by the library: the mail server
    # decides about them, and only the form is checked.
    inside = ".example" if _INSIDE.search(text) else ""
    found = validate_email(text + inside, check_deliverability=False, allow_smtputf8=False)
    return str(found.ascii_email).removesuffix(inside)


def _url(field: Field, value: object, template: bool) -> Finding:
    wrong = _text(field, value, template)
    if wrong != FINE or (template and is_template(value)):
        return wrong
    try:
        target(str(value))
    except EgressError as problem:
        return problem.sentence, problem.fix
    return FINE


def _number(field: Field, value: object, template: bool) -> Finding:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return f"“{field.label}” must be a number.", ""
    low, high = field.low, field.high
    if (low is not None and value < low) or (high is not None and value > high):
        return f"“{field.label}” is {value:g}.", f"Choose {low:g} to {high:g}."
    return FINE


def _choice(field: Field, value: object, template: bool) -> Finding:
    known = [choice for choice, _ in field.choices]
    if value in known:
        return FINE
    near = get_close_matches(str(value), known, n=1)
    fix = f"Did you mean “{near[0]}”?" if near else f"Choose one of: {', '.join(known)}."
    return f"“{value}” is not a choice for “{field.label}”.", fix


def _yesno(field: Field, value: object, template: bool) -> Finding:
    return FINE if isinstance(value, bool) else (f"“{field.label}” must be yes or no.", "")


_KINDS: dict[str, Callable[[Field, object, bool], Finding]] = {
    "text": _text,
    "long": _text,
    "secret": _text,
    "phone": _phone,
    "email": _email,
    "url": _url,
    "number": _number,
    "choice": _choice,
    "yesno": _yesno,
}
