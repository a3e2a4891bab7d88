"""Every invoice of a history as an order of its day, decided with what was known that day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from policy_service.domain.errors import Invalid
from policy_service.domain.money import Rate
from policy_service.services.backtesting.assumptions import Assumptions
from policy_service.services.backtesting.history import HistoryEntry
from policy_service.services.history_facts import PastAccount, PastInvoice, PastOrder, facts_of_history
from rules.decide import decide
from rules.engine import CompiledPolicy
from rules.facts import Facts, Request
from rules.verdict import Verdict

_YEAR_DAYS = 365
_ONE = Decimal(1)


class RateNeeded(Invalid):
    """The amounts of the policy are in another currency than those of the history; a rate must be assumed."""

    code = "rate_needed"


@dataclass(frozen=True, slots=True)
class Replayed:
    """What the policy says of one order of the past, and the invoice that it became in fact."""

    entry: HistoryEntry
    verdict: Verdict


@dataclass(slots=True)
class _CreditFile:
    """What is known of one customer so far."""

    invoices: list[PastInvoice] = field(default_factory=list)
    orders: list[PastOrder] = field(default_factory=list)
    limit: Decimal | None = None


def replay(policy: CompiledPolicy, entries: Iterable[HistoryEntry], assumptions: Assumptions) -> Iterator[Replayed]:
    """Decide order by order, in the order of the days.

    The history stays as it was: an order that would have been held or rejected was invoiced all the same, and is
    known to the orders after it. Raises RateNeeded.
    """
    rates = _rates(policy, assumptions)
    files: dict[str, _CreditFile] = defaultdict(_CreditFile)
    for entry in entries:
        credit_file = files[entry.customer_id]
        if entry.credit_limit is not None:
            credit_file.limit = entry.credit_limit
        yield Replayed(entry, decide(policy, _facts(entry, credit_file, assumptions, rates)))
        credit_file.invoices.append(entry.invoice)
        credit_file.orders.append(PastOrder(entry.invoice.amount, entry.invoice.invoice_date))


def _rates(policy: CompiledPolicy, assumptions: Assumptions) -> Mapping[str, Decimal]:
    """Units of the policy's currency for one unit of each."""
    home = policy.policy.currency
    if assumptions.currency == home:
        return {}
    if assumptions.rate is None:
        raise RateNeeded(
            f"The policy is in {home}, the history in {assumptions.currency}: "
            f"the mapping must assume a rate, units of {home} for one {assumptions.currency}."
        )
    return {home: _ONE, assumptions.currency: assumptions.rate}


def _facts(
    entry: HistoryEntry, credit_file: _CreditFile, assumptions: Assumptions, rates: Mapping[str, Decimal]
) -> Facts:
    day = entry.invoice.invoice_date
    request = Request(entry.invoice.amount, assumptions.currency, entry.terms_days)
    account = _account(entry, credit_file, assumptions, day)
    return Facts(
        day=day,
        currency=assumptions.currency,
        values=facts_of_history(account, credit_file.invoices, credit_file.orders, day, request),
        request=request,
        rates={currency: Rate(rate, day) for currency, rate in rates.items()},
    )


def _account(entry: HistoryEntry, credit_file: _CreditFile, assumptions: Assumptions, day: date) -> PastAccount:
    terms = assumptions.terms_days
    return PastAccount(
        customer_id=entry.customer_id,
        currency=assumptions.currency,
        standard_terms_days=entry.terms_days if terms is None else terms,
        credit_limit=_limit(credit_file, assumptions, day),
        registered_on=credit_file.orders[0].order_date if credit_file.orders else day,
        **entry.about,
    )


def _limit(credit_file: _CreditFile, assumptions: Assumptions, day: date) -> Decimal | None:
    """The limit that the file names, else one out of the sales of the last 12 months."""
    if credit_file.limit is not None or assumptions.credit_limit is None:
        return credit_file.limit
    known = [invoice for invoice in credit_file.invoices if (day - invoice.invoice_date).days <= _YEAR_DAYS]
    days = max(((day - invoice.invoice_date).days for invoice in known), default=0)
    sales = sum((invoice.amount for invoice in known), start=Decimal(0))
    return assumptions.credit_limit.limit(sales, days, assumptions.currency)
