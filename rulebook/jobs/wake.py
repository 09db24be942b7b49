"""A knock that wakes sleeping workers at once, where the queue itself cannot (SQLite has to be
asked again and again). A knock that is lost costs a little time, no more.

Each worker process listens at a pipe of its own in the instance folder; whoever rings the bell
writes one byte to every pipe that somebody listens at.
"""

from __future__ import annotations

import errno
import os
import threading
from pathlib import Path

from rulebook.jobs.lean import Consumer, Worker

FOLDER = "bell"


class Ears:
    """Hears knocks, for as long as the process lives. `count` goes up with each."""

    def __init__(self, instance: Path) -> None:
        folder = instance / FOLDER
        folder.mkdir(mode=0o700, exist_ok=True)
        knock(instance)  # clears away what killed workers left: not every queue needs knocks
        self._path = folder / str(os.getpid())
        self._path.unlink(missing_ok=True)
        os.mkfifo(self._path, 0o600)
        # Opened for writing as well, so that reading never ends when the last ringer has gone.
        self._pipe = os.open(self._path, os.O_RDWR | os.O_CLOEXEC)
        self.count = 0
        self._heard = threading.Condition()
        threading.Thread(target=self._listen, name="ears", daemon=True).start()

    def _listen(self) -> None:
        while os.read(self._pipe, 4096):
            with self._heard:
                self.count += 1
                self._heard.notify_all()

    def wait_beyond(self, count: int, seconds: float) -> int:
        """Sleep until there was a knock after number `count`, at most so long; the new count."""
        with self._heard:
            self._heard.wait_for(lambda: self.count != count, seconds)
            return self.count

    def close(self) -> None:
        """Stop being knocked at."""
        self._path.unlink(missing_ok=True)


def knock(instance: Path) -> None:
    """Wake every worker of this instance. Never raises."""
    folder = instance / FOLDER
    try:
        names = os.listdir(folder)
    except OSError:  # no worker has ever listened here
        return
    for name in names:
        path = folder / name
        try:
            pipe = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as problem:
            if problem.errno == errno.ENXIO:  # nobody listens: a worker that was killed
                path.unlink(missing_ok=True)
            continue
        try:
            os.write(pipe, b".")
        except OSError:
            pass  # full of knocks that will be heard
        finally:
            os.close(pipe)


class Listening(Worker):  # type: ignore[misc]
    """Huey's worker thread, woken by a knock instead of by its own clock."""

    ears: Ears
    heard = 0

    def sleep(self) -> None:
        # A knock that came while the queue was looked at counts: the count has moved on since.
        self.heard = self.ears.wait_beyond(self.heard, self.max_delay)


def listening(ears: Ears) -> type[Consumer]:
    """A consumer whose threads wait for these ears."""
    worker = type("Worker", (Listening,), {"ears": ears})
    consumer: type[Consumer] = type("Consumer", (Consumer,), {"worker_class": worker})
    return consumer
