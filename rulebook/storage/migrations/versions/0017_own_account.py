"""Names and time zones of people, what their browsers are, addresses that wait to be confirmed"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    person = (("name", 100), ("zone", 64))
    for name, length in person:
        op.add_column(
            "user_account",
            sa.Column(name, sa.String(length), nullable=False, server_default=""),
        )
    op.add_column("session", sa.Column("agent", sa.String(200), nullable=False, server_default=""))
    op.create_table(
        "confirmation",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("user_id", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("value", sa.String(254), nullable=False),
        sa.Column("proof", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name="fk_confirmation_user_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_confirmation"),
        sa.UniqueConstraint("user_id", "kind", name="uq_confirmation_user_id_kind"),
    )


def downgrade() -> None:
    op.drop_table("confirmation")
    op.drop_column("session", "agent")
    op.drop_column("user_account", "zone")
    op.drop_column("user_account", "name")
