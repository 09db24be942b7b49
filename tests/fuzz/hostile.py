"""What hostile templates, patterns, paths, rules and events cost: a table, made by hand.

    python -m tests.fuzz.hostile

Each case runs in a process of its own, so that its memory can be told from the others'. Every line
has to stay below 100 ms (of the processor) and 50 MB; the exit code is 1 where one does not.
"""

from __future__ import annotations

import gc
import json
import multiprocessing
import resource
import sys
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from typing import Any

from rules import RuleError, compile_rules, explain, lint, parse
from rules.catalog import merge
from rules.errors import Unusable
from rules.paths import TooMuch, parse_path
from rules.payload import read_payload
from rules.suggest import set_apart
from rules.templates import TemplateError, compile_template

Case = Callable[[], object]
LONGEST, LARGEST = 0.1, 50
WIDE = {"rows": [{"id": n, "name": "x" * 4, "tags": ["a", "b"]} for n in range(8_300)]}
BIG = {"text": "x" * 200_000, "list": list(range(20_000)), "deep": [[[1] * 30] * 30] * 30}
PATTERNS = [
    "(a+)+$", "(a|aa)+$", "(.*a){20}", "(x+x+)+y", "([a-z]+)*[0-9]", "(a|a?)+b",
    "(?:a{0,30}){0,30}",
    "(.*)*(.*)*(.*)*z", "^(([a-z])+.)+[A-Z]([a-z])+$", "[a-z]*[a-z]*[a-z]*[a-z]*[a-z]*0",
    "(a{1000})", "((a{30}){30}){30}", "(?i)(ß|ss|s)+$", "\\pL*\\pN*\\pL*$", ".{0,999}x",
]  # fmt: skip
PATHS = ["$..*", "$..[*]", "$..[*][*][*]", "$..[?@.id > 5]", "$.rows[?@.id > 5][?@.id > 5]",
         "$..*..*", "$.rows" + "[*]" * 25, "$..tags[*]",
         "$" + "[:]" * 29, "$..[0,0,0,0,0,0,0,0]"]  # fmt: skip
TEMPLATES = {
    "a loop in a loop": "{% for a in payload.list %}{% for b in payload.list %}x{% endfor %}"
    "{% endfor %}",
    "three loops": "{% for a in payload.list %}{% for b in a %}{% for c in payload.list %}"
    + "{% endfor %}" * 3,
    "many choices in a loop": "{% for a in payload.list %}"
    + "{% if a %}{% endif %}" * 600
    + "{% endfor %}",
    "much text in a loop": "{% for a in payload.list %}" + "x" * 10_000 + "{% endfor %}",
    "a long text in a loop": "{% for a in payload.list %}{{ payload.text }}{% endfor %}",
    "a search in a loop": "{% for a in payload.list %}{% if 'y' in payload.text %}{% endif %}"
    "{% endfor %}",
    "sorting in a loop": "{% for a in payload.list %}{% if payload.list | sort %}{% endif %}"
    "{% endfor %}",
    "a long join": "{{ payload.list | join(payload.text) }}",
    "a join of joins": "{{ payload.list | join(payload.list | join(payload.list | join('x'))) }}",
    "a growing replace": "{{ payload.text | replace('x', payload.text) }}",
    "replace upon replace": "{{ payload.text" + " | replace('x', 'xxxxxxxxxx')" * 20 + " }}",
    "filters upon filters": "{{ payload.text" + " | upper" * 15 + " }}",
    "JSON in JSON": "{{ payload.text" + " | json" * 16 + " }}",
    "a text many times": "{{ payload.text }}" * 600,
    "comparing deep lists": "{% for a in payload.list %}{% if payload.deep == payload.deep %}"
    "{% endif %}{% endfor %}",
    "a width": "{{ 'x' | center(100000000) }}",
    "a format": "{{ '%999999999s' | format('x') }}",
    "format()": "{{ '{:>999999999}'.format('x') }}",
    "a product": "{{ 'x' * 1000000000 }}",
    "a power": "{{ 9 ** 9 ** 9 }}",
    "doubling": "{{ 'x'" + " ~ 'x'" * 2_000 + " }}",
    "a range": "{{ range(999999999) | join }}",
    "a long number": "{{ " + "9" * 16_000 + " }}",
    "deep brackets": "{{ " + "(" * 8_000 + ")" * 8_000 + " }}",
    "deep negation": "{{ " + "not " * 4_000 + "payload }}",
    "deep fields": "{{ payload" + ".a" * 8_000 + " }}",
    "deep choices": "{% if payload %}" * 600 + "{% endif %}" * 600,
    "many fields": "{{ payload.a }}" * 1_090,
    "many filters": "{{ 1" + " | date('date', 'UTC')" * 20 + " }}{{ 2 | money('usd') }}" * 500,
    "many comparisons": "{% if payload.a == 1 %}{% endif %}" * 480,
    "a truncation": "{{ payload.text | truncate(100000) | truncate(100000) | truncate(100000) }}",
}


def written(source: str) -> Case:
    def case() -> object:
        try:
            return compile_template(source, limit=10**9).render({"payload": BIG})
        except (RuleError, TemplateError) as error:
            return error.message

    return case


def compiled(source: str) -> Case:
    def case() -> object:
        try:
            return compile_template(source)
        except RuleError as error:
            return error.message

    return case


def found(test: str, wanted: str) -> Case:
    """A rule with this pattern against 64 kB of the same letter."""

    def case() -> object:
        try:
            made = rule({"path": "$.x", "test": test, "value": wanted})
        except RuleError as error:
            return error.message
        text = ("a" * 60_000 + "!")[:65_536]
        happened = {"payload": {"x": text}, "headers": {}, "query": {}, "event": {}}
        return compile_rules([("r", made)]).match(happened)

    return case


def located(path: str) -> Case:
    def case() -> object:
        try:
            return len(parse_path(path).locate(WIDE))
        except (Unusable, TooMuch) as error:
            return error.args

    return case


def rule(when: Any) -> Any:
    return parse({"name": "x", "when": when, "then": [{"id": "x", "action": "x", "config": {}}]})


def large_event() -> Iterator[tuple[str, Case]]:
    body = json.dumps(WIDE).encode()
    happened = {"payload": WIDE, "headers": {}, "query": {}, "event": {}}
    every = rule(
        {"items": "$.rows[*]", "where": {"path": "@.tags[*]", "test": "text.is", "value": "c"}}
    )
    deep = rule({"all": [{"path": "$..name", "test": "text.like", "value": "*y*"}] * 100})
    small = {**happened, "payload": {"rows": [], "type": "x"}}
    yield f"reading {len(body) // 1024} kB of JSON, 49,801 values", lambda: read_payload(body, None)
    yield "matching 8,300 items", lambda: compile_rules([("r", every)]).match(happened)
    yield "explaining 8,300 items", lambda: explain(every, happened).as_dict()
    yield "100 conditions on $..name", lambda: compile_rules([("r", deep)]).match(happened)
    yield "explaining 100 conditions on $..name", lambda: explain(deep, happened).as_dict()
    yield "the catalogue of it", lambda: merge([WIDE])
    yield "what sets it apart from 50", lambda: set_apart(happened, [small] * 50)


def large_rules() -> Iterator[tuple[str, Case]]:
    texts = [f"text {n}" for n in range(150)]
    ones = [{"path": "$.x", "test": "text.is_one_of", "value": texts[n:]} for n in range(60)]
    likes = [{"path": "$.x", "test": "text.like", "value": f"*text {n}*"} for n in range(40)]
    yield "lint: 100 conditions, 7,230 values", lambda: lint(rule({"all": ones + likes}))
    halves = {"any": [{"all": ones[:50]}, {"none": likes}]}
    yield "lint: groups of 50 and 40", lambda: lint(rule(halves))
    nest: Any = {"path": "$.x", "test": "any.is_list"}
    for _ in range(50_000):
        nest = {"all": [nest]}
    yield "50,000 groups in each other", lambda: refused(nest)
    yield "like with 2,000 stars", found("text.like", "*a" * 2_000)


def refused(document: Any) -> str:
    try:
        parse(document)
    except RuleError as error:
        return error.message
    return ""


def cases() -> Iterator[tuple[str, Case]]:
    for name, source in TEMPLATES.items():
        yield f"template: {name}, compiled", compiled(source)
        yield f"template: {name}", written(source)
    for pattern in PATTERNS:
        yield f"pattern: {pattern}", found("text.matches_regex", pattern)
    for path in PATHS:
        yield f"path: {path[:30]}", located(path)
    yield from large_event()
    yield from large_rules()


def measured(case: Case, answer: Connection) -> None:
    gc.collect()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.process_time()
    case()
    took = time.process_time() - began
    answer.send((took, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024))


def main() -> int:
    """Print each case with its time and memory; 1 where one is over the limit."""
    compile_template("{{ 1 | money('usd') }}{{ 2 | date }}").render(
        {}
    )  # loads what is slow to load
    over = 0
    context = multiprocessing.get_context("fork")
    for name, case in cases():
        mine, theirs = context.Pipe(duplex=False)
        process = context.Process(target=measured, args=(case, theirs))
        process.start()
        took, memory = mine.recv() if mine.poll(60) else (60.0, 0.0)
        process.kill()
        late = took > LONGEST or memory > LARGEST
        over += late
        print(
            f"{took * 1000:8.1f} ms {memory:6.1f} MB  {'OVER ' if late else ''}{name}", flush=True
        )
    print(f"{over} over {LONGEST * 1000:.0f} ms or {LARGEST} MB")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
