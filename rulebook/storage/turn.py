"""Whose turn it is to write to SQLite. SQLite makes writers wait by sleeping, longer each time, so
that a busy worker starves the door; here they queue up in the kernel and are woken at once.

The lock is advice only: whoever does not get it in time still asks SQLite, which has the last
word, but for a moment at a time: asking SQLite is the waiting in which a busy worker starves the
door. It ends with its process, however that ends; but a process can be stopped while it holds it,
so nobody waits for it without a limit. Where locking itself fails, nothing is written now: whoever
asked is told as if the database had failed, and the files are opened anew for the next.

The kernel wakes who waits and does not hand the lock over, so that a door that takes one turn after
the other would never let a worker in. A worker is `polite`: it lets the door go first for a moment,
and then says that it waits, by a second lock that the door looks at before every turn.
"""

from __future__ import annotations

import fcntl
import logging
import os
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from sqlalchemy.exc import OperationalError

log = logging.getLogger("rulebook.storage")
POLITE_FOR = 15  # milliseconds
TURN_SECONDS = 2  # then SQLite is asked all the same: whoever has the turn may have been stopped
BUSY_SECONDS = (
    5  # and so long altogether, MOMENT by moment, with AGAIN_SECONDS for the turn between
)
MOMENT, AGAIN_SECONDS = 0.1, 0.5
HURRY = 0.005


def _opened(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


class Turn:
    """One writer at a time, over all threads and processes that open the same file."""

    def __init__(self, path: Path) -> None:
        self.polite = False
        self._paths = path, path.with_name(path.name + ".next")
        self._file, self._next = map(_opened, self._paths)
        self._threads = threading.Semaphore()
        self._queued = False  # the kernel has this process in its queue
        self._wanted = False  # somebody here still waits for that
        self._problem: OSError | None = None  # what came of it instead
        self._ours = threading.Condition()

    def take(self, seconds: float) -> bool:
        """Wait for the turn; False when others kept it for too long. Raises an OperationalError
        where locking fails."""
        ends = time.monotonic() + seconds
        if not self._threads.acquire(timeout=seconds):
            return False
        mine = False
        try:
            with self._ours:
                mine = self._at_once() or self._in_time(ends - time.monotonic())
        except OSError as problem:
            self._open_anew()
            raise OperationalError("BEGIN IMMEDIATE", None, problem) from problem
        finally:
            if not mine:
                self._threads.release()
        return mine

    def give(self) -> None:
        """Let the next one write. Never raises: what was written is written."""
        try:
            self._let_go()
        finally:
            self._threads.release()

    def _let_go(self) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_UN)
        except OSError as problem:
            log.error("The lock for writing could not be given back: %s", problem)
            self._open_anew()

    def _open_anew(self) -> None:
        """Whatever was locked by the old files is free once they are closed. Nobody here waits for
        a lock of theirs then."""
        closing = [self._file, self._next]
        try:
            opened = [_opened(path) for path in self._paths]
        except OSError as problem:
            log.error("The lock for writing could not be opened: %s", problem)
            return
        self._file, self._next = opened
        for each in set(closing) - set(opened):  # one that was closed may have its number again
            with suppress(OSError):
                os.close(each)

    def _at_once(self) -> bool:
        if self._queued:
            return False
        try:
            fcntl.flock(self._next, fcntl.LOCK_SH | fcntl.LOCK_NB)
            fcntl.flock(self._next, fcntl.LOCK_UN)
        except BlockingIOError:
            return False
        return self._free_now()

    def _in_time(self, seconds: float) -> bool:
        """Waiting in the kernel knows no limit, so a thread of its own does that."""
        if not self._queued:
            threading.Thread(target=self._queue_up, name="turn", daemon=True).start()
            self._queued = True
        self._wanted = True
        self._ours.wait_for(lambda: not self._queued, seconds)
        self._wanted = False
        problem, self._problem = self._problem, None
        if problem:
            raise problem
        return not self._queued

    def _soon(self) -> bool:
        """Whether there was a moment in which nobody else wrote."""
        for _ in range(POLITE_FOR):
            if self._free_now():
                return True
            time.sleep(0.001)
        return False

    def _free_now(self) -> bool:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _queue_up(self) -> None:
        problem = None
        try:
            self._wait()
        except OSError as failed:
            problem = failed
        with self._ours:
            self._queued = False
            if problem:
                self._open_anew()
            if self._wanted:
                self._problem = problem
            elif not problem:  # whoever asked gave up
                self._let_go()
            self._ours.notify_all()

    def _wait(self) -> None:
        if not self.polite:
            fcntl.flock(self._next, fcntl.LOCK_SH)
            fcntl.flock(self._next, fcntl.LOCK_UN)
            fcntl.flock(self._file, fcntl.LOCK_EX)
        elif not self._soon():
            fcntl.flock(self._next, fcntl.LOCK_EX)
            fcntl.flock(self._file, fcntl.LOCK_EX)
            fcntl.flock(self._next, fcntl.LOCK_UN)


def begin_writing(turn: Turn, tell: Callable[[str], object]) -> bool:
    """Begin a transaction that may write, by telling SQLite so; whether it has the turn, which is
    to be given back when it ends. Raises an OperationalError where it cannot begin."""
    mine = turn.take(TURN_SECONDS)
    try:
        if mine:
            tell("BEGIN IMMEDIATE")
        else:
            tell(f"PRAGMA busy_timeout={int(MOMENT * 1000)}")
            try:
                ends = time.monotonic() + BUSY_SECONDS
                while not _begun(tell, ends):
                    mine = mine or turn.take(AGAIN_SECONDS)
            finally:
                tell(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")
    except BaseException:
        if mine:
            turn.give()
        raise
    return mine


def begin_at_once(turn: Turn, tell: Callable[[str], object]) -> bool:
    """The same for who must not wait, whose connection has HURRY for its `busy_timeout`: raises an
    OperationalError where another writes for longer."""
    if not turn.take(HURRY):
        raise OperationalError("BEGIN IMMEDIATE", None, TimeoutError("another writes"))
    try:
        tell("BEGIN IMMEDIATE")
    except BaseException:
        turn.give()
        raise
    return True


def _begun(tell: Callable[[str], object], ends: float) -> bool:
    """Whether SQLite let it begin; raises what it says where time is over."""
    try:
        tell("BEGIN IMMEDIATE")
    except OperationalError as problem:
        code = getattr(problem.orig, "sqlite_errorcode", 0)
        if code & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > ends:
            raise
        return False
    return True
