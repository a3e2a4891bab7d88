"""How a customer pays, as of a day. The docstring of a test is the ledger."""

from __future__ import annotations

from decimal import Decimal

from policy_service.domain.actors import SYSTEM
from policy_service.domain.documents import InvoiceStatus
from policy_service.services.receivables import return_payment
from tests.factories import Book, day


def test_a_customer_without_documents_has_no_rates_and_owes_nothing(book: Book) -> None:
    book.customer()
    facts = book.facts()
    for name in (
        "on_time_rate",
        "average_days_late",
        "worst_days_late",
        "dso",
        "oldest_overdue_days",
        "overdue_ratio",
    ):
        assert f"receivables.{name}" not in facts
    for name in ("open_amount", "overdue_amount", "disputed_amount", "unapplied_amount"):
        assert facts[f"receivables.{name}"] == Decimal("0.00")
    assert facts["receivables.overdue_invoice_count"] == 0
    assert facts["customer.is_new"] is True


def test_due_today_is_not_overdue_and_due_yesterday_is(book: Book) -> None:
    book.customer()
    book.invoice("100", issued=-30, due=0)
    assert book.facts()["receivables.overdue_amount"] == Decimal("0.00")
    assert book.facts(1)["receivables.overdue_amount"] == Decimal("100.00")
    assert book.facts(1)["receivables.oldest_overdue_days"] == 1


def test_on_time_rate_counts_settled_invoices_and_those_now_overdue(book: Book) -> None:
    """Three paid on time, one paid late, one overdue, one not due yet, one a year and a day old: 3 / 5."""
    book.customer()
    for number in range(3):
        book.invoice("100", issued=-100 - number, due=-70 - number, paid=-70 - number)
    book.invoice("100", issued=-90, due=-60, paid=-50)
    book.invoice("100", issued=-80, due=-50)
    book.invoice("100", issued=-10, due=20)
    book.invoice("100", issued=-366, due=-340, paid=-300)
    assert book.facts()["receivables.on_time_rate"] == Decimal("0.6")


def test_average_days_late_is_weighted_by_amount(book: Book) -> None:
    """900 paid on time, 100 paid 10 days late: 1 day. The worst is 10."""
    book.customer()
    book.invoice("900", issued=-60, due=-30, paid=-35)
    book.invoice("100", issued=-60, due=-30, paid=-20)
    facts = book.facts()
    assert facts["receivables.average_days_late"] == Decimal(1)
    assert facts["receivables.worst_days_late"] == 10


def test_an_invoice_settled_by_credit_note_is_left_out_of_behaviour(book: Book) -> None:
    book.customer()
    credited = book.invoice("100", issued=-60, due=-30)
    book.credit_note("100", issued=-10, applies_to={credited: "100"})
    facts = book.facts()
    assert "receivables.on_time_rate" not in facts
    assert "receivables.average_days_late" not in facts
    assert facts["customer.paid_invoice_count"] == 0
    assert facts["receivables.open_amount"] == Decimal("0.00")


def test_the_rest_of_a_credit_note_lowers_exposure_but_not_overdue(book: Book) -> None:
    book.customer()
    book.invoice("1000", issued=-60, due=-30)
    book.credit_note("200", issued=-10)
    facts = book.facts()
    assert facts["receivables.overdue_amount"] == Decimal("1000.00")
    assert facts["exposure.open_items"] == Decimal("800.00")


def test_a_part_payment_leaves_the_rest_overdue_and_the_last_part_settles(book: Book) -> None:
    book.customer()
    invoice = book.invoice("100", issued=-60, due=-30)
    book.payment("60", received=-40, pays={invoice: "60"})
    assert book.facts()["receivables.overdue_amount"] == Decimal("40.00")
    book.payment("40", received=-5, pays={invoice: "40"})
    facts = book.facts()
    assert facts["receivables.overdue_amount"] == Decimal("0.00")
    assert facts["receivables.worst_days_late"] == 25
    assert book.facts(-6)["receivables.overdue_amount"] == Decimal("40.00")


def test_an_overpayment_is_unapplied_and_lowers_exposure(book: Book) -> None:
    book.customer()
    invoice = book.invoice("100", issued=-60, due=-30)
    book.payment("150", received=-35, pays={invoice: "120"})
    facts = book.facts()
    assert facts["receivables.unapplied_amount"] == Decimal("50.00")
    assert facts["exposure.open_items"] == Decimal("-50.00")


def test_a_returned_payment_reopens_what_it_paid_from_that_day_on(book: Book) -> None:
    book.customer()
    invoice = book.invoice("100", issued=-60, due=-30)
    payment = book.payment("100", received=-35, pays={invoice: "100"})
    return_payment(book.session, SYSTEM, payment, day(-10), book.moment)
    assert book.facts(-11)["receivables.open_amount"] == Decimal("0.00")
    assert book.facts(-11)["receivables.returned_payment_count"] == 0
    facts = book.facts()
    assert facts["receivables.overdue_amount"] == Decimal("100.00")
    assert facts["receivables.returned_payment_count"] == 1
    assert facts["customer.is_new"] is True
    assert facts["receivables.unapplied_amount"] == Decimal("0.00")


def test_a_disputed_invoice_is_overdue_but_not_undisputed_overdue(book: Book) -> None:
    book.customer()
    book.invoice("100", issued=-60, due=-30, disputed=True, disputed_on=day(-20))
    book.invoice("30", issued=-50, due=-10)
    facts = book.facts()
    assert facts["receivables.overdue_amount"] == Decimal("130.00")
    assert facts["receivables.undisputed_overdue_amount"] == Decimal("30.00")
    assert facts["receivables.oldest_overdue_days"] == 30
    assert facts["receivables.oldest_undisputed_overdue_days"] == 10
    assert facts["receivables.disputed_amount"] == Decimal("100.00")
    assert book.facts(-21)["receivables.undisputed_overdue_amount"] == Decimal("100.00")


def test_a_voided_invoice_is_owed_before_the_day_of_voiding_and_not_after(book: Book) -> None:
    book.customer()
    invoice = book.invoice("100", issued=-60, due=-30)
    payment = book.payment("100", received=-40, pays={invoice: "100"})
    book.invoice("100", issued=-60, due=-30, invoice_id=invoice, status=InvoiceStatus.VOID, voided_on=day(-20))
    assert book.facts(-21)["receivables.unapplied_amount"] == Decimal("0.00")
    assert book.facts(-21)["customer.paid_invoice_count"] == 1
    facts = book.facts()
    assert facts["customer.paid_invoice_count"] == 0
    assert facts["receivables.unapplied_amount"] == Decimal("100.00")
    assert payment


def test_a_payment_before_its_invoice_is_unapplied_until_the_invoice_exists(book: Book) -> None:
    book.customer()
    invoice = book.invoice("100", issued=-10, due=20)
    book.payment("100", received=-30, pays={invoice: "100"})
    assert book.facts(-20)["receivables.unapplied_amount"] == Decimal("100.00")
    assert book.facts(-10)["receivables.unapplied_amount"] == Decimal("0.00")
    assert book.facts()["receivables.on_time_rate"] == Decimal(1)


def test_what_is_imported_today_counts_in_the_past(book: Book) -> None:
    """Written today: an invoice of January, due in February, paid in March."""
    book.customer()
    book.invoice("100", issued=-300, due=-270, paid=-240)
    assert "receivables.on_time_rate" not in book.facts(-271)
    assert book.facts(-250)["receivables.on_time_rate"] == Decimal(0)
    assert book.facts(-250)["receivables.oldest_overdue_days"] == 20
    assert book.facts(-240)["receivables.worst_days_late"] == 30
    assert book.facts(-301)["receivables.open_amount"] == Decimal("0.00")


def test_dso_is_open_items_over_sales_of_the_period_times_its_days(book: Book) -> None:
    """First invoice 100 days ago; sales 1200 less 200 credited; open 400: 400 / 1000 x 100 = 40."""
    book.customer()
    book.invoice("600", issued=-100, due=-70, paid=-70)
    book.invoice("400", issued=-50, due=10)
    credited = book.invoice("200", issued=-40, due=20)
    book.credit_note("200", issued=-30, applies_to={credited: "200"})
    facts = book.facts()
    assert facts["receivables.dso"] == Decimal(40)
    assert "receivables.dso" not in book.facts(-100)


def test_facts_in_two_currencies_come_in_that_of_the_account(book: Book) -> None:
    book.customer()
    book.rate("USD", "7", on=-10)
    book.invoice("100", issued=-60, due=-30)
    book.invoice("10", issued=-60, due=-20, currency="USD")
    facts = book.facts()
    assert facts["receivables.overdue_amount"] == Decimal("170.00")
    assert facts["receivables.oldest_overdue_days"] == 30


def test_a_prepayment_is_not_netted_before_the_orders_invoice(book: Book) -> None:
    book.customer()
    book.payment("300", received=-5, order_id="SO-9")
    assert book.facts()["exposure.open_items"] == Decimal("0.00")
    book.invoice("1000", issued=-1, due=29, order_id="SO-9")
    assert book.facts()["exposure.open_items"] == Decimal("700.00")
