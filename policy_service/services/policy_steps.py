"""What every step of a policy version has in common: its status, the lock, the trace it leaves."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy.orm import Session

from policy_service.db.models import PolicyVersion
from policy_service.domain.actors import Actor
from policy_service.domain.errors import PolicyVersionNotFound, PolicyWrongState
from policy_service.services.audit import record_event
from policy_service.services.policy_versions import show_version


class Status(StrEnum):
    """The life of a version, in order; a rejected one is a draft again."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    PUBLISHED = "published"
    RETIRED = "retired"


def locked_version(session: Session, number: int) -> PolicyVersion:
    """One version as it is now, nobody else's until the transaction ends. Raises PolicyVersionNotFound."""
    version = session.get(PolicyVersion, number, with_for_update=True, populate_existing=True)
    if version is None:
        raise PolicyVersionNotFound(f"There is no policy version {number}.")
    return version


def need_status(session: Session, version: PolicyVersion, now: datetime, done: str, needed: Status) -> None:
    """Let only a version in the status `needed` be `done`. Raises PolicyWrongState."""
    if version.status != needed:
        raise wrong_state(session, version, now, done, needed)


def wrong_state(
    session: Session, version: PolicyVersion, now: datetime, done: str, needed: Status
) -> PolicyWrongState:
    """What is said where a version is in another status than it must be in to be `done`."""
    status = show_version(session, version.number, now).status
    return PolicyWrongState(f"Policy version {version.number} is {status}; only when {needed} can it be {done}.")


def state_of(version: PolicyVersion) -> dict[str, str]:
    """Status and content, as events record them before and after."""
    return {"status": str(version.status), "content_hash": version.content_hash}


def record_step(
    session: Session,
    actor: Actor,
    action: str,
    version: PolicyVersion,
    before: dict[str, str] | None,
    now: datetime,
    **more: Any,
) -> None:
    """Record a step with what was before and what is after, in the transaction of the step."""
    detail = {"before": before, "after": state_of(version), **more}
    record_event(session, actor, action, "policy_version", str(version.number), detail, now)
    session.flush()
