"""What would be known of a customer on a later day, if it pays its invoices when it is expected to.

Only receivables move: orders, limits, reports, rates and the windows of twelve months stand as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import ROUND_CEILING, Decimal
from typing import Any

from policy_service.domain.money import ZERO
from policy_service.services.facts.assemble import Gathered, Standing, facts_asking, standing_of
from policy_service.services.facts.exposure import Rows
from rules.facts import Facts
from rules.invoices_to_pay import OverdueInvoice


@dataclass(frozen=True, slots=True)
class ExpectedPayment:
    """An invoice, and the day on which it is expected to be paid in full; None: it is disputed."""

    invoice: OverdueInvoice
    day: date | None

    @property
    def days_late(self) -> int:
        """Days after the due date, 0 for one that is paid in time."""
        return max(0, (self.day - self.invoice.due_on).days) if self.day else 0


def expected_payments(standing: Standing, invoices: Iterable[OverdueInvoice]) -> list[ExpectedPayment]:
    """Every undisputed invoice is paid as late as the customer pays on average, but not before tomorrow."""
    tomorrow = standing.gathered.question.day + timedelta(days=1)
    habit = timedelta(days=_habit_days(standing))
    return [
        ExpectedPayment(invoice, None if invoice.disputed else max(invoice.due_on + habit, tomorrow))
        for invoice in invoices
    ]


def facts_on(standing: Standing, payments: Sequence[ExpectedPayment], day: date) -> Facts:
    """The facts of the order under check as they would be on `day`, when what was expected by then is paid."""
    paid = [payment for payment in payments if payment.day is not None and payment.day <= day]
    left = [payment.invoice for payment in payments if payment.day is None or payment.day > day]
    later = _gathered(standing.gathered, paid, left, day)
    return facts_asking(standing_of(later), later.request)


def _habit_days(standing: Standing) -> int:
    """The average days late in whole days, rounded up; 0 where nothing is known."""
    average = standing.values.get("receivables.average_days_late", ZERO)
    return int(Decimal(average).to_integral_value(ROUND_CEILING))


def _gathered(
    gathered: Gathered, paid: Sequence[ExpectedPayment], left: Sequence[OverdueInvoice], day: date
) -> Gathered:
    group = gathered.group
    return replace(
        gathered,
        receivables=[_receivable_row(row, paid, left, day) for row in gathered.receivables],
        open_items=_still_open(gathered.open_items, paid),
        group=replace(group, open_items=_still_open(group.open_items, paid)) if group else None,
    )


def _still_open(rows: Rows, paid: Sequence[ExpectedPayment]) -> Rows:
    return [{**row, "open": str(Decimal(row["open"] or 0) - _sum(paid, row["currency"]))} for row in rows]


def _sum(paid: Iterable[ExpectedPayment], currency: str) -> Decimal:
    return sum((each.invoice.open_amount for each in paid if each.invoice.currency == currency), ZERO)


def _receivable_row(
    row: Mapping[str, Any], paid: Sequence[ExpectedPayment], left: Sequence[OverdueInvoice], day: date
) -> Mapping[str, Any]:
    """A row of `statements.FACTS` on `day`: of the open invoices, all of which are in `paid` or `left`."""
    settled = [each for each in paid if each.invoice.currency == row["currency"]]
    still_open = [each for each in left if each.currency == row["currency"]]
    overdue = [each for each in still_open if each.due_on < day]
    undisputed = [each for each in overdue if not each.disputed]
    late = [each.days_late for each in settled]
    weighted = sum((each.invoice.amount * each.days_late for each in settled), ZERO)
    known_worst = [] if row["worst_days_late"] is None else [row["worst_days_late"]]
    return {
        **row,
        "open": Decimal(row["open"]) - _sum(settled, row["currency"]),
        "overdue": _open_amount(overdue),
        "undisputed_overdue": _open_amount(undisputed),
        "disputed": _open_amount(each for each in still_open if each.disputed),
        "overdue_count": len(overdue),
        "oldest_overdue_days": _oldest(overdue, day),
        "oldest_undisputed_overdue_days": _oldest(undisputed, day),
        "on_time": row["on_time"] + sum(1 for days in late if not days),
        "judged": row["judged"] - row["overdue_count"] + len(overdue) + len(settled),
        "amount_days_late": Decimal(row["amount_days_late"]) + weighted,
        "settled_amount": Decimal(row["settled_amount"]) + sum((each.invoice.amount for each in settled), ZERO),
        "worst_days_late": max((*late, *known_worst), default=None),
        "paid_count": row["paid_count"] + len(settled),
    }


def _open_amount(invoices: Iterable[OverdueInvoice]) -> Decimal:
    return sum((each.open_amount for each in invoices), ZERO)


def _oldest(invoices: Iterable[OverdueInvoice], day: date) -> int | None:
    return max(((day - each.due_on).days for each in invoices), default=None)
