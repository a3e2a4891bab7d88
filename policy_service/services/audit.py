"""Everything that changes leaves an event, written in the transaction of the change."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from policy_service.db.models import AuditEvent
from policy_service.domain.actors import Actor


def record_event(
    session: Session,
    actor: Actor,
    action: str,
    subject_kind: str,
    subject_id: str,
    detail: Mapping[str, Any],
    now: datetime,
) -> None:
    """Append who did what to which thing. `action` reads `noun.verb`: `customer.changed`, `key.revoked`."""
    session.add(
        AuditEvent(
            at=now,
            actor=actor.as_document(),
            action=action,
            subject_kind=subject_kind,
            subject_id=subject_id,
            detail=dict(detail),
        )
    )
