"""Whether the service can answer a check now."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from policy_service.db.migrate import is_current
from policy_service.domain.errors import CreditPolicyError
from policy_service.services.policies import active_policy


def readiness(session: Session, now: datetime) -> dict[str, bool]:
    """The database answers, its schema is the newest, and a policy is in force and compiles.

    A database that cannot be reached raises SQLAlchemyError.
    """
    session.execute(text("SELECT 1"))
    return {"database": True, "schema": is_current(session.connection()), "policy": _has_policy(session, now)}


def _has_policy(session: Session, now: datetime) -> bool:
    try:
        active_policy(session, now)
    except CreditPolicyError:
        return False
    return True
