"""The OpenAPI document: valid, complete, and true: real answers are held to what it says."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from openapi_spec_validator import OpenAPIV31SpecValidator
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from policy_service.domain.permissions import Scope
from rules.texts import Language
from tests.api.conftest import Caller, order
from tests.api.test_auth import PUBLIC, access_of, routes
from tests.api.test_credit_file import CUSTOMER, INVOICE, PAYMENT, REPORT
from tests.factories import Book
from tests.policies import ADVANCE

_CHINESE = re.compile("[\u4e00-\u9fff]")


@pytest.fixture
def spec(client: FlaskClient) -> dict[str, Any]:
    """The document."""
    response = client.get("/openapi.json")
    assert response.status_code == 200
    return dict(response.json or {})


def operations(spec: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    """Every operation by method and path."""
    return {
        (method.upper(), path): operation
        for path, item in spec["paths"].items()
        for method, operation in item.items()
        if method != "parameters"
    }


def test_the_document_is_valid_openapi_3_1(spec: dict[str, Any]) -> None:
    assert spec["openapi"] == "3.1.0"
    assert list(OpenAPIV31SpecValidator(spec).iter_errors()) == []


def test_every_route_is_described_and_every_description_has_a_route(app: Flask, spec: dict[str, Any]) -> None:
    served = {
        (method, re.sub(r"<(?:[^:>]+:)?([^>]+)>", r"{\1}", rule.rule))
        for rule in routes(app)
        for method in (rule.methods or set()) - {"HEAD"}
    }
    assert operations(spec).keys() == served


def test_every_operation_names_the_scopes_that_open_it(app: Flask, spec: dict[str, Any]) -> None:
    described = operations(spec)
    for rule in routes(app):
        path = re.sub(r"<(?:[^:>]+:)?([^>]+)>", r"{\1}", rule.rule)
        for method in (rule.methods or set()) - {"HEAD"}:
            security = described[method, path]["security"]
            named = {Scope(scope) for way in security for scope in way.get("apiKey", [])}
            assert named == access_of(app, rule).scopes
            assert (security == []) == (rule.rule in PUBLIC)


def test_every_operation_tells_its_errors_as_problems(spec: dict[str, Any]) -> None:
    for (method, path), operation in operations(spec).items():
        statuses = set(operation["responses"])
        assert {"500", "503"} <= statuses
        if path not in PUBLIC:
            assert {"401", "403"} <= statuses
        if "requestBody" in operation:
            assert {"400", "413", "415", "422"} <= statuses
        if method == "POST":
            assert {"409", "422"} <= statuses
        for status in statuses:
            if status >= "400":
                name = operation["responses"][status]["$ref"].rpartition("/")[2]
                assert "application/problem+json" in spec["components"]["responses"][name]["content"]


def test_money_is_documented_as_a_string_with_a_pattern(spec: dict[str, Any]) -> None:
    names = ("amount", "credit_amount", "prepaid_amount", "credit_limit", "insured_amount", "open_items", "total")
    found = [
        field
        for schema in spec["components"]["schemas"].values()
        for name, field in schema.get("properties", {}).items()
        if name in names
    ]
    assert len(found) > 15
    for field in found:
        assert field["type"] in ("string", ["string", "null"])
        assert field["pattern"] in (r"^[0-9]{1,15}(\.[0-9]+)?$", r"^-?[0-9]+(\.[0-9]+)?$")


def test_documents_take_no_fields_that_are_not_described(spec: dict[str, Any]) -> None:
    assert all(schema["additionalProperties"] is False for schema in spec["components"]["schemas"].values())


def test_everything_is_described_in_both_languages(spec: dict[str, Any]) -> None:
    for operation in operations(spec).values():
        assert operation["summary"]
        assert _CHINESE.search(operation["x-summary-zh"])
    for tag in spec["tags"]:
        assert _CHINESE.search(tag["x-description-zh"])


def hold(spec: dict[str, Any], response: TestResponse, method: str, path: str) -> None:
    """Hold an answer to the schema that the document gives for it."""
    described = operations(spec)[method, path]["responses"][str(response.status_code)]
    if "$ref" in described:
        described = spec["components"]["responses"][described["$ref"].rpartition("/")[2]]
    media_type = response.content_type.partition(";")[0]
    schema = {**described["content"][media_type]["schema"], "components": spec["components"]}
    errors = [
        f"{error.json_path}: {error.message}" for error in Draft202012Validator(schema).iter_errors(response.json)
    ]
    assert errors == [], f"{method} {path}"


def test_real_answers_are_what_the_document_says(
    shop: Caller, spec: dict[str, Any], book: Book, db_session: Session
) -> None:
    approved = shop.post("/check-order", order())
    decision_id = (approved.json or {})["decision_id"]
    held = shop.post("/v1/check-order", order(order_id="SO-2", amount="5000", payment_terms_days=0))
    book.policy(ADVANCE)
    db_session.commit()
    credit_note = INVOICE | {"type": "credit_note", "applies_to": [{"invoice_id": "INV-1", "amount": "60.00"}]}
    answers = [
        ("POST", "/check-order", approved),
        ("POST", "/v1/check-order", held),
        ("POST", "/v1/check-order", shop.post("/v1/check-order", order(order_id="SO-3"))),
        ("POST", "/v1/check-quote", shop.post("/v1/check-quote", order(order_id=None, quote_id="Q-1"))),
        ("POST", "/check-quote", shop.post("/check-quote", order())),
        ("POST", "/check-order", shop.send("POST", "/check-order", b"{")),
        ("POST", "/check-order", shop.post("/check-order", order(customer_id="C-9"))),
        ("POST", "/check-order", shop.client.post("/check-order")),
        (
            "POST",
            "/v1/orders/{order_id}/confirm",
            shop.post("/v1/orders/SO-1/confirm", {"decision_id": decision_id}),
        ),
        ("POST", "/v1/orders/{order_id}/confirm", shop.post("/v1/orders/SO-1/confirm", {"decision_id": "x"})),
        ("GET", "/v1/decisions", shop.get("/v1/decisions?limit=2")),
        ("GET", "/v1/decisions/{decision_id}", shop.get(f"/v1/decisions/{decision_id}")),
        ("PUT", "/v1/customers/{customer_id}", shop.put("/v1/customers/C-2", CUSTOMER)),
        ("PUT", "/v1/customers/{customer_id}", shop.put("/v1/customers/C-2", CUSTOMER)),
        ("GET", "/v1/customers/{customer_id}", shop.get("/v1/customers/C-2")),
        (
            "PATCH",
            "/v1/customers/{customer_id}",
            shop("PATCH", "/v1/customers/C-2", {"segment": "key"}, If_Match='"1"'),
        ),
        ("PATCH", "/v1/customers/{customer_id}", shop("PATCH", "/v1/customers/C-2", {"segment": "key"})),
        ("GET", "/v1/customers", shop.get("/v1/customers")),
        ("GET", "/v1/customers/{customer_id}/exposure", shop.get("/v1/customers/C-2/exposure")),
        ("GET", "/v1/customers/{customer_id}/facts", shop.get("/v1/customers/C-1/facts")),
        ("PUT", "/v1/invoices/{invoice_id}", shop.put("/v1/invoices/INV-1", INVOICE)),
        ("PUT", "/v1/invoices/{invoice_id}", shop.put("/v1/invoices/CN-1", credit_note)),
        ("GET", "/v1/invoices/{invoice_id}", shop.get("/v1/invoices/CN-1")),
        ("PUT", "/v1/payments/{payment_id}", shop.put("/v1/payments/PAY-1", PAYMENT)),
        ("GET", "/v1/payments/{payment_id}", shop.get("/v1/payments/PAY-1")),
        ("POST", "/v1/payments/{payment_id}/return", shop.post("/v1/payments/PAY-1/return")),
        ("POST", "/v1/field-reports", shop.post("/v1/field-reports", REPORT)),
        (
            "PUT",
            "/v1/orders/{order_id}/history",
            shop.put(
                "/v1/orders/H-1/history",
                {"customer_id": "C-1", "amount": "1.00", "currency": "CNY", "order_date": "2026-11-01"},
            ),
        ),
        (
            "PUT",
            "/v1/fx-rates/{currency}",
            shop.put("/v1/fx-rates/USD", {"rate": "7.1", "as_of": "2026-11-23"}),
        ),
        ("GET", "/v1/facts", shop.get("/v1/facts")),
        ("GET", "/v1/policy-versions", shop.get("/v1/policy-versions")),
        ("GET", "/v1/policy-versions/active", shop.get("/v1/policy-versions/active")),
        ("GET", "/v1/policy-versions/{version}", shop.get("/v1/policy-versions/999999")),
        ("GET", "/healthz", shop.get("/healthz")),
        ("GET", "/readyz", shop.get("/readyz")),
    ]
    for method, path, response in answers:
        hold(spec, response, method, path)
    assert {status for *_, response in answers for status in [response.status_code]} >= {
        200,
        201,
        400,
        401,
        404,
        422,
        428,
    }


@pytest.mark.parametrize(
    "document",
    [
        {"order_id": "SO-1", "customer_id": "C-1", "amount": "1.00", "currency": "CNY"},
        order(lines=[{"sku": "A", "quantity": "1.5", "amount": "2"}], requested_ship_date="2026-12-01"),
    ],
)
def test_what_is_accepted_is_what_the_document_says_can_be_sent(
    shop: Caller, spec: dict[str, Any], document: dict[str, Any]
) -> None:
    schema = {**spec["components"]["schemas"]["OrderCheck"], "components": spec["components"]}
    assert Draft202012Validator(schema).is_valid(document)
    assert shop.post("/check-order", document).status_code == 200


@pytest.mark.parametrize("language", Language)
def test_the_page_shows_every_operation_document_and_error_and_asks_nobody_else(
    client: FlaskClient, spec: dict[str, Any], language: Language
) -> None:
    response = client.get(f"/docs?lang={language}")
    assert response.status_code == 200
    for method, path in operations(spec):
        assert f"<code>{path}</code>" in response.text
        assert f">{method}</span>" in response.text
    for name in spec["components"]["schemas"]:
        assert f'id="document-{name}"' in response.text
    for code in ("customer_not_found", "body_too_large", "reservation_expired"):
        assert f'id="{code}"' in response.text
    assert "<script" not in response.text
    assert "style=" not in response.text
    assert not re.search(r'(?:src|href)="(?:https?:)?//', response.text)
    assert "script-src" not in response.headers["Content-Security-Policy"]
    assert response.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self'")


def test_every_link_of_the_page_leads_somewhere(client: FlaskClient) -> None:
    page = client.get("/docs").text
    anchors = set(re.findall(r' id="([^"]+)"', page))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= anchors
    for address in set(re.findall(r'href="(/[^"]*)"', page)):
        assert client.get(address).status_code == 200


def test_the_page_speaks_the_language_of_the_browser(client: FlaskClient) -> None:
    assert 'lang="zh-Hans"' in client.get("/docs", headers={"Accept-Language": "zh-CN"}).text
    assert 'lang="en"' in client.get("/docs").text
    assert client.get("/docs?lang=fr").status_code == 422


def test_the_type_of_a_problem_is_an_anchor_of_the_page(client: FlaskClient) -> None:
    page = client.get("/docs").text
    for path in ("/nope", "/v1/customers"):
        kind = (client.get(path).json or {})["type"]
        assert f'id="{kind.removeprefix("/docs#")}"' in page
