"""Events of one delivery share its body"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("event", sa.Column("part_of", sa.String(40), nullable=True))
    op.add_column("event", sa.Column("part", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("event", "part")
    op.drop_column("event", "part_of")
