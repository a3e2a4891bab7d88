"""The emergency brakes over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from policy_service.domain.permissions import Role
from tests.api.conftest import Caller, order
from tests.api.test_errors import problem
from tests.api.test_openapi import hold
from tests.api.test_policy_life import done
from tests.conftest import NOW

FREEZE = {"reason": "the ledger does not balance", "until": "2026-11-23T09:00:00Z"}
STOP = {"reason": "machines taken away at night"}
NO_FREEZE = {"frozen": False, "reason": None, "by": None, "at": None, "until": None}


@pytest.fixture
def mei(client: FlaskClient, make_key: Callable[..., str], make_user: Callable[..., str]) -> Caller:
    """A person with a key of every scope."""
    return Caller(client, make_key(owner=make_user(Role.MANAGER, "mei")))


@pytest.fixture
def carl(client: FlaskClient, make_key: Callable[..., str], make_user: Callable[..., str]) -> Caller:
    """Another one."""
    return Caller(client, make_key(owner=make_user(Role.CONTROLLER, "carl")))


def test_a_freeze_is_told_in_every_decision_and_ends_by_itself(
    shop: Caller, mei: Caller, at: Callable[[Any], None]
) -> None:
    assert done(shop.get("/v1/freeze")) == NO_FREEZE
    frozen = done(mei.post("/v1/freeze", FREEZE))
    assert frozen == {
        "frozen": True,
        "reason": FREEZE["reason"],
        "by": "mei",
        "at": "2026-11-23T08:00:00.000000Z",
        "until": "2026-11-23T09:00:00.000000Z",
    }
    held = done(shop.post("/check-order", order(), Accept_Language="zh"))
    assert (held["outcome"], held["granted"], held["reservation"]) == ("hold", None, None)
    (reason,) = held["reasons"]
    assert reason["rule_code"] == "ORDERS_FROZEN"
    assert reason["message"] == "所有订单已冻结至 2026-11-23 09:00:00 UTC：the ledger does not balance"
    assert done(shop.get(f"/v1/decisions/{held['decision_id']}"))["authority"] == "manager"
    quote = done(shop.post("/check-quote", order(order_id=None, quote_id="Q-1")))
    assert (quote["outcome"], [each["rule_code"] for each in quote["warnings"]]) == ("approve", ["ORDERS_FROZEN"])
    at(NOW + timedelta(hours=1))
    assert done(shop.get("/v1/freeze")) == NO_FREEZE
    assert done(shop.post("/check-order", order()))["outcome"] == "approve"


def test_letting_orders_go_needs_another_person(shop: Caller, mei: Caller, carl: Caller) -> None:
    done(mei.post("/v1/freeze", FREEZE))
    problem(mei.post("/v1/unfreeze"), 403, "another_person_needed")
    problem(shop.post("/v1/unfreeze"), 403, "person_needed")
    assert done(carl.post("/v1/unfreeze", {"note": "it balances"})) == NO_FREEZE
    problem(carl.post("/v1/unfreeze"), 409, "not_frozen")


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"until": None}, "/until"),
        ({"until": "2026-11-23T08:00:00Z"}, "/until"),
        ({"until": "2026-11-23T16:00:00+08:00"}, "/until"),
        ({"until": "2026-11-24"}, "/until"),
        ({"until": "2026-11-24T08:00:00"}, "/until"),
        ({"until": "2026-11-24T24:60:00Z"}, "/until"),
        ({"until": "2400-01-01T00:00:00Z"}, "/until"),
        ({"reason": None}, "/reason"),
        ({"reason": " "}, "/reason"),
        ({"reason": "x" * 501}, "/reason"),
        ({"customer_id": "C-1"}, "/customer_id"),
    ],
)
def test_a_freeze_needs_a_reason_and_an_end_in_the_future(shop: Caller, change: dict[str, Any], pointer: str) -> None:
    body = {name: value for name, value in (FREEZE | change).items() if value is not None}
    refused = problem(shop.post("/v1/freeze", body), 422, "validation_error")
    assert [error["pointer"] for error in refused["errors"]] == [pointer]
    assert done(shop.get("/v1/freeze")) == NO_FREEZE


def test_a_stopped_customer_is_shown_and_rejected_whatever_is_written_of_it_later(
    shop: Caller, mei: Caller, carl: Caller
) -> None:
    stopped = done(mei.post("/v1/customers/C-1/stop", STOP))
    expected = {**STOP, "by": "mei", "at": "2026-11-23T08:00:00.000000Z", "until": None}
    assert (stopped["status"], stopped["stop"]) == ("stop", expected)
    written = done(shop.put("/v1/customers/C-1", {"name": "C-1", "currency": "CNY", "credit_limit": "9000"}))
    assert (written["status"], written["stop"]) == ("stop", expected)
    rejected = done(shop.post("/check-order", order()))
    assert (rejected["outcome"], [each["rule_code"] for each in rejected["reasons"]]) == (
        "reject",
        ["EMERGENCY_STOP"],
    )
    facts = done(shop.get("/v1/customers/C-1/facts"))["facts"]
    assert facts["customer.status"] == "stop"
    problem(mei.post("/v1/customers/C-1/resume"), 403, "another_person_needed")
    resumed = done(carl.post("/v1/customers/C-1/resume", {"note": "they are back"}))
    assert (resumed["status"], resumed["stop"]) == ("active", None)
    assert done(shop.post("/check-order", order(payment_terms_days=30)))["outcome"] == "approve"


def test_lists_know_who_is_stopped_until_when(shop: Caller, mei: Caller, at: Callable[[Any], None]) -> None:
    done(shop.put("/v1/customers/C-2", {"name": "two", "currency": "CNY"}), 201)
    done(mei.post("/v1/customers/C-1/stop", STOP | {"until": "2026-11-23T09:00:00Z"}))

    def listed(status: str) -> list[tuple[str, bool]]:
        items = done(shop.get(f"/v1/customers?status={status}"))["items"]
        assert all(item["status"] == status for item in items)
        return [(item["customer_id"], item["stop"] is not None) for item in items]

    assert (listed("stop"), listed("active")) == ([("C-1", True)], [("C-2", False)])
    at(NOW + timedelta(hours=1))
    assert (listed("stop"), listed("active")) == ([], [("C-1", False), ("C-2", False)])


def test_a_status_that_is_the_customers_own_is_not_resumed(shop: Caller, carl: Caller) -> None:
    own = {"name": "C-1", "currency": "CNY", "status": "stop"}
    assert done(shop.put("/v1/customers/C-1", own))["stop"] is None
    refused = problem(carl.post("/v1/customers/C-1/resume"), 409, "not_stopped")
    assert "the customer's own" in refused["detail"]
    for step in ("stop", "resume"):
        body = STOP if step == "stop" else None
        problem(carl.post(f"/v1/customers/C-9/{step}", body), 404, "customer_not_found")


def test_a_brake_pulled_again_under_its_key_is_one_brake(shop: Caller, mei: Caller, carl: Caller) -> None:
    for path, body in (("/v1/freeze", FREEZE), ("/v1/customers/C-1/stop", STOP)):
        first, again = (mei.post(path, body, Idempotency_Key="once") for _ in range(2))
        assert again.headers["Idempotent-Replayed"] == "true"
        assert done(first) == done(again)
    done(carl.post("/v1/unfreeze"))
    assert done(mei.post("/v1/freeze", FREEZE, Idempotency_Key="once"))["frozen"] is True
    assert done(shop.get("/v1/freeze")) == NO_FREEZE


def test_what_is_answered_of_brakes_is_what_the_document_says(shop: Caller, mei: Caller, carl: Caller) -> None:
    spec = shop.get("/openapi.json").json or {}
    until = {"until": "2026-11-23T09:00:00Z"}
    for caller, method, path, body in (
        (mei, "GET", "/v1/freeze", None),
        (mei, "POST", "/v1/freeze", FREEZE),
        (mei, "POST", "/v1/unfreeze", None),
        (carl, "POST", "/v1/unfreeze", None),
        (carl, "POST", "/v1/unfreeze", None),
        (mei, "POST", "/v1/customers/{customer_id}/stop", STOP | until),
        (mei, "GET", "/v1/customers/{customer_id}", None),
        (mei, "POST", "/v1/customers/{customer_id}/resume", None),
        (carl, "POST", "/v1/customers/{customer_id}/resume", {"note": "fine"}),
        (carl, "POST", "/v1/customers/{customer_id}/resume", {"note": "fine"}),
    ):
        hold(spec, caller(method, path.replace("{customer_id}", "C-1"), body), method, path)
