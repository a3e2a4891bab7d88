"""Orders and quotes over HTTP: the answer of the contract, and what happens to an order that is confirmed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from policy_service.db.models import Decision
from tests.api.conftest import Caller, order
from tests.api.test_errors import problem
from tests.conftest import NOW
from tests.factories import Book
from tests.policies import ADVANCE

ANSWER = {
    *("decision_id", "kind", "order_id", "customer_id", "outcome", "requested", "granted", "exposure", "reasons"),
    *("warnings", "exempted", "near_misses", "counter_offers", "reservation", "policy", "decided_at", "valid_until"),
}


def answer(response: Any) -> dict[str, Any]:
    """The document of a 200."""
    assert response.status_code == 200, response.text
    assert response.content_type == "application/json"
    document: dict[str, Any] = response.json
    return document


@pytest.mark.parametrize("path", ["/check-order", "/v1/check-order"])
def test_an_order_within_the_limit_is_approved_and_reserves_its_credit(shop: Caller, path: str) -> None:
    document = answer(shop.post(path, order()))
    assert document.keys() >= ANSWER
    assert (document["kind"], document["order_id"], document["outcome"]) == ("order", "SO-1", "approve")
    assert document["requested"] == {
        "amount": "100.00",
        "credit_amount": "100.00",
        "payment_terms_days": 30,
        "currency": "CNY",
    }
    assert document["granted"] == {
        "credit_amount": "100.00",
        "prepayment_amount": "0.00",
        "payment_terms_days": 30,
        "currency": "CNY",
    }
    assert document["exposure"] == {
        "limit": "1000.00",
        "before": "0.00",
        "after": "100.00",
        "available_after": "900.00",
        "currency": "CNY",
    }
    assert document["reservation"]["amount"] == "100.00"
    assert document["reservation"]["status"] == "pending"
    assert document["decided_at"] == "2026-11-23T08:00:00.000000Z"
    assert document["valid_until"] == document["reservation"]["expires_at"]


@pytest.mark.parametrize("path", ["/check-quote", "/v1/check-quote"])
def test_a_quote_is_decided_and_reserves_nothing(shop: Caller, path: str) -> None:
    document = answer(shop.post(path, order(order_id=None, quote_id="Q-1")))
    assert (document["kind"], document["quote_id"], document["outcome"]) == ("quote", "Q-1", "approve")
    assert "order_id" not in document
    assert document["reservation"] is None
    assert answer(shop.get("/v1/customers/C-1/exposure"))["total"] == "0.00"


def test_an_order_over_the_limit_is_held_with_the_arithmetic_of_its_reason(shop: Caller) -> None:
    document = answer(shop.post("/check-order", order(amount="1000.01")))
    assert (document["outcome"], document["granted"], document["reservation"]) == ("hold", None, None)
    (reason,) = document["reasons"]
    assert (reason["rule_code"], reason["effect"]) == ("EXPOSURE_CAP", "hold")
    (clause,) = reason["evidence"]
    assert clause == {
        "fact": "exposure.after",
        "value": "1000.01",
        "op": "gt",
        "threshold": "1000.00",
        "holds": True,
        "distance": "0.01",
    }


def test_the_reasons_are_told_in_the_language_that_is_asked_for(shop: Caller) -> None:
    messages = [
        answer(shop.post("/check-order", order(amount="5000.00"), Accept_Language=language))["reasons"][0]["message"]
        for language in ("en", "zh")
    ]
    assert messages[0].startswith("Over the limit")
    assert messages[1].startswith("超出额度")


def test_a_conditional_approval_asks_for_a_prepayment(shop: Caller, book: Book, db_session: Session) -> None:
    book.policy(ADVANCE)
    db_session.commit()
    document = answer(shop.post("/check-order", order()))
    assert document["outcome"] == "approve_with_conditions"
    assert (document["granted"]["credit_amount"], document["granted"]["prepayment_amount"]) == ("50.00", "50.00")


def test_an_order_with_every_field_is_accepted(shop: Caller) -> None:
    document = order(
        payment_terms_days=15,
        prepaid_amount="0.00",
        order_date="2026-11-23",
        requested_ship_date="2026-12-05",
        order_type="standard",
        channel="direct",
        lines=[{"sku": "A-1", "quantity": "10", "amount": "100.00"}],
    )
    assert answer(shop.post("/check-order", document))["requested"]["payment_terms_days"] == 15


def test_an_unknown_customer_is_not_found(shop: Caller) -> None:
    problem(shop.post("/check-order", order(customer_id="C-9")), 404, "customer_not_found")


def test_an_unknown_currency_and_one_without_a_rate_are_two_conditions(shop: Caller) -> None:
    unknown = problem(shop.post("/check-order", order(currency="XXX")), 422, "unknown_currency")
    assert [error["pointer"] for error in unknown["errors"]] == ["/currency"]
    problem(shop.post("/check-order", order(currency="USD")), 422, "no_exchange_rate")


def test_without_a_policy_there_is_no_answer(call: Caller, book: Book, db_session: Session) -> None:
    book.customer()
    db_session.commit()
    problem(call.post("/check-order", order()), 409, "no_active_policy")


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"order_id": None}, "/order_id"),
        ({"quote_id": "Q-1"}, "/quote_id"),
        ({"amount": 100}, "/amount"),
        ({"amount": "0"}, "/amount"),
        ({"amount": "-1"}, "/amount"),
        ({"amount": "1.001"}, "/amount"),
        ({"prepaid_amount": "100.01"}, "/prepaid_amount"),
        ({"payment_terms_days": 3651}, "/payment_terms_days"),
        ({"order_date": "2026-13-01"}, "/order_date"),
        ({"order_date": "2027-11-25"}, "/order_date"),
        ({"lines": [{"sku": "A"}]}, "/lines/0/quantity"),
        ({"note": "hello"}, "/note"),
    ],
)
def test_an_order_with_a_fault_is_refused_at_the_field_and_nothing_is_stored(
    shop: Caller, db_session: Session, change: dict[str, Any], pointer: str
) -> None:
    document = problem(shop.post("/check-order", order(**change)), 422, "validation_error")
    assert pointer in [error["pointer"] for error in document["errors"]]
    assert db_session.scalar(select(func.count()).select_from(Decision)) == 0


def test_an_order_dated_a_year_ahead_is_still_accepted(shop: Caller) -> None:
    assert answer(shop.post("/check-order", order(order_date="2027-11-24")))["outcome"] == "approve"


def test_a_confirmed_order_moves_from_reserved_to_open_orders_and_twice_is_once(shop: Caller) -> None:
    decision_id = answer(shop.post("/check-order", order()))["decision_id"]
    confirmations = [answer(shop.post("/v1/orders/SO-1/confirm", {"decision_id": decision_id})) for _ in range(2)]
    assert confirmations[0] == confirmations[1]
    assert (confirmations[0]["order_id"], confirmations[0]["status"]) == ("SO-1", "confirmed")
    exposure = answer(shop.get("/v1/customers/C-1/exposure"))
    assert (exposure["reserved"], exposure["open_orders"], exposure["total"]) == ("0.00", "100.00", "100.00")


def test_a_decision_that_a_later_check_replaced_cannot_be_confirmed(shop: Caller) -> None:
    first, second = (answer(shop.post("/check-order", order(amount=amount)))["decision_id"] for amount in ("1", "2"))
    problem(shop.post("/v1/orders/SO-1/confirm", {"decision_id": first}), 409, "decision_superseded")
    assert shop.post("/v1/orders/SO-1/confirm", {"decision_id": second}).status_code == 200


def test_a_reservation_that_expired_cannot_be_confirmed(shop: Caller, at: Callable[[Any], None]) -> None:
    decision_id = answer(shop.post("/check-order", order()))["decision_id"]
    at(NOW + timedelta(days=1))
    problem(shop.post("/v1/orders/SO-1/confirm", {"decision_id": decision_id}), 409, "reservation_expired")


def test_what_was_held_or_never_seen_cannot_be_confirmed(shop: Caller) -> None:
    held = answer(shop.post("/check-order", order(amount="5000")))["decision_id"]
    problem(shop.post("/v1/orders/SO-1/confirm", {"decision_id": held}), 409, "decision_not_approved")
    problem(shop.post("/v1/orders/SO-1/confirm", {"decision_id": "nope"}), 404, "decision_not_found")
    problem(shop.post("/v1/orders/SO-7/confirm", {"decision_id": held}), 404, "order_not_found")
    problem(shop.post("/v1/orders/SO-1/confirm", {}), 422, "validation_error")


def test_an_order_id_with_slashes_and_spaces_can_be_confirmed_percent_encoded(shop: Caller) -> None:
    decision_id = answer(shop.post("/check-order", order(order_id="SO/2026/17 新")))["decision_id"]
    confirmed = shop.post("/v1/orders/SO%2F2026%2f17%20%E6%96%B0/confirm", {"decision_id": decision_id})
    assert answer(confirmed)["order_id"] == "SO/2026/17 新"
    problem(shop.post("/v1/orders/SO/2026/17/confirm", {"decision_id": decision_id}), 404, "not_found")


def test_a_decision_is_read_with_all_that_it_was_based_on(shop: Caller) -> None:
    decided = answer(shop.post("/check-order", order()))
    decision = answer(shop.get(f"/v1/decisions/{decided['decision_id']}"))
    assert decided.items() <= decision.items()
    assert decision["request"]["amount"] == "100.00"
    assert decision["facts"]["values"]["order.amount"] == "100.00"
    assert decision["caller"]["key"] == "key 1"
    assert len(decision["sha256"]) == 64
    assert decision["took_microseconds"] > 0


def test_an_unknown_decision_is_not_found(shop: Caller) -> None:
    problem(shop.get("/v1/decisions/nope"), 404, "decision_not_found")
    problem(shop.get("/v1/decisions/" + "x" * 101), 404, "not_found")
    problem(shop.get("/v1/decisions/%00"), 404, "not_found")


def test_decisions_are_listed_newest_first_page_by_page_and_by_what_they_say(shop: Caller) -> None:
    made = [
        answer(shop.post("/check-order", order(order_id=f"SO-{number}", amount=amount)))["decision_id"]
        for number, amount in enumerate(["1.00", "2.00", "3.00", "5000.00"])
    ]
    first = answer(shop.get("/v1/decisions?limit=3"))
    second = answer(shop.get(f"/v1/decisions?limit=3&cursor={first['next_cursor']}"))
    assert [item["decision_id"] for item in first["items"] + second["items"]] == sorted(made, reverse=True)
    assert second["next_cursor"] is None
    for query, expected in (
        ("outcome=hold", [made[3]]),
        ("rule_code=EXPOSURE_CAP", [made[3]]),
        ("order_id=SO-1", [made[1]]),
        ("customer_id=C-2", []),
        ("from=2026-11-23&to=2026-11-23&limit=500", sorted(made, reverse=True)),
        ("from=2026-11-24", []),
        ("to=2026-11-22", []),
    ):
        found = answer(shop.get(f"/v1/decisions?{query}"))["items"]
        assert [item["decision_id"] for item in found] == expected, query


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("limit=0", "/limit"),
        ("limit=501", "/limit"),
        ("limit=ten", "/limit"),
        ("limit=１０", "/limit"),
        ("limit=" + "9" * 5000, "/limit"),
        ("limit=5&limit=6", "/limit"),
        ("cursor=%25%25", "/cursor"),
        ("cursor=AA==", "/cursor"),
        ("cursor=é", "/cursor"),
        ("outcome=maybe", "/outcome"),
        ("from=yesterday", "/from"),
        ("colour=red", "/colour"),
        ("customer_id=%00", "/customer_id"),
        ("customer_id=", "/customer_id"),
    ],
)
def test_a_query_with_a_fault_is_refused_at_the_parameter(shop: Caller, query: str, pointer: str) -> None:
    document = problem(shop.get(f"/v1/decisions?{query}"), 422, "validation_error")
    assert [error["pointer"] for error in document["errors"]] == [pointer]
