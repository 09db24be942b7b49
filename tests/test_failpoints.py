"""Fail points: silent unless armed; armed, the process dies of SIGKILL at the named passing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from rulebook.failpoints import ARMED, DYING, POINTS, VARIABLE, armed, reach

PASSES = (
    "from rulebook.failpoints import reach\n"
    "for n in range(1, 6):\n"
    "    for name in ('after_claim', 'after_send'):\n"
    "        print(name, n, flush=True)\n"
    "        reach(name)\n"
)


def passes(setting: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PASSES],
        env=os.environ | {VARIABLE: setting}, capture_output=True, text=True, timeout=60,
    )  # fmt: skip


@pytest.mark.parametrize(
    "setting, last",
    [
        ("after_claim", "after_claim 1"),
        ("after_claim:3", "after_claim 3"),
        ("after_claim:4, after_send:2", "after_send 2"),
    ],
)
def test_the_process_dies_at_the_named_passing(setting: str, last: str) -> None:
    died = passes(setting)
    assert died.returncode == -signal.SIGKILL
    assert died.stdout.splitlines()[-1] == last
    assert died.stderr == f"{DYING}{last.split()[0]}\n"


@pytest.mark.parametrize("setting", ["", "after_insert", "after_claim:9"])
def test_nothing_happens_elsewhere(setting: str) -> None:
    lived = passes(setting)
    assert lived.returncode == 0
    assert lived.stdout.splitlines()[-1] == "after_send 5"


def test_a_wrong_name_is_told_and_not_ignored() -> None:
    wrong = passes("after_lunch")
    assert wrong.returncode == 1
    assert "after_lunch" in wrong.stderr and "after_claim" in wrong.stderr


@pytest.mark.parametrize("setting", ["after_claim:0", "after_claim:x", "after_claim:-1", ":2"])
def test_a_wrong_number_is_told(setting: str) -> None:
    with pytest.raises(ValueError, match="fail point"):
        armed(setting)


def test_without_the_variable_none_is_armed() -> None:
    assert ARMED == {}
    for name in POINTS:
        reach(name)
