"""The emergency brakes: freezing every order, stopping one customer, and letting go again.

Pulling a brake needs no second person, letting go does. Brakes add up: a second one never shortens the first, and
whoever pulled one of those in force cannot let go.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from policy_service.db.models import Brake
from policy_service.domain.actors import Actor
from policy_service.domain.days import rfc3339
from policy_service.domain.documents import CustomerStatus
from policy_service.domain.errors import AnotherPersonNeeded, Invalid, NotFrozen, NotStopped
from policy_service.domain.permissions import BRAKE_USERS
from policy_service.services.audit import record_event
from policy_service.services.brakes_in_force import brakes_in_force
from policy_service.services.customers import get_customer
from policy_service.services.persons import name_of, person_of, refuse_other_roles
from policy_service.services.recheck_jobs import defer_recheck, defer_recheck_of_all


def freeze_orders(session: Session, actor: Actor, reason: str, until: datetime, now: datetime) -> None:
    """Hold every order until then, from the next check on. Raises Invalid, RoleMayNot."""
    brake = _pull(session, actor, None, reason, until, now)
    detail = {"reason": reason, "until": rfc3339(until)}
    record_event(session, actor, "orders.frozen", "freeze", str(brake.id), detail, now)
    session.flush()


def unfreeze_orders(session: Session, actor: Actor, note: str | None, now: datetime) -> None:
    """Let orders go again. Raises NotFrozen, PersonNeeded, AnotherPersonNeeded, RoleMayNot."""
    brakes = brakes_in_force(session, None, now, lock=True)
    if not brakes:
        raise NotFrozen
    _lift(brakes, actor, now)
    for brake in brakes:
        record_event(session, actor, "orders.unfrozen", "freeze", str(brake.id), {"note": note}, now)
    session.flush()
    defer_recheck_of_all(session)


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
    brakes = brakes_in_force(session, customer_id, now, lock=True)
    if not brakes:
        if customer.status == CustomerStatus.STOP:
            raise NotStopped("The status stop is the customer's own: change it with PUT or PATCH of the customer.")
        raise NotStopped
    _lift(brakes, actor, now)
    record_event(session, actor, "customer.resumed", "customer", customer_id, {"note": note}, now)
    session.flush()
    defer_recheck(session, [customer_id])


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
