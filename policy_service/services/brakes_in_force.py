"""Which emergency brakes are in force: for a check, for those who read a customer, for lists."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, ScalarSelect, and_, bindparam, case, func, or_, select
from sqlalchemy.orm import Session

from policy_service.db.models import Brake, Customer
from policy_service.domain.documents import CustomerStatus


@dataclass(frozen=True, slots=True)
class BrakeState:
    """A brake in force: of several, the one that lasts longest."""

    reason: str
    by: str
    at: datetime
    until: datetime | None


def freeze_state(session: Session, now: datetime) -> BrakeState | None:
    """The freeze in force, None where orders are not frozen."""
    brakes = brakes_in_force(session, None, now)
    return _longest(brakes) if brakes else None


def stops_of(session: Session, customer_ids: Collection[str], now: datetime) -> dict[str, BrakeState]:
    """The stops in force of these customers; those that are not stopped are left out."""
    found: dict[str, list[Brake]] = {}
    for brake in session.scalars(select(Brake).where(Brake.customer_id.in_(customer_ids), _is_on(now))):
        found.setdefault(str(brake.customer_id), []).append(brake)
    return {customer_id: _longest(brakes) for customer_id, brakes in found.items()}


def brakes_in_force(
    session: Session, customer_id: str | None, now: datetime, *, lock: bool = False
) -> Sequence[Brake]:
    """The stops of a customer, or without one the freezes, that are in force; locked for who lets go."""
    wanted = select(Brake).where(Brake.customer_id.is_not_distinct_from(customer_id), _is_on(now)).order_by(Brake.id)
    return session.scalars(wanted.with_for_update() if lock else wanted).all()


def brake_column(customer_id: ColumnElement[str] | None) -> ScalarSelect[dict[str, str | None] | None]:
    """Reason and end of the longest brake in force at the parameter `now`, for the statement of a check.

    That of a customer, or the freeze.
    """
    mine = Brake.customer_id.is_(None) if customer_id is None else Brake.customer_id == customer_id
    return (
        select(func.jsonb_build_object("reason", Brake.reason, "until", Brake.until))
        .where(mine, _is_on(bindparam("now")))
        .order_by(Brake.until.desc().nulls_first())
        .limit(1)
        .scalar_subquery()
    )


def shown_customer_status(now: datetime) -> ColumnElement[str]:
    """The status of a customer as a column: `stop` under an emergency stop, whatever its own is."""
    is_stopped = select(Brake.id).where(Brake.customer_id == Customer.id, _is_on(now)).correlate(Customer).exists()
    return case((is_stopped, CustomerStatus.STOP.value), else_=Customer.status)


def _is_on(now: datetime | ColumnElement[datetime]) -> ColumnElement[bool]:
    """Whether a brake is in force: at the very instant of `until` it no longer is."""
    return and_(Brake.lifted_at.is_(None), or_(Brake.until.is_(None), Brake.until > now))


def _longest(brakes: Sequence[Brake]) -> BrakeState:
    endless = next((brake for brake in brakes if brake.until is None), None)
    longest = endless or max(brakes, key=lambda brake: brake.until or brake.pulled_at)
    return BrakeState(longest.reason, longest.pulled_by, longest.pulled_at, longest.until)
