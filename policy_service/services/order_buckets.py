"""Credit that moves between the buckets of an order. Every move leaves a movement, and the order row follows."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import SQLColumnExpression, func, select
from sqlalchemy.orm import Session

from policy_service.db.models import Delivery, Invoice, Movement, Order, Payment
from policy_service.domain.days import Moment
from policy_service.domain.documents import InvoiceStatus, InvoiceType
from policy_service.domain.money import ZERO
from policy_service.domain.order_states import DELIVERABLE, OrderState


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
        _invoice(session, order, invoice, amount, source=bucket, target=None, moment=moment)
    session.flush()


def take_for_late_invoices(
    session: Session, order: Order, invoices: Sequence[Invoice], most: Decimal, moment: Moment
) -> Decimal:
    """Invoices that had no open orders to take from take from them now, up to `most`; how much they took.

    The first take first: the newest, since those are the ones that the check did not know.
    """
    left = max(ZERO, most)
    for invoice in invoices:
        taken = min(left, not_taken(invoice))
        left -= taken
        invoice.taken_from_orders += taken
        _invoice(session, order, invoice, taken, source=Bucket.OPEN_ORDERS, target=None, moment=moment)
    return max(ZERO, most) - left


def take_for_waiting_invoices(session: Session, changed: Invoice, order_id: str | None, moment: Moment) -> None:
    """What the changed invoice gave back is taken by others of the order that found nothing to take: counted once.

    An ERP posts the corrected invoice before it voids the wrong one. What a payment for the order may have paid of
    them stays out of it: that is no part of the credit that the order holds.
    """
    order = session.get(Order, order_id, populate_existing=True) if order_id else None
    if order is None or order.customer_id != changed.customer_id or order.open_orders + order.open_deliveries == ZERO:
        return
    invoices = posted_invoices(session, order)
    left = sum((not_taken(invoice) for invoice in invoices), ZERO) - payments_for(session, order, moment)
    for invoice in invoices:
        waiting = max(ZERO, min(left, not_taken(invoice)))
        from_deliveries = min(waiting, order.open_deliveries)
        from_orders = min(waiting - from_deliveries, order.open_orders)
        left -= from_deliveries + from_orders
        invoice.taken_from_deliveries += from_deliveries
        invoice.taken_from_orders += from_orders
        _invoice(session, order, invoice, from_deliveries, source=Bucket.OPEN_DELIVERIES, target=None, moment=moment)
        _invoice(session, order, invoice, from_orders, source=Bucket.OPEN_ORDERS, target=None, moment=moment)
    session.flush()


def give_back(session: Session, invoice: Invoice, moment: Moment) -> None:
    """Give back to each bucket of the order what the invoice took from it, before it is written anew or voided.

    What the order gave up meanwhile is given up at once: open orders where it is closed, all where it was cancelled.
    """
    order = session.get(Order, invoice.order_id, populate_existing=True) if invoice.order_id else None
    if order is None:
        return
    state = OrderState(order.status)
    for bucket, amount in _taken(invoice):
        _invoice(session, order, invoice, amount, source=None, target=bucket, moment=moment)
        if bucket not in _STILL_HELD.get(state, ()):
            cause = "close" if state is OrderState.CLOSED else "cancel"
            move(session, order, amount, source=bucket, target=None, cause=cause, cause_id=order.id, moment=moment)
    invoice.taken_from_deliveries = invoice.taken_from_orders = ZERO
    session.flush()


_STILL_HELD = {
    **dict.fromkeys(DELIVERABLE, (Bucket.OPEN_DELIVERIES, Bucket.OPEN_ORDERS)),
    OrderState.CLOSED: (Bucket.OPEN_DELIVERIES,),
}


def cover_of(session: Session, order: Order, moment: Moment) -> Decimal:
    """How much may be delivered beyond open orders without a place in open deliveries, ever (order currency).

    It is what invoices took ahead of the delivery, and beyond that what is invoiced or, if more, paid for the order:
    such an amount is in open items, or settled.
    """
    invoices = posted_invoices(session, order)
    ahead = sum((invoice.taken_from_orders for invoice in invoices), ZERO)
    beyond = sum((not_taken(invoice) for invoice in invoices), ZERO)
    return ahead + max(beyond, unapplied_payments(session, order, moment))


def uncover(session: Session, document: Invoice | Payment, order_id: str | None, moment: Moment) -> None:
    """Let what was delivered under the cover of a payment or an invoice count where that is gone.

    It is delivered again, as it were: from open orders, and what exceeds them comes on top.
    """
    order = session.get(Order, order_id, populate_existing=True) if order_id else None
    if order is None or order.customer_id != document.customer_id or order.covered == ZERO:
        return
    amount = max(ZERO, order.covered - cover_of(session, order, moment))
    order.covered -= amount
    from_open_orders = min(amount, order.open_orders)
    on_top = amount - from_open_orders
    move_delivered(session, order, from_open_orders, on_top, cause="uncovered", cause_id=document.id, moment=moment)
    session.flush()


def move_delivered(
    session: Session,
    order: Order,
    from_open_orders: Decimal,
    on_top: Decimal,
    *,
    cause: str,
    cause_id: str,
    moment: Moment,
) -> None:
    """Open deliveries grow by what leaves open orders, and by what comes on top (order currency)."""
    for amount, source in ((from_open_orders, Bucket.OPEN_ORDERS), (on_top, None)):
        move(
            session,
            order,
            amount,
            source=source,
            target=Bucket.OPEN_DELIVERIES,
            cause=cause,
            cause_id=cause_id,
            moment=moment,
        )


def posted_invoices(session: Session, order: Order) -> list[Invoice]:
    """The invoices that take from this order, the newest first."""
    return list(
        session.scalars(
            select(Invoice)
            .where(
                Invoice.order_id == order.id,
                Invoice.customer_id == order.customer_id,
                Invoice.currency == order.currency,
                Invoice.type == InvoiceType.INVOICE,
                Invoice.status == InvoiceStatus.POSTED,
            )
            .order_by(Invoice.updated_at.desc(), Invoice.id)
            .execution_options(populate_existing=True)
        )
    )


def is_delivered(session: Session, order: Order, more: Decimal = ZERO) -> bool:
    """Whether nothing is left to deliver: no open orders, and deliveries (with `more`) that reach the amount."""
    if order.open_orders > ZERO:
        return False
    delivered = session.scalar(select(func.sum(Delivery.amount)).where(Delivery.order_id == order.id))
    return (delivered or ZERO) + more >= order.amount


def not_taken(invoice: Invoice) -> Decimal:
    """What an invoice adds to exposure on top of what it took from its order."""
    return invoice.amount - invoice.taken_from_deliveries - invoice.taken_from_orders


def unapplied_payments(session: Session, order: Order, moment: Moment) -> Decimal:
    """What was paid for the order by the day, was not returned and is not applied to any invoice."""
    return _paid(session, order, Payment.amount - Payment.applied, moment)


def payments_for(session: Session, order: Order, moment: Moment) -> Decimal:
    """What was paid for the order by the day and was not returned, applied or not."""
    return _paid(session, order, Payment.amount, moment)


def _paid(session: Session, order: Order, amount: SQLColumnExpression[Decimal], moment: Moment) -> Decimal:
    paid = session.scalar(
        select(func.sum(amount)).where(
            Payment.order_id == order.id,
            Payment.customer_id == order.customer_id,
            Payment.currency == order.currency,
            Payment.received_on <= moment.day,
            Payment.returned_on.is_(None),
        )
    )
    return paid or ZERO


def _invoice(
    session: Session,
    order: Order,
    invoice: Invoice,
    amount: Decimal,
    *,
    source: Bucket | None,
    target: Bucket | None,
    moment: Moment,
) -> None:
    move(session, order, amount, source=source, target=target, cause="invoice", cause_id=invoice.id, moment=moment)


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
