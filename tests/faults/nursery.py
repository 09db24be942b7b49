"""Starts Rulebook's processes without the second and a half of CPU that Python takes to load them:
a process that has loaded everything and forks. What it forks is `rulebook web` or `rulebook
worker` as ever, a process of its own, killed and stopped like any other.

It reads orders from standard input and answers each with a process id. Every process is handed to
the harness (a subreaper), which sees how it ended.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import json
import os
import signal
import sys
import threading
import time
import traceback
from typing import Any

LOADED = ("web.line", "rulebook.jobs.worker", "rulebook.cli.serving", "uvicorn", "uvloop",
          "twilio.rest", "psycopg", "psycopg_binary", "redis", "phonenumbers")  # fmt: skip
PDEATHSIG, SUBREAPER = 1, 36


def prctl(option: int, value: int) -> None:
    """Linux's prctl(2)."""
    if ctypes.CDLL(None, use_errno=True).prctl(option, value):
        raise OSError(ctypes.get_errno(), "prctl")


def main() -> None:
    """Fork whatever is ordered until standard input ends."""
    prctl(PDEATHSIG, signal.SIGKILL)
    for name in LOADED:
        importlib.import_module(name)
    assert threading.active_count() == 1, "a fork would lose a thread"
    gc.collect()
    gc.freeze()
    for line in sys.stdin:
        told, tell = os.pipe()
        between = os.fork()
        if not between:
            os.close(told)
            if child := os.fork():
                os.write(tell, str(child).encode())
                os._exit(0)
            os.close(tell)
            _become(json.loads(line))
        os.close(tell)
        os.waitpid(between, 0)
        print(os.read(told, 20).decode(), flush=True)
        os.close(told)


def _become(order: dict[str, Any]) -> None:
    """Be what was ordered, in its environment, with its log; never returns."""
    code = 1
    try:
        os.setsid()
        while os.getppid() != order["harness"]:  # the process between us is about to end
            time.sleep(0.0005)
        prctl(PDEATHSIG, signal.SIGKILL)
        log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        null = os.open(os.devnull, os.O_RDONLY)
        for old, new in ((null, 0), (log, 1), (log, 2)):
            os.dup2(old, new)
        os.environ.clear()
        os.environ.update(order["environ"])
        from rulebook import failpoints
        from rulebook.cli import main as rulebook

        # Which points are armed was decided when the nursery loaded the module.
        failpoints.ARMED.update(failpoints.armed(os.environ.get(failpoints.VARIABLE, "")))
        sys.argv = ["rulebook", *order["words"]]
        rulebook()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()  # into its log: os._exit says nothing
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main()
