"""Bodies that are not what they should be."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from policy_service.db.models import Decision
from tests.api.conftest import Caller, order
from tests.api.test_errors import problem


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null x",
        b'{"order_id": "A", "order_id": "B"}',
        b'{"order_id": "\\u0000"}',
        b'{"order_id": "\\ud800"}',
        b'{"amount": NaN}',
        b'{"amount": 1e400}{}',
        b"\xff\xfe",
        b"[" * 200_000,
        b'{"a":' * 200_000,
    ],
)
def test_a_body_that_is_not_plain_json_is_malformed(shop: Caller, body: bytes) -> None:
    problem(shop.send("POST", "/check-order", body), 400, "malformed_json")


@pytest.mark.parametrize("body", [b"null", b"[]", b'"order"', b"7", b"true"])
def test_a_body_that_is_no_object_is_refused_as_a_whole(shop: Caller, body: bytes) -> None:
    document = problem(shop.send("POST", "/check-order", body), 422, "validation_error")
    assert [error["pointer"] for error in document["errors"]] == [""]


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=utf-16",
        "application/jsonp",
    ],
)
def test_a_body_of_another_type_is_refused(shop: Caller, content_type: str) -> None:
    response = shop.send("POST", "/check-order", json.dumps(order()).encode(), Content_Type=content_type)
    problem(response, 415, "unsupported_media_type")


def test_a_compressed_body_is_refused(shop: Caller) -> None:
    response = shop.send("POST", "/check-order", json.dumps(order()).encode(), Content_Encoding="gzip")
    problem(response, 415, "unsupported_media_type")


@pytest.mark.parametrize(
    "content_type", ["application/json", "APPLICATION/JSON", 'application/json; charset="UTF-8"']
)
def test_json_may_say_that_it_is_utf_8(shop: Caller, content_type: str) -> None:
    response = shop.send("POST", "/check-order", json.dumps(order()).encode(), Content_Type=content_type)
    assert response.status_code == 200


@pytest.mark.parametrize("size", [1024 * 1024 + 1, 5 * 1024 * 1024])
def test_a_body_over_one_mebibyte_is_too_large_and_nothing_is_stored(
    shop: Caller, db_session: Session, size: int
) -> None:
    problem(shop.send("POST", "/check-order", json.dumps(order()).encode().ljust(size)), 413, "body_too_large")
    assert db_session.scalar(select(func.count()).select_from(Decision)) == 0


def test_a_body_of_one_mebibyte_is_read(shop: Caller) -> None:
    assert shop.send("POST", "/check-order", json.dumps(order()).encode().ljust(1024 * 1024)).status_code == 200


def test_a_get_takes_no_notice_of_a_body(shop: Caller) -> None:
    assert shop.send("GET", "/v1/customers/C-1", b"{" * 1000).status_code == 200
