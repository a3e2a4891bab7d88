"""Jobs that check open holds again where that is too much for the transaction that causes it."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from policy_service.db.models import Hold
from policy_service.domain.holds import HoldStatus
from policy_service.services.queue import defer

RECHECK_TASK = "recheck_holds"
_CUSTOMERS_OF_A_JOB = 20
_WAITING = select(Hold.customer_id).where(Hold.status == HoldStatus.OPEN).distinct().order_by(Hold.customer_id)


def defer_recheck_of_all(session: Session) -> None:
    """Have every open hold checked again."""
    _defer(session, _WAITING)


def defer_recheck(session: Session, customer_ids: Collection[str]) -> None:
    """Have the open holds of these customers checked again; without one there is nothing to do."""
    if customer_ids:
        _defer(session, _WAITING.where(Hold.customer_id.in_(customer_ids)))


def _defer(session: Session, waiting: Select[str]) -> None:
    customer_ids = session.scalars(waiting).all()
    for start in range(0, len(customer_ids), _CUSTOMERS_OF_A_JOB):
        some = list(customer_ids[start : start + _CUSTOMERS_OF_A_JOB])
        defer(session, RECHECK_TASK, {"customer_ids": some})
