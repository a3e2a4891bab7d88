"""Lists that stay quick however long they get: keyset pages, and a count that stops counting."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import Session

PAGE_SIZE = 50
COUNTED_UP_TO = 10_000

Statement = Select[*tuple[Any, ...]]
AnyRow = Row[*tuple[Any, ...]]
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """One page of a list. `next_cursor` is None on the last page; `total` is None where nobody counted."""

    items: list[Item]
    next_cursor: str | None
    total: int | None = None

    @property
    def is_beyond_count(self) -> bool:
        """Whether there are more than were counted."""
        return self.total is not None and self.total > COUNTED_UP_TO


def read_page(
    session: Session, matching: Statement, window: Statement, cursor: Callable[[AnyRow], object]
) -> Page[AnyRow]:
    """The rows of `window`, a part of `matching` in its order; `cursor` says where the next page begins."""
    rows = list(session.execute(window.limit(PAGE_SIZE + 1)))
    page = rows[:PAGE_SIZE]
    next_cursor = str(cursor(page[-1])) if len(rows) > PAGE_SIZE else None
    return Page(page, next_cursor, count_up_to(session, matching))


def count_up_to(session: Session, matching: Statement) -> int:
    """How many rows match: exact up to COUNTED_UP_TO, and one more for anything beyond."""
    some = matching.order_by(None).limit(COUNTED_UP_TO + 1).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0
