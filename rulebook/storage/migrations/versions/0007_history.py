"""Indexes of the runs that need a look; words move out into the search index"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

FEW = sa.text("state NOT IN ('queued', 'sending', 'succeeded')")


def upgrade() -> None:
    for column in ("id", "event_id"):
        op.create_index(
            f"ix_run_lasting_{column}", "run", ["workspace_id", "state", column],
            sqlite_where=FEW, postgresql_where=FEW,
        )  # fmt: skip
    op.drop_table("event_text")


def downgrade() -> None:
    # Words are found again for what is judged from then on.
    op.create_table(
        "event_text",
        sa.Column("event_id", sa.String(length=40), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["event_id"], ["event.id"], name="fk_event_text_event_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("event_id", name="pk_event_text"),
    )
    for column in ("event_id", "id"):
        op.drop_index(f"ix_run_lasting_{column}", "run")
