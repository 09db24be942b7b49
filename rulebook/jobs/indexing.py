"""The search index is kept up to date, in a thread of the worker that gives way to everything."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from flask import Flask
from sqlalchemy.exc import DatabaseError

from rulebook.domain.indexing import (
    begin_anew,
    catch_up,
    index_some,
    purge_some,
    reread_some,
)
from rulebook.domain.judge import still_coming

log = logging.getLogger("rulebook.indexing")
EVERY = 1.0
CATCH_UP_EVERY = 30.0
PURGE_EVERY = 600.0
# For each second of work as many of rest; while a burst comes in or is worked on, more.
REST, REST_IN_BURST = 1.0, 8.0
# So long it may stay behind while there is better to do: lists look at the newest themselves.
MAY_BE_BEHIND = 10.0


def start_indexing(app: Flask, stop: threading.Event, busy: Callable[[], bool]) -> threading.Thread:
    """Index what arrives until `stop` is set. busy: whether this process has better to do."""
    thread = threading.Thread(target=_keep, args=(app, stop, busy), name="index", daemon=True)
    thread.start()
    return thread


def _keep(app: Flask, stop: threading.Event, busy: Callable[[], bool]) -> None:
    caught_up = purged = up_to_date = time.monotonic()
    wait = EVERY
    while not stop.wait(wait):
        began = time.monotonic()
        if busy() and began - up_to_date < MAY_BE_BEHIND:
            wait = EVERY
            continue
        try:
            with app.app_context():
                more = index_some()
                up_to_date = up_to_date if more else began
                again = not more and reread_some()
                if began - caught_up > CATCH_UP_EVERY:
                    caught_up = began
                    catch_up()
                # What is read again leaves words behind in each block: those are taken off at last.
                if not again and began - purged > PURGE_EVERY and not purge_some():
                    purged = began
                more = more or again
                rest = REST_IN_BURST if more and (busy() or still_coming()) else REST
        except DatabaseError as problem:
            log.exception("The search index could not be written; the next round tries again.")
            with app.app_context():
                if begin_anew(problem):
                    log.warning("The search index was damaged; it is being made anew.")
            more, rest = False, REST
        except Exception:
            log.exception("Events could not be indexed; the next round tries again.")
            more, rest = False, REST
        wait = rest * (time.monotonic() - began) if more else EVERY
