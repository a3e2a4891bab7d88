"""The events feed over HTTP: pages that go on for ever, for those who may read them."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from policy_service.domain.event_kinds import EventKind
from tests.api.conftest import Caller, order


def page(caller: Caller, **query: Any) -> tuple[list[dict[str, Any]], str]:
    """A page of the feed: its events and the cursor to go on with."""
    response = caller.client.get("/v1/events", query_string=query, headers={"Authorization": f"Bearer {caller.key}"})
    assert response.status_code == 200, response.text
    answer = response.json or {}
    return answer["items"], answer["next_cursor"]


def test_a_poller_reads_on_with_the_cursor_and_gets_every_event_once(shop: Caller) -> None:
    before, cursor = page(shop)
    assert [event["kind"] for event in before] == ["policy.published"]
    assert page(shop, cursor=cursor) == ([], cursor)
    decided = [shop.post("/check-order", order(order_id=f"SO-{number}")).json for number in range(5)]
    seen: list[str] = []
    for _ in range(3):
        items, cursor = page(shop, cursor=cursor, limit=2)
        seen += [event["subject_id"] for event in items]
    assert seen == [each["decision_id"] for each in decided if each]
    assert page(shop, cursor=cursor)[0] == []


def test_events_of_one_kind_leave_out_the_others_and_the_cursor_passes_them(shop: Caller) -> None:
    decided = shop.post("/check-order", order()).json or {}
    shop.post("/v1/orders/SO-1/confirm", {"decision_id": decided["decision_id"]})
    (confirmed,), cursor = page(shop, kind="order.confirmed")
    assert (confirmed["subject_id"], confirmed["payload"]["decision_id"]) == ("SO-1", decided["decision_id"])
    assert confirmed["occurred_at"] == "2026-11-23T08:00:00.000000Z"
    assert page(shop, cursor=cursor) == ([], cursor)


def test_a_check_that_is_sent_again_is_told_once(shop: Caller) -> None:
    for _ in range(2):
        shop.post("/check-order", order(), Idempotency_Key="once")
    assert len(page(shop, kind="decision.made")[0]) == 1


def test_what_was_refused_is_not_told(shop: Caller) -> None:
    shop.post("/check-order", order(customer_id="nobody"))
    shop.post("/check-order", order(amount="-1"))
    assert page(shop, kind="decision.made")[0] == []


@pytest.mark.parametrize("query", ["cursor=x", "cursor=LTE=", "cursor=YWJj", "kind=order.lost", "limit=0", "from=1"])
def test_a_query_that_makes_no_sense_is_refused(call: Caller, query: str) -> None:
    assert call.get(f"/v1/events?{query}").status_code == 422


def test_who_may_neither_read_data_nor_audit_nor_holds_reads_no_events(client: FlaskClient, make_key: Any) -> None:
    allowed = {"audit:read", "data:read", "holds"}
    for scope in ("check", "data:write", "policy:write", "admin", *allowed):
        status = Caller(client, make_key(scope)).get("/v1/events").status_code
        assert status == (200 if scope in allowed else 403)


def test_every_kind_is_described(call: Caller) -> None:
    described = (call.get("/openapi.json").json or {})["components"]["schemas"]["Event"]["properties"]["kind"]["enum"]
    assert described == [kind.value for kind in EventKind]
