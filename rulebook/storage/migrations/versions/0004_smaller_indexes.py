"""Indexes that stay small, and the hooks that an event came through"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0002"
branch_labels = None
depends_on = None

WAITING = sa.text("judged_at IS NULL")
REPEATED = sa.text("duplicate_of IS NOT NULL")


def upgrade() -> None:
    op.drop_index("ix_event_state_received_at", "event")
    op.drop_index("ix_event_duplicate_of", "event")
    op.create_index(
        "ix_event_waiting", "event", ["state", "received_at"],
        sqlite_where=WAITING, postgresql_where=WAITING,
    )  # fmt: skip
    op.create_index(
        "ix_event_duplicate_of", "event", ["duplicate_of"],
        sqlite_where=REPEATED, postgresql_where=REPEATED,
    )  # fmt: skip
    op.add_column("run", sa.Column("hops", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_column("run", "hops")
    op.drop_index("ix_event_duplicate_of", "event")
    op.drop_index("ix_event_waiting", "event")
    op.create_index("ix_event_duplicate_of", "event", ["duplicate_of"])
    op.create_index("ix_event_state_received_at", "event", ["state", "received_at"])
