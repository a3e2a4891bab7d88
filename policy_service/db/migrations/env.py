"""Alembic runs here, on the connection that `policy_service.db.migrate` opened."""

from __future__ import annotations

from alembic import context

from policy_service.db.models import Base

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=Base.metadata, compare_type=True)
with context.begin_transaction():
    context.run_migrations()
