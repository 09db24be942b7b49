"""What providers report of a run, and when to ask them"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("run", sa.Column("delivery", sa.String(length=12), nullable=True))
    op.add_column("run", sa.Column("delivery_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("run", sa.Column("next_check_at", sa.DateTime(timezone=True), nullable=True))
    for column in ("provider_ref", "next_check_at"):
        there = sa.text(f"{column} IS NOT NULL")
        op.create_index(
            f"ix_run_{column}", "run", [column], sqlite_where=there, postgresql_where=there
        )
    # What was in doubt before is looked up as well.
    op.execute("UPDATE run SET next_check_at = created_at WHERE state = 'unknown'")


def downgrade() -> None:
    op.drop_index("ix_run_next_check_at", "run")
    op.drop_index("ix_run_provider_ref", "run")
    for column in ("next_check_at", "delivery_at", "delivery"):
        op.drop_column("run", column)
