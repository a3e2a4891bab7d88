"""Held orders, and who may release them."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlalchemy.orm import Mapped, mapped_column

from policy_service.db.models.base import Base, Currency, Day, Instant, Money, Serial


class Hold(Base):
    """An order that a decision held. One open hold an order; the next decision on the order closes it.

    `amount` is the order's. `base_currency` is the one of the rates when it was held, so that a payment can have it
    checked again. `rule_codes` are its reasons, `fallen_codes` those that no longer hold. The first of two releases
    stands in `first_...`; `..._for` is the person whose authority was delegated.
    """

    __tablename__ = "holds"
    __table_args__ = (
        CheckConstraint("status IN ('open', 'released', 'rejected', 'superseded')", "status_known"),
        CheckConstraint("authority IN ('controller', 'manager', 'director')", "authority_known"),
        CheckConstraint("(status = 'open') = (resolved_at IS NULL)", "resolved_once"),
        Index("ix_holds_one_open", "customer_id", "order_id", unique=True, postgresql_where="status = 'open'"),
        Index("ix_holds_customer", "customer_id", "decision_id"),
        Index("ix_holds_status", "status", "decision_id"),
    )

    decision_id: Mapped[str] = mapped_column(primary_key=True)
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"))
    order_id: Mapped[str]
    amount: Mapped[Money]
    currency: Mapped[Currency]
    base_currency: Mapped[Currency]
    authority: Mapped[str]
    rule_codes: Mapped[list[str]] = mapped_column(ARRAY(TEXT))
    status: Mapped[str]
    opened_at: Mapped[Instant]
    checked_at: Mapped[Instant]
    releasable_since: Mapped[Instant | None]
    fallen_codes: Mapped[list[str]] = mapped_column(ARRAY(TEXT))
    predicted_release_on: Mapped[Day | None]
    escalated_at: Mapped[Instant | None]
    first_release_by: Mapped[str | None]
    first_release_for: Mapped[str | None]
    first_release_at: Mapped[Instant | None]
    first_release_note: Mapped[str | None]
    resolved_at: Mapped[Instant | None]
    resolved_by: Mapped[str | None]
    resolution_decision_id: Mapped[str | None]


class ReleaseAuthority(Base):
    """The largest order that an authority releases, in the base currency; null: any."""

    __tablename__ = "release_authorities"
    __table_args__ = (
        CheckConstraint("authority IN ('controller', 'manager', 'director')", "authority_known"),
        CheckConstraint("largest_amount >= 0", "largest_amount_not_negative"),
    )

    authority: Mapped[str] = mapped_column(primary_key=True)
    largest_amount: Mapped[Money | None]


class ReleaseSettings(Base):
    """One row: above which amount, in the base currency, two persons release; null: never."""

    __tablename__ = "release_settings"
    __table_args__ = (
        CheckConstraint("id = 1", "one_row"),
        CheckConstraint("dual_release_above >= 0", "dual_release_not_negative"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    dual_release_above: Mapped[Money | None]


class Delegation(Base):
    """A person lends another the authority to release, from one business day to another, both ends in."""

    __tablename__ = "delegations"
    __table_args__ = (
        CheckConstraint("delegator <> delegate", "to_another_person"),
        CheckConstraint("from_day <= to_day", "days_in_order"),
        Index("ix_delegations_delegate", "delegate", postgresql_where="revoked_at IS NULL"),
    )

    id: Mapped[Serial]
    delegator: Mapped[str] = mapped_column(ForeignKey("users.name"))
    delegate: Mapped[str] = mapped_column(ForeignKey("users.name"))
    from_day: Mapped[Day]
    to_day: Mapped[Day]
    note: Mapped[str | None]
    created_at: Mapped[Instant]
    revoked_at: Mapped[Instant | None]
    revoked_by: Mapped[str | None]
