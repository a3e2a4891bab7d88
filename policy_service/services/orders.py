"""The life of an order after its check."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from policy_service.db.models import Customer, Decision, Invoice, Order
from policy_service.domain.actors import Actor
from policy_service.domain.days import Moment, rfc3339
from policy_service.domain.errors import (
    DecisionNotApproved,
    DecisionNotFound,
    DecisionSuperseded,
    OrderNotFound,
    OrderWrongState,
    ReservationExpired,
)
from policy_service.domain.event_kinds import EventKind
from policy_service.domain.ids import first_id
from policy_service.domain.money import ZERO, money_text
from policy_service.domain.order_states import DELIVERABLE, ENDED, OrderState, OrderStep, after
from policy_service.domain.outcomes import CheckKind, Outcome
from policy_service.services.accounts import Account, lock_account
from policy_service.services.audit import record_event
from policy_service.services.feed import publish_event
from policy_service.services.order_buckets import (
    Bucket,
    is_delivered,
    move,
    not_taken,
    posted_invoices,
    take_for_late_invoices,
    unapplied_payments,
)


def confirm_order(session: Session, actor: Actor, order_id: str, decision_id: str, moment: Moment) -> dict[str, Any]:
    """What the decision reserved becomes open orders. Confirming it again gives the same answer.

    Raises OrderNotFound, DecisionNotFound, DecisionNotApproved, DecisionSuperseded, ReservationExpired;
    OrderWrongState where the order was closed or cancelled since.
    """
    decision = _decision_of(session, order_id, decision_id)
    account = lock_account(session, decision.customer_id)
    order = session.get(Order, order_id, populate_existing=True)
    if order is None:
        raise OrderNotFound(f"No order has the id {order_id!r}.")
    if not Outcome(decision.outcome).is_approval:
        raise DecisionNotApproved(f"The decision was {decision.outcome}; only an approved order can be confirmed.")
    if order.confirmed_decision_id != decision_id or order.status not in DELIVERABLE:
        _require_pending(session, account, order, decision_id, moment.now)
        _confirm(session, order, decision, moment)
        detail = {"decision_id": decision_id}
        record_event(session, actor, "order.confirmed", "order", order_id, detail, moment.now)
        publish_event(session, EventKind.ORDER_CONFIRMED, order_id, _confirmation(order, decision), moment.now)
        session.flush()
    return _confirmation(order, decision)


def _decision_of(session: Session, order_id: str, decision_id: str) -> Decision:
    decision = session.get(Decision, decision_id)
    if decision is None or decision.kind != CheckKind.ORDER or decision.subject_id != order_id:
        if session.get(Order, order_id) is None:
            raise OrderNotFound(f"No order has the id {order_id!r}.")
        raise DecisionNotFound(f"The order {order_id!r} has no decision {decision_id!r}.")
    return decision


def _require_pending(session: Session, account: Account, order: Order, decision_id: str, now: datetime) -> None:
    if order.pending_decision_id is None and order.status in ENDED:
        raise OrderWrongState(f"The order is {order.status}; check it again to open it again.")
    if order.pending_decision_id != decision_id:
        raise DecisionSuperseded
    until = order.reserved_until
    if until is None or until <= now or _was_looked_past(session, account, until):
        raise ReservationExpired


def _was_looked_past(session: Session, account: Account, until: datetime) -> bool:
    """Whether an order was already decided without this reservation: its credit may be somebody else's by now.

    `now` was read before the lock was waited for, and clocks of two hosts differ: it alone cannot tell.
    """
    group = select(Customer.id).where(Customer.group_id == account.topmost.id) if account.topmost else None
    return bool(
        session.scalar(
            select(
                exists().where(
                    Decision.customer_id == account.customer.id if group is None else Decision.customer_id.in_(group),
                    Decision.id >= first_id(until),
                    Decision.decided_at >= until,
                    Decision.kind == CheckKind.ORDER,
                )
            )
        )
    )


def _confirm(session: Session, order: Order, decision: Decision, moment: Moment) -> None:
    """Reserved becomes open, as far as the order still needs credit; what it holds beyond that is given up.

    Invoices that came after the check take their part of it, so that voiding one gives it back.
    """
    record = json.loads(decision.record)
    request = record["request"]
    _move(session, order, order.reserved, decision, moment, source=Bucket.RESERVED, target=Bucket.OPEN_ORDERS)
    invoices = posted_invoices(session, order)
    invoiced = sum((invoice.amount for invoice in invoices), ZERO)
    surplus = order.open_orders + order.open_deliveries - _still_needed(record, invoiced)
    surplus = min(max(ZERO, surplus), order.open_orders)
    late = min(surplus, invoiced - Decimal(record["facts"]["request"]["invoiced_amount"]))
    taken = take_for_late_invoices(session, order, invoices, late, moment)
    _move(session, order, surplus - taken, decision, moment, source=Bucket.OPEN_ORDERS, target=None)
    earlier = _lowered_by_earlier_invoices(session, order, invoices, record, moment)
    _move(session, order, earlier, decision, moment, source=None, target=Bucket.OPEN_ORDERS)
    take_for_late_invoices(session, order, invoices, earlier, moment)
    order.amount = Decimal(request["amount"])
    order.requested_ship_date = _day(request["requested_ship_date"])
    order.order_date = _day(request["order_date"]) or order.order_date
    order.reserved_until = None
    order.pending_decision_id = None
    order.confirmed_decision_id = decision.id
    order.confirmed_at = order.updated_at = moment.now
    order.status = after(OrderState(order.status), OrderStep.CONFIRM)
    if is_delivered(session, order):
        order.status = after(OrderState.CONFIRMED, OrderStep.DELIVER_ALL)


def _lowered_by_earlier_invoices(
    session: Session, order: Order, invoices: Sequence[Invoice], record: dict[str, Any], moment: Moment
) -> Decimal:
    """What invoices took from the credit amount, and from no bucket. It comes to open orders and leaves at once.

    So an invoice that came before the check gives it back when it is voided. What is netted with a prepayment stays
    out of it.
    """
    if not invoices:
        return ZERO
    taken = sum((invoice.taken_from_deliveries + invoice.taken_from_orders for invoice in invoices), ZERO)
    beyond = sum((not_taken(invoice) for invoice in invoices), ZERO)
    lowered = _still_needed(record, ZERO) - _still_needed(record, taken + beyond)
    return max(ZERO, min(beyond - unapplied_payments(session, order, moment), lowered - taken))


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _move(
    session: Session,
    order: Order,
    amount: Decimal,
    decision: Decision,
    moment: Moment,
    *,
    source: Bucket | None,
    target: Bucket | None,
) -> None:
    move(session, order, amount, source=source, target=target, cause="confirm", cause_id=decision.id, moment=moment)


def _still_needed(record: dict[str, Any], invoiced: Decimal) -> Decimal:
    """The credit amount of what was granted, now that so much is invoiced under the order."""
    request = record["request"]
    if request["payment_terms_days"] == 0:
        return ZERO
    cut = Decimal(request["credit_amount"]) - _granted(record)
    rest = Decimal(request["amount"]) - Decimal(request["counted_prepaid_amount"]) - invoiced
    return max(ZERO, rest - cut)


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
