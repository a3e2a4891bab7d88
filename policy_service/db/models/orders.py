"""Orders, what each of them holds of its customer's credit, and the movements that brought it there."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from policy_service.db.models.base import Base, Currency, Day, Instant, Money, Serial


class Order(Base):
    """An order: checked here (`source` check) or placed elsewhere and known for its volume (`source` history).

    The buckets are in the order's currency. `reserved` belongs to the pending decision and counts until
    `reserved_until`; `open_orders` and `open_deliveries` belong to the confirmed one. `covered` is what was delivered
    beyond open orders without a place in open deliveries, as long as payments or invoices of the order cover it.
    """

    __tablename__ = "orders"
    __table_args__ = (
        CheckConstraint("reserved >= 0 AND open_orders >= 0 AND open_deliveries >= 0", "buckets_not_negative"),
        CheckConstraint("covered >= 0", "covered_not_negative"),
        Index("ix_orders_customer", "customer_id", "order_date"),
        Index(
            "ix_orders_open",
            "customer_id",
            postgresql_where="reserved > 0 OR open_orders > 0 OR open_deliveries > 0",
        ),
        Index("ix_orders_expiring", "reserved_until", postgresql_where="reserved > 0 OR status = 'pending'"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"))
    source: Mapped[str]
    status: Mapped[str]
    amount: Mapped[Money]
    currency: Mapped[Currency]
    order_date: Mapped[Day]
    requested_ship_date: Mapped[Day | None]
    reserved: Mapped[Money]
    reserved_until: Mapped[Instant | None]
    open_orders: Mapped[Money]
    open_deliveries: Mapped[Money]
    covered: Mapped[Money] = mapped_column(server_default="0")
    pending_decision_id: Mapped[str | None]
    confirmed_decision_id: Mapped[str | None]
    confirmed_at: Mapped[Instant | None]
    updated_at: Mapped[Instant]


class Delivery(Base):
    """Goods of an order that left, as reported once under `delivery_id`. Appended, never changed.

    Of `amount`, in the order's currency, `from_open_orders` moved to open deliveries, `covered` went nowhere since
    payments or invoices of the order cover it, and `added` came to open deliveries on top. `order_status` is that of
    the order after it.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        CheckConstraint(
            "amount > 0 AND from_open_orders >= 0 AND covered >= 0 AND added >= 0", "amounts_not_negative"
        ),
        CheckConstraint("amount = from_open_orders + covered + added", "parts_add_up"),
    )

    order_id: Mapped[str] = mapped_column(ForeignKey("orders.id"), primary_key=True)
    delivery_id: Mapped[str] = mapped_column(primary_key=True)
    amount: Mapped[Money]
    currency: Mapped[Currency]
    from_open_orders: Mapped[Money]
    covered: Mapped[Money]
    added: Mapped[Money]
    order_status: Mapped[str]
    business_on: Mapped[Day]
    recorded_at: Mapped[Instant]


class Movement(Base):
    """Credit that moved from one bucket to another (null: from or to nothing). Appended, never changed.

    `amount` is positive, in `currency`; `business_on` is the business day on which it counts.
    """

    __tablename__ = "movements"
    __table_args__ = (
        CheckConstraint("amount > 0", "amount_positive"),
        Index("ix_movements_customer", "customer_id", "business_on"),
        Index(None, "order_id"),
    )

    id: Mapped[Serial]
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"))
    order_id: Mapped[str]
    from_bucket: Mapped[str | None]
    to_bucket: Mapped[str | None]
    amount: Mapped[Money]
    currency: Mapped[Currency]
    cause: Mapped[str]
    cause_id: Mapped[str]
    business_on: Mapped[Day]
    recorded_at: Mapped[Instant]
