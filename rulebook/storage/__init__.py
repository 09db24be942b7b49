"""Where everything is kept. One noun, one file: its table and its queries; only here stands
select(). Every query about a workspace's things names the workspace."""

from rulebook.storage import (
    alerts,
    attempts,
    audit,
    bulks,
    changed,
    clocks,
    confirmations,
    connections,
    deliveries,
    doubts,
    event_claims,
    event_lists,
    events,
    evidence,
    fields,
    figures,
    finding,
    held,
    hooks,
    invites,
    ledger,
    notices,
    rules,
    run_claims,
    runs,
    saved,
    sealed,
    search,
    search_cards,
    search_source,
    tallies,
    targets,
    users,
    verdicts,
    workspaces,
)
from rulebook.storage.base import Base, new_id, utcnow
from rulebook.storage.engine import (
    commit,
    db,
    keep_connection,
    let_others_first,
    move_the_log,
    open_database,
    revisions,
    rollback,
    upgrade,
)
from rulebook.storage.modes import lazily, reading

__all__ = [
    "Base", "alerts", "attempts", "audit", "bulks", "changed", "clocks", "commit", "confirmations",
    "connections", "db", "deliveries", "doubts", "event_claims", "event_lists", "events",
    "evidence", "fields", "figures", "finding", "held", "hooks", "invites", "keep_connection",
    "lazily", "ledger", "let_others_first", "move_the_log", "new_id", "notices", "open_database",
    "reading", "revisions", "rollback", "rules", "run_claims", "runs", "saved", "sealed", "search",
    "search_cards", "search_source", "tallies", "targets", "upgrade", "users", "utcnow", "verdicts",
    "workspaces",
]  # fmt: skip
