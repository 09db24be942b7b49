"""The one table that a run of the harness ends with."""

from __future__ import annotations

from collections.abc import Sequence

from tests.faults.campaign import BACK_WITHIN, KINDS, Result

HEAD = ("store", "kills", *KINDS, "SIGTERM", "events acked", "lost", "runs", "duplicates",
        "unexplained", "back web", "back worker", "verdict")  # fmt: skip


def joined(store: str, results: Sequence[Result]) -> Result:
    """Several instances on the same kind of store as one row: sums, and the longest times."""
    whole = Result(store, "", {kind: 0 for kind in KINDS}, back={"web": 0.0, "worker": 0.0})
    for one in results:
        for kind in KINDS:
            whole.kills[kind] += one.kills[kind]
        for point, count in one.points.items():
            whole.points[point] = whole.points.get(point, 0) + count
        for role in whole.back:
            whole.back[role] = max(whole.back[role], one.back[role])
        for name in ("restarts", "acked", "lost", "runs", "duplicates", "unexplained"):
            setattr(whole, name, getattr(whole, name) + getattr(one, name))
        whole.violations += one.violations
    return whole


def good(result: Result) -> bool:
    """Whether every promise was kept, and it was back soon enough each time."""
    return not result.violations and max(result.back.values()) < BACK_WITHIN


def table(rows: Sequence[Result]) -> str:
    """The rows in columns."""
    lines: list[tuple[str, ...]] = [HEAD]
    for row in rows:
        lines.append((
            row.store, str(row.total), *(str(row.kills[kind]) for kind in KINDS),
            str(row.restarts), str(row.acked), str(row.lost), str(row.runs), str(row.duplicates),
            str(row.unexplained), f"{row.back['web']:.1f} s", f"{row.back['worker']:.1f} s",
            "kept" if good(row) else f"BROKEN ({len(row.violations)})",
        ))  # fmt: skip
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEAD))]
    return "\n".join(
        "  ".join(cell.rjust(w) if n else cell.ljust(w)
                  for n, (cell, w) in enumerate(zip(line, widths, strict=True)))
        for line in lines
    )  # fmt: skip
