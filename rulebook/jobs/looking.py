"""The thread that asks providers about doubtful runs: beside the sweeper, which must not wait for
anybody's answer."""

from __future__ import annotations

import logging
import threading

from flask import Flask

from rulebook.domain.settle import look_up_due
from rulebook.jobs.queue import Bell

log = logging.getLogger("rulebook.worker")
LOOK_EVERY = 2.0


def look(app: Flask, bell: Bell, stop: threading.Event) -> None:
    """Until `stop`: ask about what is due, and ring for what may go on because of it."""
    while not stop.is_set():
        try:
            with app.app_context():
                bell.runs(look_up_due())
        except Exception:
            log.exception("Looking up doubtful runs failed; it is tried again.")
        stop.wait(LOOK_EVERY)


def start_looking(app: Flask, bell: Bell, stop: threading.Event) -> None:
    """Look in a thread of its own, which ends with the process."""
    threading.Thread(target=look, args=(app, bell, stop), name="looker", daemon=True).start()
