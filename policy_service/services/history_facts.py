"""Facts of a customer out of a plain history of invoices and orders, in memory and in one currency.

The definitions are those of docs/glossary.md, written a second time in the plainest way: a backtest decides with
them where there is no database, and the SQL of `services.facts` is tested against them.

What the history knows of an invoice is its dates: it is settled whole and by payment, or not at all. There are no
part payments, credit notes, returned payments, groups or field reports in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from policy_service.domain.money import EXACT, RATIO, ZERO, round_half_even
from policy_service.domain.outcomes import CheckKind
from policy_service.services.facts import credit_amount
from rules.facts import FactValue, Request

Found = dict[str, FactValue | None]

_YEAR = timedelta(days=365)
_MONTH = timedelta(days=30)
_SHORTEST_HISTORY_DAYS = 90


@dataclass(frozen=True, slots=True)
class PastInvoice:
    """An invoice, and what became of it. None: never settled, never disputed."""

    amount: Decimal
    invoice_date: date
    due_date: date
    settled_on: date | None = None
    disputed_on: date | None = None

    def is_open(self, day: date) -> bool:
        """Whether it was not yet settled at the end of the day."""
        return self.settled_on is None or self.settled_on > day

    def is_overdue(self, day: date) -> bool:
        """Open, and due before the day: due today is not overdue."""
        return self.is_open(day) and self.due_date < day

    def is_disputed(self, day: date) -> bool:
        """Whether a dispute was known on the day."""
        return self.disputed_on is not None and self.disputed_on <= day

    @property
    def days_late(self) -> int:
        """Days from the due date to the settlement, 0 when on time or never settled."""
        return max(0, (self.settled_on - self.due_date).days) if self.settled_on else 0


@dataclass(frozen=True, slots=True)
class PastOrder:
    """An order that counts for volume."""

    amount: Decimal
    order_date: date


@dataclass(frozen=True, slots=True)
class PastAccount:
    """The credit account as it stood on the day."""

    customer_id: str
    currency: str
    standard_terms_days: int = 0
    credit_limit: Decimal | None = None
    registered_on: date | None = None
    country: str | None = None
    region: str | None = None
    industry: str | None = None
    segment: str | None = None


def facts_of_history(
    account: PastAccount,
    invoices: Iterable[PastInvoice],
    orders: Iterable[PastOrder],
    day: date,
    request: Request | None = None,
) -> dict[str, FactValue]:
    """What was known on `day`; a fact that could not be known is left out.

    Everything dated after the day is looked past, so the whole history may be handed over. The order under check
    is `request`, in the currency of the account; it must not be among `orders`.
    """
    known_invoices = [invoice for invoice in invoices if invoice.invoice_date <= day]
    known_orders = [order for order in orders if order.order_date <= day]
    found: Found = {
        **_account_facts(account, known_invoices, known_orders, day),
        **_exposure_facts(account, known_invoices, day, request),
        **_receivable_facts(known_invoices, day),
        **_volume_facts(known_orders, day, request, account.currency),
        **(_order_facts(request, account) if request else {}),
        "signals.active_count": 0,
        "signals.score": 0,
    }
    return {name: value for name, value in found.items() if value is not None}


def _account_facts(
    account: PastAccount, invoices: Sequence[PastInvoice], orders: Sequence[PastOrder], day: date
) -> Found:
    registered = account.registered_on
    paid = sum(not invoice.is_open(day) for invoice in invoices)
    return {
        "customer.id": account.customer_id,
        "customer.status": "active",
        "customer.segment": account.segment,
        "customer.country": account.country,
        "customer.region": account.region,
        "customer.industry": account.industry,
        "customer.is_new": paid == 0,
        "customer.tenure_days": (day - registered).days if registered and registered <= day else None,
        "customer.paid_invoice_count": paid,
        "customer.order_count": len(orders),
        "customer.standard_terms_days": account.standard_terms_days,
        "customer.credit_limit": account.credit_limit,
        "customer.settlement_mode": "credit",
    }


def _exposure_facts(
    account: PastAccount, invoices: Sequence[PastInvoice], day: date, request: Request | None
) -> Found:
    """All that is owed are open items: an order of the history became an invoice on its own day."""
    total = _sum(invoice.amount for invoice in invoices if invoice.is_open(day))
    after = total + (credit_amount(request) if request else ZERO)
    limit = account.credit_limit
    return {
        "exposure.total": total,
        "exposure.after": after,
        "exposure.available": None if limit is None else limit - total,
        "exposure.reserved": ZERO,
        "exposure.open_orders": ZERO,
        "exposure.open_deliveries": ZERO,
        "exposure.open_items": total,
        "exposure.utilisation_after": _ratio(after, limit),
        "exposure.horizon_after": after,
        "exposure.uninsured_after": after,
    }


def _receivable_facts(invoices: Sequence[PastInvoice], day: date) -> Found:
    open_amount = _sum(invoice.amount for invoice in invoices if invoice.is_open(day))
    overdue = [invoice for invoice in invoices if invoice.is_overdue(day)]
    undisputed = [invoice for invoice in overdue if not invoice.is_disputed(day)]
    overdue_amount = _sum(invoice.amount for invoice in overdue)
    return {
        "receivables.open_amount": open_amount,
        "receivables.overdue_amount": overdue_amount,
        "receivables.undisputed_overdue_amount": _sum(invoice.amount for invoice in undisputed),
        "receivables.disputed_amount": _sum(
            invoice.amount for invoice in invoices if invoice.is_open(day) and invoice.is_disputed(day)
        ),
        "receivables.overdue_ratio": _ratio(overdue_amount, open_amount),
        "receivables.overdue_invoice_count": len(overdue),
        "receivables.oldest_overdue_days": _oldest_days(overdue, day),
        "receivables.oldest_undisputed_overdue_days": _oldest_days(undisputed, day),
        "receivables.dso": _dso(invoices, open_amount, day),
        "receivables.returned_payment_count": 0,
        "receivables.unapplied_amount": ZERO,
        "receivables.broken_promise_count": 0,
        **_punctuality_facts(invoices, len([each for each in overdue if each.invoice_date >= day - _YEAR]), day),
    }


def _punctuality_facts(invoices: Sequence[PastInvoice], overdue_count: int, day: date) -> Found:
    """The on-time rate is over invoices issued in the last 12 months, the days late over those settled in them."""
    issued = [each for each in invoices if each.invoice_date >= day - _YEAR and not each.is_open(day)]
    on_time = sum(each.days_late == 0 for each in issued)
    settled = [each for each in invoices if each.settled_on and day - _YEAR <= each.settled_on <= day]
    late_money = _sum(EXACT.multiply(each.amount, Decimal(each.days_late)) for each in settled)
    return {
        "receivables.on_time_rate": _ratio(Decimal(on_time), Decimal(len(issued) + overdue_count)),
        "receivables.average_days_late": _ratio(late_money, _sum(each.amount for each in settled)),
        "receivables.worst_days_late": max((each.days_late for each in settled), default=None),
    }


def _oldest_days(overdue: Sequence[PastInvoice], day: date) -> int | None:
    return max(((day - invoice.due_date).days for invoice in overdue), default=None)


def _dso(invoices: Sequence[PastInvoice], open_amount: Decimal, day: date) -> Decimal | None:
    if not invoices:
        return None
    start = max(day - _YEAR, min(invoice.invoice_date for invoice in invoices))
    days = (day - start).days
    sales = _sum(invoice.amount for invoice in invoices if invoice.invoice_date >= start)
    return _ratio(EXACT.multiply(open_amount, Decimal(days)), sales) if days else None


def _volume_facts(orders: Sequence[PastOrder], day: date, request: Request | None, currency: str) -> Found:
    recent = [order.amount for order in orders if order.order_date > day - _MONTH]
    of_the_year = [order.amount for order in orders if order.order_date >= day - _YEAR]
    baseline = _baseline(orders, day)
    return {
        "volume.orders_30d": len(recent),
        "volume.amount_30d": _sum(recent),
        "volume.baseline_30d": None if baseline is None else round_half_even(baseline, currency),
        "volume.spike_ratio": _ratio(_sum(recent) + (request.amount if request else ZERO), baseline),
        "volume.plunge_ratio": _ratio(_sum(recent), baseline),
        "volume.order_vs_average_ratio": _ratio(request.amount, _mean(of_the_year)) if request else None,
        "volume.days_since_last_order": min(((day - order.order_date).days for order in orders), default=None),
        "volume.history_days": max(((day - order.order_date).days for order in orders), default=None),
    }


def _baseline(orders: Sequence[PastOrder], day: date) -> Decimal | None:
    """Order amount of [day - 395, day - 30] per 30 days, cut at the first order; None under 90 days of history."""
    if not orders:
        return None
    first = min(order.order_date for order in orders)
    if (day - first).days < _SHORTEST_HISTORY_DAYS:
        return None
    start, end = max(first, day - _YEAR - _MONTH), day - _MONTH
    amount = _sum(order.amount for order in orders if start <= order.order_date <= end)
    return RATIO.divide(EXACT.multiply(amount, Decimal(_MONTH.days)), Decimal((end - start).days))


def _order_facts(request: Request, account: PastAccount) -> Found:
    return {
        "order.kind": CheckKind.ORDER.value,
        "order.amount": request.amount,
        "order.credit_amount": credit_amount(request),
        "order.prepaid_amount": request.prepaid_amount,
        "order.payment_terms_days": request.payment_terms_days,
        "order.terms_extension_days": request.payment_terms_days - account.standard_terms_days,
        "order.currency": request.currency,
        "order.line_count": 0,
    }


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, start=ZERO)


def _mean(amounts: Sequence[Decimal]) -> Decimal | None:
    return RATIO.divide(_sum(amounts), Decimal(len(amounts))) if amounts else None


def _ratio(part: Decimal, whole: Decimal | None) -> Decimal | None:
    """A ratio to 28 digits; None where there is nothing to divide by."""
    return RATIO.divide(part, whole) if whole else None
