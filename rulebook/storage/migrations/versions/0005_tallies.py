"""Tallies of what happened, by the half hour"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0003"
branch_labels = None
depends_on = None


def _columns(key: bool) -> list[sa.Column[Any]]:
    return [
        sa.Column("workspace_id", sa.String(40), nullable=False, primary_key=key),
        sa.Column("slot", sa.Integer(), nullable=False, primary_key=key, autoincrement=False),
        sa.Column("kind", sa.String(10), nullable=False, primary_key=key),
        sa.Column("hook_id", sa.String(40), nullable=False, primary_key=key),
        sa.Column("rule_id", sa.String(40), nullable=False, primary_key=key),
        sa.Column("n", sa.Integer(), nullable=False),
    ]


def _workspace(table: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_workspace_id"
    return sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name, ondelete="CASCADE")


def upgrade() -> None:
    op.create_table("tally", *_columns(True), _workspace("tally"))
    op.create_index("ix_tally_slot", "tally", ["slot"])
    op.create_table(
        "tally_note",
        sa.Column("id", sa.String(40), primary_key=True),
        *_columns(False),
        _workspace("tally_note"),
    )


def downgrade() -> None:
    op.drop_table("tally_note")
    op.drop_table("tally")
