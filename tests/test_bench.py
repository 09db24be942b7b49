"""What the benches count is counted rightly; how fast anything is, no test says."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench import machine, payments, syncs
from bench.load import Result, burst
from bench.rows import Row, share, trouble
from bench.sender import Load
from bench.sink import Sink, started
from rules import compile_rules, parse
from tests.fakes import Sink as Fake

EVENT = "evt_benchab000000000001"
ASKED = f'7 recvfrom(5<socket:[9]>, "POST /in/x ... {EVENT}", 900, 0, NULL, NULL) = 900'
WRITTEN = f'8 pwrite64(3</x/rulebook.db-wal>, "...{EVENT}...", 4096, 32) = 4096'
SYNCED = "8 fdatasync(3</x/rulebook.db-wal>) = 0"
ANSWERED = '7 writev(5<socket:[9]>, [{iov_base="HTTP/1.1 200 OK"...}], 1) = 90'


@pytest.fixture(scope="module")
def sink() -> Iterator[Sink]:
    with started() as running:
        running.count()
        yield running


def seen(*lines: str) -> tuple[int, int, int]:
    found = syncs.read(f"{line}\n" for line in lines)
    return found.answers, found.syncs, found.early


def test_an_answer_after_the_sync_of_its_event_is_in_order() -> None:
    assert seen(ASKED, WRITTEN, SYNCED, ANSWERED) == (1, 1, 0)


@pytest.mark.parametrize(
    "lines",
    [
        (ASKED, WRITTEN, ANSWERED),
        (ASKED, WRITTEN, ANSWERED, SYNCED),
        (ASKED, SYNCED, WRITTEN, ANSWERED),
        (ASKED, WRITTEN, SYNCED.replace("db-wal", "queue"), ANSWERED),
        (ASKED, WRITTEN.replace("01.", "02."), SYNCED, ANSWERED),
        (WRITTEN, SYNCED, ANSWERED),
    ],
    ids=["no sync", "sync too late", "sync too early", "another file", "another event", "unread"],
)
def test_any_other_answer_is_early(lines: tuple[str, ...]) -> None:
    assert seen(*lines)[::2] == (1, 1)


def test_a_sync_counts_from_its_end_and_covers_what_was_written_before_its_beginning() -> None:
    begun = "8 fdatasync(3</x/rulebook.db-wal> <unfinished ...>"
    ended = "8 <... fdatasync resumed>) = 0"
    assert seen(ASKED, WRITTEN, begun, ended, ANSWERED) == (1, 1, 0)
    assert seen(ASKED, WRITTEN, begun, ANSWERED, ended) == (1, 1, 1)
    assert seen(ASKED, begun, WRITTEN, ended, ANSWERED) == (1, 1, 1)


def test_a_payment_is_one_complete_request_with_an_id_of_its_own() -> None:
    payment = payments.payment(8000, "/in/x", "ab")
    one, two = (payment.request(number).partition(b"\r\n\r\n") for number in (1, 2))
    assert f"Content-Length: {len(one[2])}\r\n".encode() in one[0] + one[1]
    assert [json.loads(body)["id"][-2:] for body in (one[2], two[2])] == ["01", "02"]
    assert 900 < len(one[2]) < 1400


def test_the_rule_is_met_by_the_big_payment_only() -> None:
    ruleset = compile_rules([(1, parse(payments.rule("http://127.0.0.1:9/ledger")))])
    for amount, met in ((payments.BIG, 1), (payments.SMALL, 0)):
        body = payments.payment(8000, "/in/x", "ab", amount).request(1).partition(b"\r\n\r\n")[2]
        assert len(ruleset.match({"payload": json.loads(body)})) == met


def test_the_sink_counts_calls_and_events_and_tells_a_watcher(sink: Sink) -> None:
    sink.reset()
    with sink.watched() as arrivals:
        found = burst(sink.port, "/ledger", 3, 50)
        watched = {next(arrivals)[0] for _ in range(50)}
    count = sink.count()
    assert (found.acks, found.refused, found.broken) == (50, 0, 0)
    assert (count["calls"], count["events"], len(watched)) == (50, 50, 50)
    assert 0 < count["first"] <= count["last"]
    sink.reset()
    assert sink.count()["calls"] == 0


def test_a_repeat_at_the_sink_is_a_call_and_no_event(sink: Sink) -> None:
    sink.reset()
    payment = payments.payment(sink.port, "/ledger", "ab")
    for _ in range(2):
        Load(payment, sink.port, 1, 1, 0).run()
    assert (sink.count()["calls"], sink.count()["events"]) == (2, 1)


@pytest.mark.parametrize(
    ("behaves", "refused", "broken"),
    [(lambda fake: fake.answers(503), 10, 0), (lambda fake: fake.resets(), 0, 10)],
    ids=["503", "reset"],
)
def test_what_is_not_answered_2xx_is_no_acknowledgement(behaves, refused, broken) -> None:
    with Fake() as fake:
        behaves(fake)
        found = burst(int(fake.url.rpartition(":")[2]), "/in/x", 2, 10)
    assert (found.acks, found.rate, found.refused, found.broken) == (0, 0, refused, broken)


def test_nobody_there_is_broken_and_ends() -> None:
    load = Load(payments.payment(1, "/in/x", "ab"), 1, 2, 4, 0)
    load.run()
    assert (load.broken, load.taken) == (4, [])


def test_trouble_is_said_and_so_is_its_absence() -> None:
    assert trouble(0, 0) == "0 not 2xx"
    assert trouble(2, 1, 3) == "2 not 2xx, 1 without an answer, 3 ACKNOWLEDGED BUT NOT STORED"
    assert Result(2, 30, 10, 0, 0, 0).rate == 10


def test_rows_and_shares() -> None:
    row = Row("thing", 1234.4, 0.001, None, "why")
    assert str(row).split() == ["thing", "1,234", "1.00", "why"]
    assert share([3, 1, 2], 0.5) == 2
    assert share([3, 1, 2], 0.99) == 3


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="only Linux tells")
def test_memory_and_family_of_a_process(sink: Sink) -> None:
    own = machine.memory(os.getpid())
    assert 0 < own.pss <= own.rss
    assert os.getpid() in machine.family(os.getpid())
    assert len(machine.family(os.getpid())) > 1  # the sink is below us
    assert machine.memory(2**22 + 1).rss == 0
