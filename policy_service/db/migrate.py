"""Bring a database to the newest schema, and let the runtime role use it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, make_url, text

_FOLDER = Path(__file__).parent / "migrations"
_APPEND_ONLY = ("decisions", "movements", "audit_events", "events", "deliveries")


def alembic_config(connection: Connection | None = None) -> Config:
    """How Alembic finds our migrations, and the database that it works on."""
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.attributes["connection"] = connection
    return config


def migrate(owner_url: str, runtime_url: str) -> None:
    """Run all migrations as the owner, then grant the runtime role what it needs and no more."""
    engine = create_engine(owner_url)
    try:
        with engine.begin() as connection:
            command.upgrade(alembic_config(connection), "head")
            _grant(connection, make_url(owner_url).username, make_url(runtime_url).username)
    finally:
        engine.dispose()


def is_current(connection: Connection) -> bool:
    """Whether the database has the newest schema."""
    return MigrationContext.configure(connection).get_current_revision() == _newest_schema()


@cache
def _newest_schema() -> str | None:
    """The revision that this code brings along; finding it reads every migration."""
    return ScriptDirectory.from_config(alembic_config()).get_current_head()


def _grant(connection: Connection, owner: str | None, runtime: str | None) -> None:
    if runtime is None or runtime == owner:
        return
    role = connection.dialect.identifier_preparer.quote(runtime)
    for statement in (
        f"GRANT USAGE ON SCHEMA public TO {role}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
        f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {role}",
        f"REVOKE UPDATE, DELETE, TRUNCATE ON {', '.join(_APPEND_ONLY)} FROM {role}",
        f"REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON alembic_version FROM {role}",
    ):
        connection.execute(text(statement))
