"""Emergency brakes: what a person stopped by hand, and who let it go again."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from policy_service.db.models.base import Base, Instant, Serial


class Brake(Base):
    """A stop of one customer; with `customer_id` null a freeze of every order, which always ends by itself.

    In force until it is lifted or `until` is reached, whichever is first. `pulled_by` and `lifted_by` are names of
    persons, or of keys without an owner; `pulled_by_user` is the person, null where it was such a key.
    """

    __tablename__ = "brakes"
    __table_args__ = (
        CheckConstraint("customer_id IS NOT NULL OR until IS NOT NULL", "freeze_ends"),
        Index("ix_brakes_on", "customer_id", postgresql_where="lifted_at IS NULL"),
    )

    id: Mapped[Serial]
    customer_id: Mapped[str | None] = mapped_column(ForeignKey("customers.id"))
    reason: Mapped[str]
    until: Mapped[Instant | None]
    pulled_by: Mapped[str]
    pulled_by_user: Mapped[str | None]
    pulled_at: Mapped[Instant]
    lifted_by: Mapped[str | None]
    lifted_at: Mapped[Instant | None]
