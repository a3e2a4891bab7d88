"""The emergency brakes: freezing every order, stopping one customer, and letting go again.

Pulling a brake needs no second person, letting go does. Brakes add up: a second one never shortens the first, and
whoever pulled one of those in force cannot let go.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, ScalarSelect, and_, bindparam, func, or_, select
from sqlalchemy.orm import Session

from policy_service.db.models import Brake
from policy_service.domain.actors import Actor
from policy_service.domain.days import rfc3339
from policy_service.domain.documents import CustomerStatus
from policy_service.domain.errors import AnotherPersonNeeded, Conflict, Invalid
from policy_service.domain.permissions import BRAKE_USERS
from policy_service.services.audit import record_event
from policy_service.services.customers import get_customer
from policy_service.services.persons import name_of, person_of, refuse_other_roles


class NotFrozen(Conflict):
    """Orders are not frozen."""

    code = "not_frozen"


class NotStopped(Conflict):
    """The customer is under no emergency stop."""

    code = "not_stopped"


@dataclass(frozen=True, slots=True)
class BrakeState:
    """A brake in force: of several, the one that lasts longest."""

    reason: str
    by: str
    at: datetime
    until: datetime | None


def freeze_orders(session: Session, actor: Actor, reason: str, until: datetime, now: datetime) -> BrakeState:
    """Hold every order until then, from the next check on. Raises Invalid, RoleMayNot."""
    brake = _pull(session, actor, None, reason, until, now)
    detail = {"reason": reason, "until": rfc3339(until)}
    record_event(session, actor, "orders.frozen", "freeze", str(brake.id), detail, now)
    session.flush()
    return _longest(_in_force(session, None, now))


def unfreeze_orders(session: Session, actor: Actor, note: str | None, now: datetime) -> None:
    """Let orders go again. Raises NotFrozen, PersonNeeded, AnotherPersonNeeded, RoleMayNot."""
    brakes = _in_force(session, None, now, lock=True)
    if not brakes:
        raise NotFrozen
    _lift(brakes, actor, now)
    for brake in brakes:
        record_event(session, actor, "orders.unfrozen", "freeze", str(brake.id), {"note": note}, now)
    session.flush()


def freeze_state(session: Session, now: datetime) -> BrakeState | None:
    """The freeze in force, None where orders are not frozen."""
    brakes = _in_force(session, None, now)
    return _longest(brakes) if brakes else None


def stop_customer(
    session: Session, actor: Actor, customer_id: str, reason: str, until: datetime | None, now: datetime
) -> None:
    """Reject every order of a customer, from the next check on. Raises CustomerNotFound, Invalid, RoleMayNot."""
    get_customer(session, customer_id)
    _pull(session, actor, customer_id, reason, until, now)
    detail = {"reason": reason, "until": rfc3339(until) if until else None}
    record_event(session, actor, "customer.stopped", "customer", customer_id, detail, now)
    session.flush()


def resume_customer(session: Session, actor: Actor, customer_id: str, note: str | None, now: datetime) -> None:
    """Let the orders of a customer go again.

    Raises CustomerNotFound, NotStopped, PersonNeeded, AnotherPersonNeeded, RoleMayNot.
    """
    customer = get_customer(session, customer_id)
    brakes = _in_force(session, customer_id, now, lock=True)
    if not brakes:
        if customer.status == CustomerStatus.STOP:
            raise NotStopped("The status stop is the customer's own: change it with PUT or PATCH of the customer.")
        raise NotStopped
    _lift(brakes, actor, now)
    record_event(session, actor, "customer.resumed", "customer", customer_id, {"note": note}, now)
    session.flush()


def stops_of(session: Session, customer_ids: Collection[str], now: datetime) -> dict[str, BrakeState]:
    """The stops in force of these customers; those that are not stopped are left out."""
    found: dict[str, list[Brake]] = {}
    for brake in session.scalars(select(Brake).where(Brake.customer_id.in_(customer_ids), _is_on(now))):
        found.setdefault(str(brake.customer_id), []).append(brake)
    return {customer_id: _longest(brakes) for customer_id, brakes in found.items()}


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


def _is_on(now: datetime | ColumnElement[datetime]) -> ColumnElement[bool]:
    """Whether a brake is in force: at the very instant of `until` it no longer is."""
    return and_(Brake.lifted_at.is_(None), or_(Brake.until.is_(None), Brake.until > now))


def _in_force(session: Session, customer_id: str | None, now: datetime, *, lock: bool = False) -> Sequence[Brake]:
    wanted = select(Brake).where(Brake.customer_id.is_not_distinct_from(customer_id), _is_on(now)).order_by(Brake.id)
    return session.scalars(wanted.with_for_update() if lock else wanted).all()


def _pull(
    session: Session, actor: Actor, customer_id: str | None, reason: str, until: datetime | None, now: datetime
) -> Brake:
    refuse_other_roles(actor, BRAKE_USERS)
    if until is not None and until <= now:
        raise Invalid.field("/until", "is not in the future")
    brake = Brake(
        customer_id=customer_id,
        reason=reason,
        until=until,
        pulled_by=name_of(actor),
        pulled_by_user=actor.user,
        pulled_at=now,
    )
    session.add(brake)
    session.flush()
    return brake


def _lift(brakes: Sequence[Brake], actor: Actor, now: datetime) -> None:
    refuse_other_roles(actor, BRAKE_USERS)
    person = person_of(actor)
    if any(brake.pulled_by_user == person for brake in brakes):
        raise AnotherPersonNeeded("Only another person than who stopped it may let it go again.")
    for brake in brakes:
        brake.lifted_by, brake.lifted_at = person, now


def _longest(brakes: Sequence[Brake]) -> BrakeState:
    endless = next((brake for brake in brakes if brake.until is None), None)
    longest = endless or max(brakes, key=lambda brake: brake.until or brake.pulled_at)
    return BrakeState(longest.reason, longest.pulled_by, longest.pulled_at, longest.until)
