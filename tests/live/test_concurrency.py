"""Many sales systems at once, through live workers, on one credit limit."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.live.conftest import Service


def _customer(service: Service, customer_id: str, **fields: Any) -> None:
    document = {"name": customer_id, "currency": "CNY", "standard_terms_days": 30, **fields}
    status, answer = service.call("PUT", f"/v1/customers/{customer_id}", document)
    assert status == 201, answer


def _check(
    service: Service, customer_id: str, order_id: str, headers: dict[str, str] | None = None
) -> dict[str, Any]:
    order = {"order_id": order_id, "customer_id": customer_id, "amount": "100.00", "currency": "CNY"}
    status, answer = service.call("POST", "/check-order", order, headers)
    assert status == 200, answer
    return answer


def test_two_orders_at_once_never_pass_one_limit(service: Service) -> None:
    """Twenty orders of 100 at once against a free limit of 1,000: exactly ten are approved."""
    _customer(service, "C-limit", credit_limit="1000.00")
    with ThreadPoolExecutor(20) as clients:
        answers = list(clients.map(lambda number: _check(service, "C-limit", f"SO-{number}"), range(20)))
    assert Counter(answer["outcome"] for answer in answers) == {"approve": 10, "hold": 10}
    afters = sorted(answer["exposure"]["after"] for answer in answers if answer["outcome"] == "approve")
    assert afters == sorted(f"{hundreds}00.00" for hundreds in range(1, 11))
    status, exposure = service.call("GET", "/v1/customers/C-limit/exposure")
    assert (status, exposure["reserved"], exposure["available"]) == (200, "1000.00", "0.00")


def test_siblings_at_once_never_pass_the_limit_of_their_group(service: Service) -> None:
    """The topmost parent's own limit is 1,000 and each of four siblings has 600: no deadlock, no order over 600."""
    _customer(service, "G-top", credit_limit="1000.00")
    for sibling in range(4):
        _customer(service, f"G-{sibling}", credit_limit="600.00", parent_id="G-top")
    with ThreadPoolExecutor(20) as clients:
        answers = list(clients.map(lambda number: _check(service, f"G-{number % 4}", f"GO-{number}"), range(40)))
    approved = Counter(answer["customer_id"] for answer in answers if answer["outcome"] == "approve")
    assert approved == {f"G-{sibling}": 6 for sibling in range(4)}


def test_one_idempotency_key_at_once_gives_one_decision(service: Service) -> None:
    _customer(service, "C-once", credit_limit="1000.00")
    order = {"order_id": "SO-once", "customer_id": "C-once", "amount": "100.00", "currency": "CNY"}

    def send(_: int) -> tuple[int, dict[str, Any]]:
        return service.call("POST", "/check-order", order, {"Idempotency-Key": "only-once"})

    with ThreadPoolExecutor(8) as clients:
        answers = list(clients.map(send, range(8)))
    assert {status for status, _ in answers} <= {200, 409}
    assert all(answer["code"] == "request_in_progress" for status, answer in answers if status == 409)
    decisions = {answer["decision_id"] for status, answer in answers if status == 200}
    assert len(decisions) == 1
    status, answer = send(0)
    assert (status, {answer["decision_id"]}) == (200, decisions)
