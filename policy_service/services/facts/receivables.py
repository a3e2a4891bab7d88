"""Facts about how a customer pays.

On-time rate, average days late and DSO as docs/glossary.md defines them; DSO after the count-free textbook form
(receivables / credit sales x days of the period).
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from policy_service.domain.money import EXACT, RATIO, ZERO, round_half_even
from policy_service.services.facts.exposure import Rows
from policy_service.services.facts.rates import Exchange

_PERIOD_DAYS = 365


def receivable_facts(
    rows: Rows, credit_notes: Rows, open_items: Rows, returned: int, open_amount: Decimal, exchange: Exchange
) -> dict[str, Any]:
    """The `receivables.` facts; one that cannot be known is None."""

    def money(name: str) -> Decimal:
        return round_half_even(exchange.total(rows, name), exchange.currency)

    overdue = money("overdue")
    return {
        "receivables.open_amount": open_amount,
        "receivables.overdue_amount": overdue,
        "receivables.undisputed_overdue_amount": money("undisputed_overdue"),
        "receivables.disputed_amount": money("disputed"),
        "receivables.overdue_ratio": _ratio(overdue, open_amount),
        "receivables.overdue_invoice_count": _sum(rows, "overdue_count"),
        "receivables.oldest_overdue_days": _extreme(max, rows, "oldest_overdue_days"),
        "receivables.oldest_undisputed_overdue_days": _extreme(max, rows, "oldest_undisputed_overdue_days"),
        "receivables.on_time_rate": _ratio(Decimal(_sum(rows, "on_time")), Decimal(_sum(rows, "judged"))),
        "receivables.average_days_late": _ratio(
            exchange.total(rows, "amount_days_late"), exchange.total(rows, "settled_amount")
        ),
        "receivables.worst_days_late": _extreme(max, rows, "worst_days_late"),
        "receivables.dso": _dso(rows, credit_notes, open_amount, exchange),
        "receivables.returned_payment_count": returned,
        "receivables.unapplied_amount": round_half_even(exchange.total(open_items, "unapplied"), exchange.currency),
        "receivables.broken_promise_count": 0,
    }


def _dso(rows: Rows, credit_notes: Rows, open_amount: Decimal, exchange: Exchange) -> Decimal | None:
    """Open items / credit sales net of credit notes x days, over 365 days or since the first invoice."""
    since_first = _extreme(max, rows, "first_invoice_days")
    sales = exchange.total(rows, "sales") - exchange.total(credit_notes, "recent")
    days = min(_PERIOD_DAYS, since_first or 0)
    if days <= 0 or sales <= 0:
        return None
    return _ratio(EXACT.multiply(open_amount, Decimal(days)), sales)


def _ratio(part: Decimal, whole: Decimal) -> Decimal | None:
    return RATIO.divide(part, whole) if whole > ZERO else None


def _sum(rows: Rows, name: str) -> int:
    return sum(row[name] for row in rows)


def _extreme(pick: Callable[[list[int]], int], rows: Rows, name: str) -> int | None:
    found = [row[name] for row in rows if row[name] is not None]
    return pick(found) if found else None
