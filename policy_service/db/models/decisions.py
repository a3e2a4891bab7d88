"""Decisions: written once, never changed."""

from __future__ import annotations

from sqlalchemy import CHAR, Index
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlalchemy.orm import Mapped, mapped_column

from policy_service.db.models.base import Base, Currency, Instant, Money


class Decision(Base):
    """One answer to one check.

    `record` is the canonical JSON (RFC 8785) of request, facts, policy, verdict, caller, `decided_at` and
    `decision_id`; `sha256` is its hash. The other columns repeat what lists are searched by.
    """

    __tablename__ = "decisions"
    __table_args__ = (
        Index("ix_decisions_customer", "customer_id", "id"),
        Index("ix_decisions_subject", "subject_id", "id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    subject_id: Mapped[str]
    customer_id: Mapped[str]
    outcome: Mapped[str]
    amount: Mapped[Money]
    currency: Mapped[Currency]
    rule_codes: Mapped[list[str]] = mapped_column(ARRAY(TEXT))
    policy_version: Mapped[int | None]
    decided_at: Mapped[Instant]
    took_microseconds: Mapped[int]
    sha256: Mapped[str] = mapped_column(CHAR(64))
    record: Mapped[str]
