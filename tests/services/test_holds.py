"""Held orders: released only with authority, on the facts of now; checked again when something changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from policy_service.db.models import AuditEvent, Hold, User
from policy_service.domain.actors import SYSTEM, Actor
from policy_service.domain.days import Moment
from policy_service.domain.errors import (
    HighestAuthorityAsked,
    HoldNotFound,
    HoldNotOpen,
    HoldNowRejected,
    Invalid,
    OrdersStopped,
    PersonNeeded,
    RoleMayNot,
    SecondPersonNeeded,
)
from policy_service.domain.holds import DelegationDocument, HoldStatus
from policy_service.domain.outcomes import Authority, CheckKind
from policy_service.domain.permissions import Role
from policy_service.services.authority import InsufficientAuthority, set_dual_release, set_release_limit
from policy_service.services.brakes import freeze_orders, stop_customer
from policy_service.services.delegations import delegate_authority, revoke_delegation
from policy_service.services.exposure import exposure_document
from policy_service.services.held_orders import get_hold
from policy_service.services.holds import (
    Release,
    escalate_hold,
    list_holds,
    recheck_open_holds,
    reject_hold,
    release_hold,
)
from policy_service.services.imports import Effect, ImportKind, import_batches, open_import
from policy_service.services.order_life import cancel_order, close_order, expire_reservations
from tests.conftest import NOW, TODAY
from tests.factories import BASE_CURRENCY, Book, day
from tests.policies import LIMIT_ONLY

CARL = Actor("carl", role=Role.CONTROLLER)
CORA = Actor("cora", role=Role.CONTROLLER)
MEI = Actor("mei", role=Role.MANAGER)
DORA = Actor("dora", role=Role.DIRECTOR)
SAM = Actor("sam", role=Role.SALES)
ADA = Actor("ada", role=Role.ADMIN)
ROBOT = Actor(key="robot", key_id=3)
PEOPLE = (CARL, CORA, MEI, DORA, SAM, ADA)

AUTO = LIMIT_ONLY.replace("currency: CNY\n", "currency: CNY\nsettings: {auto_release: true}\n", 1)
CAPPED = (
    LIMIT_ONLY
    + """
  - code: THIRTY_DAYS
    then: [{effect: cap_terms, days: 30}]
    when: {fact: order.payment_terms_days, op: gt, value: 0}
"""
)
FOR_DIRECTOR = LIMIT_ONLY.replace("{effect: hold}", "{effect: hold, authority: director}")
OVERDUE = """
schema: 1
name: overdue
currency: CNY
rules:
  - code: OVERDUE
    when: {fact: receivables.overdue_amount, op: gt, value: "0.00"}
    then: [{effect: hold}]
"""


@pytest.fixture
def shop(book: Book) -> Book:
    """A customer with a limit of 1,000, and people."""
    for person in PEOPLE:
        book.session.add(
            User(
                name=str(person.user),
                password_hash="-",
                role=str(person.role),
                is_active=True,
                failed_logins=0,
                session_epoch=0,
                created_at=NOW,
            )
        )
    book.policy(LIMIT_ONLY)
    book.customer(credit_limit="1000", standard_terms_days=30)
    book.session.flush()
    return book


def held(book: Book, amount: str = "5000", **fields: Any) -> str:
    """Check an order that is held; the id of the decision."""
    record = book.check(amount, **fields)
    assert record["verdict"]["outcome"] == "hold"
    return str(record["decision_id"])


def release(book: Book, decision_id: str, actor: Actor = MEI, note: str = "they promised") -> Release:
    """Release a hold."""
    return release_hold(book.session, actor, decision_id, note, book.moment, BASE_CURRENCY)


def released(book: Book, decision_id: str, actor: Actor = MEI) -> dict[str, Any]:
    """Release a hold; the record of the decision."""
    record = release(book, decision_id, actor).record
    assert record is not None
    return record


def reserved(book: Book) -> str:
    """What is reserved for C-1."""
    return str(exposure_document(book.session, "C-1", book.moment, BASE_CURRENCY)["reserved"])


def hold_of(book: Book, decision_id: str) -> Hold:
    """A hold as it is stored."""
    book.session.flush()
    return get_hold(book.session, decision_id)


def dual_above(book: Book, amount: str) -> None:
    """Two persons release what is above."""
    set_dual_release(book.session, ADA, Decimal(amount), BASE_CURRENCY, NOW)


def recheck_jobs(book: Book) -> list[list[str]]:
    """The customers of the jobs that wait to check holds again."""
    jobs = book.session.execute(text("SELECT args FROM procrastinate_jobs WHERE task_name = 'recheck_holds'"))
    return [job.args["customer_ids"] for job in jobs]


def lend(book: Book, delegator: Actor, delegate: Actor, first: int = 0, last: int = 7) -> int:
    """Lend authority by day offsets."""
    document = DelegationDocument(str(delegate.user), day(first), day(last))
    return delegate_authority(book.session, delegator, document, book.moment).id


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


@pytest.mark.parametrize(
    ("actor", "amount", "may"),
    [
        (CARL, "50000", True),
        (CARL, "50000.01", False),
        (MEI, "50000.01", True),
        (MEI, "500000", True),
        (MEI, "500000.01", False),
        (DORA, "900000000", True),
    ],
)
def test_everybody_releases_up_to_their_amount(shop: Book, actor: Actor, amount: str, may: bool) -> None:
    decision_id = held(shop, amount)
    if may:
        assert released(shop, decision_id, actor)["verdict"]["outcome"] == "approve"
        return
    with pytest.raises(InsufficientAuthority, match=r"takes the authority of the (credit manager|director)"):
        release(shop, decision_id, actor)
    assert (hold_of(shop, decision_id).status, reserved(shop)) == ("open", "0.00")


def test_amounts_in_another_currency_count_at_the_days_rate(shop: Book) -> None:
    shop.rate("USD", "7")
    decision_id = held(shop, "8000", currency="USD")
    with pytest.raises(InsufficientAuthority, match=r"CNY 56,000\.00"):
        release(shop, decision_id, CARL)
    assert released(shop, decision_id, MEI)["resolution"]["amount"] == "56000.00"


@pytest.mark.parametrize("actor", [CARL, MEI])
def test_who_ranks_below_the_authority_asked_for_does_not_release_however_small(shop: Book, actor: Actor) -> None:
    shop.policy(FOR_DIRECTOR)
    decision_id = held(shop, "1001")
    with pytest.raises(InsufficientAuthority, match="director"):
        release(shop, decision_id, actor)
    released(shop, decision_id, DORA)


def test_a_policy_that_asks_for_more_by_now_is_heeded(shop: Book) -> None:
    decision_id = held(shop)
    shop.policy(FOR_DIRECTOR)
    with pytest.raises(InsufficientAuthority):
        release(shop, decision_id, MEI)


@pytest.mark.parametrize(("actor", "error"), [(SAM, RoleMayNot), (ADA, RoleMayNot), (ROBOT, PersonNeeded)])
def test_sales_the_system_admin_and_a_key_of_nobody_release_nothing(
    shop: Book, actor: Actor, error: type[Exception]
) -> None:
    decision_id = held(shop)
    with pytest.raises(error):
        release(shop, decision_id, actor)


def test_a_key_releases_with_the_authority_of_its_owner_and_of_no_other_role(shop: Book) -> None:
    decision_id = held(shop)
    with pytest.raises(InsufficientAuthority):
        release(shop, decision_id, replace(SAM, key="key of sam", key_id=9))
    released(shop, decision_id, replace(CARL, key="key of carl", key_id=10))


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


def test_above_an_amount_two_persons_release(shop: Book) -> None:
    dual_above(shop, "4999.99")
    decision_id = held(shop)
    for _ in range(2):
        first = release(shop, decision_id, MEI, "first")
        assert (first.record, first.hold.status, first.hold.first_release_by) == (None, "open", "mei")
    assert reserved(shop) == "0.00"
    record = released(shop, decision_id, DORA)
    assert record["resolution"]["first"]["by"] == "mei"
    assert reserved(shop) == "5000.00"


def test_one_person_releases_up_to_that_amount(shop: Book) -> None:
    dual_above(shop, "5000")
    released(shop, held(shop))


def test_both_of_two_persons_need_the_authority(shop: Book) -> None:
    dual_above(shop, "1000")
    decision_id = held(shop, "60000")
    release(shop, decision_id, MEI)
    with pytest.raises(InsufficientAuthority):
        release(shop, decision_id, CARL)


def test_who_acts_for_another_is_no_second_person(shop: Book) -> None:
    dual_above(shop, "1000")
    lend(shop, MEI, CARL)
    decision_id = held(shop, "60000")
    release(shop, decision_id, MEI)
    with pytest.raises(SecondPersonNeeded):
        release(shop, decision_id, CARL)
    second = held(shop, "60000", order_id="SO-2")
    release(shop, second, CARL)
    with pytest.raises(SecondPersonNeeded):
        release(shop, second, MEI)
    released(shop, second, DORA)


@pytest.mark.parametrize(("first", "last", "may"), [(0, 0, True), (-1, 0, True), (1, 3, False)])
def test_authority_is_lent_for_days_both_ends_in(shop: Book, first: int, last: int, may: bool) -> None:
    lend(shop, MEI, CARL, first, last)
    decision_id = held(shop, "60000")
    if not may:
        with pytest.raises(InsufficientAuthority):
            release(shop, decision_id, CARL)
        return
    resolution = released(shop, decision_id, CARL)["resolution"]
    assert (resolution["by"], resolution["on_behalf_of"]) == ("carl", "mei")


def test_authority_that_was_withdrawn_counts_no_more(shop: Book) -> None:
    delegation = lend(shop, MEI, CARL)
    revoke_delegation(shop.session, MEI, delegation, shop.moment)
    with pytest.raises(InsufficientAuthority):
        release(shop, held(shop, "60000"), CARL)


def test_authority_of_somebody_who_left_counts_no_more(shop: Book) -> None:
    lend(shop, MEI, CARL)
    shop.session.get_one(User, "mei").is_active = False
    shop.session.flush()
    with pytest.raises(InsufficientAuthority):
        release(shop, held(shop, "60000"), CARL)


def test_who_moved_to_sales_releases_nothing_for_others_either(shop: Book) -> None:
    lend(shop, MEI, CARL)
    with pytest.raises(InsufficientAuthority):
        release(shop, held(shop, "60000"), Actor("carl", key="key of carl", key_id=9, role=Role.SALES))


def test_lent_authority_is_not_lent_on(shop: Book) -> None:
    lend(shop, DORA, MEI)
    lend(shop, MEI, CARL)
    with pytest.raises(InsufficientAuthority):
        release(shop, held(shop, "600000"), CARL)


def test_only_the_lender_or_an_admin_withdraws_authority(shop: Book) -> None:
    delegation = lend(shop, MEI, CARL)
    with pytest.raises(RoleMayNot):
        revoke_delegation(shop.session, CARL, delegation, shop.moment)
    revoke_delegation(shop.session, ADA, delegation, shop.moment)


@pytest.mark.parametrize(
    ("delegate", "first", "last", "pointer"),
    [
        ("mei", 0, 1, "/delegate"),
        ("nobody", 0, 1, "/delegate"),
        ("sam", 0, 1, "/delegate"),
        ("carl", 2, 1, "/to"),
        ("carl", -2, -1, "/to"),
    ],
)
def test_a_delegation_that_makes_no_sense_is_refused(
    shop: Book, delegate: str, first: int, last: int, pointer: str
) -> None:
    with pytest.raises(Invalid) as refused:
        delegate_authority(shop.session, MEI, DelegationDocument(delegate, day(first), day(last)), shop.moment)
    assert [error.pointer for error in refused.value.errors] == [pointer]


def test_limits_are_set_by_an_admin_and_count_at_once(shop: Book) -> None:
    decision_id = held(shop)
    with pytest.raises(RoleMayNot):
        set_release_limit(shop.session, MEI, Authority.CONTROLLER, None, BASE_CURRENCY, NOW)
    set_release_limit(shop.session, ADA, Authority.CONTROLLER, Decimal("4999.99"), BASE_CURRENCY, NOW)
    with pytest.raises(InsufficientAuthority):
        release(shop, decision_id, CARL)
    set_release_limit(shop.session, ADA, Authority.CONTROLLER, None, BASE_CURRENCY, NOW)
    released(shop, decision_id, CARL)


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


def test_a_payment_marks_a_hold_releasable_since_when_and_why(shop: Book) -> None:
    shop.invoice("900", issued=-40, due=-10, invoice_id="INV-1")
    decision_id = held(shop, "500")
    assert hold_of(shop, decision_id).releasable_since is None
    later = Book(shop.session, Moment(NOW + timedelta(hours=1), TODAY))
    later.payment("900", received=0, pays={"INV-1": "900"}, payment_id="PAY-1")
    hold = hold_of(shop, decision_id)
    assert (hold.releasable_since, hold.fallen_codes, hold.status) == (
        NOW + timedelta(hours=1),
        ["EXPOSURE_CAP"],
        "open",
    )
    assert reserved(shop) == "0.00"


def test_a_hold_is_no_longer_releasable_when_the_money_goes_back(shop: Book) -> None:
    shop.invoice("900", issued=-40, due=-10, invoice_id="INV-1")
    decision_id = held(shop, "500")
    shop.payment("900", received=0, pays={"INV-1": "900"}, payment_id="PAY-1")
    shop.invoice("600", issued=0, due=30, invoice_id="INV-2")
    hold = hold_of(shop, decision_id)
    assert (hold.releasable_since, hold.fallen_codes) == (None, [])


def test_a_higher_limit_marks_holds_and_a_policy_that_says_so_releases_them(shop: Book) -> None:
    decision_id = held(shop)
    shop.customer(credit_limit="5000", standard_terms_days=30)
    assert hold_of(shop, decision_id).releasable_since == NOW
    shop.policy(AUTO)
    recheck_open_holds(shop.session, ["C-1"], shop.moment, BASE_CURRENCY)
    hold = hold_of(shop, decision_id)
    assert (hold.status, hold.resolved_by, reserved(shop)) == ("released", "system", "5000.00")


def test_holds_that_are_released_by_themselves_never_pass_the_limit_together(shop: Book) -> None:
    shop.policy(AUTO)
    later = Book(shop.session, Moment(NOW + timedelta(seconds=1), TODAY))
    first, second = held(shop, "2000"), held(later, "2500", order_id="SO-2")
    shop.customer(credit_limit="3000", standard_terms_days=30)
    assert [hold_of(shop, each).status for each in (first, second)] == ["released", "open"]
    assert reserved(shop) == "2000.00"


@pytest.mark.parametrize("end", [cancel_order, close_order])
def test_an_order_that_ends_has_nothing_to_release_and_makes_room_for_others(
    shop: Book, end: Callable[..., Any]
) -> None:
    shop.confirm(shop.check("900"))
    grown = held(shop, "5000")
    other = held(shop, "1000", order_id="SO-2")
    end(shop.session, SYSTEM, "SO-1", shop.moment)
    assert [hold_of(shop, each).status for each in (grown, other)] == ["superseded", "open"]
    assert hold_of(shop, other).releasable_since == NOW
    with pytest.raises(HoldNotOpen):
        release(shop, grown, DORA)


def test_an_order_that_is_checked_again_after_its_end_can_be_released_again(shop: Book) -> None:
    shop.confirm(shop.check("900"))
    cancel_order(shop.session, SYSTEM, "SO-1", shop.moment)
    record = released(shop, held(shop, "5000"))
    assert shop.confirm(record)["credit_amount"] == "5000.00"


def test_a_reservation_that_runs_out_has_the_holds_of_its_customer_checked_by_a_job(shop: Book) -> None:
    shop.check("900")
    held(shop, "500", order_id="SO-2")
    expire_reservations(shop.session, Moment(NOW + timedelta(days=2), day(2)), 10)
    assert recheck_jobs(shop) == [["C-1"]]


def test_a_policy_that_is_published_has_open_holds_checked_by_a_job(shop: Book) -> None:
    held(shop)
    shop.policy(AUTO)
    assert recheck_jobs(shop) == [["C-1"]]


def test_a_payment_of_one_member_has_the_holds_of_its_group_checked_by_a_job(shop: Book) -> None:
    shop.customer("C-2", parent_id="C-1", credit_limit="1", standard_terms_days=30)
    held(shop, "5000", customer_id="C-2")
    shop.payment("10", received=0)
    assert recheck_jobs(shop) == [["C-2"]]


def test_a_hold_that_cannot_be_checked_again_never_undoes_a_payment(
    shop: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    decision_id = held(shop)

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr("policy_service.services.holds_recheck.glance_at", fail)
    shop.payment("10", received=0, payment_id="PAY-9")
    assert shop.session.scalar(text("SELECT count(*) FROM payments WHERE id = 'PAY-9'")) == 1
    assert hold_of(shop, decision_id).status == "open"


def test_the_release_is_predicted_for_the_day_on_which_enough_is_paid(shop: Book) -> None:
    """Paid on average 5 days late: 400 due in 2 days is expected in 7, 500 due in 10 days is expected in 15."""
    shop.invoice("100", issued=-60, due=-30, paid=-25)
    shop.invoice("400", issued=-28, due=2)
    shop.invoice("500", issued=-20, due=10)
    for order_id, amount, expected in (("SO-1", "500", 7), ("SO-2", "1000", 15), ("SO-3", "1000.01", None)):
        hold = hold_of(shop, held(shop, amount, order_id=order_id))
        assert hold.predicted_release_on == (None if expected is None else day(expected))


def test_what_is_overdue_beyond_the_habit_is_expected_tomorrow_and_disputed_invoices_never(shop: Book) -> None:
    shop.policy(OVERDUE)
    shop.invoice("100", issued=-60, due=-30, invoice_id="INV-1")
    assert hold_of(shop, held(shop, "10")).predicted_release_on == day(1)
    shop.invoice("50", issued=-60, due=-30, disputed=True)
    assert hold_of(shop, held(shop, "10", order_id="SO-2")).predicted_release_on is None


def test_an_invoice_that_falls_due_before_the_money_comes_puts_the_release_off(shop: Book) -> None:
    """On the day the first is paid the second is overdue; on the day the second is paid nothing is."""
    shop.policy(OVERDUE)
    shop.invoice("100", issued=-90, due=-60, paid=-50)
    shop.invoice("100", issued=-31, due=-1)
    shop.invoice("100", issued=-25, due=5)
    assert hold_of(shop, held(shop, "10")).predicted_release_on == day(15)


def test_a_payment_predicts_anew(shop: Book) -> None:
    shop.invoice("600", issued=-28, due=2, invoice_id="INV-1")
    shop.invoice("300", issued=-28, due=9, invoice_id="INV-2")
    decision_id = held(shop, "750")
    assert hold_of(shop, decision_id).predicted_release_on == day(9)
    shop.payment("100", received=0, pays={"INV-2": "100"})
    assert hold_of(shop, decision_id).predicted_release_on == day(2)


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


def test_many_holds_of_one_customer_are_left_to_a_job(shop: Book) -> None:
    for number in range(21):
        held(shop, "5000", order_id=f"SO-{number}")
    shop.customer(credit_limit="5000", standard_terms_days=30)
    assert recheck_jobs(shop) == [["C-1"]]


def test_an_import_has_the_holds_of_its_customers_checked_by_one_job(shop: Book, tmp_path: Path) -> None:
    shop.invoice("900", issued=-40, due=-10, invoice_id="INV-1")
    decision_id = held(shop, "500")
    file = tmp_path / "payments.csv"
    file.write_text(
        "payment_id,customer_id,amount,currency,received_on,invoice_id\n"
        "P-1,C-1,400.00,CNY,2026-11-23,INV-1\nP-2,C-1,500.00,CNY,2026-11-23,INV-1\n",
        encoding="utf-8",
    )
    (batch,) = import_batches(shop.session, SYSTEM, open_import(ImportKind.PAYMENTS, file, None), shop.moment)
    assert (batch.effects[Effect.CREATED], batch.refused) == (2, [])
    assert hold_of(shop, decision_id).releasable_since is None
    assert recheck_jobs(shop) == [["C-1"]]
