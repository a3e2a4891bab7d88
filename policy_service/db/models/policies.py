"""Policy versions."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlalchemy.orm import Mapped, mapped_column

from policy_service.db.models.base import Base, Instant, Json, Serial


class PolicyVersion(Base):
    """One version of the policy: the text as written, the tree it stands for, and who did what with it.

    `makers` are all who wrote in it: persons, or keys without an owner. `approved_hash` binds an approval to the
    content that was approved. `four_eyes` is false where the operator published in one step.

    Publishing a version leaves the one before as it is: it stays `published` here, so that a check whose instant is
    a moment earlier still finds it. That it is retired by then is worked out when it is read.
    """

    __tablename__ = "policy_versions"
    __table_args__ = (
        CheckConstraint("status IN ('draft', 'submitted', 'approved', 'published', 'retired')", "status_known"),
        Index("ix_policy_versions_published", "effective_at", postgresql_where="status = 'published'"),
    )

    number: Mapped[Serial]
    name: Mapped[str]
    status: Mapped[str]
    source: Mapped[str]
    document: Mapped[Json]
    content_hash: Mapped[str]
    note: Mapped[str | None]
    makers: Mapped[list[str]] = mapped_column(ARRAY(TEXT))
    created_by: Mapped[str]
    created_at: Mapped[Instant]
    submitted_by: Mapped[str | None]
    submitted_at: Mapped[Instant | None]
    approved_by: Mapped[str | None]
    approved_at: Mapped[Instant | None]
    approved_hash: Mapped[str | None]
    published_by: Mapped[str | None]
    published_at: Mapped[Instant | None]
    effective_at: Mapped[Instant | None]
    retired_at: Mapped[Instant | None]
    four_eyes: Mapped[bool | None]
