"""The thread that watches for problems and tells people of them: beside the sweeper, which must not
wait for a mail server's answer."""

from __future__ import annotations

import logging
import threading
import time

from flask import Flask

from rulebook.domain.alerts import send_due, tell
from rulebook.domain.fieldwatch import listen_for_drift
from rulebook.domain.watching import listen_for_silence, watch

log = logging.getLogger("rulebook.worker")
WATCH_EVERY = 5.0
LISTEN_EVERY = 300.0
LOOK_EVERY = 30.0


def look_after(app: Flask, stop: threading.Event) -> None:
    """Until `stop`: note what is wrong, write the messages about it, send them."""
    listened_at = drift_at = float("-inf")
    while not stop.is_set():
        try:
            with app.app_context():
                if time.monotonic() - listened_at >= LISTEN_EVERY:
                    listened_at = time.monotonic()
                    listen_for_silence()
                if time.monotonic() - drift_at >= LOOK_EVERY:
                    drift_at = time.monotonic()
                    listen_for_drift()
                for workspace_id in watch():
                    tell(workspace_id)
                send_due()
        except Exception:
            log.exception("Watching for problems failed; it is tried again.")
        stop.wait(WATCH_EVERY)


def start_alerting(app: Flask, stop: threading.Event) -> threading.Thread:
    """Watch in a thread of its own, which ends with the process."""
    thread = threading.Thread(target=look_after, args=(app, stop), name="alerting", daemon=True)
    thread.start()
    return thread
