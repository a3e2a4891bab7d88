"""People, keys, and what is remembered of requests."""

from __future__ import annotations

from sqlalchemy import CHAR, CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlalchemy.orm import Mapped, mapped_column

from policy_service.db.models.base import Base, Instant, Json, Serial


class User(Base):
    """A person. `session_epoch` is raised to end every session of theirs at once."""

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint("role IN ('sales', 'controller', 'manager', 'director', 'auditor', 'admin')", "role_known"),
    )

    name: Mapped[str] = mapped_column(primary_key=True)
    password_hash: Mapped[str]
    role: Mapped[str]
    is_active: Mapped[bool]
    language: Mapped[str | None]
    failed_logins: Mapped[int]
    locked_until: Mapped[Instant | None]
    session_epoch: Mapped[int]
    created_at: Mapped[Instant]


class ApiKey(Base):
    """A key of a program. Only the SHA-256 of its 256 random bits is kept."""

    __tablename__ = "api_keys"
    __table_args__ = (UniqueConstraint("key_hash"), UniqueConstraint("name"))

    id: Mapped[Serial]
    name: Mapped[str]
    key_hash: Mapped[str] = mapped_column(CHAR(64))
    scopes: Mapped[list[str]] = mapped_column(ARRAY(TEXT))
    owner: Mapped[str | None] = mapped_column(ForeignKey("users.name"))
    created_at: Mapped[Instant]
    expires_at: Mapped[Instant | None]
    revoked_at: Mapped[Instant | None]


class IdempotencyRecord(Base):
    """The answer that was given to a POST with an `Idempotency-Key`, kept for 24 hours."""

    __tablename__ = "idempotency_records"
    __table_args__ = (Index(None, "created_at"),)

    api_key_id: Mapped[int] = mapped_column(ForeignKey("api_keys.id"), primary_key=True)
    method: Mapped[str] = mapped_column(primary_key=True)
    path: Mapped[str] = mapped_column(primary_key=True)
    idempotency_key: Mapped[str] = mapped_column(primary_key=True)
    request_sha256: Mapped[str] = mapped_column(CHAR(64))
    status: Mapped[int]
    body: Mapped[str]
    content_type: Mapped[str]
    created_at: Mapped[Instant]


class AuditEvent(Base):
    """Who did what, when, to what: appended, never changed."""

    __tablename__ = "audit_events"
    __table_args__ = (Index("ix_audit_events_subject", "subject_kind", "subject_id", "id"),)

    id: Mapped[Serial]
    at: Mapped[Instant]
    actor: Mapped[Json]
    action: Mapped[str]
    subject_kind: Mapped[str]
    subject_id: Mapped[str]
    detail: Mapped[Json]


class Alert(Base):
    """Someone should look at this."""

    __tablename__ = "alerts"
    __table_args__ = (
        CheckConstraint("severity BETWEEN 1 AND 5", "severity_range"),
        Index("ix_alerts_customer", "customer_id", "id"),
    )

    id: Mapped[Serial]
    raised_at: Mapped[Instant]
    rule_code: Mapped[str]
    severity: Mapped[int]
    customer_id: Mapped[str | None]
    decision_id: Mapped[str | None]
    message: Mapped[Json]
