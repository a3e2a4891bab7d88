"""Facts about how much a customer buys, against the customer's own baseline."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from policy_service.domain.money import EXACT, RATIO, ZERO, round_half_even
from policy_service.services.facts.exposure import Rows
from policy_service.services.facts.rates import Exchange

_WINDOW_DAYS = 30
_BASELINE_DAYS = 365
_SHORTEST_HISTORY_DAYS = 90


def volume_facts(rows: Rows, order_amount: Decimal | None, exchange: Exchange) -> dict[str, Any]:
    """The `volume.` facts. `order_amount` is the order under check in the exchange's currency, or None."""
    recent = exchange.total(rows, "amount_30d")
    history = max((row["history_days"] for row in rows), default=None)
    baseline = _baseline(exchange.total(rows, "amount_before"), history)
    return {
        "volume.orders_30d": sum(row["orders_30d"] for row in rows),
        "volume.amount_30d": round_half_even(recent, exchange.currency),
        "volume.baseline_30d": None if baseline is None else round_half_even(baseline, exchange.currency),
        "volume.spike_ratio": _against(EXACT.add(recent, order_amount or ZERO), baseline),
        "volume.plunge_ratio": _against(recent, baseline),
        "volume.order_vs_average_ratio": _against(order_amount, _mean_order(rows, exchange)),
        "volume.days_since_last_order": min((row["days_since_last"] for row in rows), default=None),
        "volume.history_days": history,
    }


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
