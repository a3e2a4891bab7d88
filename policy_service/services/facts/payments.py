"""What the sums of receivables would be if overdue invoices were paid today."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from policy_service.domain.money import ZERO
from policy_service.services.facts.exposure import Rows
from rules.invoices_to_pay import OverdueInvoice

_Row = Mapping[str, Any]


def without_paid(
    receivables: Rows,
    open_items: Rows,
    paid: Sequence[OverdueInvoice],
    left: Sequence[OverdueInvoice],
    day: date,
) -> tuple[Rows, Rows]:
    """The rows of `statements.FACTS` after the overdue invoices `paid` were paid in full; `left` stay overdue.

    Paid now, they are settled late: they count for the average days late, and against the on-time rate as before.
    """
    changed = [
        _receivable_row(row, _of(row["currency"], paid), _of(row["currency"], left), day) for row in receivables
    ]
    still_open = [
        {**row, "open": _less(row["open"], _of(row["currency"], paid))} if row["open"] is not None else row
        for row in open_items
    ]
    return changed, still_open


def _of(currency: str, invoices: Iterable[OverdueInvoice]) -> list[OverdueInvoice]:
    return [invoice for invoice in invoices if invoice.currency == currency]


def _receivable_row(row: _Row, paid: Sequence[OverdueInvoice], left: Sequence[OverdueInvoice], day: date) -> _Row:
    if not paid:
        return row
    days_late = [(day - invoice.due_on).days for invoice in paid]
    weighted = sum((invoice.amount * days for invoice, days in zip(paid, days_late, strict=True)), ZERO)
    disputed, undisputed = (
        [invoice for invoice in paid if invoice.disputed],
        [invoice for invoice in paid if not invoice.disputed],
    )
    return {
        **row,
        "open": _less(row["open"], paid),
        "overdue": _less(row["overdue"], paid),
        "undisputed_overdue": _less(row["undisputed_overdue"], undisputed),
        "disputed": _less(row["disputed"], disputed),
        "overdue_count": row["overdue_count"] - len(paid),
        "oldest_overdue_days": _oldest(left, day),
        "oldest_undisputed_overdue_days": _oldest((each for each in left if not each.disputed), day),
        "amount_days_late": Decimal(row["amount_days_late"]) + weighted,
        "settled_amount": Decimal(row["settled_amount"]) + sum((invoice.amount for invoice in paid), ZERO),
        "worst_days_late": max(days_late + ([] if row["worst_days_late"] is None else [row["worst_days_late"]])),
        "paid_count": row["paid_count"] + len(paid),
    }


def _less(amount: Any, paid: Iterable[OverdueInvoice]) -> Decimal:
    return Decimal(amount) - sum((invoice.open_amount for invoice in paid), ZERO)


def _oldest(invoices: Iterable[OverdueInvoice], day: date) -> int | None:
    return max(((day - invoice.due_on).days for invoice in invoices), default=None)
