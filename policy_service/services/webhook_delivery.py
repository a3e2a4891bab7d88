"""What is to be sent to which webhook, and what becomes of it.

The feed is the outbox: a webhook keeps the place up to which it is settled, one job at a time moves it on, and what
fails is tried again before anything later is sent.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select, text
from sqlalchemy.orm import Session
from standardwebhooks import Webhook as Signature

from policy_service.db.models import Webhook
from policy_service.domain.actors import SYSTEM
from policy_service.services.alerts import raise_alert
from policy_service.services.audit import record_event
from policy_service.services.feed import arrange, end_of_feed, event_document, events_after
from policy_service.services.queue import defer
from rules.texts import Text

TASK = "deliver_webhook"

_FIRST_PAUSE = timedelta(seconds=5)
_LONGEST_PAUSE = timedelta(hours=1)
_MOST_DOUBLINGS = 10
_GIVEN_UP_AFTER = timedelta(days=3)
_SEVERITY = 3

_HAS_JOB = text("SELECT EXISTS (SELECT FROM procrastinate_jobs WHERE lock = :lock AND status IN ('todo', 'doing'))")


@dataclass(frozen=True, slots=True)
class Message:
    """One event for one webhook; the same event has the same id and the same body however often it is sent."""

    webhook_id: int
    event_id: int
    url: str
    secret: str
    id: str
    body: str

    def headers(self, now: datetime) -> Mapping[str, str]:
        """The headers of Standard Webhooks, signed at `now`."""
        return {
            "Content-Type": "application/json",
            "User-Agent": "credit-policy-service",
            "webhook-id": self.id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Signature(self.secret).sign(self.id, now, self.body),
        }


def dispatch(session: Session, now: datetime) -> int:
    """Arrange the feed, and put a job in the queue for every webhook that has something to get now; how many jobs.

    Where another transaction is at it, nothing is done: it does the same.
    """
    if not arrange(session):
        return 0
    due = or_(Webhook.next_attempt_at.is_(None), Webhook.next_attempt_at <= now)
    behind = Webhook.position < end_of_feed(session)
    found = session.scalars(select(Webhook.id).where(Webhook.disabled_at.is_(None), due, behind)).all()
    waiting = [each for each in found if not session.scalar(_HAS_JOB, {"lock": _lock_of(each)})]
    for webhook_id in waiting:
        defer(session, TASK, {"webhook_id": webhook_id}, lock=_lock_of(webhook_id))
    return len(waiting)


def next_message(session: Session, webhook_id: int, now: datetime) -> Message | None:
    """What a webhook gets next; None where there is nothing, or it must not be sent yet."""
    webhook = session.get(Webhook, webhook_id, populate_existing=True)
    if webhook is None or webhook.disabled_at is not None:
        return None
    if webhook.next_attempt_at is not None and webhook.next_attempt_at > now:
        return None
    end = end_of_feed(session)
    found = events_after(session, webhook.position, end, limit=1, kinds=webhook.kinds)
    if not found:
        webhook.position = max(webhook.position, end)
        session.flush()
        return None
    document = event_document(found[0])
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return Message(webhook.id, found[0].id, webhook.url, webhook.secret, document["id"], body)


def settle_delivered(session: Session, message: Message, now: datetime) -> None:
    """Remember that a message was taken."""
    webhook = _locked(session, message)
    if webhook is not None:
        webhook.position = max(webhook.position, message.event_id)
        webhook.failures, webhook.failing_since, webhook.next_attempt_at = 0, None, None
        webhook.last_delivered_at, webhook.last_error = now, None
        session.flush()


def settle_failed(session: Session, message: Message, reason: str, now: datetime, *, is_gone: bool) -> None:
    """Remember that a message was not taken, and when to try again; after three days of that, disable the webhook."""
    webhook = _locked(session, message)
    if webhook is None or webhook.position >= message.event_id:
        return
    webhook.failures += 1
    webhook.failing_since = webhook.failing_since or now
    webhook.next_attempt_at = now + _pause(webhook.failures)
    webhook.last_error = reason
    if is_gone or now - webhook.failing_since >= _GIVEN_UP_AFTER:
        _disable(session, webhook, reason, now)
    session.flush()


def _locked(session: Session, message: Message) -> Webhook | None:
    return session.get(Webhook, message.webhook_id, with_for_update=True, populate_existing=True)


def _pause(failures: int) -> timedelta:
    """Twice as long after every failure in a row, an hour at most."""
    return min(_FIRST_PAUSE * (1 << min(failures - 1, _MOST_DOUBLINGS)), _LONGEST_PAUSE)


def _disable(session: Session, webhook: Webhook, reason: str, now: datetime) -> None:
    webhook.disabled_at = now
    message = Text(
        f"Webhook {webhook.id} to {webhook.url} is disabled, nothing is sent to it: {reason}",
        f"发往 {webhook.url} 的 webhook {webhook.id} 已停用，不再发送：{reason}",
    )
    raise_alert(session, "WEBHOOK_DISABLED", _SEVERITY, message, now)
    record_event(session, SYSTEM, "webhook.disabled", "webhook", str(webhook.id), {"reason": reason}, now)


def _lock_of(webhook_id: int) -> str:
    return f"webhook {webhook_id}"
