"""Where everything is kept. One noun, one file: its table and its queries; only here stands
select(). Every query about a workspace's things names the workspace."""

from rulebook.storage import (
    attempts,
    audit,
    connections,
    deliveries,
    events,
    fields,
    figures,
    held,
    hooks,
    rules,
    runs,
    targets,
    users,
    verdicts,
    workspaces,
)
from rulebook.storage.base import Base, new_id, utcnow
from rulebook.storage.engine import db, open_database, reading, revisions, upgrade

__all__ = [
    "Base", "attempts", "audit", "connections", "db", "deliveries", "events", "fields",
    "figures", "held", "hooks", "new_id", "open_database", "reading", "revisions", "rules", "runs",
    "targets", "upgrade", "users", "utcnow", "verdicts", "workspaces",
]  # fmt: skip
