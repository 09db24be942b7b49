"""What a web address answered."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Response:
    """An answer: header names in lower case, at most 64 kB of body, seconds taken; cut: there
    was more to come."""

    status: int
    headers: dict[str, str]
    body: bytes
    took: float
    cut: bool = False

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")
