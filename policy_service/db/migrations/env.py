"""Alembic runs here, on the connection that `policy_service.db.migrate` opened."""

from __future__ import annotations

from alembic import context

from policy_service.db.models import Base


def is_ours(name: str | None, kind: str, _parents: object) -> bool:
    """Whether a thing in the database is described by our models; the tables of the job queue are its own."""
    return kind != "table" or name is None or not name.startswith("procrastinate_")


connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=Base.metadata, compare_type=True, include_name=is_ours)
with context.begin_transaction():
    context.run_migrations()
