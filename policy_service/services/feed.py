"""The events feed: what happened, in one order, for pollers and webhooks alike.

An event is written by the transaction that causes it, into `event_arrivals`. It gets its place in the feed once that
is committed, when somebody reads: one at a time moves what has arrived to the end of `events`. So no check waits for
the feed, no long transaction holds it up, and no reader misses an event that committed late.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from policy_service.db.models import Event, EventArrival
from policy_service.domain.days import rfc3339
from policy_service.domain.event_kinds import EventKind

_LOCK = 0x43505F66_65656400
_MOST_AT_ONCE = 5_000

_TRY_LOCK = text("SELECT pg_try_advisory_xact_lock(:lock)")
_ARRANGE = text("""
WITH arrived AS (
    DELETE FROM event_arrivals WHERE id IN (SELECT id FROM event_arrivals ORDER BY id LIMIT :most) RETURNING *
)
INSERT INTO events (kind, subject_id, payload, occurred_at)
SELECT kind, subject_id, payload, occurred_at FROM (SELECT * FROM arrived ORDER BY id) arrived_in_order
""")


def publish_event(session: Session, kind: str, subject_id: str, payload: Mapping[str, Any], now: datetime) -> None:
    """Tell the feed, in the transaction of the session. Money in the payload is text.

    Raises ValueError for a kind that does not exist.
    """
    session.add(EventArrival(kind=EventKind(kind), subject_id=subject_id, payload=dict(payload), occurred_at=now))


def arrange(session: Session) -> bool:
    """Give what has arrived its place in the feed; False, at once, where another transaction is at it."""
    session.flush()
    if not session.scalar(_TRY_LOCK, {"lock": _LOCK}):
        return False
    session.connection().execute(_ARRANGE, {"most": _MOST_AT_ONCE})
    return True


def end_of_feed(session: Session) -> int:
    """The id of the newest event that has its place; 0 where there is none."""
    return session.scalar(select(func.max(Event.id))) or 0


def events_after(
    session: Session, position: int, end: int, *, limit: int, kinds: Collection[str] | None = None
) -> Sequence[Event]:
    """The events after `position` up to `end`, of some kinds or of all."""
    wanted = select(Event).where(Event.id > position, Event.id <= end).order_by(Event.id).limit(limit)
    if kinds is not None:
        wanted = wanted.where(Event.kind.in_(kinds))
    return session.scalars(wanted).all()


def event_document(event: Event) -> dict[str, Any]:
    """An event as pollers and webhooks get it."""
    return {
        "id": f"evt_{event.id}",
        "kind": event.kind,
        "subject_id": event.subject_id,
        "occurred_at": rfc3339(event.occurred_at),
        "payload": event.payload,
    }
