"""Credit accounts: one per customer."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from policy_service.db.models.base import Base, Currency, Day, Instant, Json, Money


class Customer(Base):
    """A customer and its credit account: limit, terms, class, status. Money is in `currency`.

    `group_id` is the topmost parent where there is a parent or a child, else null: kept by the service that
    writes `parent_id`, so that a check finds a group without walking a tree.
    """

    __tablename__ = "customers"
    __table_args__ = (
        CheckConstraint("credit_limit >= 0", "credit_limit_not_negative"),
        CheckConstraint("parent_id <> id", "not_its_own_parent"),
        Index(None, "parent_id", postgresql_where="parent_id IS NOT NULL"),
        Index(None, "group_id", postgresql_where="group_id IS NOT NULL"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    currency: Mapped[Currency]
    credit_limit: Mapped[Money | None]
    limit_valid_until: Mapped[Day | None]
    temporary_limit_amount: Mapped[Money | None]
    temporary_limit_from: Mapped[Day | None]
    temporary_limit_to: Mapped[Day | None]
    group_credit_limit: Mapped[Money | None]
    standard_terms_days: Mapped[int]
    status: Mapped[str]
    segment: Mapped[str | None]
    customer_class: Mapped[str | None]
    country: Mapped[str | None]
    region: Mapped[str | None]
    industry: Mapped[str | None]
    parent_id: Mapped[str | None] = mapped_column(ForeignKey("customers.id"))
    group_id: Mapped[str | None] = mapped_column(ForeignKey("customers.id"))
    registered_on: Mapped[Day | None]
    strategic_value: Mapped[str | None]
    substitutability: Mapped[int | None]
    settlement_mode: Mapped[str]
    insured_amount: Mapped[Money | None]
    insured_until: Mapped[Day | None]
    collateral_amount: Mapped[Money | None]
    sales_owner: Mapped[str | None]
    external_ids: Mapped[Json]
    revision: Mapped[int]
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]
