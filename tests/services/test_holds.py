"""Held orders: released on the facts of now, rejected, handed up."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from policy_service.db.models import AuditEvent
from policy_service.domain.days import Moment
from policy_service.domain.errors import (
    HighestAuthorityAsked,
    HoldNotFound,
    HoldNotOpen,
    HoldNowRejected,
    OrdersStopped,
)
from policy_service.domain.holds import HoldStatus
from policy_service.domain.outcomes import Authority, CheckKind
from policy_service.services.authority import InsufficientAuthority
from policy_service.services.brakes import freeze_orders, stop_customer
from policy_service.services.holds import (
    escalate_hold,
    list_holds,
    reject_hold,
)
from tests.conftest import NOW, TODAY
from tests.factories import BASE_CURRENCY, Book
from tests.policies import LIMIT_ONLY
from tests.services.holding import (
    CAPPED,
    CARL,
    CORA,
    DORA,
    MEI,
    dual_above,
    held,
    hold_of,
    open_shop,
    release,
    released,
    reserved,
)


@pytest.fixture
def shop(book: Book) -> Book:
    """A customer with a limit of 1,000, and people."""
    return open_shop(book)


def test_a_held_order_opens_a_hold_and_a_quote_or_an_approval_does_not(shop: Book) -> None:
    decision_id = held(shop, "5000")
    shop.check("5000", order_id="Q-1", kind=CheckKind.QUOTE)
    shop.check("10", order_id="SO-2")
    (hold,) = list_holds(shop.session)
    assert (hold.decision_id, hold.order_id, hold.customer_id) == (decision_id, "SO-1", "C-1")
    assert (hold.amount, hold.currency, hold.authority, hold.status) == (Decimal(5000), "CNY", "controller", "open")
    assert (hold.opened_at, hold.rule_codes, hold.releasable_since) == (NOW, ["EXPOSURE_CAP"], None)


@pytest.mark.parametrize("amount", ["5000", "10"])
def test_a_new_check_of_the_order_supersedes_its_hold(shop: Book, amount: str) -> None:
    first = held(shop)
    second = shop.check(amount)["decision_id"]
    hold = hold_of(shop, first)
    assert (hold.status, hold.resolution_decision_id) == ("superseded", second)
    assert [each.decision_id for each in list_holds(shop.session, status=HoldStatus.OPEN)] == (
        [second] if amount == "5000" else []
    )
    with pytest.raises(HoldNotOpen):
        release(shop, first)


def test_a_release_grants_and_reserves_what_was_asked_for_and_can_be_confirmed(shop: Book) -> None:
    decision_id = held(shop)
    record = released(shop, decision_id)
    verdict = record["verdict"]
    assert (record["releases"], verdict["outcome"], verdict["authority"]) == (decision_id, "approve", None)
    assert verdict["granted"]["credit_amount"] == "5000.00"
    assert [reason["rule_code"] for reason in verdict["reasons"]] == ["EXPOSURE_CAP"]
    assert [warning["rule_code"] for warning in verdict["warnings"]] == ["HOLD_RELEASED"]
    assert (record["reservation"]["amount"], reserved(shop)) == ("5000.00", "5000.00")
    resolution = record["resolution"]
    assert (resolution["by"], resolution["on_behalf_of"], resolution["note"]) == ("mei", None, "they promised")
    hold = hold_of(shop, decision_id)
    assert (hold.status, hold.resolved_by, hold.resolution_decision_id) == ("released", "mei", record["decision_id"])
    assert shop.confirm(record)["credit_amount"] == "5000.00"
    with pytest.raises(HoldNotOpen):
        release(shop, decision_id, DORA)


def test_the_same_release_again_is_the_same_answer_and_reserves_once(shop: Book) -> None:
    decision_id = held(shop)
    assert released(shop, decision_id) == released(shop, decision_id)
    assert reserved(shop) == "5000.00"


def test_a_release_is_decided_on_the_facts_of_now(shop: Book) -> None:
    decision_id = held(shop)
    shop.invoice("700", issued=-5, due=25)
    record = released(shop, decision_id)
    assert record["facts"]["values"]["exposure.open_items"] == "700.00"
    assert record["exposure"]["after"] == "5700.00"


def test_a_release_leaves_what_the_policy_caps(shop: Book) -> None:
    shop.policy(CAPPED)
    record = released(shop, held(shop, terms=60))
    assert record["verdict"]["outcome"] == "approve_with_conditions"
    assert record["verdict"]["granted"] == {
        "credit_amount": "5000.00",
        "prepayment_amount": "0.00",
        "payment_terms_days": 30,
        "currency": "CNY",
    }


@pytest.mark.parametrize("brake", ["freeze", "stop"])
def test_nothing_is_released_under_an_emergency_brake(shop: Book, brake: str) -> None:
    decision_id = held(shop)
    if brake == "freeze":
        freeze_orders(shop.session, CORA, "audit", NOW + timedelta(hours=1), NOW)
    else:
        stop_customer(shop.session, CORA, "C-1", "gone", None, NOW)
    with pytest.raises(OrdersStopped):
        release(shop, decision_id, DORA)


def test_what_the_policy_rejects_by_now_is_not_released(shop: Book) -> None:
    decision_id = held(shop)
    shop.policy(LIMIT_ONLY.replace("{effect: hold}", "{effect: reject}"))
    with pytest.raises(HoldNowRejected):
        release(shop, decision_id, DORA)


def test_a_decision_that_held_nothing_has_no_hold(shop: Book) -> None:
    with pytest.raises(HoldNotFound):
        release(shop, shop.check("10")["decision_id"])


def test_a_rejected_hold_leaves_a_decision_that_rejects(shop: Book) -> None:
    decision_id = held(shop, "9000000")
    record = reject_hold(shop.session, CARL, decision_id, "no more of them", shop.moment, BASE_CURRENCY)
    verdict = record["verdict"]
    assert (record["rejects"], verdict["outcome"], verdict["granted"]) == (decision_id, "reject", None)
    assert verdict["reasons"][0]["rule_code"] == "HOLD_REJECTED"
    assert "no more of them" not in str(verdict)
    assert hold_of(shop, decision_id).status == "rejected"
    again = reject_hold(shop.session, CARL, decision_id, "no more of them", shop.moment, BASE_CURRENCY)
    assert again == record
    with pytest.raises(HoldNotOpen):
        release(shop, decision_id, DORA)


def test_an_escalated_hold_asks_for_the_authority_above_up_to_the_highest(shop: Book) -> None:
    decision_id = held(shop)
    for expected in ("manager", "director"):
        hold = escalate_hold(shop.session, CARL, decision_id, None, shop.moment)
        assert (hold.authority, hold.status) == (expected, "open")
    with pytest.raises(HighestAuthorityAsked):
        escalate_hold(shop.session, CARL, decision_id, None, shop.moment)
    with pytest.raises(InsufficientAuthority):
        release(shop, decision_id, MEI)


def test_handing_a_hold_up_takes_back_the_first_of_two_releases(shop: Book) -> None:
    dual_above(shop, "1000")
    decision_id = held(shop)
    release(shop, decision_id, CARL)
    escalate_hold(shop.session, CARL, decision_id, None, shop.moment)
    assert release(shop, decision_id, MEI).record is None
    assert hold_of(shop, decision_id).first_release_by == "mei"


def test_everything_leaves_an_event_with_its_note(shop: Book) -> None:
    decision_id = held(shop)
    escalate_hold(shop.session, CARL, decision_id, "too much for me", shop.moment)
    release(shop, decision_id, MEI)
    events = shop.session.execute(
        select(AuditEvent.action, AuditEvent.detail["note"].astext)
        .where(AuditEvent.subject_kind == "hold")
        .order_by(AuditEvent.id)
    )
    assert [tuple(event) for event in events] == [
        ("hold.escalated", "too much for me"),
        ("hold.released", "they promised"),
    ]


def test_holds_are_listed_oldest_first_by_what_is_asked(shop: Book, db_session: Session) -> None:
    ids = [held(Book(db_session, Moment(NOW + timedelta(seconds=n), TODAY)), order_id=f"SO-{n}") for n in range(3)]
    escalate_hold(db_session, CARL, ids[1], None, shop.moment)
    reject_hold(db_session, CARL, ids[2], "no", shop.moment, BASE_CURRENCY)

    def listed(**asked: Any) -> list[str]:
        return [hold.decision_id for hold in list_holds(db_session, **asked)]

    assert listed() == ids
    assert listed(status=HoldStatus.OPEN) == ids[:2]
    assert listed(authority=Authority.MANAGER) == [ids[1]]
    assert listed(customer_id="C-2") == []
    assert listed(limit=1, after=ids[0]) == [ids[1]]


def test_the_engine_failing_holds_the_order_for_a_person(shop: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("no facts")

    with monkeypatch.context() as broken:
        broken.setattr("policy_service.services.checks.gather", fail)
        decision_id = held(shop, "10")
    assert hold_of(shop, decision_id).rule_codes == ["ENGINE_ERROR"]
    assert released(shop, decision_id, CARL)["verdict"]["granted"]["credit_amount"] == "10.00"
