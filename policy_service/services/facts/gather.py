"""Facts as of a day, from PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import TextClause, select
from sqlalchemy.orm import Session

from policy_service.db.models import Customer
from policy_service.domain.money import ZERO
from policy_service.services.facts.accounts import LimitInForce, limit_in_force
from policy_service.services.facts.assemble import Gathered, Group, Standing, facts_asking, standing_of
from policy_service.services.facts.exposure import currencies_in, exposure_rows
from policy_service.services.facts.question import Question
from policy_service.services.facts.rates import Exchange, day_rates
from policy_service.services.facts.statements import FACTS, OPEN, OVERDUE
from rules.facts import Facts
from rules.invoices_to_pay import OverdueInvoice


@dataclass(frozen=True, slots=True)
class Known:
    """The facts, and what the answer of a check needs beside them.

    `exposure_before` is without the order's own amounts, in full precision; None when it is not known.
    `own_order` is the row of the order under check as it was found, None for a new one. `standing` is what the facts
    were made from; None when they could not be gathered.
    """

    facts: Facts
    exchange: Exchange
    exposure_before: Decimal | None
    limit: LimitInForce
    own_order: Mapping[str, Any] | None
    standing: Standing | None = None


def gather(session: Session, question: Question) -> Known:
    """What is known about a customer, and about the order, on a day. Raises NoExchangeRate."""
    row = session.connection().execute(FACTS, _parameters(question)).one()
    group = _group(session, question)
    gathered = Gathered(
        question=question,
        exchange=_exchange(session, question, row, group),
        group=group,
        buckets=row.buckets or [],
        open_items=row.open_items or [],
        receivables=row.receivables or [],
        credit_notes=row.credit_notes or [],
        volume=row.volume or [],
        signals=row.signals or [],
        returned_payments=row.returned_payments,
        order_paid=row.order_paid or ZERO,
        order_invoiced=row.order_invoiced or ZERO,
    )
    standing = standing_of(gathered)
    facts = facts_asking(standing, gathered.request)
    limit = limit_in_force(question.account, question.day)
    return Known(facts, gathered.exchange, standing.exposure.without_own, limit, row.own_order, standing)


def overdue_invoices(session: Session, gathered: Gathered) -> list[OverdueInvoice]:
    """The overdue invoices of the customer on the day of the question, by due date."""
    return _unpaid(session, OVERDUE, gathered)


def open_invoices(session: Session, gathered: Gathered) -> list[OverdueInvoice]:
    """All invoices of the customer with something left to pay on the day of the question, by due date."""
    return _unpaid(session, OPEN, gathered)


def _unpaid(session: Session, statement: TextClause, gathered: Gathered) -> list[OverdueInvoice]:
    question, exchange = gathered.question, gathered.exchange
    rows = session.connection().execute(statement, {"customers": [question.account.id], "day": question.day})
    return [
        OverdueInvoice(
            id=row.id,
            currency=row.currency,
            amount=row.amount,
            open_amount=row.open,
            cost=exchange.bring(row.open, row.currency),
            due_on=row.due_date,
            disputed=row.disputed,
        )
        for row in rows
    ]


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


def _exchange(session: Session, question: Question, row: Any, group: Group | None) -> Exchange:
    tables = (row.buckets, row.open_items, row.receivables, row.credit_notes, row.volume)
    currencies = currencies_in(*(rows or [] for rows in tables))
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


def _group(session: Session, question: Question) -> Group | None:
    if question.topmost is None:
        return None
    members = list(session.scalars(select(Customer.id).where(Customer.group_id == question.topmost.id)))
    buckets, open_items = exposure_rows(session, members, question.day, question.instant, question.own_order)
    return Group(question.topmost, members, buckets, open_items)
