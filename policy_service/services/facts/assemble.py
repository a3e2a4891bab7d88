"""From what the statements found to facts: the arithmetic of docs/glossary.md, without a database.

What is known apart from the order is worked out once; what depends on the order, for any order that is asked about.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from policy_service.db.models import Customer
from policy_service.domain.documents import CheckRequest
from policy_service.domain.money import EXACT, RATIO, ZERO, round_half_even
from policy_service.services.facts.accounts import (
    account_facts,
    group_limit_in_force,
    insurance_in_force,
    limit_in_force,
)
from policy_service.services.facts.exposure import Exposure, Rows, exposure_of
from policy_service.services.facts.payments import without_paid
from policy_service.services.facts.question import Question
from policy_service.services.facts.rates import Exchange
from policy_service.services.facts.receivables import receivable_facts
from policy_service.services.facts.signals import signal_facts
from policy_service.services.facts.volume import Volume, order_volume_facts, volume_facts, volume_of
from rules.catalogue import CATALOGUE, FactCurrency, FactType
from rules.facts import Facts, FactValue, Request
from rules.invoices_to_pay import OverdueInvoice


@dataclass(frozen=True, slots=True)
class Group:
    """The group of a customer: its topmost parent, its members, and what they owe together."""

    topmost: Customer
    members: Sequence[str]
    buckets: Rows
    open_items: Rows


@dataclass(frozen=True, slots=True)
class Gathered:
    """What the statements found, sums per document currency; see `statements.FACTS`.

    `order_paid` and `order_invoiced` are of the order under check, in its currency.
    """

    question: Question
    exchange: Exchange
    group: Group | None
    buckets: Rows
    open_items: Rows
    receivables: Rows
    credit_notes: Rows
    volume: Rows
    signals: Rows
    returned_payments: int
    order_paid: Decimal
    order_invoiced: Decimal

    @property
    def paid_invoice_count(self) -> int:
        """Invoices paid in full, ever."""
        return sum(row["paid_count"] for row in self.receivables)

    @property
    def counts_recorded_only(self) -> bool:
        """Whether only payments that are recorded count as prepaid."""
        rule = self.question.settings.require_verified_prepayment
        return rule == "always" or (rule == "new_customers" and self.paid_invoice_count == 0)

    @property
    def request(self) -> Request | None:
        """What is asked for, with the account's terms where none are given and only what counts as prepaid."""
        asked = self.question.request
        if asked is None:
            return None
        terms, claimed = asked.payment_terms_days, ZERO if self.counts_recorded_only else asked.prepaid_amount
        return Request(
            amount=asked.amount,
            currency=asked.currency,
            payment_terms_days=self.question.account.standard_terms_days if terms is None else terms,
            prepaid_amount=max(self.order_paid, claimed),
            invoiced_amount=self.order_invoiced,
        )

    def with_paid(self, paid: Sequence[OverdueInvoice], left: Sequence[OverdueInvoice]) -> Gathered:
        """As it would be found if the overdue invoices `paid` were paid in full on the day; `left` are the others."""
        receivables, open_items = without_paid(self.receivables, self.open_items, paid, left, self.question.day)
        group = self.group
        if group is not None:
            group = replace(group, open_items=without_paid((), group.open_items, paid, left, self.question.day)[1])
        return replace(self, receivables=receivables, open_items=open_items, group=group)

    def with_recorded_prepayment(self, amount: Decimal, currency: str) -> Gathered:
        """As it would be found if so much more were recorded as paid for the order: it is not applied yet."""
        row = {"currency": currency, "open": "0", "credit_rest": "0", "nettable": "0", "unapplied": str(amount)}
        return replace(self, open_items=(*self.open_items, row))


@dataclass(frozen=True, slots=True)
class Standing:
    """What does not depend on the order. `values` are facts, finished; amounts are not yet rounded.

    Exposures are in the account's, and in the group's currency.
    """

    gathered: Gathered
    exposure: Exposure
    of_group: Exposure | None
    volume: Volume
    values: Mapping[str, FactValue]


def standing_of(gathered: Gathered) -> Standing:
    """Work out what does not depend on the order."""
    question, exchange, group = gathered.question, gathered.exchange, gathered.group
    account = question.account
    limit = limit_in_force(account, question.day)
    exposure = _exposure(gathered.buckets, gathered.open_items, exchange, question)
    of_group = None
    if group is not None:
        of_group = _exposure(group.buckets, group.open_items, exchange.to(group.topmost.currency), question)
    volume = volume_of(gathered.volume, exchange)
    values = {
        **account_facts(account, question.day, limit, is_stopped=question.stop is not None),
        "customer.is_new": gathered.paid_invoice_count == 0,
        "customer.paid_invoice_count": gathered.paid_invoice_count,
        "customer.order_count": sum(each["orders"] for each in gathered.volume),
        "exposure.total": exposure.total,
        "exposure.available": None if limit.amount is None else limit.amount - exposure.total,
        "exposure.reserved": exposure.reserved,
        "exposure.open_orders": exposure.open_orders,
        "exposure.open_deliveries": exposure.open_deliveries,
        "exposure.open_items": exposure.open_items,
        **_group_facts(group, of_group, question.day),
        **receivable_facts(
            gathered.receivables,
            gathered.credit_notes,
            gathered.open_items,
            gathered.returned_payments,
            round_half_even(exposure.open_items, account.currency),
            exchange,
        ),
        **volume_facts(gathered.volume, volume, exchange),
        **signal_facts(gathered.signals),
    }
    return Standing(gathered, exposure, of_group, volume, _finished(values, gathered))


def facts_asking(standing: Standing, request: Request | None) -> Facts:
    """The facts if this were asked for. What depends on the order is worked out, all else is known."""
    gathered = standing.gathered
    question, exchange = gathered.question, gathered.exchange
    credit = exchange.bring(credit_amount(request), request.currency) if request else ZERO
    amount = exchange.bring(request.amount, request.currency) if request else None
    values = {
        **_exposure_after(standing, credit),
        **_group_after(standing, credit),
        **order_volume_facts(standing.volume, amount),
        **(_order_facts(question.request, request, question, exchange) if question.request and request else {}),
    }
    return Facts(
        day=question.day,
        currency=question.account.currency,
        values={**standing.values, **_finished(values, gathered)},
        request=request,
        group_currency=_group_currency(gathered),
        rates=exchange.rates,
        freeze=question.freeze,
        stop=question.stop,
    )


def credit_amount(request: Request) -> Decimal:
    """Amount less prepaid less invoiced, never below 0; 0 when the terms are 0 days: payment before delivery."""
    if request.payment_terms_days == 0:
        return ZERO
    return max(ZERO, request.amount - request.prepaid_amount - request.invoiced_amount)


def _exposure(buckets: Rows, open_items: Rows, exchange: Exchange, question: Question) -> Exposure:
    return exposure_of(buckets, open_items, exchange, net_unapplied=question.settings.net_unapplied_payments)


def _exposure_after(standing: Standing, credit: Decimal) -> dict[str, Any]:
    question, exposure = standing.gathered.question, standing.exposure
    after = EXACT.add(exposure.without_own, credit)
    limit = limit_in_force(question.account, question.day).amount
    in_horizon = credit if question.ships_in_horizon else ZERO
    return {
        "exposure.after": after,
        "exposure.utilisation_after": _utilisation(after, limit),
        "exposure.horizon_after": exposure.horizon_without_own + in_horizon,
        "exposure.uninsured_after": max(ZERO, after - _cover(question.account, question.day)),
    }


def _cover(account: Customer, day: date) -> Decimal:
    return (insurance_in_force(account, day) or ZERO) + (account.collateral_amount or ZERO)


def _group_facts(group: Group | None, exposure: Exposure | None, day: date) -> dict[str, Any]:
    if group is None or exposure is None:
        return {}
    return {
        "group.credit_limit": group_limit_in_force(group.topmost, day),
        "group.total": exposure.total,
        "group.member_count": len(group.members),
    }


def _group_after(standing: Standing, credit: Decimal) -> dict[str, Any]:
    gathered, exposure = standing.gathered, standing.of_group
    group, exchange = gathered.group, gathered.exchange
    if group is None or exposure is None:
        return {}
    into_group = exchange.to(group.topmost.currency)
    after = EXACT.add(exposure.without_own, into_group.bring(credit, exchange.currency))
    limit = group_limit_in_force(group.topmost, gathered.question.day)
    return {"group.after": after, "group.utilisation_after": _utilisation(after, limit)}


def _utilisation(after: Decimal, limit: Decimal | None) -> Decimal | None:
    return RATIO.divide(after, limit) if limit else None


def _order_facts(request: CheckRequest, asked: Request, question: Question, exchange: Exchange) -> dict[str, Any]:
    ship = request.requested_ship_date
    return {
        "order.kind": request.kind,
        "order.amount": exchange.bring(asked.amount, asked.currency),
        "order.credit_amount": exchange.bring(credit_amount(asked), asked.currency),
        "order.prepaid_amount": exchange.bring(asked.prepaid_amount, asked.currency),
        "order.payment_terms_days": asked.payment_terms_days,
        "order.terms_extension_days": asked.payment_terms_days - question.account.standard_terms_days,
        "order.currency": asked.currency,
        "order.order_type": request.order_type,
        "order.channel": request.channel,
        "order.ship_in_days": (ship - question.day).days if ship else None,
        "order.line_count": len(request.lines),
    }


def _finished(values: Mapping[str, Any], gathered: Gathered) -> dict[str, FactValue]:
    """Leave out what is missing, and bring money to the minor unit."""
    currency = gathered.question.account.currency
    group_currency = _group_currency(gathered)
    return {
        name: _rounded(name, value, currency, group_currency) for name, value in values.items() if value is not None
    }


def _group_currency(gathered: Gathered) -> str | None:
    return gathered.group.topmost.currency if gathered.group else None


def _rounded(name: str, value: FactValue, currency: str, group_currency: str | None) -> FactValue:
    fact = CATALOGUE[name]
    if fact.type is not FactType.MONEY or not isinstance(value, Decimal):
        return value
    in_group = fact.currency is FactCurrency.GROUP and group_currency
    return round_half_even(value, group_currency if in_group and group_currency else currency)
