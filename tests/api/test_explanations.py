"""The explanation of a decision over HTTP: for whom, in which language, and for whose key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from rules.audiences import Audience
from rules.texts import Language
from tests.api.conftest import Caller, order

_PATH = "/v1/decisions/{decision_id}/explanation"


@pytest.fixture
def address(shop: Caller) -> str:
    """Where a held order is explained."""
    decision = shop.post("/check-order", order(amount="5000")).json or {}
    return f"/v1/decisions/{decision['decision_id']}/explanation"


def document(shop: Caller, address: str, **headers: str) -> dict[str, Any]:
    """The explanation at an address."""
    response = shop.get(address, **headers)
    assert response.status_code == 200
    return dict(response.json or {})


def test_the_controller_is_the_audience_unless_another_is_named(shop: Caller, address: str) -> None:
    found = document(shop, address)
    assert found == document(shop, f"{address}?audience=controller&lang=en")
    assert (found["audience"], found["language"], found["outcome"]) == ("controller", "en", "hold")
    assert found["decision_id"] == address.split("/")[3]
    assert found["points"][0]["rule_code"] == "EXPOSURE_CAP"
    assert found["points"][0]["clauses"] == [
        "Exposure after CNY 5,000.00 is more than CNY 1,000.00: yes (distance CNY 4,000.00)"
    ]


def test_the_customer_reads_no_rule(shop: Caller, address: str) -> None:
    found = document(shop, f"{address}?audience=customer")
    assert found["headline"] == "Your order SO-1 is being reviewed."
    assert found["points"] == [{"text": "The order exceeds the credit available at present."}]
    assert found["near_misses"] == []


def test_the_language_is_the_one_named_else_the_one_that_the_caller_reads(shop: Caller, address: str) -> None:
    assert document(shop, address, Accept_Language="zh-CN")["headline"] == "订单 SO-1 已暂停，待信控专员处理。"
    assert document(shop, f"{address}?lang=en", Accept_Language="zh-CN")["language"] == "en"
    assert document(shop, f"{address}?lang=zh")["language"] == "zh"


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("audience=auditor", "/audience"),
        ("audience=Sales", "/audience"),
        ("audience=", "/audience"),
        ("lang=fr", "/lang"),
        ("lang=zh-CN", "/lang"),
        ("language=en", "/language"),
        ("lang=en&lang=zh", "/lang"),
    ],
)
def test_a_query_that_nobody_knows_is_refused_by_name(query: str, pointer: str, shop: Caller, address: str) -> None:
    response = shop.get(f"{address}?{query}")
    assert response.status_code == 422
    assert [error["pointer"] for error in (response.json or {})["errors"]] == [pointer]


def test_a_decision_that_does_not_exist_is_not_found(shop: Caller) -> None:
    response = shop.get("/v1/decisions/nothing/explanation")
    assert (response.status_code, (response.json or {})["code"]) == (404, "decision_not_found")


@pytest.mark.parametrize(
    ("scope", "status"),
    [("check", 200), ("data:read", 200), ("audit:read", 200), ("data:write", 403), ("admin", 403)],
)
def test_who_may_read_the_decision_may_read_its_explanation(
    scope: str, status: int, client: FlaskClient, address: str, make_key: Callable[..., str]
) -> None:
    assert Caller(client, make_key(scope)).get(address).status_code == status


def test_every_answer_is_what_the_document_says(shop: Caller, address: str, client: FlaskClient) -> None:
    spec = dict(client.get("/openapi.json").json or {})
    operation = spec["paths"][_PATH]["get"]
    described = {parameter["name"]: parameter["schema"]["enum"] for parameter in _query(operation)}
    assert described == {"audience": [*Audience], "lang": [*Language]}
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    validator = Draft202012Validator({**schema, "components": spec["components"]})
    for audience in Audience:
        assert list(validator.iter_errors(document(shop, f"{address}?audience={audience}"))) == []


def _query(operation: dict[str, Any]) -> list[dict[str, Any]]:
    return [parameter for parameter in operation["parameters"] if parameter.get("in") == "query"]
