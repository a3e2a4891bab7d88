"""The life of orders, held orders, events and jobs"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _orders()
    _holds()
    _events()
    _jobs()


def downgrade() -> None:
    _without_jobs()
    _without_events()
    _without_holds()
    _without_orders()


def _orders() -> None:
    op.add_column(
        "orders", sa.Column("covered", sa.Numeric(precision=19, scale=4), server_default="0", nullable=False)
    )
    op.create_check_constraint(op.f("ck_orders_covered_not_negative"), "orders", "covered >= 0")
    op.execute(
        "UPDATE orders SET status = 'pending' "
        "WHERE source = 'check' AND status = 'unconfirmed' AND pending_decision_id IS NOT NULL"
    )
    op.create_index(
        "ix_orders_expiring",
        "orders",
        ["reserved_until"],
        unique=False,
        postgresql_where="reserved > 0 OR status = 'pending'",
    )
    op.create_table(
        "deliveries",
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("delivery_id", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=19, scale=4), nullable=False),
        sa.Column("currency", sa.CHAR(length=3), nullable=False),
        sa.Column("from_open_orders", sa.Numeric(precision=19, scale=4), nullable=False),
        sa.Column("covered", sa.Numeric(precision=19, scale=4), nullable=False),
        sa.Column("added", sa.Numeric(precision=19, scale=4), nullable=False),
        sa.Column("order_status", sa.Text(), nullable=False),
        sa.Column("business_on", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "amount > 0 AND from_open_orders >= 0 AND covered >= 0 AND added >= 0",
            name=op.f("ck_deliveries_amounts_not_negative"),
        ),
        sa.CheckConstraint("amount = from_open_orders + covered + added", name=op.f("ck_deliveries_parts_add_up")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_deliveries_order_id")),
        sa.PrimaryKeyConstraint("order_id", "delivery_id", name=op.f("pk_deliveries")),
    )
    op.execute(
        "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON deliveries "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def _without_orders() -> None:
    op.drop_table("deliveries")
    op.drop_index("ix_orders_expiring", table_name="orders", postgresql_where="reserved > 0 OR status = 'pending'")
    op.execute(
        "UPDATE orders SET status = CASE WHEN status = 'delivered' THEN 'confirmed' ELSE 'unconfirmed' END "
        "WHERE source = 'check' AND status IN ('pending', 'expired', 'delivered')"
    )
    op.drop_constraint(op.f("ck_orders_covered_not_negative"), "orders")
    op.drop_column("orders", "covered")


def _holds() -> None:
    _held_orders()
    op.create_table(
        "release_authorities",
        sa.Column("authority", sa.Text(), nullable=False),
        sa.Column("largest_amount", sa.Numeric(precision=19, scale=4), nullable=True),
        sa.CheckConstraint(
            "authority IN ('controller', 'manager', 'director')", name=op.f("ck_release_authorities_authority_known")
        ),
        sa.CheckConstraint("largest_amount >= 0", name=op.f("ck_release_authorities_largest_amount_not_negative")),
        sa.PrimaryKeyConstraint("authority", name=op.f("pk_release_authorities")),
    )
    op.create_table(
        "release_settings",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("dual_release_above", sa.Numeric(precision=19, scale=4), nullable=True),
        sa.CheckConstraint("id = 1", name=op.f("ck_release_settings_one_row")),
        sa.CheckConstraint("dual_release_above >= 0", name=op.f("ck_release_settings_dual_release_not_negative")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_release_settings")),
    )
    op.execute(
        "INSERT INTO release_authorities VALUES ('controller', 50000), ('manager', 500000), ('director', NULL)"
    )
    op.execute("INSERT INTO release_settings VALUES (1, NULL)")
    op.create_table(
        "delegations",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("delegator", sa.Text(), nullable=False),
        sa.Column("delegate", sa.Text(), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("to_day", sa.Date(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_by", sa.Text(), nullable=True),
        sa.CheckConstraint("delegator <> delegate", name=op.f("ck_delegations_to_another_person")),
        sa.CheckConstraint("from_day <= to_day", name=op.f("ck_delegations_days_in_order")),
        sa.ForeignKeyConstraint(["delegator"], ["users.name"], name=op.f("fk_delegations_delegator")),
        sa.ForeignKeyConstraint(["delegate"], ["users.name"], name=op.f("fk_delegations_delegate")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delegations")),
    )
    op.create_index(
        "ix_delegations_delegate", "delegations", ["delegate"], unique=False, postgresql_where="revoked_at IS NULL"
    )


def _held_orders() -> None:
    op.create_table(
        "holds",
        sa.Column("decision_id", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=19, scale=4), nullable=False),
        sa.Column("currency", sa.CHAR(length=3), nullable=False),
        sa.Column("base_currency", sa.CHAR(length=3), nullable=False),
        sa.Column("authority", sa.Text(), nullable=False),
        sa.Column("rule_codes", postgresql.ARRAY(sa.TEXT()), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("releasable_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fallen_codes", postgresql.ARRAY(sa.TEXT()), nullable=False),
        sa.Column("predicted_release_on", sa.Date(), nullable=True),
        sa.Column("escalated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("first_release_by", sa.Text(), nullable=True),
        sa.Column("first_release_for", sa.Text(), nullable=True),
        sa.Column("first_release_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("first_release_note", sa.Text(), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_by", sa.Text(), nullable=True),
        sa.Column("resolution_decision_id", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "status IN ('open', 'released', 'rejected', 'superseded')", name=op.f("ck_holds_status_known")
        ),
        sa.CheckConstraint(
            "authority IN ('controller', 'manager', 'director')", name=op.f("ck_holds_authority_known")
        ),
        sa.CheckConstraint("(status = 'open') = (resolved_at IS NULL)", name=op.f("ck_holds_resolved_once")),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_holds_customer_id")),
        sa.PrimaryKeyConstraint("decision_id", name=op.f("pk_holds")),
    )
    op.create_index(
        "ix_holds_one_open", "holds", ["customer_id", "order_id"], unique=True, postgresql_where="status = 'open'"
    )
    op.create_index("ix_holds_customer", "holds", ["customer_id", "decision_id"], unique=False)
    op.create_index("ix_holds_status", "holds", ["status", "decision_id"], unique=False)


def _without_holds() -> None:
    op.drop_table("delegations")
    op.drop_table("release_settings")
    op.drop_table("release_authorities")
    op.drop_table("holds")


def _events() -> None:
    for table in ("event_arrivals", "events"):
        op.create_table(
            table,
            sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
            sa.Column("kind", sa.Text(), nullable=False),
            sa.Column("subject_id", sa.Text(), nullable=False),
            sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
            sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
            sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        )
    op.create_index(op.f("ix_events_kind_id"), "events", ["kind", "id"], unique=False)
    op.execute(
        "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON events "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    op.create_table(
        "webhooks",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("kinds", postgresql.ARRAY(sa.TEXT()), nullable=True),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("failures >= 0", name=op.f("ck_webhooks_failures_not_negative")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhooks")),
    )


def _without_events() -> None:
    op.drop_table("webhooks")
    op.drop_table("events")
    op.drop_table("event_arrivals")


def _jobs() -> None:
    """The schema of procrastinate 3.10 as it ships it, kept here so that an upgrade of it changes no old migration."""
    schema = (Path(__file__).parents[1] / "procrastinate_3_10.sql").read_text(encoding="utf-8")
    with closing(op.get_bind().connection.cursor()) as cursor:
        cursor.execute(schema)


def _without_jobs() -> None:
    op.execute(
        "DROP TABLE procrastinate_events, procrastinate_periodic_defers, procrastinate_jobs, procrastinate_workers CASCADE"
    )
    op.execute(
        "DO $$ DECLARE theirs record; BEGIN "
        "FOR theirs IN SELECT oid::regprocedure AS name FROM pg_proc WHERE starts_with(proname, 'procrastinate_') "
        "LOOP EXECUTE 'DROP FUNCTION ' || theirs.name; END LOOP; END $$"
    )
    op.execute("DROP TYPE procrastinate_job_to_defer_v1, procrastinate_job_status, procrastinate_job_event_type")
