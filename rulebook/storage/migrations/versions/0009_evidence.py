"""Pinned events, and links that show one event to somebody without an account"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "evidence",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("workspace_id", sa.String(length=40), nullable=False),
        sa.Column("event_id", sa.String(length=40), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("made_by", sa.String(length=40), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_evidence_workspace_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["event_id"], ["event.id"], name=op.f("fk_evidence_event_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_evidence_token_hash")),
    )
    op.create_index("ix_evidence_event_id", "evidence", ["event_id"])
    op.add_column(
        "event", sa.Column("pinned", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.create_index(
        "ix_event_pinned", "event", ["part_of"],
        sqlite_where=sa.text("pinned IS 1"), postgresql_where=sa.text("pinned IS true"),
    )  # fmt: skip


def downgrade() -> None:
    op.drop_index("ix_event_pinned", "event")
    op.drop_column("event", "pinned")
    op.drop_index("ix_evidence_event_id", "evidence")
    op.drop_table("evidence")
