"""An order with all that is known of it: what it holds, and what brought it there."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from policy_service.db.models import Decision, Delivery, Invoice, Movement, Order
from policy_service.domain.days import Moment, rfc3339
from policy_service.domain.errors import OrderNotFound
from policy_service.domain.money import ZERO, money_text
from policy_service.domain.order_states import OrderState
from policy_service.domain.outcomes import CheckKind


def order_document(session: Session, order_id: str, moment: Moment) -> dict[str, Any]:
    """An order as it stands at the instant, in its own currency; the oldest first. Raises OrderNotFound."""
    order = session.get(Order, order_id, populate_existing=True)
    if order is None:
        raise OrderNotFound(f"No order has the id {order_id!r}.")
    has_expired = order.reserved_until is not None and order.reserved_until <= moment.now
    return {
        "order_id": order.id,
        "customer_id": order.customer_id,
        "source": order.source,
        "status": _status(order, has_expired=has_expired),
        "amount": money_text(order.amount, order.currency),
        "currency": order.currency,
        "order_date": order.order_date.isoformat(),
        "requested_ship_date": order.requested_ship_date.isoformat() if order.requested_ship_date else None,
        "reserved": money_text(ZERO if has_expired else order.reserved, order.currency),
        "reserved_until": _instant(order.reserved_until),
        "open_orders": money_text(order.open_orders, order.currency),
        "open_deliveries": money_text(order.open_deliveries, order.currency),
        "pending_decision_id": order.pending_decision_id,
        "confirmed_decision_id": order.confirmed_decision_id,
        "confirmed_at": _instant(order.confirmed_at),
        "updated_at": rfc3339(order.updated_at),
        "decisions": [_decision(each) for each in _decisions(session, order)],
        "deliveries": [_delivery(each) for each in _deliveries(session, order)],
        "invoices": [_invoice(each) for each in _invoices(session, order)],
        "movements": [_movement(each) for each in _movements(session, order)],
    }


def _status(order: Order, *, has_expired: bool) -> str:
    """A reservation that has run out has expired, whether or not the job that says so has come by."""
    return OrderState.EXPIRED if has_expired and order.status == OrderState.PENDING else order.status


def _decisions(session: Session, order: Order) -> Iterable[Decision]:
    return session.scalars(
        select(Decision)
        .where(Decision.subject_id == order.id, Decision.kind == CheckKind.ORDER)
        .where(Decision.customer_id == order.customer_id)
        .order_by(Decision.id)
    )


def _deliveries(session: Session, order: Order) -> Iterable[Delivery]:
    return session.scalars(
        select(Delivery).where(Delivery.order_id == order.id).order_by(Delivery.recorded_at, Delivery.delivery_id)
    )


def _invoices(session: Session, order: Order) -> Iterable[Invoice]:
    return session.scalars(
        select(Invoice)
        .where(Invoice.order_id == order.id, Invoice.customer_id == order.customer_id)
        .order_by(Invoice.invoice_date, Invoice.id)
    )


def _movements(session: Session, order: Order) -> Iterable[Movement]:
    return session.scalars(select(Movement).where(Movement.order_id == order.id).order_by(Movement.id))


def _decision(decision: Decision) -> dict[str, Any]:
    return {
        "decision_id": decision.id,
        "outcome": decision.outcome,
        **_money(decision.amount, decision.currency),
        "decided_at": rfc3339(decision.decided_at),
    }


def _delivery(delivery: Delivery) -> dict[str, Any]:
    return {
        "delivery_id": delivery.delivery_id,
        **_money(delivery.amount, delivery.currency),
        "from_open_orders": money_text(delivery.from_open_orders, delivery.currency),
        "covered": money_text(delivery.covered, delivery.currency),
        "added": money_text(delivery.added, delivery.currency),
        "delivered_at": rfc3339(delivery.recorded_at),
    }


def _invoice(invoice: Invoice) -> dict[str, Any]:
    return {
        "invoice_id": invoice.id,
        "type": invoice.type,
        "status": invoice.status,
        **_money(invoice.amount, invoice.currency),
        "taken_from_deliveries": money_text(invoice.taken_from_deliveries, invoice.currency),
        "taken_from_orders": money_text(invoice.taken_from_orders, invoice.currency),
        "invoice_date": invoice.invoice_date.isoformat(),
    }


def _movement(movement: Movement) -> dict[str, Any]:
    return {
        "from_bucket": movement.from_bucket,
        "to_bucket": movement.to_bucket,
        **_money(movement.amount, movement.currency),
        "cause": movement.cause,
        "cause_id": movement.cause_id,
        "business_on": movement.business_on.isoformat(),
        "recorded_at": rfc3339(movement.recorded_at),
    }


def _money(amount: Decimal, currency: str) -> dict[str, str]:
    return {"amount": money_text(amount, currency), "currency": currency}


def _instant(instant: datetime | None) -> str | None:
    return rfc3339(instant) if instant else None
