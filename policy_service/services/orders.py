"""The life of an order after its check."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from policy_service.db.models import Decision, Order
from policy_service.domain.actors import Actor
from policy_service.domain.days import Moment, rfc3339
from policy_service.domain.errors import (
    DecisionNotApproved,
    DecisionNotFound,
    DecisionSuperseded,
    OrderNotFound,
    ReservationExpired,
)
from policy_service.domain.money import ZERO, money_text
from policy_service.domain.outcomes import CheckKind, Outcome
from policy_service.services.accounts import lock_account
from policy_service.services.audit import record_event
from policy_service.services.order_buckets import Bucket, move, take_for_waiting_invoices


def confirm_order(session: Session, actor: Actor, order_id: str, decision_id: str, moment: Moment) -> dict[str, Any]:
    """What the decision reserved becomes open orders. Confirming it again gives the same answer.

    Raises OrderNotFound, DecisionNotFound, DecisionNotApproved, DecisionSuperseded, ReservationExpired.
    """
    decision = _decision_of(session, order_id, decision_id)
    lock_account(session, decision.customer_id)
    order = session.get(Order, order_id, populate_existing=True)
    if order is None:
        raise OrderNotFound(f"No order has the id {order_id!r}.")
    if not Outcome(decision.outcome).is_approval:
        raise DecisionNotApproved(f"The decision was {decision.outcome}; only an approved order can be confirmed.")
    if order.confirmed_decision_id != decision_id:
        _require_pending(order, decision_id, moment.now)
        _confirm(session, order, decision, moment)
        detail = {"decision_id": decision_id}
        record_event(session, actor, "order.confirmed", "order", order_id, detail, moment.now)
        session.flush()
    return _confirmation(order, decision)


def _decision_of(session: Session, order_id: str, decision_id: str) -> Decision:
    decision = session.get(Decision, decision_id)
    if decision is None or decision.kind != CheckKind.ORDER or decision.subject_id != order_id:
        if session.get(Order, order_id) is None:
            raise OrderNotFound(f"No order has the id {order_id!r}.")
        raise DecisionNotFound(f"The order {order_id!r} has no decision {decision_id!r}.")
    return decision


def _require_pending(order: Order, decision_id: str, now: datetime) -> None:
    if order.pending_decision_id != decision_id:
        raise DecisionSuperseded
    if order.reserved_until is None or order.reserved_until <= now:
        raise ReservationExpired


def _confirm(session: Session, order: Order, decision: Decision, moment: Moment) -> None:
    """Reserved becomes open; what an earlier confirmation holds beyond the new grant is given up."""
    record = json.loads(decision.record)
    request = record["request"]
    surplus = order.open_orders + order.open_deliveries + order.reserved - _granted(record)
    given_up = min(max(surplus, ZERO), order.open_orders + order.reserved)
    for amount, source, target in (
        (order.reserved, Bucket.RESERVED, Bucket.OPEN_ORDERS),
        (given_up, Bucket.OPEN_ORDERS, None),
    ):
        move(
            session,
            order,
            amount,
            source=source,
            target=target,
            cause="confirm",
            cause_id=decision.id,
            moment=moment,
        )
    take_for_waiting_invoices(session, order, _invoiced_before(record), moment)
    order.status = "confirmed"
    order.amount = Decimal(request["amount"])
    order.requested_ship_date = _day(request["requested_ship_date"])
    order.order_date = _day(request["order_date"]) or order.order_date
    order.reserved_until = None
    order.pending_decision_id = None
    order.confirmed_decision_id = decision.id
    order.confirmed_at = order.updated_at = moment.now


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _invoiced_before(record: dict[str, Any]) -> Decimal:
    return Decimal(record["facts"]["request"]["invoiced_amount"])


def _granted(record: dict[str, Any]) -> Decimal:
    return Decimal(record["verdict"]["granted"]["credit_amount"])


def _confirmation(order: Order, decision: Decision) -> dict[str, Any]:
    """The same for every confirmation of the same decision, whatever became of the order since."""
    record = json.loads(decision.record)
    return {
        "order_id": order.id,
        "customer_id": order.customer_id,
        "decision_id": decision.id,
        "status": "confirmed",
        "credit_amount": money_text(_granted(record), decision.currency),
        "currency": decision.currency,
        "confirmed_at": rfc3339(order.confirmed_at) if order.confirmed_at else None,
    }
