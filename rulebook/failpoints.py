"""Named places at which a test can have this process die, as if somebody had pulled the plug.

`tests/faults` arms them through RULEBOOK_TEST_FAIL_AT: names from POINTS, separated by commas;
`after_claim:3` is the third time that this process comes by there. Without it nothing happens.
"""

from __future__ import annotations

import os
import signal
import threading
from collections import Counter

VARIABLE = "RULEBOOK_TEST_FAIL_AT"
DYING = "killed at the fail point "
POINTS = {
    "after_insert": "event rows inserted, not committed",
    "after_commit": "events committed, their senders not answered",
    "after_judge": "verdicts and runs written, not committed",
    "after_claim": "the attempt committed, the call not made",
    "after_send": "the call made, its outcome not recorded",
    "after_record": "the outcome committed",
}


def armed(setting: str) -> dict[str, int]:
    """Which points are armed, and at which passing each goes off; ValueError for anything else."""
    found = {}
    for word in filter(None, (word.strip() for word in setting.split(","))):
        name, _, passing = word.partition(":")
        if name not in POINTS or not (passing or "1").isdecimal() or passing == "0":
            raise ValueError(
                f"{VARIABLE} holds {word!r}, which is no fail point. Write one of "
                f"{', '.join(POINTS)}, with a number from 1 if not the first passing is meant."
            )
        found[name] = int(passing or 1)
    return found


ARMED = armed(os.environ.get(VARIABLE, ""))
_passed: Counter[str] = Counter()
_counting = threading.Lock()


def reach(name: str) -> None:
    """Nothing, unless this point is armed and its passing has come: then the process says so on
    standard error and dies here of SIGKILL."""
    if ARMED and name in ARMED:
        _passing(name)


def _passing(name: str) -> None:
    with _counting:
        _passed[name] += 1
        if _passed[name] == ARMED[name]:
            os.write(2, f"{DYING}{name}\n".encode())
            os.kill(os.getpid(), signal.SIGKILL)
            threading.Event().wait()  # the signal is on its way: do not run on meanwhile
