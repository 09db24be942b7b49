"""What an explanation is made of: one finding for each node, with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rules.blame import Pointers


@dataclass(frozen=True)
class Finding:
    """One node judged. `flip`: the fewest conditions that would turn it; None when none would."""

    pointer: str
    kind: str
    met: bool
    reason: str
    flip: Pointers | None
    detail: dict[str, Any]
    children: tuple[Finding, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        shown = {"pointer": self.pointer, "kind": self.kind, "met": self.met, **self.detail}
        if self.reason:
            shown["reason"] = self.reason
        if self.kind != "condition" and self.kind != "every_event":
            shown["children"] = [child.as_dict() for child in self.children]
        return shown


@dataclass(frozen=True)
class Explanation:
    """The verdict with its reasons; falsy when not met.

    blame: pointers of the fewest conditions that would turn the verdict; missed: how many of them
    a rule that is not met lacks (0 when met, 1,000 when no condition could turn it).
    """

    met: bool
    summary: str
    blame: Pointers
    missed: int
    tree: Finding

    def __bool__(self) -> bool:
        return self.met

    def as_dict(self) -> dict[str, Any]:
        """The shape shown by the API: met, summary, blame, tree."""
        return {
            "met": self.met,
            "summary": self.summary,
            "blame": list(self.blame),
            "tree": self.tree.as_dict(),
        }
