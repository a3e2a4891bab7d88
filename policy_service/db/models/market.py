"""What is known from outside the ledgers: exchange rates and field reports."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric
from sqlalchemy.orm import Mapped, mapped_column

from policy_service.db.models.base import Base, Currency, Day, Instant, Serial


class FxRate(Base):
    """Units of the base currency for one unit of `currency`, from `as_of` on."""

    __tablename__ = "fx_rates"
    __table_args__ = (CheckConstraint("rate > 0", "rate_positive"),)

    currency: Mapped[Currency] = mapped_column(primary_key=True)
    as_of: Mapped[Day] = mapped_column(primary_key=True)
    rate: Mapped[Decimal] = mapped_column(Numeric(30, 15))
    updated_at: Mapped[Instant]


class FieldReport(Base):
    """What someone saw at a customer: about the business, never about private life."""

    __tablename__ = "field_reports"
    __table_args__ = (
        CheckConstraint("severity BETWEEN 1 AND 5", "severity_range"),
        Index("ix_field_reports_customer", "customer_id", "observed_on"),
    )

    id: Mapped[Serial]
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"))
    observed_on: Mapped[Day]
    category: Mapped[str]
    severity: Mapped[int]
    source_channel: Mapped[str]
    note: Mapped[str]
    valid_until: Mapped[Day | None]
    reported_by: Mapped[str]
    created_at: Mapped[Instant]
