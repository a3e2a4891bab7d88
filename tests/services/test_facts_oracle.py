"""The SQL behind the facts against the definitions written a second time, in memory, on random histories and days."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policy_service.services.history_facts import PastAccount, PastInvoice, PastOrder, facts_of_history
from tests.conftest import TODAY
from tests.factories import Book, day

_AMOUNTS = st.integers(1, 10**7).map(lambda cents: Decimal(cents) / 100)


@st.composite
def _invoices(draw: st.DrawFn) -> PastInvoice:
    issued = draw(st.integers(-500, 10))
    due = issued + draw(st.integers(0, 60))
    settled = draw(st.none() | st.integers(issued, due + 60))
    disputed = draw(st.none() | st.integers(issued, due + 60))
    return PastInvoice(
        draw(_AMOUNTS),
        day(issued),
        day(due),
        None if settled is None else day(settled),
        None if disputed is None else day(disputed),
    )


_ORDERS = st.builds(PastOrder, _AMOUNTS, st.integers(-500, 10).map(day))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    invoices=st.lists(_invoices(), max_size=8),
    orders=st.lists(_ORDERS, max_size=8),
    days=st.lists(st.integers(-450, 20), min_size=2, max_size=5),
    registered=st.none() | st.integers(-600, 0),
)
def test_facts_from_postgresql_are_those_of_the_definitions(
    book: Book, invoices: list[PastInvoice], orders: list[PastOrder], days: list[int], registered: int | None
) -> None:
    savepoint = book.session.begin_nested()
    try:
        _write(book, invoices, orders, registered)
        account = PastAccount(
            "C-1",
            "CNY",
            standard_terms_days=30,
            credit_limit=Decimal(50000),
            registered_on=None if registered is None else day(registered),
        )
        for offset in days:
            expected = facts_of_history(account, invoices, orders, day(offset))
            found = book.facts(offset)
            assert {name: found.get(name) for name in expected} == expected, f"on day {offset}"
            assert set(found) <= set(expected), f"on day {offset}"
    finally:
        savepoint.rollback()
        book.session.expire_all()


def _write(book: Book, invoices: list[PastInvoice], orders: list[PastOrder], registered: int | None) -> None:
    book.customer(
        credit_limit="50000",
        standard_terms_days=30,
        registered_on=None if registered is None else day(registered),
    )
    for invoice in invoices:
        book.invoice(
            str(invoice.amount),
            issued=_offset(invoice.invoice_date),
            due=_offset(invoice.due_date),
            paid=_offset(invoice.settled_on) if invoice.settled_on else None,
            disputed=invoice.disputed_on is not None,
            disputed_on=invoice.disputed_on,
        )
    for order in orders:
        book.history(str(order.amount), ordered=_offset(order.order_date))


def _offset(when: date) -> int:
    return (when - TODAY).days
