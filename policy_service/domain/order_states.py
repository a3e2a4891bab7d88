"""The states of an order, and what leads from one to another: the one place that says so.

`docs/order-life.md` shows the diagram that `diagram` draws.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from policy_service.domain.errors import OrderWrongState


class OrderState(StrEnum):
    """Where an order stands. A reservation may run beside any state from `confirmed` on, until the next confirm."""

    UNCONFIRMED = "unconfirmed"
    PENDING = "pending"
    EXPIRED = "expired"
    CONFIRMED = "confirmed"
    DELIVERED = "delivered"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class OrderStep(StrEnum):
    """What happens to an order. Its text is the label in the diagram."""

    APPROVE = "check approves"
    REFUSE = "check holds or rejects"
    EXPIRE = "reservation expires"
    CONFIRM = "confirm"
    DELIVER_PART = "deliver a part"
    DELIVER_ALL = "deliver the rest"
    CLOSE = "close"
    CANCEL = "cancel"


AGREED = frozenset({OrderState.CONFIRMED, OrderState.DELIVERED, OrderState.CLOSED})
"""States that keep what was confirmed, whatever is checked, until a confirm replaces it."""

DELIVERABLE = frozenset({OrderState.CONFIRMED, OrderState.DELIVERED})
"""States in which goods may leave."""

ENDED = frozenset({OrderState.CLOSED, OrderState.CANCELLED})
"""States that only another check, approved and confirmed, leads out of."""

_NEVER_AGREED: Mapping[OrderStep, OrderState] = {
    OrderStep.APPROVE: OrderState.PENDING,
    OrderStep.REFUSE: OrderState.UNCONFIRMED,
    OrderStep.CANCEL: OrderState.CANCELLED,
}
_DELIVERY: Mapping[OrderStep, OrderState] = {
    OrderStep.CONFIRM: OrderState.CONFIRMED,
    OrderStep.DELIVER_ALL: OrderState.DELIVERED,
    OrderStep.CLOSE: OrderState.CLOSED,
    OrderStep.CANCEL: OrderState.CANCELLED,
}


def _beside(state: OrderState) -> Mapping[OrderStep, OrderState]:
    """What a check and its reservation do where something is agreed: nothing to the state."""
    return dict.fromkeys((OrderStep.APPROVE, OrderStep.REFUSE, OrderStep.EXPIRE), state)


TRANSITIONS: Mapping[OrderState | None, Mapping[OrderStep, OrderState]] = MappingProxyType(
    {
        None: {OrderStep.APPROVE: OrderState.PENDING, OrderStep.REFUSE: OrderState.UNCONFIRMED},
        OrderState.UNCONFIRMED: _NEVER_AGREED,
        OrderState.PENDING: {
            **_NEVER_AGREED,
            OrderStep.EXPIRE: OrderState.EXPIRED,
            OrderStep.CONFIRM: OrderState.CONFIRMED,
        },
        OrderState.EXPIRED: _NEVER_AGREED,
        OrderState.CONFIRMED: {
            **_beside(OrderState.CONFIRMED),
            **_DELIVERY,
            OrderStep.DELIVER_PART: OrderState.CONFIRMED,
        },
        OrderState.DELIVERED: {
            **_beside(OrderState.DELIVERED),
            **_DELIVERY,
            OrderStep.DELIVER_PART: OrderState.DELIVERED,
        },
        OrderState.CLOSED: {
            **_beside(OrderState.CLOSED),
            OrderStep.CONFIRM: OrderState.CONFIRMED,
            OrderStep.CLOSE: OrderState.CLOSED,
            OrderStep.CANCEL: OrderState.CANCELLED,
        },
        OrderState.CANCELLED: {
            OrderStep.APPROVE: OrderState.PENDING,
            OrderStep.REFUSE: OrderState.CANCELLED,
            OrderStep.CANCEL: OrderState.CANCELLED,
        },
    }
)
"""From which state which step leads where; None is an order that was never checked here."""


def after(state: OrderState | None, step: OrderStep) -> OrderState:
    """The state after a step. Raises OrderWrongState, naming the state, where there is no such step from it."""
    found = TRANSITIONS[state].get(step)
    if found is None:
        raise OrderWrongState(_refusal(state, step))
    return found


def after_check(state: OrderState | None, *, is_approved: bool) -> OrderState:
    """The state after a check, which is possible in every state."""
    return after(state, OrderStep.APPROVE if is_approved else OrderStep.REFUSE)


def diagram() -> str:
    """The transitions as a Mermaid state diagram. Steps between the same two states share an arrow."""
    arrows: dict[tuple[str, str], list[str]] = {}
    for source, steps in TRANSITIONS.items():
        for step, target in steps.items():
            arrows.setdefault((source or "[*]", target), []).append(step)
    lines = [f"    {source} --> {target}: {', '.join(steps)}" for (source, target), steps in arrows.items()]
    return "\n".join(["stateDiagram-v2", *lines])


def _refusal(state: OrderState | None, step: OrderStep) -> str:
    if state is None:
        return "The order was placed elsewhere and never checked here; check it first."
    if state in ENDED:
        return f"The order is {state}; only checking it again, and confirming, opens it again."
    if step is OrderStep.CLOSE:
        return f"The order is {state}: nothing of it was confirmed that could be closed. Cancel it instead."
    return f"The order is {state}; it must be confirmed first."
