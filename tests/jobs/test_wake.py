"""A knock wakes at once; a pipe that nobody listens at any more is cleared away."""

import os
from pathlib import Path

from rulebook.jobs.wake import FOLDER, Ears, knock


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


def test_knocking_where_there_is_nothing_is_harmless(tmp_path: Path) -> None:
    knock(tmp_path)
