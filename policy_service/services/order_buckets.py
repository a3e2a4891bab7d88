"""Credit that moves between the buckets of an order. Every move leaves a movement, and the order row follows."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from policy_service.db.models import Invoice, Movement, Order
from policy_service.domain.days import Moment
from policy_service.domain.documents import InvoiceStatus, InvoiceType
from policy_service.domain.money import ZERO


class Bucket(StrEnum):
    """Where the credit of an order stands; the column of the order row that holds it has the same name."""

    RESERVED = "reserved"
    OPEN_ORDERS = "open_orders"
    OPEN_DELIVERIES = "open_deliveries"


def move(
    session: Session,
    order: Order,
    amount: Decimal,
    *,
    source: Bucket | None,
    target: Bucket | None,
    cause: str,
    cause_id: str,
    moment: Moment,
) -> None:
    """Move `amount` (order currency) from one bucket of the order to another; None is outside. 0 moves nothing."""
    if amount == ZERO:
        return
    if source is not None:
        setattr(order, source, getattr(order, source) - amount)
    if target is not None:
        setattr(order, target, getattr(order, target) + amount)
    session.add(
        Movement(
            customer_id=order.customer_id,
            order_id=order.id,
            from_bucket=source,
            to_bucket=target,
            amount=amount,
            currency=order.currency,
            cause=cause,
            cause_id=cause_id,
            business_on=moment.day,
            recorded_at=moment.now,
        )
    )


def take_from_order(session: Session, invoice: Invoice, moment: Moment) -> None:
    """An invoice takes its amount from its order's open deliveries, then open orders: never counted twice."""
    order = _order_of(session, invoice)
    if order is None:
        return
    invoice.taken_from_deliveries = min(invoice.amount, order.open_deliveries)
    invoice.taken_from_orders = min(invoice.amount - invoice.taken_from_deliveries, order.open_orders)
    for bucket, amount in _taken(invoice):
        move(session, order, amount, source=bucket, target=None, cause="invoice", cause_id=invoice.id, moment=moment)
    session.flush()


def invoiced_under(session: Session, order: Order) -> Decimal:
    """What is invoiced under the order, in its currency."""
    return sum((invoice.amount for invoice in session.scalars(_invoices_of(order))), ZERO)


def take_for_late_invoices(session: Session, order: Order, most: Decimal, moment: Moment) -> Decimal:
    """What was invoiced after the check leaves the open orders again, up to `most`; how much did.

    The invoices written last take first: they are the ones that the check did not know.
    """
    left = max(ZERO, most)
    for invoice in session.scalars(_invoices_of(order).order_by(Invoice.updated_at.desc(), Invoice.id)).all():
        amount = min(left, invoice.amount - invoice.taken_from_deliveries - invoice.taken_from_orders)
        left -= amount
        invoice.taken_from_orders += amount
        move(
            session,
            order,
            amount,
            source=Bucket.OPEN_ORDERS,
            target=None,
            cause="invoice",
            cause_id=invoice.id,
            moment=moment,
        )
    return max(ZERO, most) - left


def _invoices_of(order: Order) -> Select[Invoice]:
    return select(Invoice).where(
        Invoice.order_id == order.id,
        Invoice.customer_id == order.customer_id,
        Invoice.currency == order.currency,
        Invoice.type == InvoiceType.INVOICE,
        Invoice.status == InvoiceStatus.POSTED,
    )


def give_back(session: Session, invoice: Invoice, moment: Moment) -> None:
    """Give back to each bucket of the order what the invoice took from it, before it is written anew or voided."""
    order = session.get(Order, invoice.order_id, populate_existing=True) if invoice.order_id else None
    if order is None:
        return
    for bucket, amount in _taken(invoice):
        move(session, order, amount, source=None, target=bucket, cause="invoice", cause_id=invoice.id, moment=moment)
    invoice.taken_from_deliveries = invoice.taken_from_orders = ZERO
    session.flush()


def _taken(invoice: Invoice) -> list[tuple[Bucket, Decimal]]:
    return [
        (Bucket.OPEN_DELIVERIES, invoice.taken_from_deliveries),
        (Bucket.OPEN_ORDERS, invoice.taken_from_orders),
    ]


def _order_of(session: Session, invoice: Invoice) -> Order | None:
    """The order whose buckets this invoice empties: the customer's own, in the same currency, while it is posted."""
    if invoice.order_id is None or invoice.type != InvoiceType.INVOICE or invoice.status != InvoiceStatus.POSTED:
        return None
    order = session.get(Order, invoice.order_id, populate_existing=True)
    if order is None or order.customer_id != invoice.customer_id or order.currency != invoice.currency:
        return None
    return order
