"""Runs by their hook, newest first"""

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_run_hook_id_id", "run", ["hook_id", "id"])


def downgrade() -> None:
    op.drop_index("ix_run_hook_id_id", "run")
