"""Load on a hook: by wrk where it is installed, else by bench/sender.py."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from bench.payments import BIG, payment

SCRIPT = Path(__file__).with_name("payment.lua")


@dataclass(frozen=True)
class Result:
    """What a load found. refused: answers that are not 2xx; broken: no answer at all."""

    seconds: float
    answers: int
    refused: int
    broken: int
    p50: float
    p99: float

    @property
    def acks(self) -> int:
        return self.answers - self.refused

    @property
    def rate(self) -> float:
        return self.acks / self.seconds if self.seconds else 0.0


def generator() -> str:
    """The name of what makes the timed load here."""
    return "wrk" if shutil.which("wrk") else "bench.sender (wrk is not installed)"


def timed(port: int, path: str, connections: int, seconds: float, amount: int = BIG) -> Result:
    """Send for this long, each connection its next request as soon as it was answered."""
    wrk = shutil.which("wrk")
    with tempfile.TemporaryDirectory(prefix="rulebook-bench-") as folder:
        _write(folder, port, path, amount)
        if not wrk:
            return _run(_sender(folder, port, connections, "--seconds", str(seconds)), folder)
        much = ["-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--timeout", "20s"]
        return _run([wrk, *much, "-s", str(SCRIPT), f"http://127.0.0.1:{port}{path}"], folder)


def burst(port: int, path: str, connections: int, count: int, amount: int = BIG) -> Result:
    """Send exactly this many events (bench.sender: wrk cannot count)."""
    with tempfile.TemporaryDirectory(prefix="rulebook-bench-") as folder:
        _write(folder, port, path, amount)
        return _run(_sender(folder, port, connections, "--count", str(count)), folder)


def _write(folder: str, port: int, path: str, amount: int) -> None:
    parts = payment(port, path, secrets.token_hex(4), amount)
    Path(folder, "before").write_bytes(parts.before)
    Path(folder, "after").write_bytes(parts.after)


def _sender(folder: str, port: int, connections: int, *limit: str) -> list[str]:
    return [sys.executable, "-m", "bench.sender", folder, str(port), str(connections), *limit]


def _run(command: list[str], folder: str) -> Result:
    done = subprocess.run(
        command, env={**os.environ, "BENCH_PARTS": folder}, capture_output=True, text=True,
        timeout=600, check=False,
    )  # fmt: skip
    _, found, said = done.stdout.partition("RESULT ")
    if not found:
        raise RuntimeError(f"{command[0]} gave no result: {done.stderr or done.stdout}")
    return Result(**json.loads(said))
