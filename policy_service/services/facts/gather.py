"""Facts as of a day: the SQL statements, and the arithmetic of docs/glossary.md over what they return."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from policy_service.db.models import Customer
from policy_service.domain.documents import CheckRequest
from policy_service.domain.money import EXACT, RATIO, ZERO, round_half_even
from policy_service.domain.outcomes import CheckKind
from policy_service.services.facts.accounts import (
    LimitInForce,
    account_facts,
    group_limit_in_force,
    insurance_in_force,
    limit_in_force,
)
from policy_service.services.facts.exposure import Exposure, Rows, currencies_in, exposure_of, exposure_rows
from policy_service.services.facts.rates import Exchange, day_rates
from policy_service.services.facts.receivables import receivable_facts
from policy_service.services.facts.signals import signal_facts
from policy_service.services.facts.statements import FACTS
from policy_service.services.facts.volume import volume_facts
from rules.catalogue import CATALOGUE, FactCurrency, FactType
from rules.document import Settings
from rules.facts import Brake, Facts, FactValue, Request


@dataclass(frozen=True, slots=True)
class Question:
    """Of whom, for which day, and for which order the facts are asked.

    `topmost` is the topmost parent of the group, None for a customer without parent or child. `settings` and
    `policy_currency` come from the policy that will read the facts; the currency only where it has money literals.
    `freeze` and `stop` are the brakes in force.
    """

    account: Customer
    topmost: Customer | None
    day: date
    instant: datetime
    base_currency: str
    settings: Settings
    policy_currency: str | None = None
    request: CheckRequest | None = None
    freeze: Brake | None = None
    stop: Brake | None = None

    @property
    def horizon(self) -> date:
        """The last day that the dynamic check counts."""
        return self.day + timedelta(days=self.settings.credit_horizon_days)

    @property
    def own_order(self) -> str | None:
        """The order whose own amounts are left out; None for a quote."""
        return self.request.subject_id if self.request and self.request.kind is CheckKind.ORDER else None


@dataclass(frozen=True, slots=True)
class Known:
    """The facts, and what the answer of a check needs beside them.

    `exposure_before` is without the order's own amounts, in full precision; None when it is not known.
    `own_order` is the row of the order
    under check as it was found, None for a new one.
    """

    facts: Facts
    exchange: Exchange
    exposure_before: Decimal | None
    limit: LimitInForce
    own_order: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class _Group:
    topmost: Customer
    members: list[str]
    buckets: Rows
    open_items: Rows


def gather(session: Session, question: Question) -> Known:
    """What is known about a customer, and about the order, on a day. Raises NoExchangeRate."""
    account, request = question.account, question.request
    row = session.connection().execute(FACTS, _parameters(question)).one()
    group = _group(session, question)
    exchange = _exchange(session, question, row, group)
    exposure = _exposure(row.buckets or [], row.open_items or [], exchange, question.settings)
    limit = limit_in_force(account, question.day)
    paid_invoice_count = sum(each["paid_count"] for each in row.receivables or [])
    asked = (
        _request(question, request, row.order_paid, row.order_invoiced, is_new=paid_invoice_count == 0)
        if request
        else None
    )
    credit = exchange.bring(credit_amount(asked), asked.currency) if asked else ZERO
    order_amount = exchange.bring(asked.amount, asked.currency) if asked else None
    values: dict[str, Any] = {
        **account_facts(account, question.day, limit, is_stopped=question.stop is not None),
        "customer.is_new": paid_invoice_count == 0,
        "customer.paid_invoice_count": paid_invoice_count,
        "customer.order_count": sum(each["orders"] for each in row.volume or []),
        **_exposure_facts(exposure, credit, limit.amount, _cover(account, question.day)),
        "exposure.horizon_after": exposure.horizon_without_own + (credit if _ships_in_horizon(question) else ZERO),
        **_group_facts(group, question, exchange, credit),
        **receivable_facts(
            row.receivables or [],
            row.credit_notes or [],
            row.open_items or [],
            row.returned_payments,
            round_half_even(exposure.open_items, account.currency),
            exchange,
        ),
        **volume_facts(row.volume or [], order_amount, exchange),
        **signal_facts(row.signals or []),
        **(_order_facts(request, asked, question, exchange) if request and asked else {}),
    }
    facts = Facts(
        day=question.day,
        currency=account.currency,
        values=_finished(values, account.currency, group.topmost.currency if group else None),
        request=asked,
        group_currency=group.topmost.currency if group else None,
        rates=exchange.rates,
        freeze=question.freeze,
        stop=question.stop,
    )
    return Known(facts, exchange, exposure.without_own, limit, row.own_order)


def instant_of(day: date, now: datetime, today: date) -> datetime:
    """The instant at which reservations are looked at when facts are asked for another day than today."""
    return now + timedelta(days=(day - today).days)


def _parameters(question: Question) -> dict[str, Any]:
    request = question.request
    return {
        "customers": [question.account.id],
        "day": question.day,
        "instant": question.instant,
        "own_order": question.own_order,
        "order_currency": request.currency if request else None,
        "horizon": question.horizon,
    }


def _exchange(session: Session, question: Question, row: Any, group: _Group | None) -> Exchange:
    currencies = currencies_in(row.buckets or [], row.open_items or [], row.receivables or [], row.volume or [])
    currencies.add(question.account.currency)
    if question.request is not None:
        currencies.add(question.request.currency)
    if question.policy_currency is not None:
        currencies.add(question.policy_currency)
    if group is not None:
        currencies |= currencies_in(group.buckets, group.open_items) | {group.topmost.currency}
    if len(currencies) == 1:
        return Exchange(question.account.currency)
    rates = day_rates(session, currencies, question.day, question.base_currency)
    return Exchange(question.account.currency, rates)


def _exposure(buckets: Rows, open_items: Rows, exchange: Exchange, settings: Settings) -> Exposure:
    return exposure_of(buckets, open_items, exchange, net_unapplied=settings.net_unapplied_payments)


def _request(
    question: Question,
    asked: CheckRequest,
    paid: Decimal | None,
    invoiced: Decimal | None,
    *,
    is_new: bool,
) -> Request:
    """What is asked for, with the account's terms where none are given and only what counts as prepaid."""
    rule = question.settings.require_verified_prepayment
    recorded = paid or ZERO
    verified_only = rule == "always" or (rule == "new_customers" and is_new)
    terms = asked.payment_terms_days
    return Request(
        amount=asked.amount,
        currency=asked.currency,
        payment_terms_days=question.account.standard_terms_days if terms is None else terms,
        prepaid_amount=recorded if verified_only else max(recorded, asked.prepaid_amount),
        invoiced_amount=invoiced or ZERO,
    )


def credit_amount(request: Request) -> Decimal:
    """Amount less prepaid less invoiced, never below 0; 0 when the terms are 0 days: payment before delivery."""
    if request.payment_terms_days == 0:
        return ZERO
    return max(ZERO, request.amount - request.prepaid_amount - request.invoiced_amount)


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


def _ships_in_horizon(question: Question) -> bool:
    """Whether the dynamic check counts the order: it ships within the credit horizon, or nobody knows when."""
    ship = question.request.requested_ship_date if question.request else None
    return ship is None or ship <= question.horizon


def _cover(account: Customer, day: date) -> Decimal:
    return (insurance_in_force(account, day) or ZERO) + (account.collateral_amount or ZERO)


def _exposure_facts(exposure: Exposure, credit: Decimal, limit: Decimal | None, cover: Decimal) -> dict[str, Any]:
    after = EXACT.add(exposure.without_own, credit)
    return {
        "exposure.total": exposure.total,
        "exposure.after": after,
        "exposure.available": None if limit is None else limit - exposure.total,
        "exposure.reserved": exposure.reserved,
        "exposure.open_orders": exposure.open_orders,
        "exposure.open_deliveries": exposure.open_deliveries,
        "exposure.open_items": exposure.open_items,
        "exposure.utilisation_after": _utilisation(after, limit),
        "exposure.uninsured_after": max(ZERO, after - cover),
    }


def _group(session: Session, question: Question) -> _Group | None:
    if question.topmost is None:
        return None
    members = list(session.scalars(select(Customer.id).where(Customer.group_id == question.topmost.id)))
    buckets, open_items = exposure_rows(session, members, question.day, question.instant, question.own_order)
    return _Group(question.topmost, members, buckets, open_items)


def _group_facts(group: _Group | None, question: Question, exchange: Exchange, credit: Decimal) -> dict[str, Any]:
    if group is None:
        return {}
    into_group = exchange.to(group.topmost.currency)
    exposure = _exposure(group.buckets, group.open_items, into_group, question.settings)
    after = EXACT.add(exposure.without_own, into_group.bring(credit, exchange.currency))
    limit = group_limit_in_force(group.topmost, question.day)
    return {
        "group.credit_limit": limit,
        "group.total": exposure.total,
        "group.after": after,
        "group.utilisation_after": _utilisation(after, limit),
        "group.member_count": len(group.members),
    }


def _utilisation(after: Decimal, limit: Decimal | None) -> Decimal | None:
    return RATIO.divide(after, limit) if limit else None


def _finished(values: Mapping[str, Any], currency: str, group_currency: str | None) -> dict[str, FactValue]:
    """Leave out what is missing, and bring money to the minor unit."""
    return {
        name: _rounded(name, value, currency, group_currency) for name, value in values.items() if value is not None
    }


def _rounded(name: str, value: FactValue, currency: str, group_currency: str | None) -> FactValue:
    fact = CATALOGUE[name]
    if fact.type is not FactType.MONEY or not isinstance(value, Decimal):
        return value
    in_group = fact.currency is FactCurrency.GROUP and group_currency
    return round_half_even(value, group_currency if in_group and group_currency else currency)
