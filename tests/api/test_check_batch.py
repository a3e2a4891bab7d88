"""Many checks in one call: each by itself, answered in order, done once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api import checks
from policy_service.db.models import Decision, IdempotencyRecord
from policy_service.services.checks import check
from tests.api.conftest import Caller, order
from tests.api.test_checks import ANSWER, answer
from tests.api.test_errors import problem
from tests.api.test_openapi import hold

PATH = "/v1/check-batch"


def quote(**changes: Any) -> dict[str, Any]:
    """A quote over 100.00."""
    return order(order_id=None, quote_id="Q-1", **changes)


def batch(caller: Caller, *documents: Any, **headers: str) -> list[dict[str, Any]]:
    """The answers to a batch."""
    answers: list[dict[str, Any]] = answer(caller.post(PATH, {"checks": list(documents)}, **headers))["answers"]
    return answers


def decisions(session: Session) -> int:
    """How many decisions there are."""
    return session.scalar(select(func.count()).select_from(Decision)) or 0


def test_orders_and_quotes_are_answered_in_their_order(shop: Caller) -> None:
    answers = batch(shop, order(), quote(), order(order_id="SO-2", amount="5000.00"))
    assert [each["status"] for each in answers] == [200, 200, 200]
    found = [each["answer"] for each in answers]
    assert [(each["kind"], each["outcome"]) for each in found] == [
        ("order", "approve"),
        ("quote", "approve"),
        ("order", "hold"),
    ]
    assert all(each.keys() >= ANSWER - {"order_id"} for each in found)
    assert answer(shop.get("/v1/customers/C-1/exposure"))["reserved"] == "100.00"


def test_an_order_sees_what_those_before_it_reserved(shop: Caller) -> None:
    answers = batch(shop, *(order(order_id=f"SO-{number}", amount="400.00") for number in range(3)))
    assert [each["answer"]["outcome"] for each in answers] == ["approve", "approve", "hold"]


def test_one_that_is_refused_leaves_the_others_alone(shop: Caller, db_session: Session) -> None:
    answers = batch(
        shop,
        order(order_id="SO-1"),
        order(amount=100),
        order(customer_id="C-9"),
        order(quote_id="Q-1"),
        order(order_id=None),
        "no check",
        None,
        order(order_id="SO-2", note="x"),
        order(order_id="SO-3", currency="USD"),
        order(order_id="SO-4"),
    )
    assert [each["status"] for each in answers] == [200, 422, 404, 422, 422, 422, 422, 422, 422, 200]
    problems = [each["problem"] for each in answers if each["status"] != 200]
    assert [[fault["pointer"] for fault in each.get("errors", [])] for each in problems] == [
        ["/amount"],
        [],
        [""],
        [""],
        [""],
        [""],
        ["/note"],
        [],
    ]
    assert problems[1]["code"] == "customer_not_found"
    assert problems[-1]["code"] == "no_exchange_rate"
    assert decisions(db_session) == 2


def test_one_that_fails_on_our_side_leaves_the_others_alone(
    shop: Caller, db_session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "check", failing_at("SO-2"))
    answers = batch(shop, *(order(order_id=f"SO-{number}") for number in (1, 2, 3)))
    assert [each["status"] for each in answers] == [200, 500, 200]
    assert answers[1]["problem"]["code"] == "internal_error"
    assert decisions(db_session) == 2


def failing_at(order_id: str) -> Callable[..., Any]:
    """A check that fails, after it was written, for one order."""

    def decide(session: Session, actor: Any, request: Any, *rest: Any) -> Any:
        record = check(session, actor, request, *rest)
        return record if request.subject_id != order_id else 1 / 0

    return decide


def test_a_batch_with_a_key_is_done_once_and_answered_alike(shop: Caller, db_session: Session) -> None:
    sent = {"checks": [order(), order(amount=1), order(customer_id="C-9"), quote()]}
    first, second = (shop.post(PATH, sent, Idempotency_Key="k-1") for _ in range(2))
    assert first.data == second.data
    assert (first.headers.get("Idempotent-Replayed"), second.headers["Idempotent-Replayed"]) == (None, "true")
    assert decisions(db_session) == 2
    problem(shop.post(PATH, {"checks": [order()]}, Idempotency_Key="k-1"), 422, "idempotency_key_reused")


def test_a_batch_that_broke_off_goes_on_where_it_was(
    shop: Caller, db_session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    documents = [order(order_id=f"SO-{number}") for number in (1, 2, 3)]
    with monkeypatch.context() as broken:
        broken.setattr(checks, "check", failing_at("SO-2"))
        first = batch(shop, *documents, Idempotency_Key="k-1")
    second = batch(shop, *documents, Idempotency_Key="k-1")
    assert [each["status"] for each in first] == [200, 500, 200]
    assert [each["status"] for each in second] == [200, 200, 200]
    assert (second[0], second[2]) == (first[0], first[2])
    assert decisions(db_session) == 3
    assert batch(shop, *documents, Idempotency_Key="k-1") == second
    problem(shop.post(PATH, {"checks": documents[:1]}, Idempotency_Key="k-1"), 422, "idempotency_key_reused")
    assert db_session.scalar(select(func.count()).select_from(IdempotencyRecord)) == 4


def test_five_hundred_are_answered_and_one_more_is_refused(shop: Caller) -> None:
    documents = [quote(amount="1.00")] * 500
    assert {each["status"] for each in batch(shop, *documents)} == {200}
    refused = problem(shop.post(PATH, {"checks": [*documents, quote()]}), 422, "validation_error")
    assert [error["pointer"] for error in refused["errors"]] == ["/checks"]


@pytest.mark.parametrize("sent", [{}, {"checks": {}}, {"checks": None}, {"checks": [], "more": 1}])
def test_what_is_no_batch_is_refused_as_a_whole(shop: Caller, sent: Any) -> None:
    problem(shop.post(PATH, sent), 422, "validation_error")


def test_a_batch_of_nothing_is_answered_with_nothing(shop: Caller) -> None:
    assert batch(shop) == []


def test_problems_are_told_in_the_language_of_the_call(shop: Caller) -> None:
    (refused,) = batch(shop, order(customer_id="C-9"), Accept_Language="zh")
    assert refused["problem"]["detail"] == "没有这个客户编号。"


def test_each_check_is_counted_and_a_replay_is_not(call: Caller, shop: Caller) -> None:
    def counted() -> float:
        lines = [
            line
            for line in call.get("/metrics").text.splitlines()
            if line.startswith('credit_policy_checks_total{kind="quote",outcome="approve"}')
        ]
        return float(lines[0].rpartition(" ")[2]) if lines else 0.0

    before = counted()
    for _ in range(2):
        batch(shop, quote(), quote(), Idempotency_Key="k-1")
    assert counted() == before + 2


def test_the_answer_is_what_the_document_says(shop: Caller, client: FlaskClient) -> None:
    spec: dict[str, Any] = dict(client.get("/openapi.json").json or {})
    sent = {"checks": [order(), quote(), order(amount="1e5"), order(customer_id="C-9")]}
    hold(spec, shop.post(PATH, sent), "POST", PATH)
