"""Writing customers, rates, reports."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import select

from policy_service.db.models import AuditEvent, FxRate
from policy_service.domain.documents import Grade
from policy_service.domain.errors import (
    BelongsToAnotherCustomer,
    CurrencyInUse,
    CustomerNotFound,
    Invalid,
    OrderIsLive,
    ParentCycle,
    UnknownCurrency,
)
from policy_service.services.customers import customer_document, get_customer, list_customers
from policy_service.services.exposure import exposure_document
from tests.conftest import NOW
from tests.factories import BASE_CURRENCY, Book, day
from tests.policies import LIMIT_ONLY


def test_the_same_customer_again_changes_nothing(book: Book) -> None:
    book.customer(credit_limit="1000.50", country="CN")
    book.customer(credit_limit="1000.50", country="CN")
    assert get_customer(book.session, "C-1").revision == 1
    assert len(book.session.scalars(select(AuditEvent.id).where(AuditEvent.subject_id == "C-1")).all()) == 1


def test_a_change_is_recorded_with_before_and_after(book: Book) -> None:
    book.customer(credit_limit="1000")
    book.customer(credit_limit="2000")
    event = book.session.scalars(select(AuditEvent).order_by(AuditEvent.id.desc()).limit(1)).one()
    assert event.action == "customer.changed"
    assert event.detail["changes"] == {"credit_limit": {"from": "1000.0000", "to": "2000"}}


def test_a_customer_is_read_back_as_it_was_written(book: Book) -> None:
    book.customer(credit_limit="1000", standard_terms_days=30, substitutability=2, insured_until=day(3))
    document = customer_document(get_customer(book.session, "C-1"))
    assert document.credit_limit == Decimal(1000)
    assert (document.standard_terms_days, document.substitutability) == (30, 2)
    assert document.temporary_limit is None


def test_parents_must_exist_and_never_form_a_ring(book: Book) -> None:
    book.customer("A")
    book.customer("B", parent_id="A")
    book.customer("C", parent_id="B")
    for customer_id, parent in (("A", "C"), ("A", "A")):
        with pytest.raises(ParentCycle):
            book.customer(customer_id, parent_id=parent)
    with pytest.raises(Invalid) as error:
        book.customer("A", parent_id="unknown")
    assert error.value.errors[0].pointer == "/parent_id"


def test_a_currency_cannot_change_while_there_is_exposure(book: Book) -> None:
    book.customer()
    book.customer(currency="USD")
    book.customer(currency="CNY")
    book.invoice("100", issued=-5, due=20)
    with pytest.raises(CurrencyInUse):
        book.customer(currency="USD")


def test_customers_come_by_id_after_a_cursor_and_by_what_they_are(book: Book) -> None:
    for number in range(5):
        book.customer(f"C-{number}", customer_class="A" if number % 2 else "B")
    assert [each.id for each in list_customers(book.session, NOW, limit=2, after="C-1")] == ["C-2", "C-3"]
    assert [each.id for each in list_customers(book.session, NOW, customer_class=Grade.A)] == ["C-1", "C-3"]


def test_exposure_is_told_in_the_currency_of_the_account(book: Book) -> None:
    book.policy(LIMIT_ONLY)
    book.customer(credit_limit="1000")
    book.check("300")
    book.invoice("200", issued=-5, due=20)
    assert exposure_document(book.session, "C-1", book.moment, BASE_CURRENCY) == {
        "customer_id": "C-1",
        "currency": "CNY",
        "limit": "1000.00",
        "reserved": "300.00",
        "open_orders": "0.00",
        "open_deliveries": "0.00",
        "open_items": "200.00",
        "total": "500.00",
        "available": "500.00",
    }


def test_without_a_limit_nothing_is_said_of_what_is_available(book: Book) -> None:
    book.customer()
    document = exposure_document(book.session, "C-1", book.moment, BASE_CURRENCY)
    assert (document["limit"], document["available"]) == (None, None)


def test_documents_of_an_unknown_customer_are_refused(book: Book) -> None:
    with pytest.raises(CustomerNotFound):
        book.invoice("100", issued=0, due=30)
    with pytest.raises(CustomerNotFound):
        book.payment("100", received=0)
    with pytest.raises(CustomerNotFound):
        book.history("100", ordered=0)


def test_a_document_cannot_change_its_customer(book: Book) -> None:
    book.customer()
    book.customer("C-2")
    invoice = book.invoice("100", issued=0, due=30)
    payment = book.payment("100", received=0)
    with pytest.raises(BelongsToAnotherCustomer):
        book.invoice("100", issued=0, due=30, invoice_id=invoice, customer_id="C-2")
    with pytest.raises(BelongsToAnotherCustomer):
        book.payment("100", received=0, payment_id=payment, customer_id="C-2")


@pytest.mark.parametrize(
    ("pays", "fault"),
    [
        ({"INV-unknown": "10"}, "no invoice has this id"),
        ({"INV-other": "10"}, "belongs to another customer"),
        ({"INV-usd": "10"}, "is in USD, not in CNY"),
        ({"INV-mine": "101"}, "adds up to more than the amount"),
    ],
)
def test_allocations_that_do_not_fit_are_refused(book: Book, pays: dict[str, str], fault: str) -> None:
    book.customer()
    book.customer("C-2")
    book.invoice("500", issued=0, due=30, invoice_id="INV-mine")
    book.invoice("500", issued=0, due=30, invoice_id="INV-other", customer_id="C-2")
    book.invoice("500", issued=0, due=30, invoice_id="INV-usd", currency="USD")
    with pytest.raises(Invalid) as error:
        book.payment("100", received=0, pays=pays)
    assert [each.message for each in error.value.errors] == [fault]
    assert error.value.errors[0].pointer.startswith("/allocations")


def test_a_live_order_takes_no_history(book: Book) -> None:
    book.policy(LIMIT_ONLY)
    book.customer(credit_limit="1000")
    book.check("100", order_id="H-1")
    with pytest.raises(OrderIsLive):
        book.history("100", ordered=-1)


def test_a_rate_is_written_per_day_and_never_for_the_base(book: Book) -> None:
    book.rate("USD", "7.1", on=-1)
    book.rate("USD", "7.2", on=-1)
    assert book.session.get_one(FxRate, ("USD", day(-1))).rate == Decimal("7.2")
    for currency, rate, fault in (("CNY", "1", Invalid), ("XXX", "1", UnknownCurrency), ("EUR", "0", Invalid)):
        with pytest.raises(fault):
            book.rate(currency, rate)


def test_a_field_report_says_something_of_the_past_about_a_known_category(book: Book) -> None:
    book.customer()
    for category, observed, until in (("family", 0, None), ("landlord", 1, None), ("landlord", 0, -1)):
        with pytest.raises(Invalid):
            book.report(category, 3, observed=observed, until=until)
