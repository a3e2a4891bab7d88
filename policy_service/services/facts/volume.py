"""Facts about how much a customer buys, against the customer's own baseline."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from policy_service.domain.money import EXACT, RATIO, ZERO, round_half_even
from policy_service.services.facts.exposure import Rows
from policy_service.services.facts.rates import Exchange

_WINDOW_DAYS = 30
_BASELINE_DAYS = 365
_SHORTEST_HISTORY_DAYS = 90


@dataclass(frozen=True, slots=True)
class Volume:
    """What an order is held against, in the currency of the account: the measures are None where unknown."""

    last_30_days: Decimal
    baseline_30d: Decimal | None
    mean_order: Decimal | None


def volume_of(rows: Rows, exchange: Exchange) -> Volume:
    """The customer's own volume, without the order under check."""
    return Volume(
        last_30_days=exchange.total(rows, "amount_30d"),
        baseline_30d=_baseline(exchange.total(rows, "amount_before"), _history_days(rows)),
        mean_order=_mean_order(rows, exchange),
    )


def volume_facts(rows: Rows, volume: Volume, exchange: Exchange) -> dict[str, Any]:
    """The `volume.` facts that do not depend on the order."""
    baseline = volume.baseline_30d
    return {
        "volume.orders_30d": sum(row["orders_30d"] for row in rows),
        "volume.amount_30d": round_half_even(volume.last_30_days, exchange.currency),
        "volume.baseline_30d": None if baseline is None else round_half_even(baseline, exchange.currency),
        "volume.plunge_ratio": _against(volume.last_30_days, baseline),
        "volume.days_since_last_order": min((row["days_since_last"] for row in rows), default=None),
        "volume.history_days": _history_days(rows),
    }


def order_volume_facts(volume: Volume, order_amount: Decimal | None) -> dict[str, Any]:
    """Those that do; `order_amount` is the order's in the currency of the account, None where there is no order."""
    return {
        "volume.spike_ratio": _against(EXACT.add(volume.last_30_days, order_amount or ZERO), volume.baseline_30d),
        "volume.order_vs_average_ratio": _against(order_amount, volume.mean_order),
    }


def _history_days(rows: Rows) -> int | None:
    return max((row["history_days"] for row in rows), default=None)


def _baseline(amount: Decimal, history_days: int | None) -> Decimal | None:
    """Order amount of [day - 395, day - 30] per 30 days, cut at the first order; None under 90 days of history."""
    if history_days is None or history_days < _SHORTEST_HISTORY_DAYS:
        return None
    days = min(_BASELINE_DAYS, history_days - _WINDOW_DAYS)
    return RATIO.divide(EXACT.multiply(amount, Decimal(_WINDOW_DAYS)), Decimal(days))


def _mean_order(rows: Rows, exchange: Exchange) -> Decimal | None:
    orders = sum(row["orders_year"] for row in rows)
    return RATIO.divide(exchange.total(rows, "amount_year"), Decimal(orders)) if orders else None


def _against(amount: Decimal | None, measure: Decimal | None) -> Decimal | None:
    if amount is None or measure is None or measure <= 0:
        return None
    return RATIO.divide(amount, measure)
