"""How Alembic reaches the tables; run through `rulebook db upgrade`, in an app context."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Connection, text

from rulebook.storage import Base, db
from rulebook.storage.base import Line, UtcDateTime, Words


def _render(kind: str, item: Any, autogen: AutogenContext) -> str | Literal[False]:
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, (Line, Words)):
        return f"sa.{item.impl!r}"
    return False


def _wait_for_others(connection: Connection) -> None:
    """Processes that start together on one database migrate it one after the other; SQLite sees
    to that itself."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('rulebook migrations'))"))


with db.engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        render_item=_render,
    )
    with context.begin_transaction():
        _wait_for_others(connection)
        context.run_migrations()
    connection.commit()
