"""Exposure: what a customer, or a group, owes and may come to owe.

Exposure is reserved + open orders + open deliveries + open items (see docs/glossary.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from policy_service.domain.money import EXACT, ZERO
from policy_service.services.facts.rates import Exchange
from policy_service.services.facts.statements import EXPOSURE

Rows = Sequence[Mapping[str, Any]]
_ORDER_BUCKETS = ("reserved", "open_orders", "open_deliveries")


@dataclass(frozen=True, slots=True)
class Exposure:
    """Buckets and open items in one currency, not yet rounded; `own_` is what the order under check holds itself."""

    reserved: Decimal
    open_orders: Decimal
    open_deliveries: Decimal
    open_items: Decimal
    own_orders: Decimal
    horizon_without_own: Decimal

    @property
    def total(self) -> Decimal:
        """All of it, this order's own amounts too."""
        return self.reserved + self.open_orders + self.open_deliveries + self.open_items

    @property
    def without_own(self) -> Decimal:
        """Without what this order reserves, has open or delivered. Open items are never left out."""
        return EXACT.subtract(self.total, self.own_orders)


def exposure_of(buckets: Rows, open_items: Rows, exchange: Exchange, *, net_unapplied: bool) -> Exposure:
    """Add up what the statements found."""
    others = [row for row in buckets if not row["own"]]
    own = [row for row in buckets if row["own"]]
    items = exchange.total(open_items, "open") - exchange.total(open_items, "credit_rest")
    if net_unapplied:
        items -= exchange.total(open_items, "nettable")
    return Exposure(
        reserved=exchange.total(buckets, "reserved"),
        open_orders=exchange.total(buckets, "open_orders"),
        open_deliveries=exchange.total(buckets, "open_deliveries"),
        open_items=items,
        own_orders=sum((exchange.total(own, name) for name in _ORDER_BUCKETS), ZERO),
        horizon_without_own=exchange.total(others, "in_horizon") + items,
    )


def currencies_in(*tables: Rows) -> set[str]:
    """The currencies in which these rows have amounts: one in which all is paid and long ago needs no rate."""
    return {str(row["currency"]) for rows in tables for row in rows if any(map(_is_amount, row.items()))}


def _is_amount(item: tuple[str, Any]) -> bool:
    name, value = item
    return name != "currency" and isinstance(value, str | Decimal) and Decimal(value) != ZERO


def exposure_rows(
    session: Session, customers: Iterable[str], day: date, instant: datetime, own_order: str | None
) -> tuple[Rows, Rows]:
    """Buckets and open items of several customers together, per currency."""
    row = session.execute(
        EXPOSURE,
        {"customers": list(customers), "day": day, "instant": instant, "own_order": own_order, "horizon": day},
    ).one()
    return row.buckets or [], row.open_items or []
