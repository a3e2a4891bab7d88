"""Alive, ready, counted, logged."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from api import checks, state
from policy_service.services.queue import defer
from rules.decide import engine_error_verdict
from rules.facts import Facts
from rules.verdict import Verdict
from tests.api.conftest import METRICS_TOKEN, Caller, order
from tests.api.test_errors import problem


def counted(client: FlaskClient) -> dict[tuple[str, tuple[str, ...]], float]:
    """All samples of /metrics by name and labels."""
    response = client.get("/metrics", headers={"Authorization": f"Bearer {METRICS_TOKEN}"})
    assert response.status_code == 200
    assert response.content_type.startswith("text/plain")
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(response.text)
        for sample in family.samples
    }


def test_the_process_is_alive(client: FlaskClient) -> None:
    response = client.get("/healthz")
    assert (response.status_code, response.json) == (200, {"status": "ok"})


def test_the_service_is_ready_once_a_policy_is_in_force(call: Caller) -> None:
    document = problem(call.client.get("/readyz"), 503, "not_ready")
    assert "policy" in document["detail"]


def test_with_a_policy_in_force_the_service_is_ready(shop: Caller) -> None:
    response = shop.client.get("/readyz")
    assert (response.status_code, response.json) == (
        200,
        {"status": "ready", "checks": {"database": True, "schema": True, "policy": True}},
    )


def test_checks_are_counted_by_kind_and_outcome_and_a_replay_is_not_a_check(shop: Caller) -> None:
    before = counted(shop.client)
    for _ in range(2):
        shop.post("/check-order", order(), Idempotency_Key="k-1")
    shop.post("/check-order", order(order_id="SO-2", amount="5000.00"))
    shop.post("/check-quote", order(order_id=None, quote_id="Q-1"))
    shop.post("/check-order", order(amount="x"))
    after = counted(shop.client)

    def more(name: str, *labels: str) -> float:
        return after.get((name, labels), 0) - before.get((name, labels), 0)

    assert more("credit_policy_checks_total", "order", "approve") == 1
    assert more("credit_policy_checks_total", "order", "hold") == 1
    assert more("credit_policy_checks_total", "quote", "approve") == 1
    assert more("credit_policy_check_seconds_count", "order") == 2
    assert more("credit_policy_http_requests_total", "POST", "/check-order", "200") == 3
    assert more("credit_policy_http_requests_total", "POST", "/check-order", "422") == 1
    assert more("credit_policy_engine_errors_total", "order") == 0


def test_a_check_that_the_engine_could_not_decide_is_held_and_counted(
    shop: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_policy: object, _facts: Facts) -> Verdict:
        return engine_error_verdict()

    monkeypatch.setattr("policy_service.services.checks.decide", fail)
    before = counted(shop.client)
    document = shop.post("/check-order", order()).json or {}
    assert (document["outcome"], document["reasons"][0]["rule_code"]) == ("hold", "ENGINE_ERROR")
    name = ("credit_policy_engine_errors_total", ("order",))
    assert counted(shop.client)[name] - before.get(name, 0) == 1


def test_a_check_that_was_not_committed_is_not_counted(shop: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    before = counted(shop.client)
    with monkeypatch.context() as broken:
        broken.setattr(checks, "Answer", lambda *_: 1 / 0)
        problem(shop.post("/check-order", order()), 500, "internal_error")
    name = ("credit_policy_checks_total", ("order", "approve"))
    assert counted(shop.client).get(name, 0) == before.get(name, 0)


def test_strange_methods_and_addresses_do_not_grow_the_metrics(client: FlaskClient) -> None:
    for number in range(3):
        client.open(f"/nope/{number}", method=f"BREW{number}")
    samples = counted(client)
    labels = [labels for name, labels in samples if name == "credit_policy_http_requests_total"]
    assert ("OTHER", "unmatched", "404") in labels
    assert not [each for each in labels if "BREW" in each[0] or "nope" in each[1]]


def test_every_request_leaves_a_line_that_names_the_key_and_never_shows_it(
    shop: Caller, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO", logger="credit_policy.access"):
        shop.post("/check-order?secret=1", order(), X_Request_Id="req-5")
    (line,) = [record.getMessage() for record in caplog.records if record.name == "credit_policy.access"]
    for part in ("'request_id': 'req-5'", "'path': '/check-order'", "'status': 200", "'key': 'key 1'"):
        assert part in line
    assert shop.key not in line
    assert "secret" not in line


def test_answers_close_the_doors_of_a_browser(shop: Caller) -> None:
    headers = shop.get("/v1/customers/C-1").headers
    assert headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Vary"] == "Accept-Language"
    assert "Set-Cookie" not in headers


def test_metrics_tell_how_many_jobs_wait(client: FlaskClient, db_session: Session) -> None:
    defer(db_session, "recheck_holds", {"customer_ids": []})
    db_session.commit()
    text = client.get("/metrics", headers={"Authorization": f"Bearer {METRICS_TOKEN}"}).text
    assert 'credit_policy_jobs{state="todo"} 1.0' in text
    assert 'credit_policy_jobs{state="failed"} 0.0' in text


def test_metrics_are_there_when_the_jobs_cannot_be_counted(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> None:
        raise OperationalError("SELECT", {}, Exception("the database is gone"))

    monkeypatch.setattr(state, "depth", fail)
    response = client.get("/metrics", headers={"Authorization": f"Bearer {METRICS_TOKEN}"})
    assert response.status_code == 200
    assert "credit_policy_jobs{" not in response.text
