"""What is kept is what the movements and the documents say; what is not is named, and put right when asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, make_url, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from policy_service.db.embedded import DatabaseUrls
from policy_service.db.engine import make_engine, make_sessions
from policy_service.db.models import AuditEvent, Customer, Invoice, Movement, Order
from policy_service.domain.actors import SYSTEM
from policy_service.domain.days import Moment
from policy_service.domain.documents import Allocation, InvoiceStatus, InvoiceType
from policy_service.services.accounts import lock_accounts
from policy_service.services.order_life import cancel_order, close_order, deliver_order, expire_reservations
from policy_service.services.reconciling import BucketDifference, Reconciliation, SumDifference, reconcile
from tests.conftest import NOW, TODAY
from tests.factories import Book
from tests.policies import LIMIT_ONLY


@pytest.fixture(scope="module")
def superuser(make_database: Callable[[], DatabaseUrls]) -> Iterator[Engine]:
    """Someone who may do what neither the service nor its owner may: change what is append-only."""
    url = make_url(make_database().owner).set(username="credit_policy_super")
    engine = create_engine(url)
    yield engine
    engine.dispose()


@pytest.fixture
def book(superuser: Engine, moment: Moment) -> Iterator[Book]:
    """A credit file of two customers, one order of each kind; forgotten after the test."""
    with superuser.connect() as connection, Session(connection) as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        book = Book(session, moment)
        book.policy(LIMIT_ONLY)
        book.customer(credit_limit="10000")
        book.customer("C-2", credit_limit="10000")
        book.check("400", order_id="SO-pending")
        book.confirm(book.check("1000", order_id="SO-open"))
        book.invoice("300", issued=0, due=30, order_id="SO-open", invoice_id="INV-1")
        book.confirm(book.check("1500", order_id="SO-open"))
        session.flush()
        yield book
        session.rollback()


def _found(book: Book, *, fix: bool = False) -> Reconciliation:
    book.session.flush()
    return reconcile(book.session, book.moment, fix)


def _sides(difference: BucketDifference) -> tuple[object, ...]:
    return (
        difference.order_id,
        difference.bucket,
        difference.kept,
        difference.by_movements,
        difference.by_documents,
    )


def _plant(book: Book, change: str, **values: Any) -> None:
    book.session.flush()
    book.session.execute(text(change), values)
    book.session.expire_all()


def _is_clean_after_fix(book: Book) -> bool:
    fixed = _found(book, fix=True)
    assert fixed.holds
    assert all(each.is_fixed for each in fixed.differences)
    book.session.expire_all()
    return not list(_found(book).differences)


def test_nothing_differs_where_only_the_service_wrote(book: Book) -> None:
    found = _found(book)
    assert list(found.differences) == []
    assert found.holds
    assert (found.accounts, found.orders, found.documents) == (2, 2, 1)
    assert found.movements == len(book.session.scalars(select(Movement.id)).all())


@pytest.mark.parametrize(
    ("order_id", "bucket", "true_amount"),
    [("SO-pending", "reserved", 400), ("SO-open", "open_orders", 1200), ("SO-open", "open_deliveries", 0)],
)
def test_a_row_that_was_changed_by_hand_is_named_and_follows_its_documents_again(
    book: Book, order_id: str, bucket: str, true_amount: int
) -> None:
    _plant(book, f"UPDATE orders SET {bucket} = 7 WHERE id = :order_id", order_id=order_id)
    found = _found(book)
    assert [_sides(each) for each in found.buckets] == [(order_id, bucket, 7, true_amount, true_amount)]
    assert not found.holds
    before = book.session.scalars(select(Movement.id)).all()
    assert _is_clean_after_fix(book)
    assert getattr(book.session.get_one(Order, order_id), bucket) == true_amount
    assert book.session.scalars(select(Movement.id)).all() == before


def test_looking_changes_nothing(book: Book) -> None:
    _plant(book, "UPDATE orders SET open_orders = 7 WHERE id = 'SO-open'")
    events = book.session.scalars(select(AuditEvent.id).order_by(AuditEvent.id)).all()
    _found(book)
    assert book.session.get_one(Order, "SO-open", populate_existing=True).open_orders == 7
    assert book.session.scalars(select(AuditEvent.id).order_by(AuditEvent.id)).all() == events


@pytest.mark.parametrize(
    ("change", "expected", "document"),
    [
        (
            "DELETE FROM movements WHERE cause = 'invoice'",
            ("SO-open", "open_orders", 1200, 1500, 1200),
            "invoice INV-1",
        ),
        (
            "UPDATE movements SET amount = 299.99 WHERE cause = 'invoice'",
            ("SO-open", "open_orders", Decimal(1200), Decimal("1200.01"), Decimal(1200)),
            "invoice INV-1",
        ),
        (
            "UPDATE movements SET cause_id = 'INV-none' WHERE cause = 'invoice'",
            None,
            None,
        ),
    ],
)
def test_a_movement_that_was_lost_or_changed_is_made_good_by_another(
    book: Book, change: str, expected: tuple[Any, ...] | None, document: str | None
) -> None:
    _plant(book, change)
    found = _found(book)
    if expected is not None:
        assert [_sides(each) for each in found.buckets] == [expected]
        assert [each.documents for each in found.buckets] == [(document,)]
    else:
        assert found.holds
    assert _is_clean_after_fix(book)
    assert book.session.get_one(Order, "SO-open").open_orders == 1200


def test_movements_of_a_document_that_does_not_exist_are_taken_back(book: Book) -> None:
    _plant(
        book,
        "INSERT INTO movements (customer_id, order_id, from_bucket, to_bucket, amount, currency, cause, cause_id, "
        "business_on, recorded_at) SELECT customer_id, id, 'open_orders', NULL, 200, currency, 'invoice', 'INV-x', "
        ":day, :now FROM orders WHERE id = 'SO-open'",
        day=book.moment.day,
        now=book.moment.now,
    )
    found = _found(book)
    assert [_sides(each) for each in found.buckets] == [("SO-open", "open_orders", 1200, 1000, 1200)]
    assert found.buckets[0].documents == ("invoice INV-x",)
    assert _is_clean_after_fix(book)
    correction = book.session.scalars(select(Movement).where(Movement.cause == "reconcile")).one()
    assert (correction.from_bucket, correction.to_bucket) == (None, "open_orders")
    assert correction.amount == 200
    assert correction.cause_id == "invoice INV-x"


@pytest.mark.parametrize("cause", ["check", "confirm"])
def test_a_lost_movement_of_a_decision_is_seen_through_the_decision(book: Book, cause: str) -> None:
    book.confirm(book.check("250", order_id="SO-first"))
    _plant(book, f"DELETE FROM movements WHERE order_id = 'SO-first' AND cause = '{cause}'")
    assert {each.order_id for each in _found(book).buckets} == {"SO-first"}
    assert _is_clean_after_fix(book)
    order = book.session.get_one(Order, "SO-first")
    assert order.reserved == 0
    assert order.open_orders == 250


def test_row_and_movements_that_agree_against_the_decision_are_not_believed(book: Book) -> None:
    """Row and confirming movement both say 900; the sealed decision granted 250."""
    book.confirm(book.check("250", order_id="SO-first"))
    _plant(book, "UPDATE movements SET amount = 900 WHERE order_id = 'SO-first'")
    _plant(book, "UPDATE orders SET open_orders = 900 WHERE id = 'SO-first'")
    found = _found(book)
    assert [_sides(each) for each in found.buckets] == [("SO-first", "open_orders", 900, 900, 250)]
    assert _is_clean_after_fix(book)
    assert book.session.get_one(Order, "SO-first").open_orders == 250


def test_a_reservation_is_what_its_decision_reserved(book: Book) -> None:
    _plant(book, "UPDATE movements SET amount = 40 WHERE order_id = 'SO-pending'")
    _plant(book, "UPDATE orders SET reserved = 40 WHERE id = 'SO-pending'")
    assert [_sides(each) for each in _found(book).buckets] == [("SO-pending", "reserved", 40, 40, 400)]
    assert _is_clean_after_fix(book)


def test_what_an_invoice_took_is_what_moved_for_it(book: Book) -> None:
    _plant(book, "UPDATE invoices SET taken_from_orders = 100 WHERE id = 'INV-1'")
    found = _found(book)
    assert [_sides(each) for each in found.buckets] == [("SO-open", "open_orders", 1200, 1200, 1400)]
    assert found.buckets[0].documents == ("invoice INV-1",)
    assert _is_clean_after_fix(book)


def test_the_life_goes_on_after_a_correction(book: Book) -> None:
    """A corrected invoice is voided, the order checked and confirmed again: everything still agrees."""
    _plant(book, "DELETE FROM movements WHERE cause = 'invoice'")
    assert _is_clean_after_fix(book)
    book.invoice("300", issued=0, due=30, order_id="SO-open", invoice_id="INV-1", status=InvoiceStatus.VOID)
    assert book.session.get_one(Order, "SO-open").open_orders == 1500
    assert list(_found(book).differences) == []
    book.confirm(book.check("700", order_id="SO-open"))
    book.invoice("200", issued=0, due=30, order_id="SO-open", invoice_id="INV-2")
    assert book.session.get_one(Order, "SO-open").open_orders == 500
    assert list(_found(book).differences) == []


@pytest.mark.parametrize(("column", "value"), [("customer_id", "C-2"), ("currency", "USD")])
def test_movements_under_another_customer_or_currency_are_named_on_both_sides(
    book: Book, column: str, value: str
) -> None:
    _plant(book, f"UPDATE movements SET {column} = :value WHERE order_id = 'SO-pending'", value=value)
    found = _found(book)
    sides = [(getattr(each, column), int(each.kept), int(each.by_movements)) for each in found.buckets]
    assert sorted(sides) == sorted([("C-1" if column == "customer_id" else "CNY", 400, 0), (value, 0, 400)])
    assert _is_clean_after_fix(book)
    assert book.session.get_one(Order, "SO-pending").reserved == 400


def test_movements_of_an_order_that_is_gone_are_named_and_left_for_a_person(book: Book) -> None:
    _plant(book, "DELETE FROM orders WHERE id = 'SO-pending'")
    found = _found(book, fix=True)
    assert [_sides(each) for each in found.buckets] == [("SO-pending", "reserved", 0, 400, None)]
    assert not found.holds
    assert book.session.scalars(select(Movement.id).where(Movement.cause == "reconcile")).all() == []


def test_a_correction_is_audited(book: Book) -> None:
    _plant(book, "UPDATE orders SET open_orders = 7 WHERE id = 'SO-open'")
    _found(book, fix=True)
    event = book.session.scalars(select(AuditEvent).where(AuditEvent.action == "order.reconciled")).one()
    assert event.subject_id == "SO-open"
    assert event.detail["buckets"] == {"open_orders": {"kept": "7", "by_movements": "1200", "by_documents": "1200"}}


@pytest.mark.parametrize(
    ("change", "kind", "columns"),
    [
        ("UPDATE invoices SET applied = 1 WHERE id = 'INV-p'", "invoice", ["applied"]),
        ("UPDATE invoices SET settled_on = '2020-01-01' WHERE id = 'INV-p'", "invoice", ["settled_on"]),
        ("UPDATE invoices SET settled_by_payment = true WHERE id = 'INV-q'", "invoice", ["settled_by_payment"]),
        ("UPDATE invoices SET state_from = '2020-01-01' WHERE id = 'INV-p'", "invoice", ["state_from"]),
        ("UPDATE invoices SET applied = 9 WHERE id = 'CN-1'", "credit_note", ["applied"]),
        ("UPDATE invoices SET state_from = '2020-01-01' WHERE id = 'CN-1'", "credit_note", ["state_from"]),
        ("UPDATE payments SET applied = 5, state_from = '2020-01-01'", "payment", ["applied", "state_from"]),
        ("UPDATE applications SET effective_from = '2020-01-01' WHERE source_id = 'PAY-1'", "application", None),
        ("UPDATE applications SET effective_until = '2020-01-01' WHERE source_id = 'CN-1'", "application", None),
    ],
)
def test_a_kept_sum_of_receivables_is_named_and_worked_out_again(
    book: Book, change: str, kind: str, columns: list[str] | None
) -> None:
    book.invoice("100", issued=-20, due=-5, invoice_id="INV-p")
    book.invoice("60", issued=-20, due=-5, invoice_id="INV-q")
    book.payment("100", received=-3, pays={"INV-p": "100"}, payment_id="PAY-1")
    applied = (Allocation("INV-q", Decimal(40)),)
    book.invoice("50", issued=-2, due=-2, invoice_id="CN-1", type=InvoiceType.CREDIT_NOTE, applies_to=applied)
    assert list(_found(book).differences) == []
    facts = book.facts()
    _plant(book, change)
    found = [each for each in _found(book).sums if each.kind == kind]
    assert found
    assert columns is None or [each.column for each in found] == columns
    assert _is_clean_after_fix(book)
    assert book.facts() == facts


def test_an_application_of_a_payment_that_is_gone_is_named_and_left_for_a_person(book: Book) -> None:
    book.invoice("100", issued=-20, due=-5, invoice_id="INV-p")
    book.payment("100", received=-3, pays={"INV-p": "100"}, payment_id="PAY-1")
    _plant(book, "DELETE FROM payments")
    found = _found(book, fix=True)
    assert [(each.kind, each.id, each.can_be_fixed) for each in found.sums] == [
        ("application", "PAY-1 to INV-p", False)
    ]
    assert not found.holds


def test_a_group_follows_the_parents(book: Book) -> None:
    book.customer("P")
    book.customer("P-1", parent_id="P")
    book.customer("P-2", parent_id="P-1")
    _plant(book, "UPDATE customers SET group_id = NULL WHERE id = 'P-2'")
    _plant(book, "UPDATE customers SET group_id = 'P' WHERE id = 'C-2'")
    assert _found(book).sums == [
        SumDifference("customer", "C-2", "C-2", "group_id", "P", None),
        SumDifference("customer", "P-2", "P-2", "group_id", None, "P"),
    ]
    assert _is_clean_after_fix(book)
    assert book.session.get_one(Customer, "P-2").group_id == "P"


def test_a_ring_of_parents_is_named_and_left_for_a_person(book: Book) -> None:
    book.customer("P")
    book.customer("P-1", parent_id="P")
    _plant(book, "UPDATE customers SET parent_id = 'P-1' WHERE id = 'P'")
    found = _found(book, fix=True)
    assert [(each.id, each.column, each.is_fixed) for each in found.sums] == [
        ("P", "parent_id", False),
        ("P-1", "parent_id", False),
    ]


def test_an_invoice_that_was_written_anew_and_one_that_was_voided_agree(book: Book) -> None:
    book.invoice("500", issued=0, due=30, order_id="SO-open", invoice_id="INV-1")
    book.invoice("100", issued=0, due=30, order_id="SO-pending", invoice_id="INV-2")
    book.invoice("100", issued=0, due=30, order_id="SO-open", invoice_id="INV-2")
    book.invoice("50", issued=0, due=30, invoice_id="CN-2", type=InvoiceType.CREDIT_NOTE)
    assert list(_found(book).differences) == []
    book.invoice("500", issued=0, due=30, order_id="SO-open", invoice_id="INV-1", status=InvoiceStatus.VOID)
    assert book.session.get_one(Invoice, "INV-1").taken_from_orders == 0
    assert list(_found(book).differences) == []


@pytest.fixture
def delivered(book: Book) -> Book:
    """Order 1500 of which 300 were invoiced: 500 delivered, then 900, which are 200 more than were open."""
    for delivery_id, amount in (("D-1", 500), ("D-2", 900)):
        deliver_order(book.session, SYSTEM, "SO-open", delivery_id, Decimal(amount), book.moment)
    return book


def test_what_a_delivery_moved_is_what_it_says(delivered: Book) -> None:
    assert list(_found(delivered).differences) == []
    before = delivered.session.get_one(Order, "SO-open").open_deliveries
    _plant(delivered, "DELETE FROM movements WHERE cause = 'delivery' AND cause_id = 'D-1'")
    found = _found(delivered)
    assert [_sides(each) for each in found.buckets] == [
        ("SO-open", "open_orders", 0, 500, 0),
        ("SO-open", "open_deliveries", before, before - 500, before),
    ]
    assert {each.documents for each in found.buckets} == {("delivery D-1",)}
    assert _is_clean_after_fix(delivered)


@pytest.mark.parametrize("end", [close_order, cancel_order])
def test_an_order_that_ended_holds_nothing_open(delivered: Book, end: Callable[..., Any]) -> None:
    delivered.confirm(delivered.check("2000", order_id="SO-open"))
    end(delivered.session, SYSTEM, "SO-open", delivered.moment)
    assert list(_found(delivered).differences) == []
    _plant(delivered, "DELETE FROM movements WHERE cause IN ('close', 'cancel') AND from_bucket = 'open_orders'")
    _plant(delivered, "UPDATE orders SET open_orders = 500 WHERE id = 'SO-open'")
    assert [_sides(each) for each in _found(delivered).buckets] == [("SO-open", "open_orders", 500, 500, 0)]
    assert _is_clean_after_fix(delivered)
    delivered.confirm(delivered.check("2500", order_id="SO-open"))
    assert list(_found(delivered).differences) == []


def test_a_reservation_that_ran_out_agrees_before_and_after_it_is_released(book: Book) -> None:
    book.moment = replace(book.moment, now=book.moment.now + timedelta(days=2))
    assert list(_found(book).differences) == []
    assert expire_reservations(book.session, book.moment, 10) == 1
    assert list(_found(book).differences) == []


def test_several_accounts_are_locked_with_their_topmost_parents(make_database: Callable[[], DatabaseUrls]) -> None:
    engine = make_engine(make_database().runtime)
    sessions = make_sessions(engine)
    with sessions() as session:
        book = Book(session, Moment(NOW, TODAY))
        book.customer("A")
        book.customer("B", parent_id="A")
        session.commit()
    with sessions() as holder, sessions() as other:
        lock_accounts(holder, ["B"])
        other.execute(text("SET lock_timeout = '50ms'"))
        for customer_id in ("A", "B"):
            with pytest.raises(DBAPIError, match="lock timeout"):
                lock_accounts(other, [customer_id])
            other.rollback()
            other.execute(text("SET lock_timeout = '50ms'"))
        holder.rollback()
        lock_accounts(other, ["A", "B"])
    engine.dispose()
