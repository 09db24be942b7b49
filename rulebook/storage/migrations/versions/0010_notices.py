"""Notices of problems, and the alerts about them"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

OPEN = sa.text("closed_at IS NULL")
DUE = sa.text("state IN ('planned', 'sending')")


def upgrade() -> None:
    at = sa.DateTime(timezone=True)
    op.create_table(
        "notice",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("workspace_id", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("thing", sa.String(300), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("about", "sentence", "fix")),
        sa.Column("count", sa.Integer(), nullable=False),
        *(sa.Column(name, at, nullable=False) for name in ("since", "opened_at", "seen_at")),
        sa.Column("closed_at", at, nullable=True),
        sa.Column("ending", sa.Text(), nullable=False),
        *(
            sa.Column(name, at, nullable=True)
            for name in ("muted_at", "alerted_at", "ended_told_at")
        ),
        *_belongs("notice"),
    )
    op.create_index("ix_notice_workspace_id_id", "notice", ["workspace_id", "id"])
    op.create_index("ix_notice_closed_at", "notice", ["closed_at"])
    op.create_index(
        "uq_notice_open",
        "notice",
        ["workspace_id", "kind", "thing"],
        unique=True,
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )
    op.create_table(
        "alert",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("workspace_id", sa.String(40), nullable=False),
        sa.Column("user_id", sa.String(40), nullable=True),
        sa.Column("action", sa.String(50), nullable=False),
        sa.Column("connection_id", sa.String(40), nullable=True),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("to", "subject", "text")),
        sa.Column("notices", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("sentence", "fix")),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_at", at, nullable=False),
        sa.Column("lease_until", at, nullable=True),
        sa.Column("created_at", at, nullable=False),
        sa.Column("finished_at", at, nullable=True),
        *_belongs("alert", "user_id"),
    )
    op.create_index("ix_alert_workspace_id_id", "alert", ["workspace_id", "id"])
    op.create_index(
        "ix_alert_due", "alert", ["state", "next_at"], sqlite_where=DUE, postgresql_where=DUE
    )
    op.create_table(
        "alert_way",
        sa.Column("workspace_id", sa.String(40), primary_key=True),
        sa.Column("mail_connection", sa.String(40), nullable=True),
        sa.Column("other_action", sa.String(50), nullable=False),
        sa.Column("other_connection", sa.String(40), nullable=True),
        sa.Column("other_to", sa.Text(), nullable=False),
        *_belongs("alert_way"),
    )
    op.create_table(
        "alert_choice",
        sa.Column("workspace_id", sa.String(40), primary_key=True),
        sa.Column("user_id", sa.String(40), primary_key=True),
        sa.Column("kinds", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("endings", sa.Boolean(), nullable=False),
        *_belongs("alert_choice", "user_id"),
    )
    op.create_index("ix_alert_choice_user_id", "alert_choice", ["user_id"])


def _belongs(table: str, user: str = "") -> list[sa.ForeignKeyConstraint]:
    to = [("workspace_id", "workspace.id")] + ([(user, "user_account.id")] if user else [])
    return [
        sa.ForeignKeyConstraint([column], [there], f"fk_{table}_{column}", ondelete="CASCADE")
        for column, there in to
    ]


def downgrade() -> None:
    for table in ("alert_choice", "alert_way", "alert", "notice"):
        op.drop_table(table)
