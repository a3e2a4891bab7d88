"""How a command gets at the database of this installation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import click

from policy_service.config import Config, load_config
from policy_service.db.embedded import DatabaseUrls, embedded_postgres, is_initialised
from policy_service.db.engine import Sessions, make_engine, make_sessions
from policy_service.db.migrate import is_current
from policy_service.domain.days import Moment
from policy_service.home import has_session_key


class NotInitialised(click.ClickException):
    """This installation was not initialised, or not by this version."""

    exit_code = 2


def moment_of(config: Config) -> Moment:
    """Now, and its business day."""
    return Moment.at(datetime.now(UTC), config.timezone)


@contextmanager
def database(config: Config) -> Iterator[DatabaseUrls]:
    """The addresses of the database; the embedded one runs for the length of the block."""
    if config.database_url is not None:
        yield DatabaseUrls(config.database_url, config.migration_database_url or config.database_url)
        return
    with embedded_postgres(config.home) as urls:
        yield urls


@contextmanager
def initialised_database(config: Config) -> Iterator[DatabaseUrls]:
    """The same, for commands that need what `init` makes. Raises NotInitialised."""
    if not has_session_key(config.home) or (config.embedded and not is_initialised(config.home)):
        raise NotInitialised(f"{config.home} was not initialised. Run: credit-policy init")
    with database(config) as urls:
        _refuse_old_schema(urls.runtime)
        yield urls


@contextmanager
def open_sessions(urls: DatabaseUrls) -> Iterator[Sessions]:
    """Sessions of the runtime role; every connection is closed at the end of the block."""
    engine = make_engine(urls.runtime)
    try:
        yield make_sessions(engine)
    finally:
        engine.dispose()


@contextmanager
def initialised_sessions() -> Iterator[tuple[Sessions, Moment]]:
    """What most commands need: sessions of this installation, and the moment. Raises NotInitialised."""
    config = load_config()
    with initialised_database(config) as urls, open_sessions(urls) as sessions:
        yield sessions, moment_of(config)


def _refuse_old_schema(url: str) -> None:
    engine = make_engine(url)
    try:
        with engine.connect() as connection:
            if not is_current(connection):
                raise NotInitialised("The database has another schema than this version. Run: credit-policy init")
    finally:
        engine.dispose()
