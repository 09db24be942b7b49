"""Targets that fail, runs that are held, what sending costs"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

COSTS = sa.text("costs_at IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "target",
        sa.Column("workspace_id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("minutes", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opened", sa.Integer(), nullable=False),
        sa.Column("opened_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("trial_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("off_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("off_reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_target_workspace_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "name", name=op.f("pk_target")),
    )
    # Plain ALTER TABLE, and no copy of the table: dropping the old one would take the attempts
    # along, which point at it.
    op.add_column(
        "run", sa.Column("target", sa.String(length=300), nullable=False, server_default="")
    )
    op.add_column(
        "run", sa.Column("held_for", sa.String(length=10), nullable=False, server_default="")
    )
    op.add_column("run", sa.Column("costs_at", sa.DateTime(timezone=True), nullable=True))
    for column in ("rule_id", "workspace_id"):
        op.create_index(
            f"ix_run_{column}_costs_at",
            "run",
            [column, "costs_at"],
            sqlite_where=COSTS,
            postgresql_where=COSTS,
        )


def downgrade() -> None:
    for column in ("workspace_id", "rule_id"):
        op.drop_index(f"ix_run_{column}_costs_at", table_name="run")
    for column in ("costs_at", "held_for", "target"):
        op.drop_column("run", column)
    op.drop_table("target")
