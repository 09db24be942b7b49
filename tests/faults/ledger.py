"""A file of notes that outlives whoever writes it: a note is on disk before `write` returns."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any


class Ledger:
    """Notes, one JSON object a line. Several threads may write."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def write(self, what: str, **more: Any) -> None:
        """Note this, with the time of day."""
        line = json.dumps({"what": what, "at": time.time(), **more}) + "\n"
        os.write(self._file, line.encode())  # one write in append mode: lines never mix
        os.fdatasync(self._file)

    def close(self) -> None:
        """Write no more."""
        os.close(self._file)


def notes(path: Path) -> Iterator[dict[str, Any]]:
    """What was noted, in order."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)
