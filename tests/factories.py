"""Short ways to say what the tests are about. Amounts are text, days count from TODAY."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from sqlalchemy.orm import Session

from policy_service.domain.actors import SYSTEM
from policy_service.domain.days import Moment
from policy_service.domain.documents import (
    Allocation,
    CheckRequest,
    CustomerDocument,
    FieldReportDocument,
    HistoryStatus,
    InvoiceDocument,
    InvoiceType,
    OrderHistoryDocument,
    PaymentDocument,
    SourceChannel,
)
from policy_service.domain.outcomes import CheckKind
from policy_service.services.checks import check
from policy_service.services.customers import put_customer
from policy_service.services.exposure import customer_facts
from policy_service.services.market import add_field_report, put_fx_rate, put_order_history
from policy_service.services.orders import confirm_order
from policy_service.services.policies import publish_in_one_step
from policy_service.services.receivables import put_invoice, put_payment
from rules.facts import FactValue
from tests.conftest import TODAY

BASE_CURRENCY = "CNY"


def day(offset: int) -> date:
    """The day `offset` days from TODAY."""
    return TODAY + timedelta(days=offset)


@dataclass
class Book:
    """A credit file to write in, for one customer `C-1` unless told otherwise."""

    session: Session
    moment: Moment

    def __post_init__(self) -> None:
        self._numbers = count(1)

    def customer(self, customer_id: str = "C-1", **fields: Any) -> str:
        """Write a customer; a limit may be given as text."""
        money = ("credit_limit", "group_credit_limit", "insured_amount", "collateral_amount")
        values: dict[str, Any] = {"name": customer_id, "currency": "CNY", **fields}
        values |= {name: Decimal(values[name]) for name in money if values.get(name)}
        document = CustomerDocument(**values)
        put_customer(self.session, SYSTEM, customer_id, document, self.moment)
        return customer_id

    def invoice(
        self,
        amount: str,
        *,
        issued: int,
        due: int,
        paid: int | None = None,
        customer_id: str = "C-1",
        invoice_id: str | None = None,
        **fields: Any,
    ) -> str:
        """Write an invoice by day offsets, paid in full on day `paid` where that is given."""
        invoice_id = invoice_id or f"INV-{next(self._numbers)}"
        document = InvoiceDocument(
            **{
                "customer_id": customer_id,
                "amount": Decimal(amount),
                "currency": "CNY",
                "invoice_date": day(issued),
                "due_date": day(due),
                **fields,
            }
        )
        put_invoice(self.session, SYSTEM, invoice_id, document, self.moment)
        if paid is not None:
            self.payment(
                amount, received=paid, pays={invoice_id: amount}, customer_id=customer_id, currency=document.currency
            )
        return invoice_id

    def credit_note(self, amount: str, *, issued: int, applies_to: dict[str, str] | None = None) -> str:
        """Write a credit note."""
        return self.invoice(
            amount, issued=issued, due=issued, type=InvoiceType.CREDIT_NOTE, applies_to=_allocations(applies_to)
        )

    def payment(
        self,
        amount: str,
        *,
        received: int,
        pays: dict[str, str] | None = None,
        customer_id: str = "C-1",
        payment_id: str | None = None,
        **fields: Any,
    ) -> str:
        """Write a payment and what it pays."""
        payment_id = payment_id or f"PAY-{next(self._numbers)}"
        document = PaymentDocument(
            **{
                "customer_id": customer_id,
                "amount": Decimal(amount),
                "currency": "CNY",
                "received_on": day(received),
                "allocations": _allocations(pays),
                **fields,
            }
        )
        put_payment(self.session, SYSTEM, payment_id, document, self.moment)
        return payment_id

    def history(
        self, amount: str, *, ordered: int, status: HistoryStatus = HistoryStatus.CONFIRMED, currency: str = "CNY"
    ) -> str:
        """Write an order placed elsewhere."""
        order_id = f"H-{next(self._numbers)}"
        document = OrderHistoryDocument("C-1", Decimal(amount), currency, day(ordered), status)
        put_order_history(self.session, SYSTEM, order_id, document, self.moment)
        return order_id

    def report(self, category: str, severity: int, *, observed: int, until: int | None = None) -> None:
        """Write a field report."""
        document = FieldReportDocument(
            customer_id="C-1",
            observed_on=day(observed),
            category=category,
            severity=severity,
            source_channel=SourceChannel.VISIT,
            note="seen on the spot",
            reported_by="ann",
            valid_until=None if until is None else day(until),
        )
        add_field_report(self.session, SYSTEM, document, self.moment)

    def rate(self, currency: str, rate: str, *, on: int = 0) -> None:
        """Write an exchange rate."""
        put_fx_rate(self.session, SYSTEM, currency, Decimal(rate), day(on), self.moment, BASE_CURRENCY)

    def policy(self, source: str) -> int:
        """Publish a policy."""
        return publish_in_one_step(self.session, SYSTEM, source, None, self.moment.now).number

    def facts(self, offset: int = 0, customer_id: str = "C-1") -> dict[str, FactValue]:
        """The facts of a customer as of a day; missing ones are absent."""
        return dict(customer_facts(self.session, customer_id, day(offset), self.moment, BASE_CURRENCY).values)

    def check(
        self,
        amount: str,
        *,
        order_id: str = "SO-1",
        terms: int | None = 30,
        prepaid: str = "0",
        customer_id: str = "C-1",
        kind: CheckKind = CheckKind.ORDER,
        **fields: Any,
    ) -> dict[str, Any]:
        """Check an order; the record of the decision."""
        request = CheckRequest(
            **{
                "kind": kind,
                "subject_id": order_id,
                "customer_id": customer_id,
                "amount": Decimal(amount),
                "currency": "CNY",
                "payment_terms_days": terms,
                "prepaid_amount": Decimal(prepaid),
                **fields,
            }
        )
        return check(self.session, SYSTEM, request, self.moment, BASE_CURRENCY)

    def confirm(self, record: dict[str, Any]) -> dict[str, Any]:
        """Confirm an order under a decision."""
        return confirm_order(self.session, SYSTEM, record["subject_id"], record["decision_id"], self.moment)


def _allocations(pays: dict[str, str] | None) -> tuple[Allocation, ...]:
    return tuple(Allocation(name, Decimal(amount)) for name, amount in (pays or {}).items())
