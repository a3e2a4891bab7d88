"""Held orders are checked again when something changes, and the day of their release is predicted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from policy_service.domain.actors import SYSTEM
from policy_service.domain.days import Moment
from policy_service.domain.errors import (
    HoldNotOpen,
)
from policy_service.services.holds import (
    recheck_open_holds,
)
from policy_service.services.imports import Effect, ImportKind, import_batches, open_import
from policy_service.services.order_life import cancel_order, close_order, expire_reservations
from tests.conftest import NOW, TODAY
from tests.factories import BASE_CURRENCY, Book, day
from tests.services.holding import (
    AUTO,
    DORA,
    OVERDUE,
    held,
    hold_of,
    open_shop,
    recheck_jobs,
    release,
    released,
    reserved,
)


@pytest.fixture
def shop(book: Book) -> Book:
    """A customer with a limit of 1,000, and people."""
    return open_shop(book)


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
