"""The worker process: a Huey consumer that judges and acts, and the sweeper beside it."""

from __future__ import annotations

import logging
import threading
import time

from flask import Flask

from rulebook.config import Config
from rulebook.domain.house import furnish
from rulebook.domain.sweep import Due, prune, sweep
from rulebook.jobs.queue import Bell
from rulebook.jobs.wake import Ears, listening

log = logging.getLogger("rulebook.worker")
SWEEP_EVERY = 2.0
LOOK_ANYWAY = 0.5  # seconds after which a worker looks into the queue though nobody knocked
PRUNE_EVERY = 60.0


def work(config: Config) -> None:
    """Judge and act until SIGTERM or Ctrl-C; calls under way are ended and recorded first."""
    app = Flask("rulebook.worker", instance_path=str(config.instance.absolute()))
    furnish(app, config)
    bell = Bell(app, config)
    stop = threading.Event()
    sweeper = threading.Thread(target=_sweep, args=(app, bell, stop), name="sweeper", daemon=True)
    sweeper.start()
    ears = Ears(config.instance)
    consumer = listening(ears)(
        bell.queue,
        workers=config["WORKERS"],
        periodic=False,
        max_delay=LOOK_ANYWAY,
        graceful_signal="TERM",
        shutdown_timeout=40,
    )
    try:
        consumer.run()
    finally:
        ears.close()
        stop.set()
        sweeper.join(5)


def _sweep(app: Flask, bell: Bell, stop: threading.Event) -> None:
    pruned_at = time.monotonic()
    while not stop.is_set():
        try:
            with app.app_context():
                due = sweep()
                if time.monotonic() - pruned_at > PRUNE_EVERY:
                    pruned_at = time.monotonic()
                    prune()
            if due.rescued:
                log.warning("Took %d things over from a worker that died.", due.rescued)
            _tell(app, bell, due)
        except Exception:
            log.exception("A sweep failed; the next one tries again.")
        stop.wait(SWEEP_EVERY)


def _tell(app: Flask, bell: Bell, due: Due) -> None:
    """Ring for what is due; while the queue is out of order, do a little of it right here."""
    rung = bell.events(due.events)
    if not (bell.runs(due.runs) and rung):
        with app.app_context():
            bell.answer(due.events, due.runs)
