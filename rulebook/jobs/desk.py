"""Where a worker's runs wait for their call, and who goes next.

One thread claims, as many runs at once as there are free places; each call has a thread of its
own; one thread records, all that ended at a moment in one commit. What waits here is ids only:
the database knows what is due, and whatever is lost here is rung for again.

A target that answers promptly may take every free place. One that is slow or fails, or has not
shown anything yet, has at most four places, and all such targets have half of them together, so
that a dead target never keeps the others waiting.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

from flask import Flask

from rulebook.domain.act import begin, carry_out, look, start
from rulebook.domain.house import House
from rulebook.domain.record import Done, Started, record_in_time
from rulebook.storage import keep_connection
from rulebook.storage.run_claims import Wanted

log = logging.getLogger("rulebook.desk")
PROMPT = 1.0  # seconds within which a call must end for its target to be trusted
MOST_UNPROVEN = 4
FIRST_TRIES = 8  # that may go before one late try that waits
MOST_WAITING = 5000
MOST_OF_ONE = 1000
MOST_RECORDED_AT_ONCE = 64
GATHER_SECONDS, GATHERS = 0.002, 4
YIELD_SECONDS = 0.001
MOST_TARGETS_KNOWN = 10_000


class Desk:
    """Carries runs out until it is stopped. ring: where runs go that this worker leaves undone."""

    def __init__(self, app: Flask, places: int, ring: Callable[[Sequence[str]], object]) -> None:
        self.app, self.places, self.ring = app, places, ring
        self._waiting: tuple[OrderedDict[str, deque[Wanted]], ...] = (OrderedDict(), OrderedDict())
        self._known: set[str] = set()  # ids of the runs that wait here or are under way
        self._under_way: Counter[str] = Counter()
        self._prompt: OrderedDict[str, bool] = OrderedDict()
        self._passed_over = 0  # first tries that went while others waited
        self._changed = threading.Condition()
        self._stopping = False
        self._ended: queue.SimpleQueue[Done | None] = queue.SimpleQueue()
        self._calls = ThreadPoolExecutor(places, thread_name_prefix="call")
        self._claimer = threading.Thread(target=self._claim, name="claim", daemon=True)
        self._recorder = threading.Thread(target=self._record, name="record", daemon=True)
        self._claimer.start()
        self._recorder.start()

    def offer_ids(self, run_ids: Sequence[str]) -> None:
        """These runs may be due; within the app's context."""
        self.offer(look([run_id for run_id in run_ids if run_id not in self._known]))

    def offer(self, wanted: Sequence[Wanted], patient: bool = True) -> None:
        """Carry these runs out as soon as there is a place. A patient caller waits while too many
        wait already."""
        if not wanted:
            return
        with self._changed:
            if patient:
                self._changed.wait_for(
                    lambda: self._stopping or len(self._known) < MOST_WAITING, 30
                )
            here = () if self._stopping else wanted
            for each in here:
                line = self._waiting[each.late].setdefault(_host(each), deque())
                if each.id not in self._known and len(line) < self._most(_host(each)):
                    self._known.add(each.id)
                    line.append(each)
            self._changed.notify_all()
        if len(here) < len(wanted):
            self.ring([each.id for each in wanted])

    def is_full(self) -> bool:
        """Whether more runs are here than there are places."""
        return len(self._known) > self.places

    def take(self, wanted: Sequence[Wanted]) -> list[Wanted]:
        """Those of these runs, which are not claimed yet, that have a place from now on; none while
        others wait, whose turn it is."""
        with self._changed:
            if self._stopping or self._waiting[False] or self._passed_over >= FIRST_TRIES:
                return []
            taken = []
            for each in wanted:
                if each.id not in self._known and self._has_place(_host(each)):
                    self._known.add(each.id)
                    self._under_way[_host(each)] += 1
                    self._passed_over += bool(self._waiting[True])
                    taken.append(each)
            return taken

    def begin(self, started: Sequence[Started]) -> None:
        """Make the calls of these runs, which have a place and are claimed."""
        house: House = self.app.extensions["rulebook"]
        for each in started:
            if not begin(each, house, self._take_in):
                self._calls.submit(lambda it: self._take_in(carry_out(it, house)), each)
        # Whoever makes the calls waits for the interpreter, which this thread would keep for long:
        # it gets some undisturbed time to send the first of them.
        if started:
            time.sleep(YIELD_SECONDS)

    def _most(self, host: str) -> int:
        """How many may wait for one host. What does not find room here is rung for again by the
        sweeper, slowly: good enough for whom nobody reaches, and not for who keeps up."""
        return MOST_WAITING if self._prompt.get(host) else MOST_OF_ONE

    def stop(self, seconds: float) -> None:
        """Begin no further call, wait for those under way and record them."""
        with self._changed:
            self._stopping = True
            left = [each.id for lines in self._waiting for line in lines.values() for each in line]
            self._changed.notify_all()
            self._changed.wait_for(lambda: not self._under_way.total(), seconds)
        self._ended.put(None)
        self._claimer.join(1)
        self._recorder.join(5)
        if left:
            self.ring(left)

    def _claim(self) -> None:
        keep_connection(self.app)
        while True:
            with self._changed:
                picked: list[Wanted] = []
                while not (self._stopping or (picked := list(self._pick()))):
                    self._changed.wait()
                if self._stopping:
                    return
                if len(picked) < self.places // 4 and len(self._known) > self.places:
                    self._changed.wait(GATHER_SECONDS)
                    picked += [] if self._stopping else self._pick()
            started: list[Started] = []
            try:
                with self.app.app_context():
                    started = start(picked)
            except Exception:
                log.exception("%d runs could not be claimed; they are rung for again.", len(picked))
            begun = {each.run.id for each in started}
            self.leave([each for each in picked if each.id not in begun])
            self.begin(started)

    def _pick(self) -> Iterator[Wanted]:
        """Who goes next, each given a place: first tries first, and every target in its turn; but
        after so many of them one of the others, so that a steady stream keeps nobody for ever."""
        first, late = self._waiting
        if self._one_is_owed():
            yield from islice(self._pick_from(late), 1)
        for each in self._pick_from(first):
            self._passed_over += bool(late)
            yield each
        yield from self._pick_from(late)

    def _pick_from(self, lines: OrderedDict[str, deque[Wanted]]) -> Iterator[Wanted]:
        for target in list(lines):
            while (line := lines.get(target)) and self._has_place(target):
                self._under_way[target] += 1
                if lines is self._waiting[True]:
                    self._passed_over = 0
                each = line.popleft()
                if not line:
                    del lines[target]
                yield each
            if target in lines:
                lines.move_to_end(target)

    def _one_is_owed(self) -> bool:
        """Whether it is the turn of a late one that has a place."""
        if self._passed_over < FIRST_TRIES:
            return False
        if any(self._has_place(target) for target in self._waiting[True]):
            return True
        if self._under_way.total() < self.places:
            self._passed_over = 0  # their targets take no more just now: ask again later
        return False

    def _has_place(self, target: str) -> bool:
        taken = self._under_way.total()
        if taken >= self.places:
            return False
        own = self._under_way[target]
        prompt = self._prompt.get(target)
        if prompt or not target or (prompt is None and not own):
            return True
        unproven = sum(
            count for name, count in self._under_way.items() if not self._prompt.get(name, not name)
        )
        return own < MOST_UNPROVEN and unproven < max(1, self.places // 2)

    def _take_in(self, done: Done) -> None:
        """A call has ended."""
        target = _host(done.started.wanted)
        answered = done.outcome.kind not in ("not_sent", "ambiguous")
        with self._changed:
            self._prompt[target] = answered and done.took < PROMPT
            self._prompt.move_to_end(target)
            while len(self._prompt) > MOST_TARGETS_KNOWN:
                self._prompt.popitem(last=False)
        self._ended.put(done)

    def _record(self) -> None:
        keep_connection(self.app)
        while True:
            done = [self._ended.get()]
            self._gather()
            while len(done) < MOST_RECORDED_AT_ONCE and not self._ended.empty():
                done.append(self._ended.get())
            ended = [each for each in done if each is not None]
            freed: list[str] = []
            try:
                with self.app.app_context():
                    freed = record_in_time(ended)
            except Exception:
                log.exception("What came of %d runs could not be recorded.", len(ended))
            self.leave([each.started.wanted for each in ended])
            if freed:
                self._offer_freed(freed)
            if None in done:
                return

    def _gather(self) -> None:
        """Where many calls are under way, the others are about to end: a few moments' wait puts
        all into one commit, and those who have their places next into another."""
        for _ in range(GATHERS):
            with self._changed:
                under_way = self._under_way.total()
            if under_way < self.places // 4 or self._ended.qsize() + 1 >= under_way:
                return
            time.sleep(GATHER_SECONDS)

    def _offer_freed(self, run_ids: Sequence[str]) -> None:
        try:
            with self.app.app_context():
                self.offer(look(run_ids), patient=False)
        except Exception:
            log.exception("%d runs that may go on are left to the next sweep.", len(run_ids))

    def leave(self, left: Sequence[Wanted]) -> None:
        """The places of these runs are free again."""
        if left:
            with self._changed:
                for each in left:
                    self._known.discard(each.id)
                    self._under_way[_host(each)] -= 1
                    if not self._under_way[_host(each)]:
                        del self._under_way[_host(each)]
                self._changed.notify_all()


def _host(wanted: Wanted) -> str:
    """Whom the places are counted for: the host, whatever addresses it has."""
    return wanted.target.partition("/")[0]
