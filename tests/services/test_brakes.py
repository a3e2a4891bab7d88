"""The emergency brakes: they work at the next check, end at their instant, and need a second person to let go."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from policy_service.db.models import AuditEvent
from policy_service.domain.actors import Actor
from policy_service.domain.days import Moment
from policy_service.domain.documents import CustomerStatus
from policy_service.domain.errors import (
    AnotherPersonNeeded,
    CreditPolicyError,
    CustomerNotFound,
    Invalid,
    NotFrozen,
    NotStopped,
    PersonNeeded,
    RoleMayNot,
)
from policy_service.domain.outcomes import CheckKind
from policy_service.domain.permissions import Role
from policy_service.services import checks
from policy_service.services.brakes import freeze_orders, resume_customer, stop_customer, unfreeze_orders
from policy_service.services.brakes_in_force import BrakeState, freeze_state, stops_of
from policy_service.services.decisions import list_decisions
from policy_service.services.exposure import customer_facts
from rules.codec import facts_from_document
from tests.conftest import NOW, TODAY
from tests.factories import BASE_CURRENCY, Book
from tests.policies import LIMIT_ONLY

MEI = Actor("mei", role=Role.MANAGER)
CARL = Actor("carl", role=Role.CONTROLLER)
MEIS_KEY = Actor("mei", key="second key of mei", key_id=2, role=Role.MANAGER)
ROBOT = Actor(key="robot", key_id=3)
HOUR = timedelta(hours=1)


@pytest.fixture
def shop(book: Book) -> Book:
    """A customer whose orders are approved."""
    book.policy(LIMIT_ONLY)
    book.customer(credit_limit="1000000", standard_terms_days=30)
    return book


def at(book: Book, instant: datetime) -> Book:
    """The same book at another instant of the same day."""
    return Book(book.session, Moment(instant, TODAY))


def codes(record: dict[str, Any]) -> list[str]:
    """The rule codes of the reasons of a decision."""
    return [reason["rule_code"] for reason in record["verdict"]["reasons"]]


def freeze(book: Book, until: datetime = NOW + HOUR, actor: Actor = MEI, reason: str = "audit") -> BrakeState:
    """Freeze all orders; the freeze that is then in force."""
    freeze_orders(book.session, actor, reason, until, book.moment.now)
    state = freeze_state(book.session, book.moment.now)
    assert state is not None
    return state


def stop(book: Book, until: datetime | None = None, actor: Actor = MEI) -> None:
    """Stop C-1."""
    stop_customer(book.session, actor, "C-1", "the machines are gone", until, book.moment.now)


def test_a_freeze_holds_every_order_and_only_warns_of_a_quote(shop: Book) -> None:
    freeze(shop)
    order = shop.check("100")
    assert (order["verdict"]["outcome"], order["verdict"]["authority"]) == ("hold", "manager")
    assert (codes(order), order["reservation"]) == (["ORDERS_FROZEN"], None)
    quote = shop.check("100", kind=CheckKind.QUOTE)
    assert quote["verdict"]["outcome"] == "approve"
    assert [warning["rule_code"] for warning in quote["verdict"]["warnings"]] == ["ORDERS_FROZEN"]


def test_a_freeze_ends_by_itself_exactly_at_its_instant(shop: Book) -> None:
    freeze(shop, NOW + HOUR)
    before, then = at(shop, NOW + HOUR - timedelta(microseconds=1)), at(shop, NOW + HOUR)
    assert before.check("100")["verdict"]["outcome"] == "hold"
    assert then.check("100")["verdict"]["outcome"] == "approve"
    assert freeze_state(shop.session, NOW + HOUR) is None
    with pytest.raises(NotFrozen):
        unfreeze_orders(shop.session, CARL, None, NOW + HOUR)


def test_the_record_of_a_frozen_order_holds_the_freeze(shop: Book) -> None:
    freeze(shop)
    facts = facts_from_document(shop.check("100")["facts"])
    assert facts.freeze is not None
    assert (facts.freeze.reason, facts.freeze.until, facts.stop) == ("audit", NOW + HOUR, None)


def test_frozen_orders_are_found_by_the_code_of_the_freeze(shop: Book) -> None:
    freeze(shop)
    record = shop.check("100")
    (found,) = list_decisions(shop.session, rule_code="ORDERS_FROZEN")
    assert found.id == record["decision_id"]


def test_a_frozen_order_gives_up_what_an_earlier_check_of_it_reserved(shop: Book) -> None:
    approved = shop.check("100")
    freeze(shop)
    shop.check("100")
    with pytest.raises(CreditPolicyError, match="replaced"):
        shop.confirm(approved)


@pytest.mark.parametrize("actor", [MEI, MEIS_KEY])
def test_who_froze_orders_does_not_let_them_go_under_any_key(shop: Book, actor: Actor) -> None:
    freeze(shop)
    with pytest.raises(AnotherPersonNeeded):
        unfreeze_orders(shop.session, actor, None, NOW)
    assert shop.check("100")["verdict"]["outcome"] == "hold"


def test_another_person_lets_orders_go_at_once(shop: Book) -> None:
    freeze(shop)
    unfreeze_orders(shop.session, CARL, "the ledger balances", NOW)
    assert shop.check("100")["verdict"]["outcome"] == "approve"
    with pytest.raises(NotFrozen):
        unfreeze_orders(shop.session, CARL, None, NOW)


def test_a_key_without_owner_freezes_and_any_person_lets_go_but_no_such_key(shop: Book) -> None:
    assert freeze(shop, actor=ROBOT).by == "robot"
    with pytest.raises(PersonNeeded):
        unfreeze_orders(shop.session, ROBOT, None, NOW)
    unfreeze_orders(shop.session, MEI, None, NOW)
    assert freeze_state(shop.session, NOW) is None


def test_a_freeze_can_be_made_longer_and_never_shorter(shop: Book) -> None:
    freeze(shop, NOW + 2 * HOUR, reason="first")
    assert freeze(shop, NOW + 3 * HOUR, reason="longer").until == NOW + 3 * HOUR
    assert freeze(shop, NOW + HOUR, reason="shorter") == BrakeState("longer", "mei", NOW, NOW + 3 * HOUR)
    late = at(shop, NOW + 2 * HOUR).check("100")["verdict"]
    assert "longer" in late["reasons"][0]["message"]["en"]


def test_making_a_freeze_longer_through_a_colleague_does_not_free_the_first_to_let_go(shop: Book) -> None:
    freeze(shop)
    freeze(shop, NOW + 2 * HOUR, actor=CARL)
    for actor in (MEI, CARL):
        with pytest.raises(AnotherPersonNeeded):
            unfreeze_orders(shop.session, actor, None, NOW)
    unfreeze_orders(shop.session, Actor("dora", role=Role.DIRECTOR), None, NOW)
    assert freeze_state(shop.session, NOW) is None


@pytest.mark.parametrize("until", [NOW, NOW - HOUR])
def test_a_brake_that_would_be_over_is_refused_and_changes_nothing(shop: Book, until: datetime) -> None:
    for pull in (freeze, stop):
        with pytest.raises(Invalid) as refused:
            pull(shop, until)
        assert [error.pointer for error in refused.value.errors] == ["/until"]
    assert shop.check("100")["verdict"]["outcome"] == "approve"


@pytest.mark.parametrize("role", [Role.SALES, Role.AUDITOR])
def test_sales_and_auditors_touch_no_brake(shop: Book, role: Role) -> None:
    nobody = Actor("sam", role=role)
    with pytest.raises(RoleMayNot):
        freeze(shop, actor=nobody)
    with pytest.raises(RoleMayNot):
        stop(shop, actor=nobody)
    freeze(shop)
    stop(shop)
    with pytest.raises(RoleMayNot):
        unfreeze_orders(shop.session, nobody, None, NOW)
    with pytest.raises(RoleMayNot):
        resume_customer(shop.session, nobody, "C-1", None, NOW)


def test_orders_of_a_stopped_customer_are_rejected_whatever_the_policy_says(shop: Book) -> None:
    stop(shop)
    record = shop.check("100")
    assert (record["verdict"]["outcome"], codes(record)) == ("reject", ["EMERGENCY_STOP"])
    assert record["facts"]["values"]["customer.status"] == "stop"
    shop.customer("C-2", credit_limit="1000")
    assert shop.check("100", order_id="SO-2", customer_id="C-2")["verdict"]["outcome"] == "approve"


def test_a_later_write_of_the_customer_does_not_lift_the_stop(shop: Book) -> None:
    stop(shop)
    shop.customer(credit_limit="9999999", status=CustomerStatus.ACTIVE)
    assert shop.check("100")["verdict"]["outcome"] == "reject"
    assert shop.facts()["customer.status"] == "stop"


def test_a_stop_ends_by_itself_at_its_instant_and_the_own_status_is_back(shop: Book) -> None:
    shop.customer(credit_limit="1000", status=CustomerStatus.WATCH)
    stop(shop, NOW + HOUR)
    assert at(shop, NOW + HOUR - timedelta(microseconds=1)).check("1")["verdict"]["outcome"] == "reject"
    then = Moment(NOW + HOUR, TODAY)
    assert at(shop, then.now).check("1")["verdict"]["outcome"] == "approve"
    assert customer_facts(shop.session, "C-1", TODAY, then, BASE_CURRENCY).values["customer.status"] == "watch"
    with pytest.raises(NotStopped):
        resume_customer(shop.session, CARL, "C-1", None, then.now)


def test_letting_a_customer_go_needs_another_person(shop: Book) -> None:
    stop(shop)
    for actor, refusal in ((MEI, AnotherPersonNeeded), (MEIS_KEY, AnotherPersonNeeded), (ROBOT, PersonNeeded)):
        with pytest.raises(refusal):
            resume_customer(shop.session, actor, "C-1", None, NOW)
    resume_customer(shop.session, CARL, "C-1", "they are back", NOW)
    assert shop.check("100")["verdict"]["outcome"] == "approve"
    assert stops_of(shop.session, ["C-1"], NOW) == {}


def test_of_two_stops_the_endless_one_is_told_and_both_are_let_go_together(shop: Book) -> None:
    stop(shop, NOW + HOUR, actor=ROBOT)
    stop(shop, actor=MEI)
    stop(shop, NOW + 2 * HOUR, actor=ROBOT)
    assert stops_of(shop.session, ["C-1"], NOW)["C-1"].until is None
    assert shop.check("100")["facts"]["stop"]["until"] is None
    resume_customer(shop.session, CARL, "C-1", None, NOW)
    assert shop.check("100")["verdict"]["outcome"] == "approve"


def test_a_status_of_the_customer_itself_is_not_resumed(shop: Book) -> None:
    shop.customer(status=CustomerStatus.STOP)
    with pytest.raises(NotStopped, match="own"):
        resume_customer(shop.session, CARL, "C-1", None, NOW)
    with pytest.raises(CustomerNotFound):
        resume_customer(shop.session, CARL, "C-9", None, NOW)
    with pytest.raises(CustomerNotFound):
        stop_customer(shop.session, CARL, "C-9", "why", None, NOW)


def test_an_order_whose_facts_fail_is_still_under_the_brakes(shop: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(checks, "gather", fail)
    freeze(shop)
    held = shop.check("100")
    assert (codes(held), held["verdict"]["authority"]) == (["ORDERS_FROZEN", "ENGINE_ERROR"], "manager")
    stop(shop)
    assert shop.check("100")["verdict"]["outcome"] == "reject"


def test_every_pull_and_every_letting_go_is_recorded_with_person_and_reason(shop: Book) -> None:
    freeze(shop)
    unfreeze_orders(shop.session, CARL, "settled", NOW)
    stop(shop, NOW + HOUR)
    resume_customer(shop.session, CARL, "C-1", "paid", NOW)
    actions = ("orders.frozen", "orders.unfrozen", "customer.stopped", "customer.resumed")
    events = shop.session.scalars(
        select(AuditEvent).where(AuditEvent.action.in_(actions)).order_by(AuditEvent.id)
    ).all()
    until = "2026-11-23T09:00:00.000000Z"
    assert [(event.action, event.actor["user"], event.detail) for event in events] == [
        ("orders.frozen", "mei", {"reason": "audit", "until": until}),
        ("orders.unfrozen", "carl", {"note": "settled"}),
        ("customer.stopped", "mei", {"reason": "the machines are gone", "until": until}),
        ("customer.resumed", "carl", {"note": "paid"}),
    ]
