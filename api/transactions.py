"""One unit of work a request: one commit at its end, nothing kept of what failed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from api.context import session
from api.errors import SERIALIZATION, sqlstate

T = TypeVar("T")

_ATTEMPTS = 3


def run(work: Callable[[Session], T], *, commit: bool = True) -> T:
    """Do `work` and commit it; on any error nothing of it stays.

    Work that PostgreSQL ended for the sake of another transaction is done again, up to three times in all; so is
    work on a connection that turned out to be dead, as long as its commit was not yet on the way.
    """
    for attempts_left in reversed(range(_ATTEMPTS)):
        committing = False
        try:
            done = work(session())
            committing = commit
            if commit:
                session().commit()
        except DBAPIError as error:
            session().rollback()
            if not attempts_left or not _deserves_another_try(error, committing=committing):
                raise
        except BaseException:
            session().rollback()
            raise
        else:
            return done
    raise AssertionError("the last attempt returns or raises")


def _deserves_another_try(error: DBAPIError, *, committing: bool) -> bool:
    return sqlstate(error) in SERIALIZATION or (error.connection_invalidated and not committing)
