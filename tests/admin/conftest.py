"""The panel as a browser sees it: an application on the test's transaction, and visitors who keep their cookies."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import unescape
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from policy_service.app import create_app
from policy_service.config import Config
from policy_service.db.embedded import DatabaseUrls
from policy_service.db.engine import Sessions, make_engine, make_sessions
from policy_service.domain.days import Moment
from policy_service.domain.permissions import Role
from policy_service.services import users
from tests.admin.sample import fill
from tests.conftest import NOW, PASSWORD, TODAY

_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


def words(html: str) -> str:
    """What a page says, in one line."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())


@dataclass
class Clock:
    """A clock that stands still until it is moved."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **amount: int) -> None:
        """Move on: `forward(minutes=5)`."""
        self.now += timedelta(**amount)


@dataclass
class Visitor:
    """Somebody with a browser of their own. `language` is what it asks for."""

    client: FlaskClient
    language: str = "en"

    def get(self, path: str) -> TestResponse:
        """Open a page."""
        return self.client.get(path, headers={"Accept-Language": self.language})

    def page(self, path: str) -> str:
        """The HTML of a page that must be there."""
        response = self.get(path)
        assert response.status_code == 200, (path, response.status_code)
        return response.text

    def token(self) -> str:
        """The CSRF token of this session, from whatever page can be seen."""
        found = _TOKEN.search(self.client.get("/admin/", follow_redirects=True).text)
        assert found is not None
        return found[1]

    def post(self, path: str, **fields: str) -> TestResponse:
        """Send a form, with the token that its page would have had."""
        return self.client.post(
            path, data={"csrf_token": self.token(), **fields}, headers={"Accept-Language": self.language}
        )

    def sign_in(self, name: str, password: str = PASSWORD, **fields: str) -> TestResponse:
        """Sign in."""
        return self.post("/admin/login", name=name, password=password, **fields)

    def is_in(self) -> bool:
        """Whether the overview opens."""
        return self.get("/admin/").status_code == 200


@pytest.fixture(scope="session")
def database(make_database: Callable[[], DatabaseUrls]) -> DatabaseUrls:
    """Here, the database of this worker has the sample credit file in it."""
    urls = make_database()
    engine = make_engine(urls.runtime)
    with make_sessions(engine)() as session:
        fill(session, Moment(NOW, TODAY))
        session.commit()
    engine.dispose()
    return urls


@pytest.fixture(scope="session")
def engine(database: DatabaseUrls) -> Iterator[Engine]:
    """Connections to it: the engine of the other tests is made once, for whichever database was asked for first."""
    engine = make_engine(database.runtime)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session", autouse=True)
def quick_passwords() -> Iterator[None]:
    """Argon2 is slow on purpose; here it is signed in some hundred times."""
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(users, "_hasher", lambda: quick)
        yield


@pytest.fixture
def clock() -> Clock:
    """The clock of the application."""
    return Clock()


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """Plain http, so that the test client needs no certificates."""
    return Config(
        home=tmp_path,
        database_url=None,
        migration_database_url=None,
        timezone=ZoneInfo("Asia/Shanghai"),
        base_currency="CNY",
        metrics_token=None,
        secure_cookies=False,
        session_minutes=60,
    )


@pytest.fixture
def app(config: Config, sessions: Sessions, clock: Clock) -> Flask:
    """The whole application, API included."""
    return create_app(config, sessions=sessions, clock=clock)


@pytest.fixture
def stranger(app: Flask) -> Visitor:
    """Nobody that is known."""
    return Visitor(app.test_client())


@pytest.fixture
def visitor(app: Flask, make_user: Callable[..., str]) -> Callable[..., Visitor]:
    """Makes a person of a role and signs them in: `visitor(Role.AUDITOR, language="zh")`."""

    def make(role: Role, language: str = "en") -> Visitor:
        someone = Visitor(app.test_client(), language)
        assert someone.sign_in(make_user(role)).status_code == 302
        return someone

    return make


@pytest.fixture
def controller(visitor: Callable[..., Visitor]) -> Visitor:
    """A signed-in credit controller."""
    return visitor(Role.CONTROLLER)
