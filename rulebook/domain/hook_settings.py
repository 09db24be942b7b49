"""What a hook's settings may hold: one row each, with its check."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rulebook.errors import Problem
from rulebook.providers.custom import scheme_problem
from rules.errors import Unusable
from rules.paths import parse_path

REPLY_TYPES = ("text/plain", "application/json")
MOST_HIDDEN = 50
LONGEST_TOLERANCE = 7 * 24 * 3600  # seconds
_HEADER = re.compile(r"[A-Za-z0-9-]{1,100}")


@dataclass(frozen=True)
class HookSetting:
    """A setting: what it does in a sentence, and what is wrong with a value, if anything."""

    name: str
    sentence: str
    problems: Callable[[Any], list[Problem]]


def settings_problems(settings: Any) -> list[Problem]:
    """What is wrong with these settings, by pointer; None as a value takes a setting away."""
    if not isinstance(settings, dict) or not set(settings) <= set(SETTINGS):
        known = ", ".join(SETTINGS)
        return [Problem("/settings", "There is no such setting.", f"Settings are: {known}.")]
    return [
        problem
        for name, value in settings.items()
        if value is not None
        for problem in SETTINGS[name].problems(value)
    ]


def _reply(reply: Any) -> list[Problem]:
    if (
        not isinstance(reply, dict)
        or not set(reply) <= {"status", "type", "text"}
        or not (isinstance(reply.get("status", 200), int) and 200 <= reply.get("status", 200) < 300)
        or reply.get("type", "text/plain") not in REPLY_TYPES
        or not isinstance(reply.get("text", ""), str)
        or len(reply.get("text", "")) > 4000
    ):
        return [Problem("/settings/reply", "The reply is a status of 200 to 299, a type of "
                        f"{' or '.join(REPLY_TYPES)}, and a text of up to 4,000 letters.",
                        'Such as {"status": 200, "text": "ok"}.')]  # fmt: skip
    return []


def _scheme(scheme: Any) -> list[Problem]:
    found = scheme_problem(scheme)
    if found is None:
        return []
    where, message, fix = found
    return [Problem(f"/settings/scheme/{where}".rstrip("/"), message, fix)]


def _tolerance(value: Any) -> list[Problem]:
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= LONGEST_TOLERANCE:
        return []
    return [Problem("/settings/tolerance", "How old a signed request may be is 1 to "
                    f"{LONGEST_TOLERANCE} seconds.", "Such as 300.")]  # fmt: skip


def _yes_or_no(name: str) -> Callable[[Any], list[Problem]]:
    def problems(value: Any) -> list[Problem]:
        if isinstance(value, bool):
            return []
        return [Problem(f"/settings/{name}", "This is true or false.", "Such as true.")]

    return problems


def _hidden(value: Any) -> list[Problem]:
    def problem(message: str) -> list[Problem]:
        return [Problem("/settings/hidden", message, 'Such as ["$.customer.email"].')]

    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        return problem("This is a list of paths.")
    if len(value) > MOST_HIDDEN:
        return problem(f"At most {MOST_HIDDEN} fields can be hidden.")
    for each in value:
        try:
            parsed = parse_path(each)
        except Unusable as unusable:
            return problem(f"{each!r} cannot be read: {unusable}")
        if parsed.searches or not parsed.segments:
            return problem(f"{each!r} is no plain path.")
    return []


def _id_header(value: Any) -> list[Problem]:
    if isinstance(value, str) and _HEADER.fullmatch(value):
        return []
    return [
        Problem("/settings/id_header", "This is the name of a header.", "Such as X-Request-Id.")
    ]


SETTINGS = {
    setting.name: setting
    for setting in (
        HookSetting("reply", "What tools are answered instead of the usual.", _reply),
        HookSetting("scheme", "How an unknown tool signs.", _scheme),
        HookSetting("tolerance", "By how many seconds a signed time may differ.", _tolerance),
        HookSetting("allow_unverified", "Whether events are judged that nobody has verified: yes "
                    "at first, no once a secret was saved.", _yes_or_no("allow_unverified")),
        HookSetting("keep_refused", "Whether the bodies of refused requests are kept, so that they "
                    "can be taken later (yes unless said).", _yes_or_no("keep_refused")),
        HookSetting("hidden", "Paths of fields that people do not see, [*] for every item of a "
                    "list; rules and messages use them all the same. Only an owner takes one away.",
                    _hidden),
        HookSetting("id_header", "The header in which a tool repeats the same id when it sends "
                    "again; the provider's own id counts otherwise.", _id_header),
    )
}  # fmt: skip
