"""What happens to a hold is told to the audit, with the note, and to the events feed, without it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from policy_service.db.models import Hold
from policy_service.domain.actors import Actor
from policy_service.domain.event_kinds import EventKind
from policy_service.services.audit import record_event
from policy_service.services.feed import publish_event
from policy_service.services.held_orders import hold_summary


def tell_of_hold(
    session: Session,
    actor: Actor,
    kind: EventKind,
    hold: Hold,
    facts: Mapping[str, Any],
    note: str | None,
    now: datetime,
) -> None:
    """Tell both, in the transaction of the change."""
    record_event(session, actor, kind.value, "hold", hold.decision_id, {**facts, "note": note}, now)
    publish_event(session, kind, hold.decision_id, {**hold_summary(hold), **facts}, now)
    session.flush()
