"""The life of a policy version, and the emergency brakes"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("policy_versions", sa.Column("makers", postgresql.ARRAY(sa.TEXT()), nullable=True))
    op.execute("UPDATE policy_versions SET makers = ARRAY[created_by]")
    op.alter_column("policy_versions", "makers", nullable=False)
    # What was replaced is worked out from here on; what once was in force stays published.
    op.execute(
        "UPDATE policy_versions SET status = 'published', retired_at = NULL "
        "WHERE status = 'retired' AND published_at IS NOT NULL"
    )
    op.create_table(
        "brakes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pulled_by", sa.Text(), nullable=False),
        sa.Column("pulled_by_user", sa.Text(), nullable=True),
        sa.Column("pulled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lifted_by", sa.Text(), nullable=True),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("customer_id IS NOT NULL OR until IS NOT NULL", name=op.f("ck_brakes_freeze_ends")),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_brakes_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_brakes")),
    )
    op.create_index("ix_brakes_on", "brakes", ["customer_id"], unique=False, postgresql_where="lifted_at IS NULL")


def downgrade() -> None:
    op.drop_index("ix_brakes_on", table_name="brakes", postgresql_where="lifted_at IS NULL")
    op.drop_table("brakes")
    op.execute(
        "UPDATE policy_versions v SET status = 'retired', retired_at = (SELECT min(s.effective_at) "
        "FROM policy_versions s WHERE s.status = 'published' AND s.effective_at <= now() "
        "AND (s.effective_at, s.published_at, s.number) > (v.effective_at, v.published_at, v.number)) "
        "WHERE v.status = 'published' AND EXISTS (SELECT FROM policy_versions s WHERE s.status = 'published' "
        "AND s.effective_at <= now() "
        "AND (s.effective_at, s.published_at, s.number) > (v.effective_at, v.published_at, v.number))"
    )
    op.drop_column("policy_versions", "makers")
