"""A POST that is sent again with its key gets the answer it got, and does nothing a second time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session

from api import checks
from policy_service.config import Config
from policy_service.db.embedded import DatabaseUrls
from policy_service.db.engine import make_engine, make_sessions
from policy_service.db.models import Decision, FieldReport, IdempotencyRecord
from policy_service.domain.actors import SYSTEM
from policy_service.domain.days import Moment
from policy_service.domain.permissions import Scope
from policy_service.services.checks import check
from policy_service.services.keys import create_key
from policy_service.wiring import EXTENSION, Wiring
from tests.api.conftest import Caller, order
from tests.api.test_credit_file import REPORT
from tests.api.test_errors import problem
from tests.conftest import NOW
from tests.factories import Book
from tests.policies import LIMIT_ONLY


def count(session: Session, model: type[Any]) -> int:
    """How many rows there are."""
    return session.scalar(select(func.count()).select_from(model)) or 0


def test_the_same_key_and_body_give_the_stored_answer_and_one_decision(shop: Caller, db_session: Session) -> None:
    first = shop.post("/check-order", order(), Idempotency_Key="k-1")
    second = shop.post("/check-order", order(), Idempotency_Key="k-1", Accept_Language="zh")
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.data == second.data
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true"
    assert second.content_type == "application/json"
    assert count(db_session, Decision) == 1


def test_without_a_key_every_call_is_a_new_one(shop: Caller, db_session: Session) -> None:
    for _ in range(2):
        shop.post("/v1/field-reports", REPORT)
    assert count(db_session, FieldReport) == 2


def test_a_created_document_is_replayed_as_created(shop: Caller, db_session: Session) -> None:
    answers = [shop.post("/v1/field-reports", REPORT, Idempotency_Key="k-1") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].data == answers[1].data
    assert count(db_session, FieldReport) == 1


def test_another_body_with_the_same_key_is_refused_and_the_first_answer_stays(shop: Caller) -> None:
    first = shop.post("/check-order", order(), Idempotency_Key="k-1")
    problem(shop.post("/check-order", order(amount="101.00"), Idempotency_Key="k-1"), 422, "idempotency_key_reused")
    assert shop.post("/check-order", order(), Idempotency_Key="k-1").data == first.data


def test_the_same_document_in_other_bytes_is_another_body(shop: Caller) -> None:
    shop.post("/check-order", order(), Idempotency_Key="k-1")
    reordered = dict(reversed(order().items()))
    problem(shop.post("/check-order", reordered, Idempotency_Key="k-1"), 422, "idempotency_key_reused")


def test_a_key_belongs_to_its_api_key_and_its_path(
    shop: Caller, make_key: Callable[..., str], db_session: Session
) -> None:
    other = Caller(shop.client, make_key())
    for caller, path in ((shop, "/check-order"), (shop, "/v1/check-order"), (other, "/check-order")):
        response = caller.post(path, order(), Idempotency_Key="k-1")
        assert (response.status_code, "Idempotent-Replayed" in response.headers) == (200, False)
    assert count(db_session, Decision) == 3


def test_what_was_not_found_is_an_answer_too_and_stays_one(shop: Caller, book: Book, db_session: Session) -> None:
    document = order(customer_id="C-2")
    first = shop.post("/check-order", document, Idempotency_Key="k-1")
    problem(first, 404, "customer_not_found")
    book.customer("C-2", credit_limit="1000")
    db_session.commit()
    second = shop.post("/check-order", document, Idempotency_Key="k-1")
    problem(second, 404, "customer_not_found")
    assert second.headers["Idempotent-Replayed"] == "true"
    assert shop.post("/check-order", document, Idempotency_Key="k-2").status_code == 200


def test_what_made_no_sense_is_an_answer_too(shop: Caller) -> None:
    answers = [shop.post("/check-order", order(amount="x"), Idempotency_Key="k-1") for _ in range(2)]
    problem(answers[1], 422, "validation_error")
    assert answers[0].data == answers[1].data
    assert answers[1].headers["Idempotent-Replayed"] == "true"


def test_other_errors_are_not_stored_so_that_the_call_can_be_repeated(
    shop: Caller, db_session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem(shop.send("POST", "/check-order", b"{", Idempotency_Key="k-1"), 400, "malformed_json")
    held = shop.post("/check-order", order(amount="5000")).json
    assert held is not None
    for _ in range(2):
        conflict = shop.post("/v1/orders/SO-1/confirm", {"decision_id": held["decision_id"]}, Idempotency_Key="k-2")
        problem(conflict, 409, "decision_not_approved")
        assert "Idempotent-Replayed" not in conflict.headers
    with monkeypatch.context() as broken:
        broken.setattr(checks, "answer", lambda *_: 1 / 0)
        problem(shop.post("/check-order", order(), Idempotency_Key="k-3"), 500, "internal_error")
    assert count(db_session, Decision) == 1
    assert shop.post("/check-order", order(), Idempotency_Key="k-3").status_code == 200
    assert count(db_session, IdempotencyRecord) == 1


def test_after_24_hours_a_key_is_free_again(shop: Caller, db_session: Session, at: Callable[[Any], None]) -> None:
    first = shop.post("/v1/field-reports", REPORT, Idempotency_Key="k-1")
    at(NOW + timedelta(hours=24) - timedelta(seconds=1))
    assert shop.post("/v1/field-reports", REPORT, Idempotency_Key="k-1").data == first.data
    at(NOW + timedelta(hours=24))
    second = shop.post("/v1/field-reports", REPORT, Idempotency_Key="k-1")
    assert (second.status_code, "Idempotent-Replayed" in second.headers) == (201, False)
    assert shop.post("/v1/field-reports", REPORT, Idempotency_Key="k-1").data == second.data
    assert count(db_session, FieldReport) == 2


@pytest.mark.parametrize("key", ["", "x" * 256, "é", "a\tb", "\x7f", "钥匙"])
def test_a_key_that_is_not_plain_ascii_is_refused(shop: Caller, key: str) -> None:
    refused = shop.post("/check-order", order(), Idempotency_Key=key.encode().decode("latin-1"))
    problem(refused, 422, "idempotency_key_invalid")


def test_a_key_of_255_characters_is_taken(shop: Caller) -> None:
    answers = [shop.post("/check-order", order(), Idempotency_Key="~" * 255) for _ in range(2)]
    assert answers[1].headers["Idempotent-Replayed"] == "true"


def test_a_put_needs_no_key_and_takes_no_notice_of_one(shop: Caller, db_session: Session) -> None:
    for name in ("A", "B"):
        shop.put("/v1/customers/C-1", {"name": name, "currency": "CNY"}, Idempotency_Key="k-1")
    assert (shop.get("/v1/customers/C-1").json or {})["name"] == "B"
    assert count(db_session, IdempotencyRecord) == 0


@pytest.fixture
def live_engine(make_database: Callable[[], DatabaseUrls]) -> Iterator[Engine]:
    """A database whose transactions are real ones."""
    engine = make_engine(make_database().runtime)
    yield engine
    engine.dispose()


@pytest.fixture
def live(built_app: Flask, config: Config, live_engine: Engine) -> Iterator[Caller]:
    """A caller whose requests have transactions of their own."""
    before, sessions = built_app.extensions[EXTENSION], make_sessions(live_engine)
    built_app.extensions[EXTENSION] = Wiring(config, sessions, lambda: NOW)
    with sessions() as session:
        book = Book(session, Moment(NOW, NOW.date()))
        book.policy(LIMIT_ONLY)
        book.customer(credit_limit="1000")
        scopes = frozenset(Scope)
        key = create_key(session, SYSTEM, name="live", scopes=scopes, owner=None, expires_at=None, now=NOW)
        session.commit()
    yield Caller(built_app.test_client(), key)
    built_app.extensions[EXTENSION] = before


def test_while_the_first_is_still_running_the_second_is_told_so(
    live: Caller, live_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    started, may_end = threading.Event(), threading.Event()
    decide = check

    def slowly(*arguments: Any) -> Any:
        record = decide(*arguments)
        started.set()
        assert may_end.wait(30)
        return record

    monkeypatch.setattr(checks, "check", slowly)
    answers: list[Any] = []
    other = Caller(live.client.application.test_client(), live.key)
    first = threading.Thread(target=lambda: answers.append(live.post("/check-order", order(), Idempotency_Key="k-1")))
    first.start()
    assert started.wait(30)
    problem(other.post("/check-order", order(), Idempotency_Key="k-1"), 409, "request_in_progress")
    may_end.set()
    first.join(30)
    assert answers[0].status_code == 200
    assert other.post("/check-order", order(), Idempotency_Key="k-1").data == answers[0].data
    with live_engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM decisions")) == 1


def test_twenty_at_once_with_one_key_are_one_decision_and_one_answer(live: Caller, live_engine: Engine) -> None:
    answers: list[Any] = []
    gate = threading.Barrier(20)

    def send() -> None:
        caller = Caller(live.client.application.test_client(), live.key)
        gate.wait(30)
        while (answer := caller.post("/check-order", order(), Idempotency_Key="k-1")).status_code == 409:
            pass
        answers.append(answer)

    threads = [threading.Thread(target=send) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(answers) == 20
    assert len({answer.data for answer in answers}) == 1
    with live_engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM decisions")) == 1
        assert connection.scalar(text("SELECT count(*) FROM idempotency_records")) == 1


def test_ten_batches_at_once_with_one_key_decide_each_check_once(live: Caller, live_engine: Engine) -> None:
    answers: list[Any] = []
    gate = threading.Barrier(10)
    sent = {"checks": [order(order_id=f"SO-{number}") for number in range(5)]}

    def send() -> None:
        caller = Caller(live.client.application.test_client(), live.key)
        gate.wait(30)
        while (answer := caller.post("/v1/check-batch", sent, Idempotency_Key="k-1")).status_code == 409:
            pass
        answers.append(answer)

    threads = [threading.Thread(target=send) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(answers) == 10
    assert len({answer.data for answer in answers}) == 1
    assert [each["status"] for each in answers[0].json["answers"]] == [200] * 5
    with live_engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM decisions")) == 5
