"""What the events feed tells of."""

from __future__ import annotations

from enum import StrEnum


class EventKind(StrEnum):
    """Kinds of events; each reads `noun.verb`."""

    DECISION_MADE = "decision.made"
    HOLD_RELEASED = "hold.released"
    HOLD_REJECTED = "hold.rejected"
    HOLD_ESCALATED = "hold.escalated"
    RESERVATION_EXPIRED = "reservation.expired"
    ORDER_CONFIRMED = "order.confirmed"
    ORDER_DELIVERED = "order.delivered"
    ORDER_CLOSED = "order.closed"
    ORDER_CANCELLED = "order.cancelled"
    POLICY_PUBLISHED = "policy.published"
    ALERT_RAISED = "alert.raised"
