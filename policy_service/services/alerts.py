"""Alerts: someone should look at this."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from policy_service.db.models import Alert
from policy_service.domain.event_kinds import EventKind
from policy_service.services.feed import publish_event
from rules.texts import Text


def raise_alert(
    session: Session,
    rule_code: str,
    severity: int,
    message: Text,
    now: datetime,
    *,
    customer_id: str | None = None,
    decision_id: str | None = None,
) -> Alert:
    """Keep an alert and tell the feed. Severity runs from 1 to 5, which is worst."""
    alert = Alert(
        raised_at=now,
        rule_code=rule_code,
        severity=severity,
        customer_id=customer_id,
        decision_id=decision_id,
        message={"en": message.en, "zh": message.zh},
    )
    session.add(alert)
    session.flush()
    payload = {
        "alert_id": alert.id,
        "rule_code": rule_code,
        "severity": severity,
        "customer_id": customer_id,
        "decision_id": decision_id,
        "message": alert.message,
    }
    publish_event(session, EventKind.ALERT_RAISED, str(alert.id), payload, now)
    session.flush()
    return alert
