"""A phone number of one's own, and the tries that its code has had"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

NO = sa.false()


def upgrade() -> None:
    op.add_column(
        "user_account", sa.Column("phone", sa.String(20), nullable=False, server_default="")
    )
    op.add_column(
        "user_account", sa.Column("phone_practice", sa.Boolean(), nullable=False, server_default=NO)
    )
    op.add_column(
        "confirmation", sa.Column("tries", sa.Integer(), nullable=False, server_default="0")
    )
    op.add_column(
        "confirmation", sa.Column("practice", sa.Boolean(), nullable=False, server_default=NO)
    )


def downgrade() -> None:
    # A code that waits is no link.
    op.execute("DELETE FROM confirmation WHERE kind = 'phone'")
    op.drop_column("confirmation", "practice")
    op.drop_column("confirmation", "tries")
    op.drop_column("user_account", "phone_practice")
    op.drop_column("user_account", "phone")
