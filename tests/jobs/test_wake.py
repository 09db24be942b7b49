"""A knock wakes at once, and brings the message along where there is one worker; a pipe that nobody
listens at any more is cleared away."""

import os
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any

import pytest

from rulebook.jobs.wake import FOLDER, MOST_HANDED, Ears, hand_over, knock
from tests.jobs.shop import wait_until


def test_a_knock_wakes_long_before_the_time_is_over(tmp_path: Path) -> None:
    ears = Ears(tmp_path)
    knock(tmp_path)
    assert ears.wait_beyond(0, 60) == 1
    ears.close()


def test_a_knock_while_nobody_slept_is_not_lost(tmp_path: Path) -> None:
    ears = Ears(tmp_path)
    knock(tmp_path)
    heard = ears.wait_beyond(0, 60)
    assert ears.wait_beyond(heard, 0) == heard
    ears.close()


def test_the_pipe_of_a_dead_worker_is_cleared_away(tmp_path: Path) -> None:
    (tmp_path / FOLDER).mkdir()
    os.mkfifo(tmp_path / FOLDER / "12345")
    knock(tmp_path)
    assert list((tmp_path / FOLDER).iterdir()) == []


def test_a_new_worker_clears_away_what_killed_ones_left(tmp_path: Path) -> None:
    other = Ears(tmp_path)
    os.mkfifo(tmp_path / FOLDER / "12345")
    (tmp_path / FOLDER / str(os.getpid())).rename(tmp_path / FOLDER / "1")
    ears = Ears(tmp_path)
    assert {path.name for path in (tmp_path / FOLDER).iterdir()} == {"1", str(os.getpid())}
    other.close()
    ears.close()


def test_whoever_knocks_in_the_middle_of_a_start_clears_nothing_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = os.mkfifo

    def make_and_be_knocked_at(path: Path, mode: int) -> None:
        make(path, mode)
        knock(tmp_path)
        assert not hand_over(tmp_path, b"early")

    monkeypatch.setattr(os, "mkfifo", make_and_be_knocked_at)
    ears = Ears(tmp_path)
    assert ears.count == 0
    knock(tmp_path)
    assert ears.wait_beyond(0, 60) == 1
    ears.close()
    assert list((tmp_path / FOLDER).iterdir()) == []


def test_knocking_where_there_is_nothing_is_harmless(tmp_path: Path) -> None:
    knock(tmp_path)


def test_a_message_is_handed_to_the_only_worker_and_wakes_it(tmp_path: Path) -> None:
    ears = Ears(tmp_path)
    assert hand_over(tmp_path, b'["1", "judge_v1", []]')
    assert ears.wait_beyond(0, 60) == 1
    assert ears.handed_over() == b'["1", "judge_v1", []]'
    assert ears.handed_over() is None
    ears.close()
    assert not hand_over(tmp_path, b"late")


def test_a_message_wakes_one_thread_and_leaves_the_other_asleep(tmp_path: Path) -> None:
    ears = Ears(tmp_path)
    woken: SimpleQueue[int] = SimpleQueue()
    threads = [Thread(target=lambda: woken.put(ears.wait_beyond(0, 60))) for _ in range(2)]
    for thread in threads:
        thread.start()
    asleep: Any = ears._heard
    wait_until(lambda: len(asleep._waiters) == 2)
    assert hand_over(tmp_path, b"for one of them")
    assert woken.get(timeout=30) == 1
    assert len(asleep._waiters) == 1
    knock(tmp_path)
    assert woken.get(timeout=30) == 2
    ears.close()


def test_where_there_are_two_workers_or_too_much_nothing_is_handed_over(tmp_path: Path) -> None:
    ears = Ears(tmp_path)
    assert not hand_over(tmp_path, b"x" * 4096)  # could be cut in two by another's
    (tmp_path / FOLDER / str(os.getpid())).rename(tmp_path / FOLDER / "1")
    other = Ears(tmp_path)
    assert not hand_over(tmp_path, b"to one of them")
    assert (ears.handed_over(), other.handed_over()) == (None, None)
    other.close()
    ears.close()


def test_a_worker_that_does_not_keep_up_is_handed_no_more_and_loses_nothing(tmp_path: Path) -> None:
    ears = Ears(tmp_path)
    given, refused = 0, False
    while not (refused and given > MOST_HANDED):  # it is refused for a moment before, too
        refused = not hand_over(tmp_path, b"%04000d" % given)
        given += not refused
    taken: list[int] = []
    heard = 0
    while len(taken) < given:
        if (message := ears.handed_over()) is None:
            heard = ears.wait_beyond(heard, 60)
        else:
            taken.append(int(message))
    assert taken == list(range(given))
    ears.close()
