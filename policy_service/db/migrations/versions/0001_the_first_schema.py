"""The first schema"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

APPEND_ONLY = ("decisions", "movements", "audit_events")


def upgrade() -> None:
    op.create_table(
        "alerts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rule_code", sa.Text(), nullable=False),
        sa.Column("severity", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=True),
        sa.Column("decision_id", sa.Text(), nullable=True),
        sa.Column("message", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint("severity BETWEEN 1 AND 5", name=op.f("ck_alerts_severity_range")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alerts")),
    )
    op.create_index("ix_alerts_customer", "alerts", ["customer_id", "id"], unique=False)
    op.create_table(
        "audit_events",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject_kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Text(), nullable=False),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_events")),
    )
    op.create_index("ix_audit_events_subject", "audit_events", ["subject_kind", "subject_id", "id"], unique=False)
    op.create_table(
        "customers",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("currency", sa.CHAR(length=3), nullable=False),
        sa.Column("credit_limit", sa.Numeric(precision=19, scale=4), nullable=True),
        sa.Column("limit_valid_until", sa.Date(), nullable=True),
        sa.Column("temporary_limit_amount", sa.Numeric(precision=19, scale=4), nullable=True),
        sa.Column("temporary_limit_from", sa.Date(), nullable=True),
        sa.Column("temporary_limit_to", sa.Date(), nullable=True),
        sa.Column("group_credit_limit", sa.Numeric(precision=19, scale=4), nullable=True),
        sa.Column("standard_terms_days", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("segment", sa.Text(), nullable=True),
        sa.Column("customer_class", sa.Text(), nullable=True),
        sa.Column("country", sa.Text(), nullable=True),
        sa.Column("region", sa.Text(), nullable=True),
        sa.Column("industry", sa.Text(), nullable=True),
        sa.Column("parent_id", sa.Text(), nullable=True),
        sa.Column("group_id", sa.Text(), nullable=True),
        sa.Column("registered_on", sa.Date(), nullable=True),
        sa.Column("strategic_value", sa.Text(), nullable=True),
        sa.Column("substitutability", sa.Integer(), nullable=True),
        sa.Column("settlement_mode", sa.Text(), nullable=False),
        sa.Column("insured_amount", sa.Numeric(precision=19, scale=4), nullable=True),
        sa.Column("insured_until", sa.Date(), nullable=True),
        sa.Column("collateral_amount", sa.Numeric(precision=19, scale=4), nullable=True),
        sa.Column("sales_owner", sa.Text(), nullable=True),
        sa.Column("external_ids", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("credit_limit >= 0", name=op.f("ck_customers_credit_limit_not_negative")),
        sa.CheckConstraint("parent_id <> id", name=op.f("ck_customers_not_its_own_parent")),
        sa.ForeignKeyConstraint(["group_id"], ["customers.id"], name=op.f("fk_customers_group_id")),
        sa.ForeignKeyConstraint(["parent_id"], ["customers.id"], name=op.f("fk_customers_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customers")),
    )
    op.create_index(
        op.f("ix_customers_group_id"),
        "customers",
        ["group_id"],
        unique=False,
        postgresql_where="group_id IS NOT NULL",
    )
    op.create_index(
        op.f("ix_customers_parent_id"),
        "customers",
        ["parent_id"],
        unique=False,
        postgresql_where="parent_id IS NOT NULL",
    )
    op.create_table(
        "decisions",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=19, scale=4), nullable=False),
        sa.Column("currency", sa.CHAR(length=3), nullable=False),
        sa.Column("rule_codes", postgresql.ARRAY(sa.TEXT()), nullable=False),
        sa.Column("policy_version", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("took_microseconds", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.CHAR(length=64), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decisions")),
    )
    op.create_index("ix_decisions_customer", "decisions", ["customer_id", "id"], unique=False)
    op.create_index("ix_decisions_subject", "decisions", ["subject_id", "id"], unique=False)
    op.create_table(
        "fx_rates",
        sa.Column("currency", sa.CHAR(length=3), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("rate", sa.Numeric(precision=30, scale=15), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("rate > 0", name=op.f("ck_fx_rates_rate_positive")),
        sa.PrimaryKeyConstraint("currency", "as_of", name=op.f("pk_fx_rates")),
    )
    op.create_table(
        "policy_versions",
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("document", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("submitted_by", sa.Text(), nullable=True),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approved_by", sa.Text(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approved_hash", sa.Text(), nullable=True),
        sa.Column("published_by", sa.Text(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("effective_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("four_eyes", sa.Boolean(), nullable=True),
        sa.CheckConstraint(
            "status IN ('draft', 'submitted', 'approved', 'published', 'retired')",
            name=op.f("ck_policy_versions_status_known"),
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_policy_versions")),
    )
    op.create_index(
        "ix_policy_versions_published",
        "policy_versions",
        ["effective_at"],
        unique=False,
        postgresql_where="status = 'published'",
    )
    op.create_table(
        "users",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("failed_logins", sa.Integer(), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("session_epoch", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "role IN ('sales', 'controller', 'manager', 'director', 'auditor', 'admin')",
            name=op.f("ck_users_role_known"),
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_users")),
    )
    op.create_table(
        "api_keys",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("key_hash", sa.CHAR(length=64), nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.TEXT()), nullable=False),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["owner"], ["users.name"], name=op.f("fk_api_keys_owner")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_api_keys_key_hash")),
        sa.UniqueConstraint("name", name=op.f("uq_api_keys_name")),
    )
    op.create_table(
        "field_reports",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("observed_on", sa.Date(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("severity", sa.Integer(), nullable=False),
        sa.Column("source_channel", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("reported_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("severity BETWEEN 1 AND 5", name=op.f("ck_field_reports_severity_range")),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_field_reports_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_field_reports")),
    )
    op.create_index("ix_field_reports_customer", "field_reports", ["customer_id", "observed_on"], unique=False)
    op.create_table(
        "invoices",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=True),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=19, scale=4), nullable=False),
        sa.Column("currency", sa.CHAR(length=3), nullable=False),
        sa.Column("invoice_date", sa.Date(), nullable=False),
        sa.Column("due_date", sa.Date(), nullable=False),
        sa.Column("disputed", sa.Boolean(), nullable=False),
        sa.Column("disputed_on", sa.Date(), nullable=True),
        sa.Column("dispute_reason", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("voided_on", sa.Date(), nullable=True),
        sa.Column("taken_from_deliveries", sa.Numeric(precision=19, scale=4), nullable=False),
        sa.Column("taken_from_orders", sa.Numeric(precision=19, scale=4), nullable=False),
        sa.Column("applied", sa.Numeric(precision=19, scale=4), nullable=False),
        sa.Column("settled_on", sa.Date(), nullable=True),
        sa.Column("settled_by_payment", sa.Boolean(), nullable=False),
        sa.Column("state_from", sa.Date(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_invoices_amount_positive")),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_invoices_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoices")),
    )
    op.create_index("ix_invoices_customer", "invoices", ["customer_id", "state_from"], unique=False)
    op.create_index(
        "ix_invoices_credit_notes",
        "invoices",
        ["customer_id"],
        unique=False,
        postgresql_where="type = 'credit_note'",
    )
    op.create_index(
        "ix_invoices_of_orders",
        "invoices",
        ["customer_id"],
        unique=False,
        postgresql_where="order_id IS NOT NULL",
    )
    op.create_index(
        op.f("ix_invoices_order_id"), "invoices", ["order_id"], unique=False, postgresql_where="order_id IS NOT NULL"
    )
    op.create_table(
        "movements",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("from_bucket", sa.Text(), nullable=True),
        sa.Column("to_bucket", sa.Text(), nullable=True),
        sa.Column("amount", sa.Numeric(precision=19, scale=4), nullable=False),
        sa.Column("currency", sa.CHAR(length=3), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("cause_id", sa.Text(), nullable=False),
        sa.Column("business_on", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_movements_amount_positive")),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_movements_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_movements")),
    )
    op.create_index("ix_movements_customer", "movements", ["customer_id", "business_on"], unique=False)
    op.create_index(op.f("ix_movements_order_id"), "movements", ["order_id"], unique=False)
    op.create_table(
        "orders",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=19, scale=4), nullable=False),
        sa.Column("currency", sa.CHAR(length=3), nullable=False),
        sa.Column("order_date", sa.Date(), nullable=False),
        sa.Column("requested_ship_date", sa.Date(), nullable=True),
        sa.Column("reserved", sa.Numeric(precision=19, scale=4), nullable=False),
        sa.Column("reserved_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("open_orders", sa.Numeric(precision=19, scale=4), nullable=False),
        sa.Column("open_deliveries", sa.Numeric(precision=19, scale=4), nullable=False),
        sa.Column("pending_decision_id", sa.Text(), nullable=True),
        sa.Column("confirmed_decision_id", sa.Text(), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "reserved >= 0 AND open_orders >= 0 AND open_deliveries >= 0", name=op.f("ck_orders_buckets_not_negative")
        ),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_orders_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders")),
    )
    op.create_index("ix_orders_customer", "orders", ["customer_id", "order_date"], unique=False)
    op.create_index(
        "ix_orders_open",
        "orders",
        ["customer_id"],
        unique=False,
        postgresql_where="reserved > 0 OR open_orders > 0 OR open_deliveries > 0",
    )
    op.create_table(
        "payments",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=True),
        sa.Column("amount", sa.Numeric(precision=19, scale=4), nullable=False),
        sa.Column("currency", sa.CHAR(length=3), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("returned_on", sa.Date(), nullable=True),
        sa.Column("applied", sa.Numeric(precision=19, scale=4), nullable=False),
        sa.Column("state_from", sa.Date(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_payments_amount_positive")),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_payments_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payments")),
    )
    op.create_index("ix_payments_customer", "payments", ["customer_id", "state_from"], unique=False)
    op.create_index(
        op.f("ix_payments_order_id"), "payments", ["order_id"], unique=False, postgresql_where="order_id IS NOT NULL"
    )
    op.create_index(
        "ix_payments_returned", "payments", ["customer_id"], unique=False, postgresql_where="returned_on IS NOT NULL"
    )
    op.create_index(
        "ix_payments_unapplied", "payments", ["customer_id"], unique=False, postgresql_where="amount <> applied"
    )
    op.create_table(
        "applications",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("invoice_id", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=19, scale=4), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("effective_until", sa.Date(), nullable=True),
        sa.CheckConstraint("source IN ('payment', 'credit_note')", name=op.f("ck_applications_source_known")),
        sa.CheckConstraint("amount > 0", name=op.f("ck_applications_amount_positive")),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_applications_customer_id")),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoices.id"], name=op.f("fk_applications_invoice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_applications")),
    )
    op.create_index("ix_applications_customer", "applications", ["customer_id"], unique=False)
    op.create_index(op.f("ix_applications_invoice_id"), "applications", ["invoice_id"], unique=False)
    op.create_index(op.f("ix_applications_source_id_source"), "applications", ["source_id", "source"], unique=False)
    op.create_table(
        "idempotency_records",
        sa.Column("api_key_id", sa.BigInteger(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=False),
        sa.Column("request_sha256", sa.CHAR(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["api_key_id"], ["api_keys.id"], name=op.f("fk_idempotency_records_api_key_id")),
        sa.PrimaryKeyConstraint(
            "api_key_id", "method", "path", "idempotency_key", name=op.f("pk_idempotency_records")
        ),
    )
    op.create_index(op.f("ix_idempotency_records_created_at"), "idempotency_records", ["created_at"], unique=False)
    op.execute(
        """
        CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
                USING ERRCODE = 'insufficient_privilege';
        END $$
        """
    )
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def downgrade() -> None:
    op.drop_index(op.f("ix_idempotency_records_created_at"), table_name="idempotency_records")
    op.drop_table("idempotency_records")
    op.drop_index(op.f("ix_applications_source_id_source"), table_name="applications")
    op.drop_index(op.f("ix_applications_invoice_id"), table_name="applications")
    op.drop_index("ix_applications_customer", table_name="applications")
    op.drop_table("applications")
    op.drop_index("ix_payments_unapplied", table_name="payments", postgresql_where="amount <> applied")
    op.drop_index("ix_payments_returned", table_name="payments", postgresql_where="returned_on IS NOT NULL")
    op.drop_index(op.f("ix_payments_order_id"), table_name="payments", postgresql_where="order_id IS NOT NULL")
    op.drop_index("ix_payments_customer", table_name="payments")
    op.drop_table("payments")
    op.drop_index(
        "ix_orders_open",
        table_name="orders",
        postgresql_where="reserved > 0 OR open_orders > 0 OR open_deliveries > 0",
    )
    op.drop_index("ix_orders_customer", table_name="orders")
    op.drop_table("orders")
    op.drop_index(op.f("ix_movements_order_id"), table_name="movements")
    op.drop_index("ix_movements_customer", table_name="movements")
    op.drop_table("movements")
    op.drop_index(op.f("ix_invoices_order_id"), table_name="invoices", postgresql_where="order_id IS NOT NULL")
    op.drop_index("ix_invoices_of_orders", table_name="invoices", postgresql_where="order_id IS NOT NULL")
    op.drop_index("ix_invoices_credit_notes", table_name="invoices", postgresql_where="type = 'credit_note'")
    op.drop_index("ix_invoices_customer", table_name="invoices")
    op.drop_table("invoices")
    op.drop_index("ix_field_reports_customer", table_name="field_reports")
    op.drop_table("field_reports")
    op.drop_table("api_keys")
    op.drop_table("users")
    op.drop_index(
        "ix_policy_versions_published", table_name="policy_versions", postgresql_where="status = 'published'"
    )
    op.drop_table("policy_versions")
    op.drop_table("fx_rates")
    op.drop_index("ix_decisions_subject", table_name="decisions")
    op.drop_index("ix_decisions_customer", table_name="decisions")
    op.drop_table("decisions")
    op.drop_index(op.f("ix_customers_parent_id"), table_name="customers", postgresql_where="parent_id IS NOT NULL")
    op.drop_index(op.f("ix_customers_group_id"), table_name="customers", postgresql_where="group_id IS NOT NULL")
    op.drop_table("customers")
    op.drop_index("ix_audit_events_subject", table_name="audit_events")
    op.drop_table("audit_events")
    op.drop_index("ix_alerts_customer", table_name="alerts")
    op.drop_table("alerts")
    op.execute("DROP FUNCTION refuse_change()")
