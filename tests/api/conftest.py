"""The application on the test's transaction, and a caller with a key."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from policy_service.app import create_app
from policy_service.config import Config, load_config
from policy_service.db.engine import Sessions
from policy_service.domain.days import Moment
from policy_service.wiring import EXTENSION, Wiring
from tests.conftest import NOW
from tests.factories import Book
from tests.policies import LIMIT_ONLY

METRICS_TOKEN = "only for prometheus"


@dataclass
class Caller:
    """A program that calls the API with a key."""

    client: FlaskClient
    key: str

    def __call__(self, method: str, path: str, document: Any = None, **headers: str) -> TestResponse:
        """Send a document as JSON; headers are named `If_Match`."""
        body = None if document is None else json.dumps(document).encode()
        return self.send(method, path, body, **headers)

    def send(self, method: str, path: str, body: bytes | None, **headers: str) -> TestResponse:
        """Send a body as it is."""
        sent = {"Authorization": f"Bearer {self.key}"}
        if body is not None:
            sent["Content-Type"] = "application/json"
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.open(path, method=method, data=body, headers=sent)

    def get(self, path: str, **headers: str) -> TestResponse:
        """GET."""
        return self("GET", path, **headers)

    def put(self, path: str, document: Any, **headers: str) -> TestResponse:
        """PUT."""
        return self("PUT", path, document, **headers)

    def post(self, path: str, document: Any = None, **headers: str) -> TestResponse:
        """POST."""
        return self("POST", path, document, **headers)


@pytest.fixture(scope="session")
def config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    """The settings of the tests."""
    home: Path = tmp_path_factory.mktemp("home")
    return load_config({"CREDIT_POLICY_HOME": str(home), "METRICS_TOKEN": METRICS_TOKEN})


@pytest.fixture(scope="session")
def built_app(config: Config, engine: Any) -> Flask:
    """The application, built once: its wiring is another in every test."""
    return create_app(config, database_url="postgresql+psycopg://nobody@/nowhere")


@pytest.fixture
def app(built_app: Flask, config: Config, sessions: Sessions) -> Iterator[Flask]:
    """The application on the test's transaction, at the instant of the tests."""
    before = built_app.extensions[EXTENSION]
    built_app.extensions[EXTENSION] = Wiring(config, sessions, lambda: NOW)
    yield built_app
    built_app.extensions[EXTENSION] = before


@pytest.fixture
def at(app: Flask) -> Callable[[Any], None]:
    """Turns the clock of the application: `at(NOW + timedelta(days=1))`."""

    def turn(instant: Any) -> None:
        app.extensions[EXTENSION] = replace(app.extensions[EXTENSION], clock=lambda: instant)

    return turn


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A client without a key."""
    return app.test_client()


@pytest.fixture
def call(client: FlaskClient, make_key: Callable[..., str]) -> Caller:
    """A caller whose key has every scope."""
    return Caller(client, make_key())


@pytest.fixture
def book(db_session: Session, moment: Moment) -> Book:
    """A credit file to write in; `db_session.commit()` lets the application see it."""
    return Book(db_session, moment)


@pytest.fixture
def shop(call: Caller, book: Book, db_session: Session) -> Caller:
    """A caller, a policy in force, and a customer C-1 with a limit of 1,000 and terms of 30 days."""
    book.policy(LIMIT_ONLY)
    book.customer(credit_limit="1000", standard_terms_days=30)
    db_session.commit()
    return call


def order(**changes: Any) -> dict[str, Any]:
    """An order of C-1 over 100.00; a change to None leaves the field out."""
    document = {"order_id": "SO-1", "customer_id": "C-1", "amount": "100.00", "currency": "CNY", **changes}
    return {name: value for name, value in document.items() if value is not None}
