"""How machines' clocks were when work was planned by them"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "machine_clock",
        sa.Column("machine", sa.String(64), nullable=False),
        sa.Column("ahead", sa.BigInteger(), nullable=False),
        sa.Column("apart", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("machine", name="pk_machine_clock"),
    )


def downgrade() -> None:
    op.drop_table("machine_clock")
