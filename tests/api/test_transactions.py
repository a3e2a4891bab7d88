"""One unit of work a request: all of it or nothing, and once more where the database asks for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session

from api import market
from policy_service.config import Config
from policy_service.db.embedded import DatabaseUrls
from policy_service.db.engine import make_engine, make_sessions
from policy_service.db.models import FieldReport
from policy_service.services.market import add_field_report
from policy_service.wiring import EXTENSION, Wiring
from tests.api.conftest import Caller
from tests.api.test_credit_file import REPORT
from tests.api.test_errors import problem
from tests.conftest import NOW

_FAIL = "DO $$ BEGIN RAISE EXCEPTION 'try again' USING ERRCODE = '{state}'; END $$"


def failing(monkeypatch: pytest.MonkeyPatch, state: str, times: int) -> list[int]:
    """Let the service write a field report and then fail so many times; one item for every try."""
    tries: list[int] = []

    def attempt(session: Session, *arguments: Any) -> Any:
        tries.append(1)
        report = add_field_report(session, *arguments)
        if len(tries) <= times:
            session.execute(text(_FAIL.format(state=state)))
        return report

    monkeypatch.setattr(market, "add_field_report", attempt)
    return tries


@pytest.mark.parametrize("state", ["40001", "40P01"])
@pytest.mark.parametrize("headers", [{}, {"Idempotency_Key": "k-1"}])
def test_work_that_could_not_be_serialized_is_done_again(
    shop: Caller, db_session: Session, monkeypatch: pytest.MonkeyPatch, state: str, headers: dict[str, str]
) -> None:
    tries = failing(monkeypatch, state, times=2)
    assert shop.post("/v1/field-reports", REPORT, **headers).status_code == 201
    assert len(tries) == 3
    assert db_session.scalar(select(func.count()).select_from(FieldReport)) == 1


def test_after_three_tries_the_caller_is_asked_to_come_back(
    shop: Caller, db_session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = failing(monkeypatch, "40001", times=9)
    response = shop.post("/v1/field-reports", REPORT)
    problem(response, 503, "too_busy")
    assert response.headers["Retry-After"]
    assert len(tries) == 3
    assert db_session.scalar(select(func.count()).select_from(FieldReport)) == 0


def test_any_other_error_of_the_database_is_not_tried_again(
    shop: Caller, db_session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = failing(monkeypatch, "23514", times=9)
    problem(shop.post("/v1/field-reports", REPORT), 500, "internal_error")
    assert len(tries) == 1
    assert db_session.scalar(select(func.count()).select_from(FieldReport)) == 0


@pytest.fixture
def connect(built_app: Flask, config: Config) -> Any:
    """Connects the application to a database of its own: `connect(engine)`."""
    before = built_app.extensions[EXTENSION]

    def to(engine: Engine) -> Any:
        built_app.extensions[EXTENSION] = Wiring(config, make_sessions(engine), lambda: NOW)
        return built_app.test_client()

    yield to
    built_app.extensions[EXTENSION] = before


def test_a_connection_that_died_while_it_waited_is_replaced_unnoticed(
    connect: Any, make_database: Callable[[], DatabaseUrls]
) -> None:
    urls = make_database()
    engine, other = make_engine(urls.runtime), make_engine(urls.runtime)
    client = connect(engine)
    headers = {"Authorization": "Bearer cp_unknown"}
    assert client.get("/v1/facts", headers=headers).status_code == 401
    with other.connect() as connection:
        mine = "datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()"
        killed = connection.scalars(
            text(f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE {mine}")
        )
        assert list(killed) == [True]
    other.dispose()
    assert client.get("/v1/facts", headers=headers).status_code == 401
    engine.dispose()


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/readyz"), ("POST", "/check-order"), ("GET", "/v1/customers"), ("GET", "/metrics")]
)
def test_while_the_database_is_away_the_answer_is_503_and_says_not_to_confirm(
    connect: Any, tmp_path: Any, method: str, path: str
) -> None:
    engine = make_engine(f"postgresql+psycopg://credit_policy_app@/nothing?host={tmp_path}")
    response = connect(engine).open(path, method=method, headers={"Authorization": "Bearer cp_any"})
    document = problem(response, 503, "database_unavailable")
    assert "do not confirm" in document["detail"]
    assert str(tmp_path) not in response.text


def test_the_process_is_alive_without_a_database(connect: Any, tmp_path: Any) -> None:
    engine = make_engine(f"postgresql+psycopg://credit_policy_app@/nothing?host={tmp_path}")
    assert connect(engine).get("/healthz").status_code == 200
