"""The worker process: a Huey consumer that hears the bell, the judge, the desk that carries runs
out, and the sweeper beside them."""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Sequence

from flask import Flask

from rulebook.config import Config
from rulebook.domain.bulk import carry_on
from rulebook.domain.clock import Clock
from rulebook.domain.house import furnish
from rulebook.domain.judge import judge_waiting, still_coming
from rulebook.domain.noting import Notes
from rulebook.domain.sweep import prune, sweep
from rulebook.jobs.alerting import start_alerting
from rulebook.jobs.desk import Desk
from rulebook.jobs.indexing import start_indexing
from rulebook.jobs.looking import start_looking
from rulebook.jobs.queue import Bell
from rulebook.jobs.wake import Ears, listening
from rulebook.storage import keep_connection, let_others_first, move_the_log

log = logging.getLogger("rulebook.worker")
SWEEP_EVERY = 2.0
NOTE_EVERY = 1.0
LOOK_ANYWAY = 0.5  # seconds after which a worker looks into the queue though nobody knocked
PRUNE_EVERY = 60.0
JUDGED_AT_ONCE = 50
# While a burst comes in, storing it goes first: for each second of judging, two of rest.
REST, LONGEST_REST = 2, 0.2
# A stop takes no longer than these seconds; whoever tends the process must be as patient.
CALLS_END, RECORDS_END, ASIDE_ENDS = 35, 6, 10
LONGEST_STOP = CALLS_END + RECORDS_END + ASIDE_ENDS
HEARERS = 2  # one judges while the other takes runs to the desk
SWITCH = 0.001  # seconds: an answer to a call must not wait long for a thread that judges


class Hands:
    """Does what the bell asks for: judges batch after batch, and hands runs to the desk."""

    def __init__(self, app: Flask, bell: Bell, places: int) -> None:
        self.notes = Notes()
        self.desk = Desk(app, places, bell.runs)
        self._judging = threading.Lock()
        self._leaving = False

    def judge(self, event_ids: Sequence[str]) -> None:
        """Judge these events and whatever else waits, until nothing does."""
        with self._judging:
            more = True
            while more and not self._leaving:
                began = time.monotonic()
                due, more = judge_waiting(event_ids, JUDGED_AT_ONCE, self.notes, places=self.desk)
                self.desk.offer(due)
                event_ids = ()
                if more and still_coming():
                    time.sleep(min(REST * (time.monotonic() - began), LONGEST_REST))

    def act(self, run_ids: Sequence[str]) -> None:
        """Carry these runs out if they are due."""
        self.desk.offer_ids(run_ids)

    def busy(self) -> bool:
        """Whether events are judged just now, or runs wait for a place."""
        return self._judging.locked() or self.desk.is_full()

    def leave(self, told: threading.Event, ears: Ears) -> None:
        """Once told, begin nothing more, and wait for the calls under way."""
        told.wait()
        ears.close()  # what is rung for from now on waits in the queue
        self._leaving = True
        self.desk.stop(CALLS_END)


def work(config: Config) -> None:
    """Judge and act until SIGTERM or Ctrl-C; calls under way are ended and recorded first."""
    sys.setswitchinterval(SWITCH)
    app = Flask("rulebook.worker", instance_path=str(config.instance.absolute()))
    furnish(app, config)
    move_the_log(app)
    let_others_first(app)
    bell = Bell(app, config)
    hands = bell.work = Hands(app, bell, config["WORKERS"])
    stop = threading.Event()
    aside = [
        threading.Thread(target=_sweep, args=(app, bell, hands, stop), name="sweep", daemon=True),
        threading.Thread(target=_note, args=(app, hands.notes, stop), name="note", daemon=True),
    ]
    for thread in aside:
        thread.start()
    start_looking(app, bell, stop)
    aside.append(start_indexing(app, stop, hands.busy))
    aside.append(start_alerting(app, stop))
    ears = bell.queue.storage.ears = Ears(config.instance)
    bell.queue.on_startup("keep")(lambda: keep_connection(app))
    consumer = listening(ears)(
        bell.queue,
        workers=HEARERS,
        periodic=False,
        max_delay=LOOK_ANYWAY,
        graceful_signal="TERM",
        shutdown_timeout=CALLS_END,
    )
    # Not after the consumer: whoever hears for it may be waiting for a place at a full desk.
    leaving = threading.Thread(target=hands.leave, args=(consumer.stop_flag, ears), name="leave")
    leaving.start()
    try:
        consumer.run()
    finally:
        ears.close()
        stop.set()
        consumer.stop_flag.set()
        leaving.join()
        ends = time.monotonic() + ASIDE_ENDS
        for thread in aside:
            thread.join(max(0, ends - time.monotonic()))


def _note(app: Flask, notes: Notes, stop: threading.Event) -> None:
    """What events showed, once in a while and once at the end."""
    ending = False
    while not ending:
        ending = stop.wait(NOTE_EVERY)
        try:
            with app.app_context():
                notes.write_down()
        except Exception:
            log.exception("What some events showed could not be added to the field catalogue.")


def _sweep(app: Flask, bell: Bell, hands: Hands, stop: threading.Event) -> None:
    pruned_at = time.monotonic()
    clock = Clock()
    first = True
    while not stop.is_set():
        begun = time.monotonic()
        try:
            with app.app_context():
                due = sweep(everything=first, clock=clock)
                first = False
                if due.rescued:
                    log.warning("Took %d things over from a worker that died.", due.rescued)
                # While the queue is out of order, do a little of it right here.
                if not bell.events(due.events):
                    hands.judge(due.events)
                if not bell.runs(due.runs):
                    hands.act(due.runs)
                _carry_on(bell, hands, stop)
                if time.monotonic() - pruned_at > PRUNE_EVERY:
                    pruned_at = time.monotonic()
                    prune()
        except Exception:
            log.exception("A sweep failed; the next one tries again.")
        stop.wait(max(0, begun + SWEEP_EVERY - time.monotonic()))


def _carry_on(bell: Bell, hands: Hands, stop: threading.Event) -> None:
    """Take bulks further, step after step until it is time to sweep again; they rest as long as
    they worked while events come in."""
    ends = time.monotonic() + SWEEP_EVERY
    while not stop.is_set() and time.monotonic() < ends:
        began = time.monotonic()
        due, again = carry_on()
        if due and not bell.runs(due):
            hands.act(due)
        if again is None:
            return
        worked = time.monotonic() - began
        stop.wait(max(again, min(worked, LONGEST_REST) if still_coming() else 0))
