"""The short run: 60 kills over the three stores. `make faults` is the long one."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.faults.campaign import Result
from tests.servers import Missing, postgres_bin, redis_server


@pytest.mark.parametrize(
    "store, kills",
    [
        ("sqlite", 30),
        pytest.param("postgres+redis", 15, marks=[pytest.mark.postgres, pytest.mark.redis]),
        pytest.param("postgres", 15, marks=pytest.mark.postgres),
    ],
)
def test_kills_cost_nothing_but_time(
    store: str, kills: int, request: pytest.FixtureRequest
) -> None:
    try:
        postgres_bin() if store != "sqlite" else None
        redis_server() if "redis" in store else None
    except Missing as missing:
        pytest.skip(str(missing))
    seed = f"{request.config.getoption('randomly_seed', 'short')}"
    # A process of its own, because it adopts whatever its children leave behind.
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults", "--one", store, "--kills", str(kills),
         "--seed", seed, "--hurry"],
        capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"seed {seed}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
    result = Result(**json.loads(done.stdout.splitlines()[-1]))
    assert result.violations == [], f"seed {seed}: {result.violations[:10]}"
    assert (result.lost, result.unexplained) == (0, 0)
    assert result.total >= kills
    assert result.acked > kills and result.runs > kills  # they died at work
