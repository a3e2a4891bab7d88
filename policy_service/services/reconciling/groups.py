"""Customers: the topmost parent that each keeps, against the parents themselves."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import update
from sqlalchemy.orm import Session

from policy_service.db.models import Customer
from policy_service.domain.actors import SYSTEM
from policy_service.domain.days import Moment
from policy_service.services.audit import record_event
from policy_service.services.reconciling.result import SumDifference
from policy_service.services.reconciling.statements import GROUPS


def look_at_groups(session: Session) -> list[SumDifference]:
    """Every customer whose kept group is not that of its parents, and every one in a ring of parents."""
    return [
        SumDifference("customer", row.id, row.id, "parent_id", row.parent_id, None, can_be_fixed=False)
        if row.is_in_ring
        else SumDifference("customer", row.id, row.id, "group_id", row.kept, row.found)
        for row in session.execute(GROUPS)
    ]


def put_groups_right(session: Session, moment: Moment) -> list[SumDifference]:
    """Let `group_id` follow the parents. The accounts are locked."""
    found = look_at_groups(session)
    for each in found:
        if each.can_be_fixed:
            session.execute(update(Customer).where(Customer.id == each.id).values(group_id=each.found))
            detail = {"changes": {"group_id": {"from": each.kept, "to": each.found}}}
            record_event(session, SYSTEM, "customer.reconciled", "customer", each.id, detail, moment.now)
    session.flush()
    return [replace(each, is_fixed=each.can_be_fixed) for each in found]
