"""Migrations: the tables are those of the models, and what is stored survives the way up and down."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from alembic import command
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.orm import Session

from policy_service.db.embedded import DatabaseUrls
from policy_service.db.migrate import alembic_config
from policy_service.domain.actors import SYSTEM
from policy_service.services.policies import publish_in_one_step
from tests.policies import ADVANCE, LIMIT_ONLY


@pytest.fixture
def owner(make_database: Callable[[], DatabaseUrls]) -> Iterator[Connection]:
    """The owner's connection to a migrated, empty database."""
    engine = create_engine(make_database().owner)
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def test_the_tables_are_those_of_the_models(owner: Connection) -> None:
    command.check(alembic_config(owner))


def test_versions_that_were_marked_retired_when_replaced_are_published_again_and_have_a_maker(
    owner: Connection,
) -> None:
    """The first schema marked a version when its successor was published; now that is worked out."""
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    with Session(owner) as session:
        for hours, source in enumerate((LIMIT_ONLY, ADVANCE)):
            publish_in_one_step(session, SYSTEM, source, None, long_ago + timedelta(hours=hours))
        session.commit()
    command.downgrade(alembic_config(owner), "0001")
    before = owner.execute(text("SELECT status, retired_at FROM policy_versions ORDER BY number")).all()
    assert [tuple(row) for row in before] == [("retired", long_ago + timedelta(hours=1)), ("published", None)]
    command.upgrade(alembic_config(owner), "head")
    after = owner.execute(text("SELECT status, retired_at, makers FROM policy_versions ORDER BY number")).all()
    assert [tuple(row) for row in after] == [("published", None, ["system"])] * 2
