"""A credit file to import into."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from policy_service.domain.days import Moment
from tests.factories import Book


@pytest.fixture
def book(db_session: Session, moment: Moment) -> Book:
    """An empty credit file."""
    return Book(db_session, moment)
