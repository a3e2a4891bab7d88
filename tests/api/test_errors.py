"""Every error is a problem document (RFC 9457), in both languages, and tells nothing of our inside."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.test import TestResponse

from api import checks, state
from api.errors import MIMETYPE, kinds_of_errors, status_of
from api.texts import CHINESE
from policy_service.domain.errors import CreditPolicyError, FieldError, Invalid, PolicyVersionNotFound
from tests.api.conftest import Caller, order

EVERYWHERE = {"type", "title", "status", "detail", "code"}
OF_SOME = {"errors", "lint", "cases"}
_TOLD_IN_CHINESE = ("api.", "policy_service.domain.", "policy_service.services.policy_checks", "rules.findings")


def problem(response: TestResponse, status: int, code: str) -> dict[str, Any]:
    """The problem document of an answer, after the form that all of them have."""
    assert response.status_code == status, response.text
    assert response.content_type == MIMETYPE
    document: dict[str, Any] = json.loads(response.data)
    assert document.keys() - OF_SOME == EVERYWHERE
    assert (document["status"], document["code"]) == (status, code)
    assert document["type"] == f"/docs#{code}"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Request-Id"]
    return document


@pytest.mark.parametrize(
    "path", ["/nope", "/v1", "/v1/", "/v1/customers/", "/v2/check-order", "/v1//customers", "/%00"]
)
def test_an_unknown_address_is_a_problem(client: FlaskClient, path: str) -> None:
    problem(client.get(path), 404, "not_found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/check-order", {"POST"}),
        ("DELETE", "/v1/customers/C-1", {"GET", "HEAD", "PUT", "PATCH"}),
        ("OPTIONS", "/v1/customers", {"GET", "HEAD"}),
        ("POST", "/healthz", {"GET", "HEAD"}),
        ("BREW", "/v1/check-order", {"POST"}),
    ],
)
def test_a_method_that_an_address_does_not_know_is_a_problem_with_those_it_does(
    client: FlaskClient, method: str, path: str, allowed: set[str]
) -> None:
    response = client.open(path, method=method)
    problem(response, 405, "method_not_allowed")
    assert set(response.allow) == allowed


def test_validation_errors_point_at_each_field_in_the_language_that_is_asked_for(shop: Caller) -> None:
    document = order(amount="1.234", payment_terms_days="30", note="?")
    english = problem(shop.post("/check-order", document), 422, "validation_error")
    chinese = problem(shop.post("/check-order", document, Accept_Language="zh-CN,en;q=0.5"), 422, "validation_error")
    assert [error["pointer"] for error in english["errors"]] == ["/amount", "/payment_terms_days", "/note"]
    assert english["errors"][0]["message"] == "has 3 decimals; CNY has 2"
    assert chinese["errors"][0]["message"] == "有 3 位小数；CNY 只有 2 位"
    assert english["detail"] != chinese["detail"]


@pytest.mark.parametrize(
    ("wanted", "language"),
    [
        ("zh", "zh"),
        ("zh-Hans-CN", "zh"),
        ("ZH-cn", "zh"),
        ("en;q=0.1, zh;q=0.9", "zh"),
        ("zh;q=0.1, en;q=0.9", "en"),
        ("fr, de", "en"),
        ("fr, zh;q=0.2", "zh"),
        ("*", "en"),
        ("", "en"),
        (";;q=x,,", "en"),
        ("zh;q=0", "en"),
    ],
)
def test_the_language_is_the_one_that_the_caller_prefers_of_ours(
    client: FlaskClient, wanted: str, language: str
) -> None:
    response = client.get("/nope", headers={"Accept-Language": wanted})
    assert response.headers["Content-Language"] == language
    assert response.json is not None
    assert response.json["title"] == {"en": "Not found", "zh": "未找到"}[language]


def test_every_condition_has_a_status_and_a_chinese_sentence() -> None:
    ours = [kind for kind in kinds_of_errors() if kind.__module__.startswith(_TOLD_IN_CHINESE)]
    codes = {kind.code: kind for kind in ours}
    assert codes.keys() == CHINESE.keys()
    assert all(400 <= status_of(kind) <= 503 for kind in codes.values())


def test_a_message_of_a_service_that_names_its_field_is_an_error_with_a_pointer(
    shop: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise Invalid("The parts do not fit.", FieldError("/lines/0", "is one too many"))

    monkeypatch.setattr(checks, "check", refuse)
    document = problem(shop.post("/check-order", order()), 422, "validation_error")
    assert document["detail"] == "The parts do not fit."
    assert document["errors"] == [{"pointer": "/lines/0", "message": "is one too many"}]


def test_what_we_did_wrong_is_told_without_its_inside_and_logged_with_the_request_id(
    shop: Caller, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("password=hunter2")

    monkeypatch.setattr(checks, "check", fail)
    response = shop.post("/check-order", order(), X_Request_Id="req-17")
    document = problem(response, 500, "internal_error")
    assert "req-17" in document["detail"]
    assert "hunter2" not in response.text
    assert "'request_id': 'req-17', 'exc_info': RuntimeError" in caplog.text


@pytest.mark.parametrize(
    "failure",
    [
        OperationalError("SELECT 1", {}, Exception("connection refused by 10.0.0.7")),
        InterfaceError("SELECT 1", {}, Exception("the connection is closed: 10.0.0.7")),
        PoolTimeout("QueuePool limit of size 5 reached 10.0.0.7"),
    ],
)
def test_without_a_database_the_answer_is_503_and_says_not_to_confirm(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    def fail(*_: Any) -> None:
        raise failure

    monkeypatch.setattr(state, "readiness", fail)
    response = client.get("/readyz")
    document = problem(response, 503, "database_unavailable")
    assert "do not confirm" in document["detail"]
    assert "10.0.0.7" not in response.text
    assert int(response.headers["Retry-After"]) > 0


def test_an_error_of_a_statement_is_our_own_fault(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    class NoSuchColumn(Exception):
        sqlstate = "42703"

    def fail(*_: Any) -> None:
        raise OperationalError("SELECT secret", {}, NoSuchColumn())

    monkeypatch.setattr(state, "readiness", fail)
    response = client.get("/readyz")
    problem(response, 500, "internal_error")
    assert "secret" not in response.text


def test_a_condition_that_is_none_of_the_callers_is_not_told(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise CreditPolicyError("the file /etc/shadow cannot be read")

    monkeypatch.setattr(state, "readiness", fail)
    response = client.get("/readyz")
    problem(response, 500, "internal_error")
    assert "shadow" not in response.text


@pytest.mark.parametrize("given", ["", "a b", "x" * 65, "a\tb", "é"])
def test_a_request_id_that_is_no_plain_word_is_replaced(app: Flask, given: str) -> None:
    response = app.test_client().get("/healthz", headers={"X-Request-Id": given})
    assert len(response.headers["X-Request-Id"]) == 32


def test_services_may_raise_conditions_of_their_own(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise PolicyVersionNotFound("There is no policy version 7.")

    monkeypatch.setattr(state, "readiness", fail)
    assert problem(client.get("/readyz"), 404, "policy_version_not_found")["detail"].endswith("7.")
