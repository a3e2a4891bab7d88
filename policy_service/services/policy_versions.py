"""Policy versions as they are shown.

Publishing never touches the version before. So a version that is stored as published is in force, waits for its
time, or was replaced; which of them is worked out for the instant of the reader.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, case, func, select, tuple_
from sqlalchemy.orm import Session, aliased

from policy_service.db.models import PolicyVersion
from policy_service.domain.errors import PolicyVersionNotFound

_later = aliased(PolicyVersion)


@dataclass(frozen=True, slots=True)
class ShownVersion:
    """A version, and its status at an instant; what was replaced is retired since its successor took effect."""

    version: PolicyVersion
    status: str
    retired_at: datetime | None


def shown_status(now: datetime) -> ColumnElement[str]:
    """The status of a version at `now`, as a column."""
    return case((_replaced_at(now).is_not(None), "retired"), else_=PolicyVersion.status)


def shown_retired_at(now: datetime) -> ColumnElement[datetime | None]:
    """Since when a version is retired at `now`, as a column."""
    return func.coalesce(_replaced_at(now), PolicyVersion.retired_at)


def list_versions(
    session: Session, now: datetime, *, limit: int = 50, before: int | None = None
) -> list[ShownVersion]:
    """Versions, the newest first; those below number `before` where it is given."""
    wanted = _shown(now).order_by(PolicyVersion.number.desc()).limit(limit)
    if before is not None:
        wanted = wanted.where(PolicyVersion.number < before)
    return [ShownVersion(*row) for row in session.execute(wanted)]


def show_version(session: Session, number: int, now: datetime) -> ShownVersion:
    """One version. Raises PolicyVersionNotFound."""
    row = session.execute(_shown(now).where(PolicyVersion.number == number)).one_or_none()
    if row is None:
        raise PolicyVersionNotFound(f"There is no policy version {number}.")
    return ShownVersion(*row)


def _shown(now: datetime) -> Select[PolicyVersion, str, datetime | None]:
    return select(PolicyVersion, shown_status(now), shown_retired_at(now))


def _replaced_at(now: datetime) -> ColumnElement[datetime | None]:
    """When the next published version took effect, null where none has by `now`. The order is that of IN_FORCE."""
    return (
        select(func.min(_later.effective_at))
        .where(
            PolicyVersion.status == "published",
            _later.status == "published",
            _later.effective_at <= now,
            tuple_(_later.effective_at, _later.published_at, _later.number)
            > tuple_(PolicyVersion.effective_at, PolicyVersion.published_at, PolicyVersion.number),
        )
        .correlate(PolicyVersion)
        .scalar_subquery()
    )
