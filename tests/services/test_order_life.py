"""The life of an order: what each step does to exposure, and that no step counts anything twice or loses it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from policy_service.db.embedded import DatabaseUrls
from policy_service.db.engine import make_engine, make_sessions
from policy_service.db.models import AuditEvent, EventArrival, Movement, Order
from policy_service.domain.actors import SYSTEM
from policy_service.domain.days import Moment
from policy_service.domain.errors import (
    CreditPolicyError,
    DecisionSuperseded,
    DeliveryDiffers,
    Invalid,
    OrderBelongsToAnotherCustomer,
    OrderNotFound,
    OrderWrongState,
    ReservationExpired,
)
from policy_service.services import checks
from policy_service.services.accounts import lock_account
from policy_service.services.order_documents import order_document
from policy_service.services.order_life import cancel_order, close_order, deliver_order, expire_reservations
from policy_service.services.receivables import return_payment
from tests.factories import Book
from tests.policies import ADVANCE, LIMIT_ONLY

TTL = timedelta(days=1)


@pytest.fixture
def limited(book: Book) -> Book:
    """A customer with a limit of 2000 under a policy that holds what passes it."""
    book.policy(LIMIT_ONLY)
    book.customer(credit_limit="2000")
    return book


@pytest.fixture
def ordered(limited: Book) -> Book:
    """An order SO-1 of 1000, confirmed."""
    limited.confirm(limited.check("1000"))
    return limited


def buckets(book: Book, order_id: str = "SO-1") -> tuple[int, int, int]:
    """What the order holds: reserved, open orders, open deliveries. The movements must say the same."""
    order = book.session.get_one(Order, order_id, populate_existing=True)
    kept = {name: getattr(order, name) for name in ("reserved", "open_orders", "open_deliveries")}
    moved = dict.fromkeys(kept, Decimal(0))
    for movement in book.session.scalars(select(Movement).where(Movement.order_id == order_id)):
        if movement.from_bucket:
            moved[movement.from_bucket] -= movement.amount
        if movement.to_bucket:
            moved[movement.to_bucket] += movement.amount
    assert kept == moved
    return int(order.reserved), int(order.open_orders), int(order.open_deliveries)


def exposure(book: Book) -> int:
    """The whole exposure of the customer."""
    return int(book.facts()["exposure.total"])


def deliver(book: Book, amount: str, delivery_id: str = "D-1", order_id: str = "SO-1") -> dict[str, Any]:
    """Deliver."""
    return deliver_order(book.session, SYSTEM, order_id, delivery_id, Decimal(amount), book.moment)


def close(book: Book) -> dict[str, Any]:
    """Close SO-1."""
    return close_order(book.session, SYSTEM, "SO-1", book.moment)


def cancel(book: Book) -> dict[str, Any]:
    """Cancel SO-1."""
    return cancel_order(book.session, SYSTEM, "SO-1", book.moment)


def status(book: Book) -> str:
    """The status of SO-1 as it is told."""
    return str(order_document(book.session, "SO-1", book.moment)["status"])


def later(book: Book, **passed: float) -> None:
    """Let time pass."""
    book.moment = replace(book.moment, now=book.moment.now + timedelta(**passed))


@contextmanager
def nothing_changes(book: Book) -> Iterator[None]:
    """What is refused moves nothing and leaves no trace."""
    tables = (Movement, AuditEvent, EventArrival)
    before = [book.session.scalar(select(func.count()).select_from(table)) for table in tables]
    yield
    assert [book.session.scalar(select(func.count()).select_from(table)) for table in tables] == before


def test_parts_that_are_delivered_move_from_open_orders_to_open_deliveries(ordered: Book) -> None:
    deliver(ordered, "400")
    assert buckets(ordered) == (0, 600, 400)
    assert status(ordered) == "confirmed"
    deliver(ordered, "600", "D-2")
    assert buckets(ordered) == (0, 0, 1000)
    assert status(ordered) == "delivered"
    assert exposure(ordered) == 1000


def test_a_delivery_reported_twice_moves_once_and_gives_the_same_answer(ordered: Book) -> None:
    first = deliver(ordered, "400")
    deliver(ordered, "600", "D-2")
    close(ordered)
    with nothing_changes(ordered):
        assert deliver(ordered, "400.0") == first
    assert first["status"] == "confirmed"
    assert first["from_open_orders"] == "400.00"


def test_a_delivery_reported_again_with_another_amount_is_refused(ordered: Book) -> None:
    deliver(ordered, "400")
    with nothing_changes(ordered), pytest.raises(DeliveryDiffers, match=r"400\.00"):
        deliver(ordered, "400.01")


def test_what_exceeds_the_open_order_adds_to_exposure(ordered: Book) -> None:
    delivered = deliver(ordered, "1200")
    assert (delivered["from_open_orders"], delivered["covered"], delivered["added"]) == ("1000.00", "0.00", "200.00")
    assert buckets(ordered) == (0, 0, 1200)


def test_what_was_prepaid_is_delivered_without_credit(limited: Book) -> None:
    limited.payment("300", received=0, order_id="SO-1")
    limited.confirm(limited.check("1000"))
    deliver(limited, "600", "D-1")
    last = deliver(limited, "400", "D-2")
    assert (last["from_open_orders"], last["covered"], last["added"]) == ("100.00", "300.00", "0.00")
    assert exposure(limited) == 700
    assert deliver(limited, "50", "D-3")["added"] == "50.00"


def test_a_prepayment_required_and_never_made_counts_when_the_goods_leave(book: Book) -> None:
    book.policy(ADVANCE)
    book.customer()
    book.confirm(book.check("1000"))
    assert deliver(book, "1000")["added"] == "500.00"
    assert exposure(book) == 1000


@pytest.mark.parametrize("undo", ["return", "take it for another invoice"])
def test_goods_that_a_payment_covered_count_when_that_payment_is_gone(limited: Book, undo: str) -> None:
    limited.payment("300", received=0, order_id="SO-1", payment_id="P")
    limited.confirm(limited.check("1000"))
    deliver(limited, "1000")
    assert buckets(limited) == (0, 0, 700)
    if undo == "return":
        return_payment(limited.session, SYSTEM, "P", None, limited.moment)
    else:
        limited.invoice("300", issued=0, due=30, invoice_id="OTHER")
        limited.payment("300", received=0, order_id="SO-1", payment_id="P", pays={"OTHER": "300"})
    assert buckets(limited) == (0, 0, 1000)
    assert exposure(limited) == 1000


def test_goods_that_were_invoiced_before_they_left_are_never_counted_twice(ordered: Book) -> None:
    invoice = ordered.invoice("1000", issued=0, due=30, order_id="SO-1")
    assert deliver(ordered, "1000")["covered"] == "1000.00"
    assert (buckets(ordered), exposure(ordered), status(ordered)) == ((0, 0, 0), 1000, "delivered")
    ordered.invoice("1000", issued=0, due=30, order_id="SO-1", invoice_id=invoice, status="void")
    assert buckets(ordered) == (0, 0, 1000)
    assert exposure(ordered) == 1000


def test_a_down_payment_invoice_then_all_goods_then_the_rest_invoiced_is_1000_all_along(ordered: Book) -> None:
    ordered.invoice("500", issued=0, due=30, order_id="SO-1")
    assert (buckets(ordered), exposure(ordered)) == ((0, 500, 0), 1000)
    deliver(ordered, "1000")
    assert (buckets(ordered), exposure(ordered)) == ((0, 0, 500), 1000)
    ordered.invoice("500", issued=0, due=30, order_id="SO-1")
    assert (buckets(ordered), exposure(ordered)) == ((0, 0, 0), 1000)


def test_a_down_payment_that_was_paid_covers_its_goods_and_no_others(book: Book) -> None:
    """Half in advance: invoiced, paid, then everything delivered. Half is owed."""
    book.policy(ADVANCE)
    book.customer()
    book.confirm(book.check("1000"))
    invoice = book.invoice("500", issued=0, due=0, order_id="SO-1")
    book.payment("500", received=0, order_id="SO-1", pays={invoice: "500"})
    assert deliver(book, "1000")["added"] == "500.00"
    assert exposure(book) == 500


def test_an_invoice_takes_what_was_delivered_first_and_gives_each_bucket_its_own_back(ordered: Book) -> None:
    deliver(ordered, "300")
    invoice = ordered.invoice("500", issued=0, due=30, order_id="SO-1")
    assert buckets(ordered) == (0, 500, 0)
    ordered.invoice("400", issued=0, due=30, order_id="SO-1", invoice_id=invoice)
    assert buckets(ordered) == (0, 600, 0)
    ordered.invoice("400", issued=0, due=30, order_id="SO-1", invoice_id=invoice, status="void")
    assert buckets(ordered) == (0, 700, 300)
    assert exposure(ordered) == 1000


def test_a_dispute_or_another_due_date_moves_nothing(ordered: Book) -> None:
    invoice = ordered.invoice("500", issued=0, due=30, order_id="SO-1")
    moved = ordered.session.scalar(select(func.count()).select_from(Movement))
    ordered.invoice("500", issued=0, due=60, order_id="SO-1", invoice_id=invoice, disputed=True)
    assert ordered.session.scalar(select(func.count()).select_from(Movement)) == moved


def test_an_invoice_from_before_the_check_gives_back_what_it_kept_off_the_order(limited: Book) -> None:
    """Invoice 600, then the order of 1000: 400 on credit. The invoice is disputed, voided, and issued anew."""
    invoice = limited.invoice("600", issued=0, due=30, order_id="SO-1")
    limited.confirm(limited.check("1000"))
    limited.invoice("600", issued=0, due=30, order_id="SO-1", invoice_id=invoice, disputed=True)
    assert (buckets(limited), exposure(limited)) == ((0, 400, 0), 1000)
    limited.invoice("600", issued=0, due=30, order_id="SO-1", invoice_id=invoice, status="void")
    assert (buckets(limited), exposure(limited)) == ((0, 1000, 0), 1000)
    limited.invoice("600", issued=0, due=30, order_id="SO-1")
    assert (buckets(limited), exposure(limited)) == ((0, 400, 0), 1000)


def test_an_invoice_moved_to_another_order_leaves_the_first_as_it_was(ordered: Book) -> None:
    ordered.confirm(ordered.check("800", order_id="SO-2"))
    invoice = ordered.invoice("500", issued=0, due=30, order_id="SO-1")
    ordered.invoice("500", issued=0, due=30, order_id="SO-2", invoice_id=invoice)
    assert (buckets(ordered), buckets(ordered, "SO-2")) == ((0, 1000, 0), (0, 300, 0))
    assert exposure(ordered) == 1800


def test_an_invoice_without_an_order_takes_nothing_from_any(ordered: Book) -> None:
    ordered.invoice("500", issued=0, due=30)
    assert (buckets(ordered), exposure(ordered)) == ((0, 1000, 0), 1500)


def test_closing_releases_what_is_not_delivered_and_keeps_what_is(ordered: Book) -> None:
    deliver(ordered, "400")
    ordered.check("1500")
    assert buckets(ordered) == (500, 600, 400)
    closed = close(ordered)
    assert closed["status"] == "closed"
    assert buckets(ordered) == (0, 0, 400)
    with nothing_changes(ordered):
        assert close(ordered) == closed


def test_cancelling_releases_all_that_is_not_invoiced(ordered: Book) -> None:
    deliver(ordered, "600")
    ordered.invoice("200", issued=0, due=30, order_id="SO-1")
    cancelled = cancel(ordered)
    assert (buckets(ordered), exposure(ordered), cancelled["status"]) == ((0, 0, 0), 200, "cancelled")
    assert ordered.facts()["volume.orders_30d"] == 0
    with nothing_changes(ordered):
        assert cancel(ordered) == cancelled


def test_a_pending_order_that_is_cancelled_gives_its_reservation_back(limited: Book) -> None:
    record = limited.check("1000")
    cancel(limited)
    assert buckets(limited) == (0, 0, 0)
    with pytest.raises(OrderWrongState):
        limited.confirm(record)


@pytest.mark.parametrize("end", [close, cancel])
def test_an_order_that_ended_is_opened_by_nothing_but_another_check_and_confirm(ordered: Book, end: Any) -> None:
    first = ordered.session.get_one(Order, "SO-1").confirmed_decision_id
    end(ordered)
    with nothing_changes(ordered):
        with pytest.raises(OrderWrongState):
            deliver(ordered, "1")
        with pytest.raises(OrderWrongState):
            ordered.confirm({"subject_id": "SO-1", "decision_id": first})
    assert ordered.check("9000")["verdict"]["outcome"] == "hold"
    assert status(ordered) in ("closed", "cancelled")
    ordered.confirm(ordered.check("1000"))
    assert (buckets(ordered), status(ordered)) == ((0, 1000, 0), "confirmed")
    deliver(ordered, "1")


def test_a_closed_order_that_opens_again_counts_what_was_delivered_once(ordered: Book) -> None:
    deliver(ordered, "400")
    close(ordered)
    again = ordered.check("1000")
    assert again["reservation"]["amount"] == "600.00"
    ordered.confirm(again)
    assert (buckets(ordered), exposure(ordered)) == ((0, 600, 400), 1000)


def test_what_an_invoice_gives_back_to_a_closed_order_does_not_revive_what_was_released(ordered: Book) -> None:
    deliver(ordered, "300")
    invoice = ordered.invoice("500", issued=0, due=30, order_id="SO-1")
    close(ordered)
    ordered.invoice("500", issued=0, due=30, order_id="SO-1", invoice_id=invoice, status="void")
    assert (buckets(ordered), exposure(ordered)) == ((0, 0, 300), 300)


def test_a_cancelled_order_holds_nothing_whatever_happens_to_its_invoices(ordered: Book) -> None:
    deliver(ordered, "300")
    invoice = ordered.invoice("500", issued=0, due=30, order_id="SO-1")
    cancel(ordered)
    ordered.invoice("100", issued=0, due=30, order_id="SO-1", invoice_id=invoice)
    assert (buckets(ordered), exposure(ordered)) == ((0, 0, 0), 100)
    ordered.invoice("100", issued=0, due=30, order_id="SO-1", invoice_id=invoice, status="void")
    ordered.invoice("50", issued=0, due=30, order_id="SO-1")
    assert (buckets(ordered), exposure(ordered)) == ((0, 0, 0), 50)


def test_a_late_invoice_of_a_closed_order_takes_what_was_delivered(ordered: Book) -> None:
    deliver(ordered, "400")
    close(ordered)
    ordered.invoice("400", issued=0, due=30, order_id="SO-1")
    assert (buckets(ordered), exposure(ordered)) == ((0, 0, 0), 400)


def test_what_was_never_confirmed_can_neither_be_delivered_nor_closed(limited: Book) -> None:
    limited.check("1000")
    with nothing_changes(limited), pytest.raises(OrderWrongState, match="pending"):
        deliver(limited, "1")
    with nothing_changes(limited), pytest.raises(OrderWrongState, match="pending"):
        close(limited)


def test_an_order_placed_elsewhere_has_no_life_here(limited: Book) -> None:
    history = limited.history("100", ordered=-3)
    for step in (close_order, cancel_order):
        with pytest.raises(OrderWrongState, match="elsewhere"):
            step(limited.session, SYSTEM, history, limited.moment)
    assert order_document(limited.session, history, limited.moment)["source"] == "history"


def test_an_unknown_order_is_named(limited: Book) -> None:
    with pytest.raises(OrderNotFound):
        deliver(limited, "1")
    with pytest.raises(OrderNotFound):
        close(limited)
    with pytest.raises(OrderNotFound):
        status(limited)


@pytest.mark.parametrize("amount", ["0", "0.001", "-1", "1000000000000000"])
def test_a_delivery_has_an_amount_that_the_currency_of_its_order_can_have(ordered: Book, amount: str) -> None:
    with nothing_changes(ordered), pytest.raises(Invalid) as error:
        deliver(ordered, amount)
    assert error.value.errors[0].pointer == "/amount"


def test_a_confirmed_order_stays_in_its_currency_until_it_is_cancelled(ordered: Book) -> None:
    ordered.rate("USD", "7")
    ordered.invoice("1000", issued=0, due=30, order_id="SO-1")
    with pytest.raises(Invalid) as error:
        ordered.check("100", currency="USD")
    assert error.value.errors[0].pointer == "/currency"
    cancel(ordered)
    ordered.confirm(ordered.check("100", currency="USD"))
    assert (buckets(ordered), exposure(ordered)) == ((0, 100, 0), 1700)


def test_a_pending_order_may_change_its_currency_and_its_amount_but_not_its_customer(limited: Book) -> None:
    limited.rate("USD", "7")
    limited.check("1000")
    limited.check("200", currency="USD")
    assert (buckets(limited)[1:], exposure(limited)) == ((0, 0), 1400)
    limited.check("50", currency="USD")
    assert exposure(limited) == 350
    limited.customer("C-2", credit_limit="2000")
    with pytest.raises(OrderBelongsToAnotherCustomer):
        limited.check("1", customer_id="C-2")


def test_goods_on_their_way_are_not_given_up_when_the_order_shrinks(ordered: Book) -> None:
    deliver(ordered, "700")
    ordered.confirm(ordered.check("400"))
    assert (buckets(ordered), status(ordered)) == ((0, 0, 700), "delivered")


def test_a_check_that_fails_gives_the_reservation_up_and_leaves_what_was_confirmed(
    ordered: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    ordered.check("1500")

    def fail(*_: Any) -> None:
        raise ArithmeticError("planted")

    monkeypatch.setattr(checks, "gather", fail)
    assert ordered.check("1200")["verdict"]["reasons"][0]["rule_code"] == "ENGINE_ERROR"
    monkeypatch.undo()
    assert (buckets(ordered), status(ordered)) == ((0, 1000, 0), "confirmed")


def test_a_reservation_counts_and_can_be_confirmed_until_its_instant_and_no_longer(limited: Book) -> None:
    record = limited.check("1000")
    later(limited, days=1, microseconds=-1)
    assert (status(limited), expire(limited)) == ("pending", 0)
    later(limited, microseconds=1)
    assert (status(limited), exposure(limited)) == ("expired", 0)
    with pytest.raises(ReservationExpired):
        limited.confirm(record)
    assert expire(limited) == 1
    assert (buckets(limited), status(limited)) == ((0, 0, 0), "expired")
    with pytest.raises(ReservationExpired):
        limited.confirm(record)


def expire(book: Book, limit: int = 100) -> int:
    """Run the job that releases what has run out."""
    return expire_reservations(book.session, book.moment, limit)


def test_what_expired_is_released_once_told_once_and_found_expired_by_a_clock_that_lags(limited: Book) -> None:
    record = limited.check("1000")
    later(limited, days=1)
    assert [expire(limited), expire(limited)] == [1, 0]
    told = limited.session.scalars(
        select(EventArrival.payload).where(EventArrival.kind == "reservation.expired")
    ).one()
    assert (told["decision_id"], told["amount"]) == (record["decision_id"], "1000.00")
    assert limited.session.scalars(select(Movement.cause).order_by(Movement.id)).all() == ["check", "expiry"]
    later(limited, microseconds=-1)
    with pytest.raises(ReservationExpired):
        limited.confirm(record)


def test_an_order_without_credit_expires_too(limited: Book) -> None:
    record = limited.check("5000", terms=0)
    later(limited, days=1)
    assert (expire(limited), status(limited)) == (1, "expired")
    with pytest.raises(ReservationExpired):
        limited.confirm(record)


def test_an_increase_that_expires_leaves_what_was_confirmed(ordered: Book) -> None:
    grown = ordered.check("1500")
    later(ordered, days=1)
    assert expire(ordered) == 1
    assert (buckets(ordered), status(ordered)) == ((0, 1000, 0), "confirmed")
    with pytest.raises(ReservationExpired):
        ordered.confirm(grown)


def test_an_expired_order_that_is_checked_again_is_pending_again(limited: Book) -> None:
    limited.check("1000")
    later(limited, days=1)
    expire(limited)
    record = limited.check("900")
    assert (buckets(limited), status(limited)) == ((900, 0, 0), "pending")
    limited.confirm(record)


def test_no_more_expire_at_once_than_are_asked_for(limited: Book) -> None:
    for number in range(3):
        limited.check("1", order_id=f"SO-{number}")
    later(limited, days=1)
    assert [expire(limited, 2), expire(limited, 2), expire(limited, 2)] == [2, 1, 0]


def test_a_check_that_is_replaced_cannot_be_confirmed_after_a_delivery_either(ordered: Book) -> None:
    first = ordered.check("1100")
    deliver(ordered, "100")
    ordered.confirm(ordered.check("1200"))
    with pytest.raises(DecisionSuperseded):
        ordered.confirm(first)
    assert buckets(ordered) == (0, 1100, 100)


def test_every_step_is_audited_and_told_with_its_cause(ordered: Book) -> None:
    deliver(ordered, "400")
    close(ordered)
    cancel(ordered)
    kinds = ["order.confirmed", "order.delivered", "order.closed", "order.cancelled"]
    actions = ordered.session.scalars(select(AuditEvent.action).order_by(AuditEvent.id)).all()
    assert [action for action in actions if action.startswith("order.")] == kinds
    told = ordered.session.scalars(select(EventArrival.kind).order_by(EventArrival.id)).all()
    assert [kind for kind in told if kind.startswith("order.")] == kinds
    causes = ordered.session.execute(select(Movement.cause, Movement.cause_id).order_by(Movement.id)).all()
    assert [tuple(row) for row in causes][2:] == [("delivery", "D-1"), ("close", "SO-1"), ("cancel", "SO-1")]


def test_a_delivery_cannot_be_rewritten(ordered: Book) -> None:
    deliver(ordered, "400")
    with pytest.raises(DBAPIError, match="permission denied"):
        ordered.session.execute(text("UPDATE deliveries SET amount = 1"))


def test_an_account_that_is_busy_is_left_for_the_next_time(make_database: Any, moment: Moment) -> None:
    urls: DatabaseUrls = make_database()
    engine = make_engine(urls.runtime)
    sessions = make_sessions(engine)
    with sessions() as session:
        book = Book(session, moment)
        book.policy(LIMIT_ONLY)
        for name in ("C-1", "C-2"):
            book.customer(name, credit_limit="2000")
            book.check("100", order_id=f"SO-{name}", customer_id=name)
        session.commit()
    after_all = replace(moment, now=moment.now + TTL)
    with sessions() as busy, sessions() as job:
        lock_account(busy, "C-1")
        assert expire_reservations(job, after_all, 100) == 1
        busy.rollback()
        assert expire_reservations(job, after_all, 100) == 1
    engine.dispose()


def test_two_deliveries_with_one_id_at_once_are_one(make_database: Any, moment: Moment) -> None:
    urls: DatabaseUrls = make_database()
    engine = make_engine(urls.runtime)
    sessions = make_sessions(engine)
    with sessions() as session:
        book = Book(session, moment)
        book.policy(LIMIT_ONLY)
        book.customer(credit_limit="2000")
        book.confirm(book.check("1000"))
        session.commit()
    answers: list[dict[str, Any] | CreditPolicyError] = []
    gate = threading.Barrier(8)

    def run() -> None:
        with sessions() as session:
            gate.wait(30)
            answers.append(deliver(Book(session, moment), "400"))
            session.commit()

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    with sessions() as session:
        assert buckets(Book(session, moment)) == (0, 600, 400)
    assert len(answers) == 8
    assert all(each == answers[0] for each in answers)
    engine.dispose()
