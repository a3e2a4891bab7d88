"""What happens to an order after its confirmation: goods leave, the rest is given up, a reservation runs out.

Each step runs under the lock of the account, and is audited, told to the feed and left in the movements.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from policy_service.db.models import Customer, Delivery, Order
from policy_service.domain.actors import SYSTEM, Actor
from policy_service.domain.days import Moment, rfc3339
from policy_service.domain.errors import DeliveryDiffers, Invalid, OrderNotFound
from policy_service.domain.event_kinds import EventKind
from policy_service.domain.money import ZERO, minor_unit, money_text
from policy_service.domain.order_states import OrderState, OrderStep, after
from policy_service.services.accounts import lock_account
from policy_service.services.audit import record_event
from policy_service.services.feed import publish_event
from policy_service.services.held_orders import give_up_hold
from policy_service.services.holds_recheck import recheck_holds_of
from policy_service.services.market import CHECKED
from policy_service.services.order_buckets import Bucket, cover_of, is_delivered, move, move_delivered
from policy_service.services.persons import name_of
from policy_service.services.recheck_jobs import defer_recheck

_TOO_LARGE = Decimal(10) ** 15

_CLOSED = (Bucket.RESERVED, Bucket.OPEN_ORDERS)
_CANCELLED = (Bucket.RESERVED, Bucket.OPEN_ORDERS, Bucket.OPEN_DELIVERIES)


def deliver_order(
    session: Session, actor: Actor, order_id: str, delivery_id: str, amount: Decimal, moment: Moment
) -> dict[str, Any]:
    """Goods worth `amount` (order currency) leave: open orders become open deliveries.

    What exceeds open orders adds to open deliveries, as far as neither payments nor invoices of the order cover it.
    The same delivery again gives the same answer. Raises OrderNotFound, OrderWrongState, DeliveryDiffers, Invalid.
    """
    order = _locked_order(session, order_id)
    delivery = session.get(Delivery, (order_id, delivery_id))
    if delivery is None:
        after(_state(order), OrderStep.DELIVER_PART)
        _require_amount(order, amount)
        delivery = _deliver(session, order, delivery_id, amount, moment)
        document = _delivery_document(order, delivery)
        _tell(session, actor, EventKind.ORDER_DELIVERED, order_id, document, moment)
    elif delivery.amount != amount:
        raise DeliveryDiffers(
            f"The delivery {delivery_id!r} was reported with {money_text(delivery.amount, delivery.currency)}."
        )
    return _delivery_document(order, delivery)


def close_order(session: Session, actor: Actor, order_id: str, moment: Moment) -> dict[str, Any]:
    """Nothing more will be delivered: what is reserved and open orders is released. Again changes nothing.

    Raises OrderNotFound, OrderWrongState.
    """
    return _end(session, actor, order_id, OrderStep.CLOSE, moment)


def cancel_order(session: Session, actor: Actor, order_id: str, moment: Moment) -> dict[str, Any]:
    """All that is not invoiced is released: reserved, open orders and open deliveries. Again changes nothing.

    Raises OrderNotFound; OrderWrongState for an order that was never checked.
    """
    return _end(session, actor, order_id, OrderStep.CANCEL, moment)


def expire_reservations(session: Session, moment: Moment, limit: int) -> int:
    """Release up to `limit` reservations that have run out by the instant; how many were.

    They count no more from that instant on, whether this ran or not. Accounts that are busy are left for the next
    time: so this never waits, and nothing waits in a circle with it.
    """
    customers = _lock_free(session, _accounts_run_out(session, moment.now, limit))
    orders = _run_out(session, customers, moment.now, limit)
    for order in orders:
        _expire(session, order, moment)
    defer_recheck(session, {order.customer_id for order in orders})
    return len(orders)


def _locked_order(session: Session, order_id: str) -> Order:
    """The order as it is under the lock of its account. Raises OrderNotFound."""
    customer_id = session.scalar(select(Order.customer_id).where(Order.id == order_id))
    if customer_id is None:
        raise OrderNotFound(f"No order has the id {order_id!r}.")
    lock_account(session, customer_id)
    return session.get_one(Order, order_id, populate_existing=True)


def _state(order: Order) -> OrderState | None:
    return OrderState(order.status) if order.source == CHECKED else None


def _require_amount(order: Order, amount: Decimal) -> None:
    if amount <= ZERO:
        raise Invalid.field("/amount", "must be above 0")
    if amount != round(amount, minor_unit(order.currency)):
        raise Invalid.field("/amount", f"has more decimals than {order.currency}, the currency of the order")
    if order.open_deliveries + amount >= _TOO_LARGE:
        raise Invalid.field("/amount", "makes the open deliveries of the order larger than 15 digits")


def _deliver(session: Session, order: Order, delivery_id: str, amount: Decimal, moment: Moment) -> Delivery:
    from_open_orders = min(amount, order.open_orders)
    excess = amount - from_open_orders
    covered = min(excess, max(ZERO, cover_of(session, order, moment) - order.covered)) if excess else ZERO
    on_top = excess - covered
    move_delivered(session, order, from_open_orders, on_top, cause="delivery", cause_id=delivery_id, moment=moment)
    delivery = Delivery(
        order_id=order.id,
        delivery_id=delivery_id,
        amount=amount,
        currency=order.currency,
        from_open_orders=from_open_orders,
        covered=covered,
        added=on_top,
        order_status=order.status,
        business_on=moment.day,
        recorded_at=moment.now,
    )
    order.covered += covered
    order.status = after(_state(order), _delivery_step(session, order, amount))
    order.updated_at = moment.now
    delivery.order_status = order.status
    session.add(delivery)
    return delivery


def _delivery_step(session: Session, order: Order, amount: Decimal) -> OrderStep:
    return OrderStep.DELIVER_ALL if is_delivered(session, order, amount) else OrderStep.DELIVER_PART


def _end(session: Session, actor: Actor, order_id: str, step: OrderStep, moment: Moment) -> dict[str, Any]:
    order = _locked_order(session, order_id)
    state = after(_state(order), step)
    if order.status != state or order.pending_decision_id is not None:
        released = _release(session, order, step, moment)
        order.status = state
        order.pending_decision_id = order.reserved_until = None
        order.updated_at = moment.now
        kind = EventKind.ORDER_CLOSED if step is OrderStep.CLOSE else EventKind.ORDER_CANCELLED
        document = {**_ended_document(order), "released": released}
        _tell(session, actor, kind, order_id, document, moment)
    give_up_hold(session, order.customer_id, order_id, name_of(actor), moment.now)
    recheck_holds_of(session, order.customer_id, moment)
    return _ended_document(order)


def _release(session: Session, order: Order, step: OrderStep, moment: Moment) -> dict[str, str]:
    """Empty the buckets that the step gives up; what was in each."""
    released = {}
    for bucket in _CLOSED if step is OrderStep.CLOSE else _CANCELLED:
        amount = getattr(order, bucket)
        released[bucket.value] = money_text(amount, order.currency)
        move(session, order, amount, source=bucket, target=None, cause=step, cause_id=order.id, moment=moment)
    if step is OrderStep.CANCEL:
        order.covered = ZERO
    return released


def _accounts_run_out(session: Session, now: datetime, limit: int) -> Iterable[str]:
    orders = _that_ran_out(now).order_by(Order.reserved_until).limit(limit).subquery()
    return session.scalars(select(orders.c.customer_id).distinct())


def _that_ran_out(now: datetime) -> Select[Order]:
    waiting = or_(Order.reserved > 0, Order.status == OrderState.PENDING)
    return select(Order).where(Order.reserved_until <= now, waiting)


def _lock_free(session: Session, customers: Iterable[str]) -> list[str]:
    """Lock those of the accounts that nobody has locked. A group need not be: what ran out counts nowhere already."""
    wanted = select(Customer.id).where(Customer.id.in_(list(customers))).order_by(Customer.id)
    return list(session.scalars(wanted.with_for_update(key_share=True, skip_locked=True)))


def _run_out(session: Session, customers: list[str], now: datetime, limit: int) -> Sequence[Order]:
    wanted = _that_ran_out(now).where(Order.customer_id.in_(customers)).order_by(Order.reserved_until, Order.id)
    return session.scalars(wanted.limit(limit).execution_options(populate_existing=True)).all()


def _expire(session: Session, order: Order, moment: Moment) -> None:
    """Without `reserved_until` a confirmation finds the reservation expired, whatever its clock says."""
    document = {
        "order_id": order.id,
        "customer_id": order.customer_id,
        "decision_id": order.pending_decision_id,
        "amount": money_text(order.reserved, order.currency),
        "currency": order.currency,
        "expired_at": rfc3339(order.reserved_until) if order.reserved_until else None,
    }
    move(
        session,
        order,
        order.reserved,
        source=Bucket.RESERVED,
        target=None,
        cause="expiry",
        cause_id=order.pending_decision_id or order.id,
        moment=moment,
    )
    order.status = after(_state(order), OrderStep.EXPIRE)
    order.reserved_until = None
    order.updated_at = moment.now
    _tell(session, SYSTEM, EventKind.RESERVATION_EXPIRED, order.id, document, moment)


def _tell(
    session: Session, actor: Actor, kind: EventKind, order_id: str, document: dict[str, Any], moment: Moment
) -> None:
    record_event(session, actor, kind, "order", order_id, document, moment.now)
    publish_event(session, kind, order_id, document, moment.now)
    session.flush()


def _delivery_document(order: Order, delivery: Delivery) -> dict[str, Any]:
    """The same whenever the delivery is reported, whatever became of the order since."""
    currency = delivery.currency
    return {
        "order_id": order.id,
        "customer_id": order.customer_id,
        "delivery_id": delivery.delivery_id,
        "status": delivery.order_status,
        "amount": money_text(delivery.amount, currency),
        "from_open_orders": money_text(delivery.from_open_orders, currency),
        "covered": money_text(delivery.covered, currency),
        "added": money_text(delivery.added, currency),
        "currency": currency,
        "delivered_at": rfc3339(delivery.recorded_at),
    }


def _ended_document(order: Order) -> dict[str, Any]:
    return {
        "order_id": order.id,
        "customer_id": order.customer_id,
        "status": order.status,
        **{bucket.value: money_text(getattr(order, bucket), order.currency) for bucket in Bucket},
        "currency": order.currency,
    }
