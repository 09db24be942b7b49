"""A knock that wakes sleeping workers at once, where the queue itself cannot (SQLite has to be
asked again and again). A knock that is lost costs a little time, no more.

Each worker process listens at a pipe of its own in the instance folder; whoever rings the bell
writes an empty line to every pipe that somebody listens at. Where there is one worker alone, the
message itself is handed over that way, and no file is written. What it has not taken in when it
dies is rung for again, as everything is when a worker starts.
"""

from __future__ import annotations

import errno
import os
import select
import threading
from collections import deque
from pathlib import Path

from rulebook.jobs.lean import Consumer, Worker

FOLDER = "bell"
QUIET = "."
MOST_HANDED = 50  # messages in memory; then the pipe fills, and others go to the queue


class Ears:
    """Hears knocks, for as long as the process lives. `count` goes up with each."""

    def __init__(self, instance: Path) -> None:
        folder = instance / FOLDER
        folder.mkdir(mode=0o700, exist_ok=True)
        knock(instance)  # clears away what killed workers left: not every queue needs knocks
        self._path = folder / str(os.getpid())
        # Made under a name that nobody knocks at: whoever finds no listener clears a pipe away.
        quiet = folder / f"{QUIET}{self._path.name}"
        quiet.unlink(missing_ok=True)
        os.mkfifo(quiet, 0o600)
        # Opened for writing as well, so that reading never ends when the last ringer has gone.
        self._pipe = os.open(quiet, os.O_RDWR | os.O_CLOEXEC)
        quiet.rename(self._path)
        self.count = 0
        self._handed: deque[bytes] = deque()
        lock = threading.Lock()
        self._heard, self._room = threading.Condition(lock), threading.Condition(lock)
        threading.Thread(target=self._listen, name="ears", daemon=True).start()

    def _listen(self) -> None:
        rest = b""
        while came := os.read(self._pipe, select.PIPE_BUF):
            *lines, rest = (rest + came).split(b"\n")
            messages = [line for line in lines if line]
            with self._heard:
                self._handed.extend(messages)
                self.count += 1
                # Whoever is woken for nothing takes time from those who have something to do.
                self._heard.notify(len(lines))
            with self._room:
                self._room.wait_for(lambda: len(self._handed) < MOST_HANDED)

    def handed_over(self) -> bytes | None:
        """The oldest message that was handed over and not taken yet."""
        with self._heard:
            if not self._handed:
                return None
            self._room.notify()
            return self._handed.popleft()

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
    for pipe in _pipes(instance):
        _write(pipe, b"\n")


def hand_over(instance: Path, message: bytes) -> bool:
    """Give a message of one line to the only worker of this instance; False, and nothing was given,
    where there are others or none, or it does not keep up. Never raises."""
    pipes, line = _pipes(instance), message + b"\n"
    # Up to this length a pipe takes all or nothing.
    return len(pipes) == 1 and len(line) <= select.PIPE_BUF and _write(pipes[0], line)


def _pipes(instance: Path) -> list[str]:
    folder = f"{instance}/{FOLDER}"
    try:
        return [f"{folder}/{name}" for name in os.listdir(folder) if not name.startswith(QUIET)]
    except OSError:  # no worker has ever listened here
        return []


def _write(path: str, line: bytes) -> bool:
    try:
        pipe = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as problem:
        if problem.errno == errno.ENXIO:  # nobody listens: a worker that was killed
            Path(path).unlink(missing_ok=True)
        return False
    try:
        return os.write(pipe, line) == len(line)
    except OSError:
        return False  # full of what will be heard
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
