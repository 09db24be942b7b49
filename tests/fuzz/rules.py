"""Throw made-up bytes at the engine: nothing but its own errors may come out, and soon.

    python -m tests.fuzz.rules --seconds 60            every target for a minute each
    python -m tests.fuzz.rules --seconds 600 template  one of them

Needs atheris, which is no dependency of the project: pip install atheris. Each target runs in a
process of its own; what breaks it is written to the current folder as crash-... by libFuzzer.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from typing import Any

PIECES = [
    "{{ payload", ".a", " | ", "upper", "default('x')", "money('usd')", "date", " }}", "(", ")",
    "{% if ", "{% for x in payload.a %}", "{% endfor %}", "{% endif %}", "==", "'", "9", "json",
    "truncate(3)", "replace('a', 'b')", "x", "[0]", "and", "not ", "-", "phone", "join(x)", ", ",
]  # fmt: skip
SLOWEST = 5  # seconds for one input, after which libFuzzer calls it hung


def document_from(data: Any) -> Any:
    """A rule document made of pieces that fit together about half of the time."""
    from rules import OPERATORS

    ids = sorted(OPERATORS)

    def value(depth: int) -> Any:
        kind = data.ConsumeIntInRange(0, 9)
        if kind < 3:
            return data.ConsumeUnicode(data.ConsumeIntInRange(0, 30))
        if kind < 5:
            return data.ConsumeInt(9)
        if kind == 5:
            return data.ConsumeFloat()
        if kind == 6:
            return data.ConsumeBool() or None
        if kind == 7:
            return data.PickValueInList(["7d", "10.0.0.0/8", "2026-01-01", "^a", ["mon"], "*x?"])
        if depth > 3:
            return None
        return [value(depth + 1) for _ in range(data.ConsumeIntInRange(0, 3))]

    def path(root: str) -> str:
        tail = data.PickValueInList(["", ".a", "[*]", "[0]", "..b", "[?@.a == 1]", ".a[1:]"])
        return f"{root}{tail}{data.ConsumeUnicode(data.ConsumeIntInRange(0, 6))}"

    def node(depth: int, root: str) -> Any:
        kind = data.ConsumeIntInRange(0, 7)
        if kind == 0 and depth < 7:
            return {"items": path(root), "match": value(2), "where": node(depth + 1, "@")}
        if kind < 3 and depth < 7:
            name = data.PickValueInList(["all", "any", "none"])
            return {name: [node(depth + 1, root) for _ in range(data.ConsumeIntInRange(0, 3))]}
        if kind == 3:
            return value(0)
        made = {"path": path(root), "test": data.PickValueInList(ids), "value": value(0)}
        if data.ConsumeBool():
            made["match"] = data.PickValueInList(["any", "all", "none", {"at_least": 2}])
        return made

    step = {"id": "s", "action": "outbox", "config": {}}
    return {"name": "fuzz", "when": node(0, "$"), "then": [step]}


def event_from(data: Any) -> dict[str, Any]:
    """An event whose payload is whatever the rest of the bytes are read as."""
    from rules.payload import read_payload

    body = data.ConsumeBytes(data.ConsumeIntInRange(0, 400))
    about = {"received_at": data.PickValueInList(["2026-01-14T12:00:00Z", "", None, 7])}
    return {"payload": read_payload(body, "application/json").value, "headers": {}, "query": {},
            "event": about}  # fmt: skip


def judge(data: Any) -> None:
    """parse, match, explain, sentence and lint."""
    from rules import RuleError, compile_rules, explain, lint, parse, sentence

    happened = event_from(data)
    try:
        rule = parse(document_from(data))
    except RuleError as error:
        assert error.message
        return
    before = repr(happened)
    met = compile_rules([("r", rule)], "Europe/Berlin").match(happened) == ["r"]
    verdict = explain(rule, happened, "Europe/Berlin")
    assert verdict.met is met and repr(happened) == before
    json.dumps(verdict.as_dict())
    assert parse(rule.document) == rule and sentence(rule)
    kinds = {note.kind for note in lint(rule, events=[happened])}
    assert not (met and "never" in kinds) and not (not met and "always" in kinds)


def path(data: Any) -> None:
    """Any text as a path, into any payload."""
    from rules.errors import Unusable
    from rules.paths import TooMuch, parse_path

    happened = event_from(data)
    try:
        found = parse_path("$" + data.ConsumeUnicode(200))
        places = found.locate(happened["payload"])
    except (Unusable, TooMuch):
        return
    assert parse_path(found.text).text == found.text
    assert [value for _, value in places] == found.values(happened["payload"])


def template(data: Any) -> None:
    """Any text as a template, for any payload and every destination."""
    from rules import RuleError
    from rules.template_escape import DESTINATIONS
    from rules.templates import TemplateError, compile_template

    escape = data.PickValueInList(sorted(DESTINATIONS))
    happened, source = event_from(data), ""
    while data.remaining_bytes() and len(source) < 2_000:
        source += data.PickValueInList(PIECES) if data.ConsumeBool() else data.ConsumeUnicode(4)
    try:
        text = compile_template(source, escape=escape).render(happened)
    except (RuleError, TemplateError) as error:
        assert error.message
        return
    text.encode()


def payload(data: Any) -> None:
    """Any bytes as a body, under any content type."""
    from rules.catalog import fields_of, walk
    from rules.payload import read_payload

    kind = data.PickValueInList(
        ["application/json", "application/x-www-form-urlencoded", "text/xml", "text/plain", "",
         "multipart/form-data; boundary=b", "application/json; charset=utf-16", None]
    )  # fmt: skip
    found = read_payload(data.ConsumeBytes(4_000), kind)
    fields_of(found.value)
    for _ in walk(found.value):
        pass
    json.dumps(found.value, default=str).encode()


def date(data: Any) -> None:
    """Any text as a date, an address and a number."""
    from zoneinfo import ZoneInfo

    from rules.dates import Unreadable, read_moment
    from rules.families.ip import read_address
    from rules.families.row import Env
    from rules.values import plain_number, shortest

    text = data.ConsumeUnicode(60)
    read_address(text, Env())
    number = plain_number(text)
    if number is not None:
        shortest(number)
    try:
        read_moment(text, ZoneInfo("America/Los_Angeles"))
    except Unreadable as error:
        assert str(error)


TARGETS = {one.__name__: one for one in (judge, path, template, payload, date)}


def main() -> int:
    """Run the targets named, or all; the exit code is that of the first that broke."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("targets", nargs="*", choices=[[], *TARGETS], default=[])
    parser.add_argument("--seconds", type=int, default=60, help="for each target (60)")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.inside:
        return fuzz(asked.targets[0], asked.seconds)
    for name in asked.targets or TARGETS:
        print(f"== {name}, {asked.seconds} seconds", flush=True)
        command = [sys.executable, "-m", "tests.fuzz.rules", name, "--inside"]
        code = subprocess.run([*command, "--seconds", str(asked.seconds)]).returncode
        if code:
            print(f"{name} broke; the input is in a file crash-... or timeout-... here")
            return code
    return 0


def fuzz(name: str, seconds: int) -> int:
    """One target, in this process; libFuzzer ends it."""
    import atheris  # type: ignore[import-untyped, import-not-found, unused-ignore]

    with atheris.instrument_imports(include=["rules"]):
        import rules.catalog  # noqa: F401
        import rules.payload  # noqa: F401
        import rules.templates  # noqa: F401
    target = TARGETS[name]

    def one(raw: bytes) -> None:
        target(atheris.FuzzedDataProvider(raw))

    limits = [f"-max_total_time={seconds}", f"-timeout={SLOWEST}", "-rss_limit_mb=1000",
              "-max_len=4096", "-verbosity=0", "-print_final_stats=1"]  # fmt: skip
    atheris.Setup([sys.argv[0], *limits], one)
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
