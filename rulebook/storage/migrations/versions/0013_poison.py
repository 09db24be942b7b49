"""A small index of the events that could not be judged"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

POISON = sa.text("state = 'poison'")


def upgrade() -> None:
    op.create_index(
        "ix_event_poison", "event", ["workspace_id", "id"],
        sqlite_where=POISON, postgresql_where=POISON,
    )  # fmt: skip


def downgrade() -> None:
    op.drop_index("ix_event_poison", "event")
