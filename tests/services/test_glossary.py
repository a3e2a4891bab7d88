"""The worked example of docs/glossary.md."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from tests.conftest import TODAY
from tests.factories import Book
from tests.policies import LIMIT_ONLY


def test_the_worked_example_of_the_glossary_holds(book: Book) -> None:
    def offset(month: int, day_of_month: int) -> int:
        return (date(2026, month, day_of_month) - TODAY).days

    book.policy(LIMIT_ONLY)
    book.customer(credit_limit="50000")
    book.invoice("9000", issued=offset(8, 1), due=offset(8, 31), paid=offset(8, 31))
    book.invoice("1000", issued=offset(9, 1), due=offset(10, 1), paid=offset(10, 11))
    book.invoice("2000", issued=offset(10, 10), due=offset(11, 9))
    book.invoice("3000", issued=offset(11, 15), due=offset(12, 15))
    facts = book.facts()
    assert facts["exposure.open_items"] == Decimal("5000.00")
    assert facts["receivables.overdue_amount"] == Decimal("2000.00")
    assert facts["receivables.oldest_overdue_days"] == 14
    rate = facts["receivables.on_time_rate"]
    assert isinstance(rate, Decimal)
    assert abs(rate - Decimal(1) / 3) < Decimal("1e-20")
    assert facts["receivables.average_days_late"] == Decimal(1)
    assert facts["receivables.dso"] == Decimal(38)
    assert book.check("45000")["verdict"]["outcome"] == "approve"
    assert book.check("45000.01")["verdict"]["outcome"] == "hold"
