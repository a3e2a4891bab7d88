"""What comes from outside the ledgers: orders placed elsewhere, field reports, exchange rates."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from decimal import Decimal

from sqlalchemy.orm import Session

from policy_service.db.models import FieldReport, FxRate, Order
from policy_service.domain.actors import Actor
from policy_service.domain.days import Moment
from policy_service.domain.documents import FieldReportDocument, OrderHistoryDocument
from policy_service.domain.errors import BelongsToAnotherCustomer, Invalid, OrderIsLive
from policy_service.domain.money import ZERO, minor_unit
from policy_service.services.accounts import read_account
from policy_service.services.audit import record_event
from rules.catalogue import SIGNAL_CATEGORIES

HISTORY = "history"
CHECKED = "check"


def put_order_history(
    session: Session, actor: Actor, order_id: str, document: OrderHistoryDocument, moment: Moment
) -> tuple[Order, bool]:
    """Write an order placed elsewhere, for volume only; the second value says whether it is new.

    Raises CustomerNotFound, OrderIsLive (it was checked here), BelongsToAnotherCustomer.
    """
    read_account(session, document.customer_id)
    order = session.get(Order, order_id, with_for_update=True, populate_existing=True)
    if order is not None and order.source != HISTORY:
        raise OrderIsLive
    if order is not None and order.customer_id != document.customer_id:
        raise BelongsToAnotherCustomer(f"The order {order_id!r} belongs to another customer.")
    created = order is None
    wanted = {
        "status": str(document.status),
        "amount": document.amount,
        "currency": document.currency,
        "order_date": document.order_date,
    }
    if order is not None and all(getattr(order, name) == value for name, value in wanted.items()):
        return order, False
    if order is None:
        order = Order(
            id=order_id,
            customer_id=document.customer_id,
            source=HISTORY,
            reserved=ZERO,
            open_orders=ZERO,
            open_deliveries=ZERO,
        )
    for name, value in wanted.items():
        setattr(order, name, value)
    order.updated_at = moment.now
    session.add(order)
    detail = {"customer_id": document.customer_id, "amount": format(document.amount, "f")}
    record_event(session, actor, "order.history_written", "order", order_id, detail, moment.now)
    session.flush()
    return order, created


def add_field_report(session: Session, actor: Actor, document: FieldReportDocument, moment: Moment) -> FieldReport:
    """Keep what someone saw at a customer. Raises CustomerNotFound, Invalid (unknown category, days)."""
    read_account(session, document.customer_id)
    if document.category not in SIGNAL_CATEGORIES:
        raise Invalid.field("/category", f"must be one of {', '.join(SIGNAL_CATEGORIES)}")
    if document.observed_on > moment.day:
        raise Invalid.field("/observed_on", "is in the future")
    if document.valid_until is not None and document.valid_until < document.observed_on:
        raise Invalid.field("/valid_until", "is before the day of observation")
    report = FieldReport(**asdict(document), created_at=moment.now)
    session.add(report)
    session.flush()
    detail = {"customer_id": document.customer_id, "category": document.category, "severity": document.severity}
    record_event(session, actor, "field_report.added", "field_report", str(report.id), detail, moment.now)
    session.flush()
    return report


def put_fx_rate(
    session: Session,
    actor: Actor,
    currency: str,
    rate: Decimal,
    as_of: date,
    moment: Moment,
    base_currency: str,
) -> tuple[FxRate, bool]:
    """Write the rate of a day: units of the base currency for one unit. Raises UnknownCurrency, Invalid."""
    minor_unit(currency)
    if currency == base_currency:
        raise Invalid.field("/currency", f"{currency} is the base currency; its rate is always 1")
    if rate <= 0:
        raise Invalid.field("/rate", "must be above 0")
    known = session.get(FxRate, (currency, as_of), with_for_update=True, populate_existing=True)
    if known is not None and known.rate == rate:
        return known, False
    created = known is None
    row = known or FxRate(currency=currency, as_of=as_of)
    detail = {"as_of": as_of.isoformat(), "from": None if created else format(row.rate, "f"), "to": format(rate, "f")}
    row.rate = rate
    row.updated_at = moment.now
    session.add(row)
    record_event(session, actor, "fx_rate.written", "fx_rate", currency, detail, moment.now)
    session.flush()
    return row, created
