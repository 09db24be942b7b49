"""Published suites for paths, dates and addresses: every difference is named, and has its reason.

The reasons stand in docs/rule-document.md; a case that begins or ceases to differ fails here.
"""

import json
import pathlib
import re
from collections import Counter
from zoneinfo import ZoneInfo

import pytest

from rules.dates import Unreadable, read_moment
from rules.errors import Unusable
from rules.families.ip import read_address
from rules.families.row import Env, Unfit
from rules.paths import parse_path
from tests.shared_data import shared

PAGE = (pathlib.Path(__file__).parents[2] / "docs" / "rule-document.md").read_text("utf-8")
WORDS = " ".join(PAGE.split())

# What RFC 9535 has and this engine refuses: why -> how to tell such a filter.
REFUSED = {
    "functions": r"\b(length|count|match|search|value)\(",
    "`!` before a bracket": r"!\s*\(",
    "exponents in a filter": r"[0-9][eE][+-]?[0-9]",
    "wildcards, slices and lists inside a filter": r"@\.\*|\$\.\*|@\[[0-9]+[:,]",
    "a filter inside a filter": r"@\[\?",
    "an escaped quote in a filter": r"\\['\"]",
}


def test_paths_agree_with_the_compliance_suite_of_rfc_9535(capsys):
    tests = json.loads(shared("rules-data/rfc9535_cts/cts.json").read_text())["tests"]
    counts: Counter = Counter()
    reasons: Counter = Counter()
    for test in tests:
        own = "?" not in test["selector"]
        outcome = judge_path(test)
        counts[outcome, own] += 1
        if outcome == "refused":
            (reason, *_) = [
                why for why, sign in REFUSED.items() if re.search(sign, test["selector"])
            ]
            reasons[reason] += 1
        assert outcome != "differs", test["name"]
        assert outcome == "agrees" or not own, test["name"]
    with capsys.disabled():
        why = ", ".join(f"{why} ({count})" for why, count in reasons.items())
        ours, filters = counts["agrees", True], counts["agrees", False]
        print(f"\nRFC 9535 suite: {ours} of {ours} agree in the own parser, {filters} in filters; "
              f"not available: {why}")  # fmt: skip
    assert (counts["agrees", True], counts["agrees", False]) == (320, 275)
    for why, count in reasons.items():
        assert f"{why} ({count})" in WORDS
    assert f"{320 + 275} of its {len(tests)} cases" in WORDS


def judge_path(test) -> str:
    try:
        path = parse_path(test["selector"])
    except Unusable:
        return "agrees" if test.get("invalid_selector") else "refused"
    if test.get("invalid_selector"):
        return "differs"
    found = path.locate(test["document"])
    values = test.get("results") or [test["result"]]
    places = test.get("results_paths") or [test["result_paths"]]
    same = [value for _, value in found] in values and [where for where, _ in found] in places
    return "agrees" if same and path.values(test["document"]) in values else "differs"


def is_date(text: str) -> bool:
    return moment(text) is not None and moment(text).instant is None


def is_date_time(text: str) -> bool:
    return moment(text) is not None and moment(text).instant is not None


def moment(text: str):
    try:
        return read_moment(text, ZoneInfo("UTC"))
    except Unreadable:
        return None


def is_address(text: str, version: int) -> bool:
    address = read_address(text, Env())
    return not isinstance(address, Unfit) and (":" in text) == (version == 6)


BLANKS = "blanks around a value are passed over"
SUITES = {
    "date": (is_date, 75, {
        "20230328": "ISO 8601 calendar dates without hyphens are read",
        " 2024-01-15": BLANKS, "2024-01-15 ": BLANKS,
    }),
    "time": (lambda text: is_date_time(f"2026-01-01T{text}"), 41, {
        "01:01:01,1111": "ISO 8601 allows a comma before the fraction",
        "12:00:00": "a time without a zone is the workspace's",
        "12:00:00.52": "a time without a zone is the workspace's",
    }),
    "date-time": (is_date_time, 27, {
        "1985-04-12T23:20:50+01": "ISO 8601 allows an offset of hours alone",
        "1985-04-12T23:20:50Z\n": BLANKS,
    }),
    "ipv4": (lambda text: is_address(text, 4), 35, dict.fromkeys(
        (" 192.168.0.1", "192.168.0.1 ", "192.168.0.1\n", "192.168.0.1\t"), BLANKS)),
    "ipv6": (lambda text: is_address(text, 6), 36, dict.fromkeys(("  ::1", "::1  "), BLANKS)),
}  # fmt: skip


@pytest.mark.parametrize("name", SUITES)
def test_dates_and_addresses_differ_from_json_schema_only_where_said(name):
    reads, count, differences = SUITES[name]
    groups = json.loads(shared(f"rules-data/jsonschema_formats/{name}.json").read_text())
    cases = [case for group in groups for case in group["tests"] if isinstance(case["data"], str)]
    assert len(cases) == count
    differing = {case["data"] for case in cases if reads(case["data"]) is not case["valid"]}
    assert differing == set(differences)
    for reason in differences.values():
        assert reason in WORDS
