"""Authority lent for some days: who is away names somebody who releases for them meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from policy_service.db.models import Delegation, User
from policy_service.domain.actors import Actor
from policy_service.domain.days import Moment
from policy_service.domain.errors import DelegationNotFound, Invalid, RoleMayNot
from policy_service.domain.holds import AUTHORITY_OF_ROLE, HOLD_USERS, DelegationDocument
from policy_service.domain.outcomes import Authority
from policy_service.domain.permissions import Role
from policy_service.services.audit import record_event
from policy_service.services.persons import person_of


@dataclass(frozen=True, slots=True)
class Delegator:
    """A person who lends their authority, and which that is by their role of now."""

    name: str
    authority: Authority


def delegate_authority(session: Session, actor: Actor, document: DelegationDocument, moment: Moment) -> Delegation:
    """Lend one's own authority. What was lent to oneself is not lent on.

    Raises PersonNeeded, RoleMayNot (no authority to lend), Invalid (naming the field).
    """
    person = person_of(actor)
    if actor.role not in HOLD_USERS:
        raise RoleMayNot("Your role has no authority that could be delegated.")
    _check(session, person, document, moment.day)
    delegation = Delegation(
        delegator=person,
        delegate=document.delegate,
        from_day=document.from_day,
        to_day=document.to_day,
        note=document.note,
        created_at=moment.now,
    )
    session.add(delegation)
    session.flush()
    detail = {
        "delegate": document.delegate,
        "from": document.from_day.isoformat(),
        "to": document.to_day.isoformat(),
        "note": document.note,
    }
    record_event(session, actor, "authority.delegated", "delegation", str(delegation.id), detail, moment.now)
    session.flush()
    return delegation


def revoke_delegation(session: Session, actor: Actor, delegation_id: int, moment: Moment) -> Delegation:
    """End a delegation at once: who lent the authority does, or an admin. Again changes nothing.

    Raises DelegationNotFound, PersonNeeded, RoleMayNot.
    """
    delegation = session.get(Delegation, delegation_id, with_for_update=True, populate_existing=True)
    if delegation is None:
        raise DelegationNotFound(f"There is no delegation {delegation_id}.")
    person = person_of(actor)
    if person != delegation.delegator and actor.role is not Role.ADMIN:
        raise RoleMayNot("Only who lent the authority, or an admin, ends a delegation.")
    if delegation.revoked_at is None:
        delegation.revoked_at, delegation.revoked_by = moment.now, person
        record_event(session, actor, "authority.withdrawn", "delegation", str(delegation_id), {}, moment.now)
        session.flush()
    return delegation


def list_delegations(session: Session, *, limit: int = 50, after: int = 0) -> list[Delegation]:
    """Delegations, the oldest first, those after the id `after`; the ones that were withdrawn too."""
    wanted = select(Delegation).where(Delegation.id > after).order_by(Delegation.id).limit(limit)
    return list(session.scalars(wanted))


def delegators_of(session: Session, person: str, day: date) -> list[Delegator]:
    """Who lends `person` their authority on `day`; those who are gone, or have none any more, are left out."""
    rows = session.execute(
        select(User.name, User.role)
        .join(Delegation, Delegation.delegator == User.name)
        .where(
            Delegation.delegate == person,
            Delegation.revoked_at.is_(None),
            Delegation.from_day <= day,
            Delegation.to_day >= day,
            User.is_active,
        )
        .distinct()
    )
    return [
        Delegator(row.name, AUTHORITY_OF_ROLE[Role(row.role)]) for row in rows if Role(row.role) in AUTHORITY_OF_ROLE
    ]


def _check(session: Session, person: str, document: DelegationDocument, today: date) -> None:
    delegate = session.get(User, document.delegate)
    if document.delegate == person:
        raise Invalid.field("/delegate", "must be another person")
    if delegate is None or not delegate.is_active:
        raise Invalid.field("/delegate", "is no active user")
    if Role(delegate.role) not in HOLD_USERS:
        raise Invalid.field("/delegate", f"is in the role {delegate.role}, which does not work on held orders")
    if document.to_day < document.from_day:
        raise Invalid.field("/to", "is before from")
    if document.to_day < today:
        raise Invalid.field("/to", "is in the past")
