"""The events feed, and who it is sent to."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Index
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlalchemy.orm import Mapped, mapped_column

from policy_service.db.models.base import Base, Instant, Json, Serial


class EventArrival(Base):
    """An event as the transaction wrote it that caused it; it waits here until it gets its place in the feed.

    Transactions commit in another order than they number their rows, so these ids are no order for readers.
    """

    __tablename__ = "event_arrivals"

    id: Mapped[Serial]
    kind: Mapped[str]
    subject_id: Mapped[str]
    payload: Mapped[Json]
    occurred_at: Mapped[Instant]


class Event(Base):
    """An event at its place in the feed. Appended by one transaction at a time, never changed.

    Whoever has seen an `id` will never see a new event with a lower one.
    """

    __tablename__ = "events"
    __table_args__ = (Index(None, "kind", "id"),)

    id: Mapped[Serial]
    kind: Mapped[str]
    subject_id: Mapped[str]
    payload: Mapped[Json]
    occurred_at: Mapped[Instant]


class Webhook(Base):
    """An address that events are sent to, in order; all kinds of them where `kinds` is null.

    `position` is the id of the last event that is settled: delivered, or of no kind that is wanted. While deliveries
    fail, `failing_since` is set and nothing is sent before `next_attempt_at`; one that failed for days is disabled.
    """

    __tablename__ = "webhooks"
    __table_args__ = (CheckConstraint("failures >= 0", "failures_not_negative"),)

    id: Mapped[Serial]
    url: Mapped[str]
    kinds: Mapped[list[str] | None] = mapped_column(ARRAY(TEXT))
    secret: Mapped[str]
    created_by: Mapped[str]
    created_at: Mapped[Instant]
    position: Mapped[int] = mapped_column(BigInteger)
    failures: Mapped[int]
    failing_since: Mapped[Instant | None]
    next_attempt_at: Mapped[Instant | None]
    last_delivered_at: Mapped[Instant | None]
    last_error: Mapped[str | None]
    disabled_at: Mapped[Instant | None]
