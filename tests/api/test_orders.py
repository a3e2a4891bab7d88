"""The life of an order over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.api.conftest import Caller, order
from tests.api.test_checks import answer
from tests.api.test_credit_file import INVOICE
from tests.api.test_errors import problem
from tests.api.test_openapi import hold
from tests.conftest import NOW

STEPS = {"deliver": {"delivery_id": "D-1", "amount": "40.00"}, "close": None, "cancel": {}}


@pytest.fixture
def confirmed(shop: Caller) -> Caller:
    """An order SO-1 of 100.00, confirmed."""
    decision_id = answer(shop.post("/check-order", order()))["decision_id"]
    answer(shop.post("/v1/orders/SO-1/confirm", {"decision_id": decision_id}))
    return shop


def read(caller: Caller, order_id: str = "SO-1") -> dict[str, Any]:
    """The order as it is told."""
    return answer(caller.get(f"/v1/orders/{order_id}"))


def held(document: dict[str, Any]) -> tuple[str, str, str]:
    """What it holds."""
    return document["reserved"], document["open_orders"], document["open_deliveries"]


def test_an_order_goes_its_way_and_tells_where_it_stands(confirmed: Caller) -> None:
    answer(confirmed.post("/v1/orders/SO-1/deliver", STEPS["deliver"]))
    invoice = INVOICE | {"order_id": "SO-1", "amount": "30.00"}
    assert confirmed.put("/v1/invoices/INV-1", invoice).status_code == 201
    told = read(confirmed)
    assert (told["status"], held(told)) == ("confirmed", ("0.00", "60.00", "10.00"))
    assert [each["outcome"] for each in told["decisions"]] == ["approve"]
    assert told["confirmed_decision_id"] == told["decisions"][0]["decision_id"]
    assert [(each["delivery_id"], each["from_open_orders"]) for each in told["deliveries"]] == [("D-1", "40.00")]
    assert [(each["invoice_id"], each["taken_from_deliveries"]) for each in told["invoices"]] == [("INV-1", "30.00")]
    assert [
        (each["cause"], each["from_bucket"], each["to_bucket"], each["amount"]) for each in told["movements"]
    ] == [
        ("check", None, "reserved", "100.00"),
        ("confirm", "reserved", "open_orders", "100.00"),
        ("delivery", "open_orders", "open_deliveries", "40.00"),
        ("invoice", "open_deliveries", None, "30.00"),
    ]
    closed = answer(confirmed.post("/v1/orders/SO-1/close"))
    assert (closed["status"], held(closed)) == ("closed", ("0.00", "0.00", "10.00"))
    cancelled = answer(confirmed.post("/v1/orders/SO-1/cancel"))
    assert (cancelled["status"], held(cancelled)) == ("cancelled", ("0.00", "0.00", "0.00"))
    assert answer(confirmed.get("/v1/customers/C-1/exposure"))["total"] == "30.00"


@pytest.mark.parametrize("step", STEPS)
def test_a_step_that_is_sent_again_gives_the_same_answer_and_moves_nothing(confirmed: Caller, step: str) -> None:
    first = answer(confirmed.post(f"/v1/orders/SO-1/{step}", STEPS[step]))
    movements = read(confirmed)["movements"]
    assert answer(confirmed.post(f"/v1/orders/SO-1/{step}", STEPS[step])) == first
    assert read(confirmed)["movements"] == movements


def test_a_delivery_with_another_amount_is_a_conflict(confirmed: Caller) -> None:
    answer(confirmed.post("/v1/orders/SO-1/deliver", STEPS["deliver"]))
    again = {"delivery_id": "D-1", "amount": "41.00"}
    problem(confirmed.post("/v1/orders/SO-1/deliver", again), 409, "delivery_differs")


@pytest.mark.parametrize("end", ["close", "cancel"])
def test_after_its_end_an_order_is_opened_by_a_check_and_a_confirm_only(confirmed: Caller, end: str) -> None:
    first = read(confirmed)["confirmed_decision_id"]
    answer(confirmed.post(f"/v1/orders/SO-1/{end}"))
    problem(confirmed.post("/v1/orders/SO-1/confirm", {"decision_id": first}), 409, "order_wrong_state")
    problem(confirmed.post("/v1/orders/SO-1/deliver", STEPS["deliver"]), 409, "order_wrong_state")
    decision_id = answer(confirmed.post("/check-order", order()))["decision_id"]
    assert held(read(confirmed)) == ("100.00", "0.00", "0.00")
    answer(confirmed.post("/v1/orders/SO-1/confirm", {"decision_id": decision_id}))
    assert (read(confirmed)["status"], held(read(confirmed))) == ("confirmed", ("0.00", "100.00", "0.00"))


def test_a_pending_order_can_be_cancelled_and_neither_closed_nor_delivered(shop: Caller) -> None:
    answer(shop.post("/check-order", order()))
    problem(shop.post("/v1/orders/SO-1/close"), 409, "order_wrong_state")
    problem(shop.post("/v1/orders/SO-1/deliver", STEPS["deliver"]), 409, "order_wrong_state")
    assert held(answer(shop.post("/v1/orders/SO-1/cancel"))) == ("0.00", "0.00", "0.00")


def test_an_order_whose_time_ran_out_says_so_before_any_job_came_by(shop: Caller, at: Callable[[Any], None]) -> None:
    answer(shop.post("/check-order", order()))
    assert (read(shop)["status"], held(read(shop))[0]) == ("pending", "100.00")
    at(NOW + timedelta(days=1))
    assert (read(shop)["status"], held(read(shop))[0]) == ("expired", "0.00")


@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        ({"delivery_id": "D-1"}, "/amount"),
        ({"amount": "1.00"}, "/delivery_id"),
        ({"delivery_id": "D-1", "amount": 1}, "/amount"),
        ({"delivery_id": "D-1", "amount": "0.00"}, "/amount"),
        ({"delivery_id": "D-1", "amount": "1.001"}, "/amount"),
        ({"delivery_id": "D-1", "amount": "1", "by": "truck"}, "/by"),
    ],
)
def test_a_delivery_with_a_fault_is_refused_at_the_field(
    confirmed: Caller, document: dict[str, Any], pointer: str
) -> None:
    refused = problem(confirmed.post("/v1/orders/SO-1/deliver", document), 422, "validation_error")
    assert [error["pointer"] for error in refused["errors"]] == [pointer]
    assert held(read(confirmed)) == ("0.00", "100.00", "0.00")


def test_closing_takes_no_fields(confirmed: Caller) -> None:
    problem(confirmed.post("/v1/orders/SO-1/close", {"reason": "x"}), 422, "validation_error")


def test_an_unknown_order_is_not_found(shop: Caller) -> None:
    problem(shop.get("/v1/orders/SO-9"), 404, "order_not_found")
    for step, document in STEPS.items():
        problem(shop.post(f"/v1/orders/SO-9/{step}", document), 404, "order_not_found")


@pytest.mark.parametrize("scope", ["check", "data:write"])
def test_who_sells_and_who_ships_may_report_a_delivery(
    confirmed: Caller, make_key: Callable[..., str], scope: str
) -> None:
    answer(Caller(confirmed.client, make_key(scope)).post("/v1/orders/SO-1/deliver", STEPS["deliver"]))


def test_who_only_reads_may_look_and_not_touch(confirmed: Caller, make_key: Callable[..., str]) -> None:
    reader = Caller(confirmed.client, make_key("data:read"))
    read(reader)
    for step, document in STEPS.items():
        problem(reader.post(f"/v1/orders/SO-1/{step}", document), 403, "insufficient_scope")


def test_the_answers_are_what_the_document_says(confirmed: Caller, client: FlaskClient) -> None:
    spec: dict[str, Any] = dict(client.get("/openapi.json").json or {})
    for step, document in STEPS.items():
        path = f"/v1/orders/{{order_id}}/{step}"
        hold(spec, confirmed.post(f"/v1/orders/SO-1/{step}", document), "POST", path)
        hold(spec, confirmed.post(f"/v1/orders/SO-9/{step}", document), "POST", path)
        hold(spec, confirmed.get("/v1/orders/SO-1"), "GET", "/v1/orders/{order_id}")
