"""`rulebook run`, where the settings cannot be used: one sentence and an end, no traceback."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
BEGIN = """
import pathlib, signal, sys
from rulebook.errors import ConfigError
from rulebook.jobs.supervisor import Role, supervise

here = pathlib.Path(sys.argv[1])


def works():
    (here / "works").touch()
    signal.sigwait([signal.SIGTERM])
    (here / "stopped").touch()


def refuses():
    raise ConfigError("RULEBOOK_TEA: there is no such tea.", "Choose green or black.")
"""


def begin(folder: Path, story: str) -> subprocess.Popen[str]:
    """A process that supervises as the story says."""
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, "-c", BEGIN + story, str(folder)],
        env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < deadline, f"{path.name} did not come"
        time.sleep(0.02)


def test_a_setting_that_a_process_cannot_use_ends_it_all(tmp_path: Path) -> None:
    story = """
def refuses_later():
    while not (here / "works").exists():
        pass
    refuses()


supervise({"web": Role(works), "worker": Role(refuses_later)})
"""
    running = begin(tmp_path, story)
    told, wrong = running.communicate(timeout=60)
    assert running.returncode == 2
    assert wrong == "RULEBOOK_TEA: there is no such tea. Choose green or black.\n"
    assert told == ""


def test_what_worked_before_is_tried_again_and_keeps_the_others_at_work(tmp_path: Path) -> None:
    story = """
def comes_and_goes():
    lives = here / "lives"
    lived = lives.read_text() if lives.exists() else ""
    lives.write_text(lived + "x")
    if lived == "":
        sys.exit(1)
    if lived == "x":
        refuses()
    (here / "back").touch()
    signal.sigwait([signal.SIGTERM])


supervise({"web": Role(works), "worker": Role(comes_and_goes)})
"""
    running = begin(tmp_path, story)
    wait_for(tmp_path / "back")
    running.terminate()
    _, wrong = running.communicate(timeout=60)
    assert running.returncode == 0
    assert wrong.count("RULEBOOK_TEA: there is no such tea.") == 1 and "Traceback" not in wrong
