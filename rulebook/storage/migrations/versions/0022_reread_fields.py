"""Whether earlier events are read again because of fields, or of a signing secret alone"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "hook", sa.Column("reread_fields", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    # It cannot be told of those that wait; what was ever hidden is said to be the cause, as before.
    op.execute(
        "UPDATE hook SET reread_fields = true"
        " WHERE reread_below IS NOT NULL AND hidden_at IS NOT NULL"
    )


def downgrade() -> None:
    op.drop_column("hook", "reread_fields")
