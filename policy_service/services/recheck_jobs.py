"""Jobs that check open holds again where that is too much for the transaction that causes it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from policy_service.db.models import Hold
from policy_service.domain.holds import HoldStatus
from policy_service.services.queue import defer

RECHECK_TASK = "recheck_holds"
_CUSTOMERS_OF_A_JOB = 20


def defer_recheck_of_all(session: Session) -> None:
    """Have every open hold checked again, some customers a job."""
    waiting = select(Hold.customer_id).where(Hold.status == HoldStatus.OPEN).distinct().order_by(Hold.customer_id)
    defer_recheck(session, session.scalars(waiting).all())


def defer_recheck(session: Session, customer_ids: Sequence[str]) -> None:
    """Have the open holds of these customers checked again."""
    for start in range(0, len(customer_ids), _CUSTOMERS_OF_A_JOB):
        some = list(customer_ids[start : start + _CUSTOMERS_OF_A_JOB])
        defer(session, RECHECK_TASK, {"customer_ids": some})
