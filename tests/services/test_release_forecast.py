"""What is forecast of receivables is what is found once the payments have come as they were expected."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policy_service.domain.documents import CheckRequest
from policy_service.domain.outcomes import CheckKind
from policy_service.services.checks import glance_at
from policy_service.services.facts.forecast import expected_payments, facts_on
from policy_service.services.facts.gather import open_invoices
from rules.facts import FactValue
from tests.conftest import TODAY
from tests.factories import BASE_CURRENCY, Book
from tests.policies import LIMIT_ONLY

_COMPARED = ("receivables.", "exposure.open_items", "customer.is_new", "customer.paid_invoice_count")
_MOVES_WITH_THE_DAY = "receivables.dso"
_REQUEST = CheckRequest(CheckKind.ORDER, "SO-1", "C-1", Decimal(10), "CNY", payment_terms_days=30)


@dataclass
class _Invoice:
    """An invoice of the model: what of it is paid, and on which day, counted from TODAY."""

    amount: int
    issued: int
    terms: int
    paid: int
    paid_on: int
    disputed: bool


@st.composite
def _invoices(draw: st.DrawFn) -> list[_Invoice]:
    found = []
    for _ in range(draw(st.integers(1, 6))):
        amount = draw(st.integers(1, 9)) * 100
        issued = draw(st.integers(-80, -1))
        found.append(
            _Invoice(
                amount,
                issued,
                draw(st.integers(0, 60)),
                draw(st.sampled_from([0, 100, amount])),
                draw(st.integers(issued, 0)),
                draw(st.integers(0, 4)) == 0,
            )
        )
    return found


def _write(book: Book, invoices: list[_Invoice]) -> None:
    book.policy(LIMIT_ONLY)
    book.customer(credit_limit="1000", standard_terms_days=30)
    for number, each in enumerate(invoices):
        name, amount = f"I{number}", str(each.amount)
        due = each.issued + each.terms
        book.invoice(amount, issued=each.issued, due=due, invoice_id=name, disputed=each.disputed)
        if each.paid:
            book.payment(str(each.paid), received=each.paid_on, pays={name: str(each.paid)}, payment_id=f"P{number}")


def _compared(facts: dict[str, FactValue]) -> dict[str, FactValue]:
    return {
        name: value for name, value in facts.items() if name.startswith(_COMPARED) and name != _MOVES_WITH_THE_DAY
    }


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(invoices=_invoices())
def test_the_forecast_is_what_is_found_when_everything_is_paid_as_expected(
    book: Book, invoices: list[_Invoice]
) -> None:
    savepoint = book.session.begin_nested()
    _write(book, invoices)
    standing = glance_at(book.session, _REQUEST, book.moment, BASE_CURRENCY, lock=False).known.standing
    assert standing is not None
    payments = expected_payments(standing, open_invoices(book.session, standing.gathered))
    days = sorted({payment.day for payment in payments if payment.day is not None})
    forecast = {day: _compared(dict(facts_on(standing, payments, day).values)) for day in days}
    for number, payment in enumerate(payments):
        if payment.day is not None:
            amount, received = str(payment.invoice.open_amount), (payment.day - TODAY).days
            book.payment(amount, received=received, pays={payment.invoice.id: amount}, payment_id=f"E{number}")
    for day in days:
        assert forecast[day] == _compared(book.facts((day - TODAY).days)), day
    savepoint.rollback()
    book.session.expunge_all()
