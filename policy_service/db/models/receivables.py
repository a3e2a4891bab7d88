"""Invoices, payments, and what was applied to what.

What is open follows from the applications in effect. So that a check need not add them up, each document keeps the
sum (`applied`) as it stands on every day from `state_from` on; asked for an earlier day, the applications answer.
`policy_service.services.settlement` keeps these columns, and a test holds them to the applications.
"""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from policy_service.db.models.base import Base, Currency, Day, Instant, Money, Serial


class Invoice(Base):
    """A posted (or voided) invoice or credit note. `amount` is positive for both.

    `taken_from_deliveries` and `taken_from_orders` are what the invoice took from its order's buckets, so that
    voiding or shrinking it gives back to each what it took. `applied` is what was applied to an invoice, or from a
    credit note; `settled_on` the day on which it reached the amount.
    """

    __tablename__ = "invoices"
    __table_args__ = (
        CheckConstraint("amount > 0", "amount_positive"),
        Index("ix_invoices_customer", "customer_id", "state_from"),
        Index("ix_invoices_credit_notes", "customer_id", postgresql_where="type = 'credit_note'"),
        Index("ix_invoices_of_orders", "customer_id", postgresql_where="order_id IS NOT NULL"),
        Index(None, "order_id", postgresql_where="order_id IS NOT NULL"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"))
    order_id: Mapped[str | None]
    type: Mapped[str]
    amount: Mapped[Money]
    currency: Mapped[Currency]
    invoice_date: Mapped[Day]
    due_date: Mapped[Day]
    disputed: Mapped[bool]
    disputed_on: Mapped[Day | None]
    dispute_reason: Mapped[str | None]
    status: Mapped[str]
    voided_on: Mapped[Day | None]
    taken_from_deliveries: Mapped[Money]
    taken_from_orders: Mapped[Money]
    applied: Mapped[Money]
    settled_on: Mapped[Day | None]
    settled_by_payment: Mapped[bool]
    state_from: Mapped[Day]
    updated_at: Mapped[Instant]


class Payment(Base):
    """Money received. With `order_id` it is that order's prepayment."""

    __tablename__ = "payments"
    __table_args__ = (
        CheckConstraint("amount > 0", "amount_positive"),
        Index("ix_payments_customer", "customer_id", "state_from"),
        Index("ix_payments_unapplied", "customer_id", postgresql_where="amount <> applied"),
        Index("ix_payments_returned", "customer_id", postgresql_where="returned_on IS NOT NULL"),
        Index(None, "order_id", postgresql_where="order_id IS NOT NULL"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"))
    order_id: Mapped[str | None]
    amount: Mapped[Money]
    currency: Mapped[Currency]
    received_on: Mapped[Day]
    returned_on: Mapped[Day | None]
    applied: Mapped[Money]
    state_from: Mapped[Day]
    updated_at: Mapped[Instant]


class Application(Base):
    """A part of a payment or of a credit note applied to an invoice.

    It is in effect from the later of the two documents' dates until either is undone (returned, voided).
    """

    __tablename__ = "applications"
    __table_args__ = (
        CheckConstraint("amount > 0", "amount_positive"),
        CheckConstraint("source IN ('payment', 'credit_note')", "source_known"),
        Index("ix_applications_customer", "customer_id"),
        Index(None, "source_id", "source"),
        Index(None, "invoice_id"),
    )

    id: Mapped[Serial]
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"))
    invoice_id: Mapped[str] = mapped_column(ForeignKey("invoices.id"))
    source: Mapped[str]
    source_id: Mapped[str]
    amount: Mapped[Money]
    effective_from: Mapped[Day]
    effective_until: Mapped[Day | None]
