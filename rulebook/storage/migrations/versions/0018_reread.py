"""Up to where the search index may hold words of fields that were hidden or shown since"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("hook", sa.Column("reread_below", sa.String(40), nullable=True))
    # What was hidden before this was known of: its words are in the index still.
    op.execute("UPDATE hook SET reread_below = 'evt_g' WHERE hidden_at IS NOT NULL")


def downgrade() -> None:
    op.drop_column("hook", "reread_below")
