"""Held orders over HTTP."""

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

NOTE = {"note": "paid by phone"}
LARGE = {"amount": "60000.00"}


@pytest.fixture
def person(client: FlaskClient, make_key: Callable[..., str], make_user: Callable[..., str]) -> Callable[..., Caller]:
    """A person with a key: `person(Role.MANAGER, "mei")`."""

    def come(role: Role, name: str, *scopes: str) -> Caller:
        return Caller(client, make_key(*(scopes or ("holds",)), owner=make_user(role, name)))

    return come


@pytest.fixture
def carl(person: Callable[..., Caller]) -> Caller:
    """A controller."""
    return person(Role.CONTROLLER, "carl")


@pytest.fixture
def mei(person: Callable[..., Caller]) -> Caller:
    """A manager."""
    return person(Role.MANAGER, "mei")


def held(shop: Caller, **changes: Any) -> str:
    """Check an order that is held; the id of the decision."""
    answer = done(shop.post("/check-order", order(**{"amount": "5000.00", **changes})))
    assert answer["outcome"] == "hold"
    return str(answer["decision_id"])


def test_a_held_order_is_listed_released_and_confirmed_under_the_new_decision(shop: Caller, mei: Caller) -> None:
    decision_id = held(shop)
    (listed,) = done(mei.get("/v1/holds?status=open"))["items"]
    assert listed == done(mei.get(f"/v1/holds/{decision_id}"))
    assert (listed["decision_id"], listed["order_id"], listed["customer_id"]) == (decision_id, "SO-1", "C-1")
    assert (listed["amount"], listed["currency"], listed["authority"]) == ("5000.00", "CNY", "controller")
    assert (listed["status"], listed["releasable"], listed["rule_codes"]) == ("open", False, ["EXPOSURE_CAP"])
    released = done(mei.post(f"/v1/holds/{decision_id}/release", NOTE))
    assert (released["releases"], released["outcome"], released["order_id"]) == (decision_id, "approve", "SO-1")
    assert released["granted"]["credit_amount"] == "5000.00"
    assert released["reservation"]["amount"] == "5000.00"
    problem(shop.post("/v1/orders/SO-1/confirm", {"decision_id": decision_id}), 409, "decision_not_approved")
    confirmed = done(shop.post("/v1/orders/SO-1/confirm", {"decision_id": released["decision_id"]}))
    assert confirmed["credit_amount"] == "5000.00"
    assert done(mei.get("/v1/holds?status=open"))["items"] == []
    kept = done(shop.get(f"/v1/decisions/{released['decision_id']}"))
    assert kept["resolution"]["by"] == "mei"
    assert kept["resolution"]["note"] == NOTE["note"]
    told = done(shop.get(f"/v1/decisions/{released['decision_id']}/explanation?audience=customer"))
    assert NOTE["note"] not in str(told)


def test_releasing_again_gives_the_same_answer_and_superseded_holds_are_gone(shop: Caller, mei: Caller) -> None:
    decision_id = held(shop)
    first, again = (done(mei.post(f"/v1/holds/{decision_id}/release", NOTE)) for _ in range(2))
    assert first == again
    second = held(shop)
    held(shop)
    problem(mei.post(f"/v1/holds/{second}/release", NOTE), 409, "hold_not_open")
    problem(mei.post("/v1/holds/no-such/release", NOTE), 404, "hold_not_found")
    problem(mei.get("/v1/holds/no-such"), 404, "hold_not_found")


def test_who_has_too_little_authority_is_told_what_is_needed_in_their_language(
    shop: Caller, carl: Caller, mei: Caller
) -> None:
    decision_id = held(shop, **LARGE)
    path = f"/v1/holds/{decision_id}/release"
    refused = problem(carl.post(path, NOTE), 403, "insufficient_authority")
    assert (
        refused["detail"]
        == "Releasing CNY 60,000.00 takes the authority of the credit manager, or of somebody above."
    )
    refused = problem(carl.post(path, NOTE, Accept_Language="zh"), 403, "insufficient_authority")
    assert "信用经理" in refused["detail"]
    assert done(mei.post(path, NOTE))["outcome"] == "approve"


def test_a_key_of_nobody_and_a_key_without_the_scope_release_nothing(
    shop: Caller, person: Callable[..., Caller]
) -> None:
    decision_id = held(shop)
    path = f"/v1/holds/{decision_id}/release"
    problem(shop.post(path, NOTE), 403, "person_needed")
    problem(person(Role.DIRECTOR, "dora", "check", "data:read").post(path, NOTE), 403, "insufficient_scope")


@pytest.mark.parametrize("step", ["release", "reject"])
@pytest.mark.parametrize("note", [{}, {"note": " "}, {"note": None}, {"note": "x" * 2001}])
def test_a_note_is_needed(shop: Caller, mei: Caller, step: str, note: dict[str, Any]) -> None:
    decision_id = held(shop)
    refused = problem(mei.post(f"/v1/holds/{decision_id}/{step}", note), 422, "validation_error")
    assert [error["pointer"] for error in refused["errors"]] == ["/note"]
    assert done(mei.get(f"/v1/holds/{decision_id}"))["status"] == "open"


def test_a_hold_is_rejected_with_a_decision(shop: Caller, carl: Caller) -> None:
    decision_id = held(shop)
    rejected = done(carl.post(f"/v1/holds/{decision_id}/reject", NOTE))
    assert (rejected["rejects"], rejected["outcome"], rejected["granted"]) == (decision_id, "reject", None)
    closed = done(carl.get(f"/v1/holds/{decision_id}"))
    assert (closed["status"], closed["resolved_by"]) == ("rejected", "carl")
    assert closed["resolution_decision_id"] == rejected["decision_id"]


def test_a_hold_is_handed_up_to_the_highest_authority(shop: Caller, carl: Caller, mei: Caller) -> None:
    decision_id = held(shop)
    for authority in ("manager", "director"):
        assert done(carl.post(f"/v1/holds/{decision_id}/escalate"))["authority"] == authority
    problem(carl.post(f"/v1/holds/{decision_id}/escalate", NOTE), 409, "highest_authority_asked")
    problem(mei.post(f"/v1/holds/{decision_id}/release", NOTE), 403, "insufficient_authority")
    assert done(mei.get("/v1/holds?authority=director&customer_id=C-1"))["items"][0]["decision_id"] == decision_id


def test_nothing_is_released_under_a_freeze_and_the_freeze_does_not_last(
    shop: Caller, mei: Caller, at: Callable[[Any], None]
) -> None:
    decision_id = held(shop)
    done(shop.post("/v1/freeze", {"reason": "audit", "until": "2026-11-23T09:00:00Z"}))
    problem(mei.post(f"/v1/holds/{decision_id}/release", NOTE), 409, "orders_stopped")
    at(NOW + timedelta(hours=1))
    assert done(mei.post(f"/v1/holds/{decision_id}/release", NOTE))["outcome"] == "approve"


def test_money_that_comes_in_marks_a_hold_releasable(shop: Caller, mei: Caller) -> None:
    invoice = {
        "customer_id": "C-1",
        "amount": "900.00",
        "currency": "CNY",
        "invoice_date": "2026-11-01",
        "due_date": "2026-11-25",
    }
    done(shop.put("/v1/invoices/INV-1", invoice), 201)
    decision_id = held(shop, amount="500.00")
    assert done(mei.get(f"/v1/holds/{decision_id}"))["predicted_release_on"] == "2026-11-25"
    payment = {
        "customer_id": "C-1",
        "amount": "900.00",
        "currency": "CNY",
        "received_on": "2026-11-23",
        "allocations": [{"invoice_id": "INV-1", "amount": "900.00"}],
    }
    done(shop.put("/v1/payments/PAY-1", payment), 201)
    marked = done(mei.get(f"/v1/holds/{decision_id}"))
    assert (marked["releasable"], marked["releasable_since"]) == (True, "2026-11-23T08:00:00.000000Z")
    assert marked["fallen_rule_codes"] == ["EXPOSURE_CAP"]
    done(shop.post("/v1/payments/PAY-1/return"))
    assert done(mei.get(f"/v1/holds/{decision_id}"))["releasable"] is False


def test_above_an_amount_the_first_release_waits_for_a_second_person(shop: Caller, mei: Caller, carl: Caller) -> None:
    limits = done(shop.put("/v1/dual-release", {"amount": "1000.00", "currency": "CNY"}))
    assert limits["dual_release_above"] == "1000.00"
    decision_id = held(shop)
    waiting = done(carl.post(f"/v1/holds/{decision_id}/release", NOTE), 202)
    assert (waiting["status"], waiting["first_release"]["by"]) == ("open", "carl")
    assert done(mei.post(f"/v1/holds/{decision_id}/release", NOTE))["outcome"] == "approve"


def test_limits_are_read_and_set_in_the_base_currency(shop: Caller, mei: Caller, carl: Caller) -> None:
    assert done(mei.get("/v1/release-authorities")) == {
        "currency": "CNY",
        "authorities": [
            {"authority": "controller", "amount": "50000.00"},
            {"authority": "manager", "amount": "500000.00"},
            {"authority": "director", "amount": None},
        ],
        "dual_release_above": None,
    }
    path = "/v1/release-authorities/controller"
    problem(mei.put(path, {"amount": "1.00", "currency": "CNY"}), 403, "insufficient_scope")
    problem(shop.put(path, {"amount": "1.00", "currency": "USD"}), 422, "validation_error")
    problem(shop.put("/v1/release-authorities/intern", {"amount": None, "currency": "CNY"}), 404, "not_found")
    decision_id = held(shop)
    done(shop.put(path, {"amount": "4999.99", "currency": "CNY"}))
    problem(carl.post(f"/v1/holds/{decision_id}/release", NOTE), 403, "insufficient_authority")
    done(shop.put(path, {"amount": None, "currency": "CNY"}))
    assert done(carl.post(f"/v1/holds/{decision_id}/release", NOTE))["outcome"] == "approve"


def test_authority_is_lent_listed_and_withdrawn(shop: Caller, mei: Caller, carl: Caller) -> None:
    lent = {"delegate": "carl", "from": "2026-11-23", "to": "2026-11-30", "note": "away"}
    delegation = done(mei.post("/v1/delegations", lent), 201)
    assert {name: delegation[name] for name in lent} == lent
    decision_id = held(shop, **LARGE)
    released = done(carl.post(f"/v1/holds/{decision_id}/release", NOTE))
    kept = done(shop.get(f"/v1/decisions/{released['decision_id']}"))["resolution"]
    assert (kept["by"], kept["on_behalf_of"]) == ("carl", "mei")
    revoke = f"/v1/delegations/{delegation['id']}/revoke"
    problem(carl.post(revoke), 403, "role_may_not")
    assert done(mei.post(revoke))["revoked_by"] == "mei"
    assert [each["id"] for each in done(mei.get("/v1/delegations"))["items"]] == [delegation["id"]]
    second = held(shop, order_id="SO-2", **LARGE)
    problem(carl.post(f"/v1/holds/{second}/release", NOTE), 403, "insufficient_authority")
    problem(mei.post("/v1/delegations/999999/revoke"), 404, "delegation_not_found")


def test_the_list_is_paged_by_key(shop: Caller, mei: Caller, at: Callable[[Any], None]) -> None:
    ids = []
    for number in range(3):
        at(NOW + timedelta(seconds=number))
        ids.append(held(shop, order_id=f"SO-{number}"))
    page = done(mei.get("/v1/holds?limit=2"))
    assert [each["decision_id"] for each in page["items"]] == ids[:2]
    rest = done(mei.get(f"/v1/holds?limit=2&cursor={page['next_cursor']}"))
    assert ([each["decision_id"] for each in rest["items"]], rest["next_cursor"]) == (ids[2:], None)
    problem(mei.get("/v1/holds?status=late"), 422, "validation_error")


def test_what_is_answered_of_holds_is_what_the_document_says(shop: Caller, mei: Caller, carl: Caller) -> None:
    spec = shop.get("/openapi.json").json or {}
    first, second, third = (held(shop, order_id=f"SO-{number}") for number in range(3))
    done(shop.put("/v1/dual-release", {"amount": "4000.00", "currency": "CNY"}))
    lent = {"delegate": "carl", "from": "2026-11-23", "to": "2026-11-30"}
    for caller, method, path, body in (
        (mei, "GET", "/v1/holds", None),
        (carl, "POST", "/v1/holds/{decision_id}/release", NOTE),
        (mei, "GET", "/v1/holds/{decision_id}", None),
        (mei, "POST", "/v1/holds/{decision_id}/release", NOTE),
        (carl, "POST", "/v1/holds/{decision_id}/release", NOTE),
        (mei, "GET", "/v1/holds/{decision_id}", None),
        (shop, "POST", "/v1/holds/{decision_id}/release", NOTE),
        (mei, "POST", "/v1/delegations", lent),
        (mei, "POST", "/v1/delegations", lent | {"to": "2026-11-01"}),
        (mei, "GET", "/v1/delegations", None),
        (shop, "PUT", "/v1/dual-release", {"amount": None, "currency": "CNY"}),
        (mei, "GET", "/v1/release-authorities", None),
    ):
        hold(spec, caller(method, path.replace("{decision_id}", first), body), method, path)
    for step, decision_id in (("reject", second), ("escalate", third)):
        path = "/v1/holds/{decision_id}/" + step
        hold(spec, mei.post(path.replace("{decision_id}", decision_id), NOTE), "POST", path)
    path = "/v1/decisions/{decision_id}"
    resolution = done(mei.get(f"/v1/holds/{first}"))["resolution_decision_id"]
    hold(spec, shop.get(f"/v1/decisions/{resolution}"), "GET", path)
