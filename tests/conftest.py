"""What every test may ask for: a real PostgreSQL, one server a run; a session that is rolled back; a clock."""

from __future__ import annotations

import itertools
import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import settings
from sqlalchemy import Connection, Engine, create_engine, make_url, text
from sqlalchemy.orm import Session, sessionmaker

from policy_service.db.embedded import DatabaseUrls, embedded_postgres
from policy_service.db.engine import Sessions, make_engine
from policy_service.db.migrate import migrate
from policy_service.domain.actors import SYSTEM
from policy_service.domain.days import Moment
from policy_service.domain.permissions import Role, Scope
from policy_service.services.keys import create_key
from policy_service.services.users import create_user

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
TODAY = date(2026, 11, 23)
PASSWORD = "correct horse battery"

# Everywhere the same examples in CI, new ones on every run at a desk.
settings.register_profile("ci", derandomize=True, deadline=None)
settings.register_profile("desk", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "desk")

# Tests may lose their data in a power cut.
_FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "200"}


def _server_home(run: str) -> Path:
    """Where the server of a run lives: in memory where there is such a place, and open for its user to pass."""
    memory = Path("/dev/shm")  # noqa: S108  (the name is the run's own, random)
    return (memory if memory.is_dir() else Path(tempfile.gettempdir())) / f"credit-policy-tests-{run}"


def pytest_configure(config: pytest.Config) -> None:
    """Give the run a name that its workers share."""
    os.environ.setdefault("CREDIT_POLICY_TEST_RUN", secrets.token_hex(8))


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove the database of the run, once every worker has left it."""
    if not hasattr(config, "workerinput"):
        shutil.rmtree(_server_home(os.environ["CREDIT_POLICY_TEST_RUN"]), ignore_errors=True)


@pytest.fixture(scope="session")
def server() -> Iterator[DatabaseUrls]:
    """The PostgreSQL of this run: all workers join one embedded server, the last one stops it."""
    home = _server_home(os.environ["CREDIT_POLICY_TEST_RUN"])
    home.mkdir(mode=0o711, exist_ok=True)
    with embedded_postgres(home, say=lambda _: None, options=_FAST) as urls:
        yield urls


@pytest.fixture(scope="session")
def make_database(server: DatabaseUrls, worker_id: str) -> Callable[[], DatabaseUrls]:
    """Makes migrated, empty databases."""
    numbers = itertools.count()

    def make() -> DatabaseUrls:
        name = f"test_{worker_id}_{next(numbers)}"
        superuser = make_url(server.owner).set(username="credit_policy_super")
        engine = create_engine(superuser, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name} OWNER credit_policy_owner"))
        engine.dispose()
        urls = DatabaseUrls(
            runtime=make_url(server.runtime).set(database=name).render_as_string(hide_password=False),
            owner=make_url(server.owner).set(database=name).render_as_string(hide_password=False),
        )
        migrate(urls.owner, urls.runtime)
        return urls

    return make


@pytest.fixture(scope="session")
def database(make_database: Callable[[], DatabaseUrls]) -> DatabaseUrls:
    """One database for all tests of this worker that roll back what they did."""
    return make_database()


@pytest.fixture(scope="session")
def engine(database: DatabaseUrls) -> Iterator[Engine]:
    """Connections of the runtime role."""
    engine = make_engine(database.runtime)
    yield engine
    engine.dispose()


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    """One transaction around one test, rolled back at its end."""
    with engine.connect() as connection, _rolled_back(connection):
        yield connection


@pytest.fixture
def sessions(connection: Connection) -> Sessions:
    """Sessions inside the test's transaction: their commits are savepoints."""
    return sessionmaker(connection, expire_on_commit=False, join_transaction_mode="create_savepoint")


@pytest.fixture
def db_session(sessions: Sessions) -> Iterator[Session]:
    """One such session."""
    with sessions() as session:
        yield session


@pytest.fixture
def moment() -> Moment:
    """The instant at which the tests happen."""
    return Moment(NOW, TODAY)


@pytest.fixture
def make_key(sessions: Sessions) -> Callable[..., str]:
    """Makes API keys: `make_key("check", "data:write", owner="ann")`; all scopes when none are named."""
    numbers = itertools.count(1)

    def make(*scopes: str, owner: str | None = None, expires_at: datetime | None = None) -> str:
        with sessions() as session:
            plaintext = create_key(
                session,
                SYSTEM,
                name=f"key {next(numbers)}",
                scopes=frozenset(Scope(scope) for scope in scopes or Scope),
                owner=owner,
                expires_at=expires_at,
                now=NOW,
            )
            session.commit()
        return plaintext

    return make


@pytest.fixture
def make_user(sessions: Sessions) -> Callable[..., str]:
    """Makes users with the password PASSWORD: `make_user(Role.CONTROLLER)` gives the name."""

    def make(role: Role, name: str | None = None) -> str:
        with sessions() as session:
            user = create_user(session, SYSTEM, name=name or f"{role} one", role=role, password=PASSWORD, now=NOW)
            session.commit()
        return user.name

    return make


@contextmanager
def _rolled_back(connection: Connection) -> Iterator[None]:
    transaction = connection.begin()
    try:
        yield
    finally:
        transaction.rollback()


REPOSITORY = Path(__file__).parents[1]
SHARED_DATA = REPOSITORY.parent / "shared" / "data"
