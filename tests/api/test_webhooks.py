"""Webhooks over HTTP: added with a secret that is shown once, read, deleted, resumed; by admins only."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.api.conftest import Caller, order

URL = "https://hooks.example.com/credit"


def add(call: Caller, **document: Any) -> dict[str, Any]:
    """Add a webhook; the answer."""
    response = call.post("/v1/webhooks", {"url": URL, **document})
    assert response.status_code == 201, response.text
    return dict(response.json or {})


def test_a_webhook_is_added_with_a_secret_that_is_shown_once(call: Caller) -> None:
    added = add(call, kinds=["decision.made", "alert.raised"])
    secret = added.pop("secret")
    assert secret.startswith("whsec_")
    assert len(base64.b64decode(secret.removeprefix("whsec_"))) == 32
    read = call.get(f"/v1/webhooks/{added['id']}")
    assert (read.json, secret in read.text) == (added, False)
    assert added == {
        "id": added["id"],
        "url": URL,
        "kinds": ["alert.raised", "decision.made"],
        "status": "active",
        "created_by": added["created_by"],
        "created_at": "2026-11-23T08:00:00.000000Z",
        "last_delivered_at": None,
        "failing_since": None,
        "next_attempt_at": None,
        "last_error": None,
        "is_behind": False,
    }
    listed = call.get("/v1/webhooks")
    assert (listed.json, secret in listed.text) == ({"items": [added], "next_cursor": None}, False)


def test_webhooks_are_listed_page_by_page(call: Caller) -> None:
    ids = [add(call)["id"] for _ in range(3)]
    first = call.get("/v1/webhooks?limit=2").json or {}
    second = call.get(f"/v1/webhooks?limit=2&cursor={first['next_cursor']}").json or {}
    assert [each["id"] for each in (*first["items"], *second["items"])] == ids
    assert second["next_cursor"] is None


def test_a_webhook_is_behind_until_it_got_what_happened(shop: Caller) -> None:
    webhook = add(shop)
    shop.post("/check-order", order())
    assert (shop.get(f"/v1/webhooks/{webhook['id']}").json or {})["is_behind"] is True


def test_a_deleted_webhook_is_not_found(call: Caller) -> None:
    path = f"/v1/webhooks/{add(call)['id']}"
    deleted = call("DELETE", path)
    assert (deleted.status_code, (deleted.json or {})["url"]) == (200, URL)
    for method, below in (("GET", ""), ("DELETE", ""), ("POST", "/resume")):
        gone = call(method, path + below)
        assert (gone.status_code, (gone.json or {})["code"]) == (404, "webhook_not_found")


def test_a_webhook_is_resumed(call: Caller) -> None:
    webhook = add(call)
    resumed = call.post(f"/v1/webhooks/{webhook['id']}/resume")
    assert (resumed.status_code, (resumed.json or {})["status"]) == (200, "active")


@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        ({}, "/url"),
        ({"url": "http://hooks.example.com/"}, "/url"),
        ({"url": "https://127.0.0.1/"}, "/url"),
        ({"url": "http://localhost:8000/"}, "/url"),
        ({"url": 1}, "/url"),
        ({"url": URL, "kinds": ["order.lost"]}, "/kinds/0"),
        ({"url": URL, "kinds": "all"}, "/kinds"),
        ({"url": URL, "kinds": []}, "/kinds"),
        ({"url": URL, "secret": "mine"}, "/secret"),
    ],
)
def test_a_webhook_that_makes_no_sense_is_refused_in_both_languages(
    call: Caller, document: dict[str, Any], pointer: str
) -> None:
    for language in ("en", "zh"):
        refused = call.post("/v1/webhooks", document, Accept_Language=language)
        assert refused.status_code == 422
        assert [error["pointer"] for error in (refused.json or {})["errors"]] == [pointer]
    assert (call.get("/v1/webhooks").json or {})["items"] == []


def test_only_admins_touch_webhooks(client: FlaskClient, make_key: Any) -> None:
    caller = Caller(client, make_key("check", "data:write", "data:read", "audit:read", "holds"))
    for method, path in (("GET", "/v1/webhooks"), ("POST", "/v1/webhooks"), ("DELETE", "/v1/webhooks/1")):
        assert caller(method, path, {"url": URL} if method == "POST" else None).status_code == 403
