"""Problems and alerts that were told, without what has been hidden since."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TypeVar, cast

from rulebook.domain.hiding import Covered
from rulebook.domain.masking import HIDDEN
from rulebook.storage import alerts, notices, rules
from rulebook.storage.alerts import Alert
from rulebook.storage.notices import Notice

Row = TypeVar("Row")
_TEXTS = frozenset(("about", "sentence", "fix", "subject", "text"))


def problems_told(workspace_id: str, limit: int) -> list[Notice]:
    """Problems of the past and the present, newest first."""
    found, hidden_at = notices.newest_notices(workspace_id, limit), rules.hidden_at(workspace_id)
    return [_seen(each, each.seen_at, hidden_at, [each.thing]) for each in found]


def alerts_told(workspace_id: str, limit: int, before_id: str | None = None) -> list[Alert]:
    """Messages about problems, newest first."""
    found, hidden_at = (
        alerts.page_of_alerts(workspace_id, limit, before_id),
        rules.hidden_at(workspace_id),
    )
    if not hidden_at:
        return found
    things = notices.things_of(workspace_id, [one for each in found for one in each.notices])
    return [
        _seen(each, each.created_at, hidden_at, [things.get(one, "") for one in each.notices])
        for each in found
    ]


def _seen(row: Row, told: datetime, hidden_at: dict[str, datetime], things: Iterable[str]) -> Row:
    """A row whose texts are hidden where a field of one of these was hidden after it was told."""
    if not any(thing in hidden_at and told < hidden_at[thing] for thing in things):
        return row
    return cast(Row, Covered(row, lambda text: HIDDEN if text else text, _TEXTS))
